# SPDX-License-Identifier: Apache-2.0
"""The SQLite file of the spool: its tables, and what becomes of a damaged one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from alprcore.errors import AlprError

_SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 200;
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    camera_id INTEGER NOT NULL, uuid TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS waiting (
    sink TEXT NOT NULL, id INTEGER NOT NULL, refused TEXT, PRIMARY KEY (sink, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting_id ON waiting (id);
"""


def open_file(path: Path, say: Callable[[str], None]) -> sqlite3.Connection:
    """Return the open file with its tables; a damaged one is put aside first.

    Raises
    ------
    sqlite3.OperationalError
        If it cannot be opened or written.
    """
    for _ in range(2):
        base = None
        try:
            base = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            base.executescript(_SCHEMA)
            damage: Sequence[str] = base.execute("PRAGMA quick_check(1)").fetchone()
            if damage[0] == "ok":
                return base
            reason = damage[0]
        except sqlite3.OperationalError:
            if base is not None:
                base.close()
            raise
        except sqlite3.DatabaseError as error:
            reason = str(error)
        if base is not None:
            base.close()
        aside = path.with_name(f"{path.name}.damaged-{time.time_ns() // 1_000_000}")
        path.rename(aside)
        for extra in ("-wal", "-shm"):
            path.with_name(path.name + extra).unlink(missing_ok=True)
        say(f"spool: damaged ({reason}), put aside as {aside.name}")
    raise AlprError(f"spool: '{path}' cannot be made")
