# SPDX-License-Identifier: Apache-2.0
"""A connection to a case's database, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from alprcore.archive.log import NAME
from alprcore.errors import CaseError

DATABASE = "case.sqlite"
PATIENCE = 10.0
"""Seconds that a database which another program writes to is waited for."""


def make_folder(path: Path) -> None:
    """Make the folder of a new case; one that holds something else is refused."""
    path.mkdir(parents=True, exist_ok=True)
    foreign = [each.name for each in path.iterdir() if each.name not in {NAME, "crops"}]
    if foreign:
        raise CaseError(f"{path}: expected a case or an empty folder, it holds {foreign[0]!r}")
    if (path / NAME).exists():
        raise CaseError(f"{path}: {NAME} is there and {DATABASE} is not: was it moved away?")
    (path / "crops").mkdir(exist_ok=True)


def connected(database: Path, *, read_only: bool) -> sqlite3.Connection:
    """Return a connection to a case's database.

    Raises
    ------
    CaseError, sqlite3.Error
        If it cannot be opened.
    """
    mode = "ro" if read_only else "rwc"
    uri = f"file:{quote(os.fspath(database.absolute()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        # A case on a medium that cannot be written has no place for the files of the journal.
        if not read_only or "open" not in str(error):
            raise
        connection.close()
        journal = database.with_name(f"{database.name}-wal")
        if journal.exists() and journal.stat().st_size > 0:
            raise CaseError(
                f"{database}: its last changes are in {journal.name}, which a read-only medium"
                " cannot take over: copy the folder, or close the case where it was written"
            ) from error
        connection = sqlite3.connect(uri + "&immutable=1", uri=True, isolation_level=None)
        connection.row_factory = sqlite3.Row
    if not read_only:
        # What was committed outlives a loss of power: the log must not be ahead of the store.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    return connection


def words_of(folder: Path, error: sqlite3.Error) -> str:
    """Return what an error of SQLite means for the user."""
    text = str(error)
    if "locked" in text or "busy" in text:
        text = f"another program has been writing to it for {PATIENCE:.0f} seconds: try again later"
    elif "full" in text:
        text = "the disk is full; what was committed is kept, the same command goes on later"
    elif "not a database" in text or "malformed" in text:
        text = f"it is damaged ({text}); verify a copy, or read the sources into a new case"
    elif "readonly" in text:
        text = "it cannot be written: the folder or the file is read-only"
    return f"{folder / DATABASE}: {text}"
