# SPDX-License-Identifier: Apache-2.0
"""The tables of the account file, and how those of an earlier version become them."""

from __future__ import annotations

import sqlite3

VERSION = 2
_FIRST = """
CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL UNIQUE,
    credits INTEGER,            -- a month, NULL is unlimited
    rate INTEGER,               -- requests per period, NULL is unlimited
    period INTEGER NOT NULL,    -- seconds
    created INTEGER NOT NULL,   -- seconds since 1970
    revoked INTEGER
);
CREATE TABLE usage (
    key INTEGER NOT NULL REFERENCES keys,
    month TEXT NOT NULL,        -- YYYY-MM, UTC
    credits INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (key, month)
) WITHOUT ROWID;
CREATE TABLE periods (
    key INTEGER PRIMARY KEY REFERENCES keys,
    start INTEGER NOT NULL,     -- seconds since 1970
    requests INTEGER NOT NULL
) WITHOUT ROWID;
"""
# A key that was replaced goes on for a while.
_SECOND = """
CREATE TABLE former (
    hash BLOB PRIMARY KEY,
    key INTEGER NOT NULL REFERENCES keys,
    until INTEGER NOT NULL      -- seconds since 1970
) WITHOUT ROWID;
"""


def make_tables(file: sqlite3.Connection) -> bool:
    """Make the tables of a new file, or those that an earlier version lacks.

    The caller holds the write lock. False when the file is not one of a known version.
    """
    (version,) = file.execute("PRAGMA user_version").fetchone()
    (tables,) = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version > VERSION or (version == 0 and tables):
        return False
    for statement in "".join((_FIRST, _SECOND)[version:]).split(";"):
        file.execute(statement)
    file.execute(f"PRAGMA user_version = {VERSION}")
    return True
