# SPDX-License-Identifier: Apache-2.0
"""What became of a source, put into the store: whole or not at all, and never twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alprcore.archive.canonical import digest
from alprcore.archive.recognition import SourceResult
from alprcore.archive.sources import Place, shown
from alprcore.archive.store import Case

# What says where a row is in the store, and not what was read.
_ADDRESSES = {"id", "source_id", "setup_id", "run_id", "group_id"}


@dataclass(slots=True)
class Counts:
    """How far a run is; `unreadable` has names with reasons."""

    read: int = 0
    plates: int = 0
    known: int = 0
    duplicates: int = 0
    other: int = 0
    links: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        """Return the numbers by name, as ``runs.counts`` has them."""
        return {
            "read": self.read,
            "plates": self.plates,
            "known": self.known,
            "duplicates": self.duplicates,
            "other": self.other,
            "links": self.links,
            "unreadable": len(self.unreadable),
        }


class Committer:
    """Puts results into a case, inside a transaction of the caller's."""

    def __init__(self, case: Case, *, setup_id: int, run_id: int, counts: Counts) -> None:
        self._case = case
        self._setup = setup_id
        self._run = run_id
        self._counts = counts

    def place_is_known(self, place: Place) -> bool:
        """Whether the same file, by name, size and time, has this reading."""
        found = self._case.connection.execute(
            "SELECT 1 FROM places JOIN readings USING (source_id) WHERE path_bytes = ? AND"
            " member_bytes = ? AND size = ? AND modified_ns = ? AND setup_id = ?",
            (place.path, place.member, place.size, place.modified_ns, self._setup),
        ).fetchone()
        return found is not None

    def put(self, result: SourceResult) -> None:
        """Put one result into the store."""
        place = result.place
        if result.outcome == "other":
            self._counts.other += 1
            return
        if result.outcome == "link":
            self._counts.links += 1
            return
        if result.outcome == "known" and not result.sha256:  # known by its place
            self._counts.known += 1
            return
        source_id = self._source_of(result.sha256)
        if result.outcome == "unreadable" and not result.source:
            self.refuse(place.path, place.member, result.reason, result.sha256)
            return
        if source_id is None or not self._has_reading(source_id):
            if not result.source:  # known to the worker, and not here: cannot be, but lose nothing
                self.refuse(place.path, place.member, "its reading is missing", result.sha256)
                return
            source_id = self._insert(result, source_id)
        else:
            self._counts.known += 1
        self._put_place(place, source_id, result.sha256)
        if result.outcome == "unreadable":
            self.refuse(place.path, place.member, result.reason, result.sha256)
        elif result.outcome == "read":
            self._forgive(place)

    def refuse(self, path: bytes, member: bytes, reason: str, sha256: str = "") -> None:
        """Put down a place that cannot be read; the log has it once for each reason."""
        connection = self._case.connection
        name = shown(path, member)
        self._counts.unreadable.append((name, reason))
        before = connection.execute(
            "SELECT reason FROM unreadable WHERE path_bytes = ? AND member_bytes = ?",
            (path, member),
        ).fetchone()
        connection.execute(
            "INSERT OR REPLACE INTO unreadable VALUES (?, ?, ?, ?, ?, ?, ?)",
            (path, member, self._run, shown(path), shown(member), sha256 or None, reason),
        )
        if before is None or before[0] != reason:
            self._case.log("unreadable", {"path": name, "reason": reason, "sha256": sha256})

    def _forgive(self, place: Place) -> None:
        self._case.connection.execute(
            "DELETE FROM unreadable WHERE path_bytes = ? AND member_bytes = ?",
            (place.path, place.member),
        )

    def _source_of(self, sha256: str) -> int | None:
        found = self._case.connection.execute(
            "SELECT id FROM sources WHERE sha256 = ?", (sha256,)
        ).fetchone()
        return None if found is None else int(found[0])

    def _has_reading(self, source_id: int) -> bool:
        found = self._case.connection.execute(
            "SELECT 1 FROM readings WHERE source_id = ? AND setup_id = ?", (source_id, self._setup)
        ).fetchone()
        return found is not None

    def _insert(self, result: SourceResult, source_id: int | None) -> int:
        """Put in a source, unless it is there, and its reading; return the source's id."""
        connection = self._case.connection
        name = shown(result.place.path, result.place.member)
        if source_id is None:
            source_id = _insert_row(connection, "sources", {**result.source, "path": name})
        keys = {"source_id": source_id, "setup_id": self._setup, "run_id": self._run}
        _insert_row(connection, "readings", {**keys, **result.reading})
        groups = {
            group["number"]: _insert_row(connection, "groups", {**keys, **group})
            for group in result.groups
        }
        for read in result.reads:
            row = {key: value for key, value in read.items() if key != "group"}
            _insert_row(
                connection, "reads", {**keys, **row, "group_id": groups.get(read.get("group"))}
            )
        if result.outcome == "read":
            self._counts.read += 1
            self._counts.plates += len(result.reads)
        self._case.log(
            "source",
            {
                "sha256": result.sha256,
                "path": name,
                "setup": self._setup,
                "plates": len(result.reads),
                "rows": reading_digest(connection, source_id, self._setup),
            },
        )
        return source_id

    def _put_place(self, place: Place, source_id: int, sha256: str) -> None:
        """Put down where a source lies; what lies elsewhere too is a duplicate."""
        connection = self._case.connection
        before = connection.execute(
            "SELECT source_id FROM places WHERE path_bytes = ? AND member_bytes = ?",
            (place.path, place.member),
        ).fetchone()
        row = {
            "source_id": source_id,
            "run_id": self._run,
            "path": shown(place.path),
            "member": shown(place.member),
            "path_bytes": place.path,
            "member_bytes": place.member,
            "size": place.size,
            "modified_ns": place.modified_ns,
        }
        if before is not None and before[0] == source_id:
            connection.execute(
                "UPDATE places SET size = ?, modified_ns = ? WHERE path_bytes = ? AND"
                " member_bytes = ?",
                (place.size, place.modified_ns, place.path, place.member),
            )
            return
        first = connection.execute(
            "SELECT path, member FROM places WHERE source_id = ? ORDER BY id LIMIT 1", (source_id,)
        ).fetchone()
        if before is not None:
            connection.execute(
                "DELETE FROM places WHERE path_bytes = ? AND member_bytes = ?",
                (place.path, place.member),
            )
            name = shown(place.path, place.member)
            self._case.log("changed", {"path": name, "sha256": sha256})
        _insert_row(connection, "places", row)
        if first is not None and before is None:
            self._counts.duplicates += 1
            name = shown(place.path, place.member)
            of = first["path"] + ("!" + first["member"] if first["member"] else "")
            self._case.log("duplicate", {"path": name, "of": of, "sha256": sha256})


def _insert_row(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    """Insert a row, whose names are this package's own, and return its id."""
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
    return int(connection.execute(sql, tuple(row.values())).lastrowid or 0)


def reading_digest(connection: sqlite3.Connection, source_id: int, setup_id: int) -> str:
    """Return the SHA-256 of all that the store has of one reading of a source.

    Of the canonical JSON of ``{"source": …, "reading": …, "groups": […], "reads": […]}``, columns
    by name without ids, bytes as their own SHA-256; a read has its group's number.
    """
    (source,) = connection.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchall()
    keys = (source_id, setup_id)
    where = "WHERE source_id = ? AND setup_id = ?"
    reading = connection.execute(f"SELECT * FROM readings {where}", keys).fetchall()
    groups = connection.execute(
        f"SELECT * FROM groups {where} ORDER BY number",
        keys,
    ).fetchall()
    numbers = {row["id"]: row["number"] for row in groups}
    reads = connection.execute(
        f"SELECT * FROM reads {where} ORDER BY number",
        keys,
    ).fetchall()
    return digest(
        {
            "source": _plain(source),
            "reading": [_plain(row) for row in reading],
            "groups": [_plain(row) for row in groups],
            "reads": [{**_plain(row), "group": numbers.get(row["group_id"])} for row in reads],
        }
    )


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    return {
        name: hashlib.sha256(row[name]).hexdigest() if isinstance(row[name], bytes) else row[name]
        for name in row.keys()  # noqa: SIM118 - a row's own iterator gives values
        if name not in _ADDRESSES
    }
