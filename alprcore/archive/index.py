# SPDX-License-Identifier: Apache-2.0
"""What the first step of a search scans, kept in a file beside the database: ``search.index``.

It has nothing that ``case.sqlite`` lacks and may be deleted: the next `add` or search makes it
again. Layout, little-endian:

================  ==============================================================================
bytes             meaning
================  ==============================================================================
8                 ``ALPRIDX1``
4 x 8             uint64: rows n, then of the store they were taken from: how many reads it had,
                  the last one's id, how many readings
32                SHA-256 of when the case was made, which names the case
32                SHA-256 of all that follows the first 128 bytes
24                zeros
n x 64            the reads' ``slots``, each in a line of the processor's cache
n x 8             uint64: sketches, what a scan looks at first (``scan.hpp`` has the layout)
n x 8             int64: ids of reads, ascending
================  ==============================================================================

Rows of the store are only ever added, so that numbers of reads and readings say whether the file
is of today; some of its rows are compared with the store as well.
"""

from __future__ import annotations

import hashlib
import mmap
import sqlite3
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.archive.connection import words_of
from alprcore.archive.slots import SIZE
from alprcore.archive.store import Case
from alprcore.errors import CaseError

NAME = "search.index"
SAMPLE = 16
"""Rows that are compared with the store when the file is opened."""

_MAGIC = b"ALPRIDX1"
_HEAD = struct.Struct("<8s4Q32s32s24x")
_ROW = 8 + 8 + SIZE
_CHUNK = 100_000

_HIDDEN = (
    "SELECT id FROM reads WHERE setup_id < (SELECT max(setup_id) FROM readings"
    " WHERE readings.source_id = reads.source_id)"
)


class State(NamedTuple):
    """How far a store is: reads, the last one's id, readings."""

    reads: int
    last: int
    readings: int


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """What a search scans.

    Attributes
    ----------
    ids : (n,) int64 array
        Of reads, ascending; of a source read with several setups, those of the last one.
    records : (n, 64) uint8 array
        Their slots.
    sketches : (n,) uint64 array
        What a scan looks at first; worked out when it is not given.
    state
        How far the store was; None where it is not one's as a whole.
    is_kept
        Whether the file has it.
    """

    ids: NDArray[np.int64]
    records: NDArray[np.uint8]
    sketches: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    state: State | None = None
    is_kept: bool = False

    def __post_init__(self) -> None:
        if len(self.sketches) != len(self.ids):
            object.__setattr__(self, "sketches", _native.sketches(self.records))


def load_index(case: Case) -> SearchIndex:
    """Return what a search scans: the file if it is of today, else made, and kept where possible.

    A file that is older is brought up to date by the reads that it lacks. A case that is open for
    reading is left as it is.

    Raises
    ------
    CaseError
        If the case is damaged.
    """
    state = _state(case)
    kept = _read(case)
    if kept is not None and kept.state == state:
        return kept
    if kept is not None and not _goes_on(case, kept.state, state):
        kept = None
    index = _grown(case, kept, state)
    if not case.read_only:
        write_index(case, index)
    return index


def write_index(case: Case, index: SearchIndex) -> None:
    """Keep an index of a case beside its database; where that cannot be written, it is not kept."""
    if index.state is None:
        return
    columns = (index.records, index.sketches, index.ids)
    digest = hashlib.sha256()
    for column in columns:
        digest.update(column.data)
    head = _HEAD.pack(_MAGIC, len(index.ids), *index.state, _case_key(case), digest.digest())
    path = case.folder / NAME
    # One name, so that what a kill leaves is written over; the hash finds what two writers mix up.
    part = path.with_name(f".{NAME}.part")
    with suppress(OSError):
        try:
            with part.open("wb") as file:
                file.write(head)
                for column in columns:
                    file.write(column.data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _state(case: Case) -> State:
    (row,) = case.rows(
        "SELECT (SELECT count(*) FROM reads), (SELECT coalesce(max(id), 0) FROM reads),"
        " (SELECT count(*) FROM readings)"
    )
    return State(*row)


def _case_key(case: Case) -> bytes:
    (row,) = case.rows("SELECT coalesce(max(value), '') FROM meta WHERE name = 'created'")
    return hashlib.sha256(str(row[0]).encode()).digest()


def _read(case: Case) -> SearchIndex | None:
    """Return what the file has; None when there is none, or it is not of this case."""
    try:
        with (case.folder / NAME).open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    if len(content) < _HEAD.size:
        return None
    magic, count, *numbers, key, digest = _HEAD.unpack_from(content)
    if magic != _MAGIC or len(content) != _HEAD.size + count * _ROW or key != _case_key(case):
        return None
    with memoryview(content) as view, view[_HEAD.size :] as columns:
        if hashlib.sha256(columns).digest() != digest:
            return None
    index = _columns(content, count, State(*numbers))
    return index if _agrees(case, index) else None


def _columns(content: mmap.mmap, count: int, state: State) -> SearchIndex:
    at = _HEAD.size
    records = np.frombuffer(content, np.uint8, SIZE * count, at)
    at += records.nbytes
    sketches = np.frombuffer(content, "<u8", count, at).astype(np.uint64, copy=False)
    ids = np.frombuffer(content, "<i8", count, at + sketches.nbytes).astype(np.int64, copy=False)
    return SearchIndex(ids, records.reshape(count, SIZE), sketches, state, is_kept=True)


def _agrees(case: Case, index: SearchIndex) -> bool:
    """Whether some rows, spread over all of them, are those of the store."""
    count = len(index.ids)
    chosen = np.unique(np.linspace(0, max(0, count - 1), min(SAMPLE, count)).astype(np.int64))
    marks = ", ".join("?" * len(chosen))
    rows = case.rows(
        f"SELECT id, slots FROM reads WHERE id IN ({marks}) ORDER BY id",
        tuple(index.ids[chosen].tolist()),
    )
    return [row[1] for row in rows] == [index.records[i].tobytes() for i in chosen]


def _goes_on(case: Case, before: State | None, now: State) -> bool:
    """Whether a store is an older one to which rows were added."""
    if before is None:
        return False
    (row,) = case.rows("SELECT count(*) FROM reads WHERE id > ?", (before.last,))
    return bool(before.reads + row[0] == now.reads and before.readings <= now.readings)


def _grown(case: Case, old: SearchIndex | None, state: State) -> SearchIndex:
    """Return an index of a store as far as it is, by the reads that an old one lacks."""
    numbers, records = _rows(case, 0 if old is None or old.state is None else old.state.last, state)
    sketches = _native.sketches(records)
    if old is not None:
        numbers = np.concatenate([old.ids, numbers])
        records = np.concatenate([old.records, records])
        sketches = np.concatenate([old.sketches, sketches])
    if case.rows("SELECT count(*) FROM setups")[0][0] > 1:
        hidden = np.array([row[0] for row in case.rows(_HIDDEN)], np.int64)
        is_shown = ~np.isin(numbers, hidden, assume_unique=True)
        numbers, records, sketches = numbers[is_shown], records[is_shown], sketches[is_shown]
    return SearchIndex(numbers, records, sketches, state)


def _rows(case: Case, after: int, state: State) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return ids and slots of the reads that came after one."""
    ids: list[int] = []
    parts: list[bytes] = []
    try:
        rows = case.connection.execute(
            "SELECT id, slots FROM reads WHERE id > ? AND id <= ? ORDER BY id", (after, state.last)
        )
        while chunk := rows.fetchmany(_CHUNK):
            ids += [row[0] for row in chunk]
            parts.append(b"".join([row[1] for row in chunk]))
    except sqlite3.Error as error:
        raise CaseError(words_of(case.folder, error)) from error
    flat = np.frombuffer(b"".join(parts), np.uint8)
    if flat.size != len(ids) * SIZE:
        raise CaseError(f"{case.folder}: a read's slots are not of {SIZE} bytes")
    return np.array(ids, np.int64), flat.reshape(len(ids), SIZE)
