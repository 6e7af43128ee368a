# SPDX-License-Identifier: Apache-2.0
"""The tables of ``case.sqlite``, their version, and how older cases become of this version.

``README.md`` beside this file says what each column means. Probabilities are in [0, 1], corners are
pixels of the source, times are ISO 8601 texts in UTC unless a column says otherwise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from alprcore.errors import CaseError

VERSION = 2
APPLICATION = 0x414C5052  # "ALPR", where `file` and SQLite's tools look for it

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE setups (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  alphabet TEXT NOT NULL,
  description TEXT NOT NULL
);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  setup_id INTEGER NOT NULL REFERENCES setups(id),
  started TEXT NOT NULL,
  ended TEXT,
  state TEXT NOT NULL,
  paths TEXT NOT NULL,
  workers INTEGER NOT NULL,
  counts TEXT NOT NULL,
  host TEXT NOT NULL
);

CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  kind TEXT NOT NULL,
  format TEXT NOT NULL,
  width INTEGER,
  height INTEGER,
  path TEXT NOT NULL,
  time TEXT,
  epoch REAL,
  time_source TEXT,
  exif_time TEXT,
  exif_zone TEXT,
  gps_time TEXT,
  latitude REAL,
  longitude REAL,
  altitude REAL,
  camera TEXT,
  notices TEXT NOT NULL
);
CREATE INDEX sources_epoch ON sources(epoch);

CREATE TABLE places (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES sources(id),
  run_id INTEGER NOT NULL REFERENCES runs(id),
  path TEXT NOT NULL,
  member TEXT NOT NULL,
  path_bytes BLOB NOT NULL,
  member_bytes BLOB NOT NULL,
  size INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  UNIQUE (path_bytes, member_bytes)
);
CREATE INDEX places_source ON places(source_id);

CREATE TABLE readings (
  source_id INTEGER NOT NULL REFERENCES sources(id),
  setup_id INTEGER NOT NULL REFERENCES setups(id),
  run_id INTEGER NOT NULL REFERENCES runs(id),
  plates INTEGER NOT NULL,
  error TEXT,
  vehicles TEXT NOT NULL,
  main_vehicle TEXT,
  PRIMARY KEY (source_id, setup_id)
) WITHOUT ROWID;

CREATE TABLE groups (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES sources(id),
  setup_id INTEGER NOT NULL REFERENCES setups(id),
  run_id INTEGER NOT NULL REFERENCES runs(id),
  number INTEGER NOT NULL,
  plate TEXT NOT NULL,
  text TEXT NOT NULL,
  confidence REAL NOT NULL,
  matches_template INTEGER NOT NULL,
  country TEXT NOT NULL,
  region TEXT NOT NULL,
  region_confidence REAL NOT NULL,
  reads INTEGER NOT NULL,
  best_number INTEGER,
  frame_start INTEGER NOT NULL,
  frame_end INTEGER NOT NULL,
  seconds_start REAL NOT NULL,
  seconds_end REAL NOT NULL,
  direction REAL,
  candidates TEXT NOT NULL,
  votes TEXT NOT NULL,
  UNIQUE (source_id, setup_id, number)
);

CREATE TABLE reads (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES sources(id),
  setup_id INTEGER NOT NULL REFERENCES setups(id),
  run_id INTEGER NOT NULL REFERENCES runs(id),
  group_id INTEGER REFERENCES groups(id),
  number INTEGER NOT NULL,
  plate TEXT NOT NULL,
  text TEXT NOT NULL,
  text_unsure TEXT NOT NULL,
  confidence REAL NOT NULL,
  matches_template INTEGER NOT NULL,
  legibility REAL NOT NULL,
  detection_score REAL NOT NULL,
  truncated INTEGER NOT NULL,
  country TEXT NOT NULL,
  region TEXT NOT NULL,
  region_confidence REAL NOT NULL,
  x1 REAL NOT NULL, y1 REAL NOT NULL,
  x2 REAL NOT NULL, y2 REAL NOT NULL,
  x3 REAL NOT NULL, y3 REAL NOT NULL,
  x4 REAL NOT NULL, y4 REAL NOT NULL,
  stream INTEGER,
  pts INTEGER,
  time_base TEXT,
  start_pts INTEGER,
  frame INTEGER,
  seconds REAL,
  color TEXT,
  make TEXT,
  make_model TEXT,
  vehicle TEXT,
  candidates TEXT NOT NULL,
  regions TEXT NOT NULL,
  glyphs TEXT NOT NULL,
  crop TEXT NOT NULL,
  crop_sha256 TEXT NOT NULL,
  crop_x INTEGER NOT NULL,
  crop_y INTEGER NOT NULL,
  slots BLOB NOT NULL,
  lattice BLOB NOT NULL,
  UNIQUE (source_id, setup_id, number)
);
CREATE INDEX reads_plate ON reads(plate);
CREATE INDEX reads_limits ON reads(source_id, seconds, country, region, color, make);

CREATE TABLE unreadable (
  path_bytes BLOB NOT NULL,
  member_bytes BLOB NOT NULL,
  run_id INTEGER NOT NULL REFERENCES runs(id),
  path TEXT NOT NULL,
  member TEXT NOT NULL,
  sha256 TEXT,
  reason TEXT NOT NULL,
  PRIMARY KEY (path_bytes, member_bytes)
) WITHOUT ROWID;

CREATE TABLE outbox (seq INTEGER PRIMARY KEY, line TEXT NOT NULL);

CREATE VIEW plates AS
SELECT reads.id, reads.plate, round(100 * reads.confidence, 2) AS percent, reads.country,
  reads.region, reads.color, reads.make, sources.time, sources.latitude, sources.longitude,
  reads.seconds, reads.crop, sources.path, sources.sha256, reads.setup_id
FROM reads JOIN sources ON sources.id = reads.source_id;
"""

Migration = Callable[[sqlite3.Connection], None]


def _with_limits(connection: sqlite3.Connection) -> None:
    """Add what limits of a search are looked up in; without it every read's page was visited."""
    connection.execute(
        "CREATE INDEX reads_limits ON reads(source_id, seconds, country, region, color, make)"
    )


MIGRATIONS: Mapping[int, Migration] = {1: _with_limits}
"""For each older version, the step to the next one."""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty database."""
    connection.executescript("BEGIN;" + TABLES)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.commit()


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a case's tables.

    Raises
    ------
    CaseError
        If the database is not a case's.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise CaseError("case.sqlite: it is a database, but not one of alprcore's archive")
    return int(version)


def migrate(
    connection: sqlite3.Connection,
    *,
    to: int = VERSION,
    steps: Mapping[int, Migration] = MIGRATIONS,
) -> list[int]:
    """Bring the tables up to a version, each step whole or not at all; return the steps taken.

    Raises
    ------
    CaseError
        If the case is of a newer version, or of one from which no step leads on.
    """
    taken = []
    while (version := version_of(connection)) != to:
        if version > to:
            raise CaseError(
                f"case.sqlite: it is of version {version}, this alprcore knows versions up to {to}"
            )
        if version not in steps:
            raise CaseError(f"case.sqlite: nothing leads on from version {version}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            steps[version](connection)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
        taken.append(version)
    return taken
