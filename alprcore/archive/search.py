# SPDX-License-Identifier: Apache-2.0
"""Search by probability: which reads match a pattern, given the pixels and not the best text alone.

Two steps. The first scans 64 bytes a read (`slots`) and gives about the probability of a match; the
second works it out exactly by the lattices of what is likeliest. What the first one loses is
measured by ``benchmarks/archive_quality.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.archive.defaults import LEAST_LISTED
from alprcore.archive.filters import Filters, allowed_ids
from alprcore.archive.index import SearchIndex, load_index
from alprcore.archive.language import automaton, first_queries, parse_query, scan_places
from alprcore.archive.lattices import joined, read_lattices
from alprcore.archive.query import Automaton, Query
from alprcore.archive.rows import Read, read_of, select_reads
from alprcore.archive.store import Case
from alprcore.errors import CaseError
from alprcore.reading.match import Lattice

LEAST_SCORE = 1e-3
"""Reads whose score in the first step is lower are not looked at again."""

MOST_EXAMINED = 200
"""Lattices looked at for one search, or four times as many as hits are wanted: 0.2 ms each."""

NEAR = 0.9
"""A search is done when what is left cannot be much more probable than its last hit: by a tenth."""

_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """A read that may match, with the probability that it does, given the pixels."""

    read: Read
    probability: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Attributes
    ----------
    query
        What was asked for.
    hits
        Most probable first.
    expected_false
        How many of the listed hits are expected to be none: the sum of what their probabilities
        leave to 1.
    expected_matches
        How many reads are expected to match, listed or not.
    scanned, passed, examined
        Reads within the limits, of these what the first step let through, and of these the ones
        whose lattices were looked at.
    """

    query: Query
    hits: tuple[Hit, ...]
    expected_false: float
    expected_matches: float
    scanned: int
    passed: int
    examined: int


def search(
    case: Case,
    pattern: str | Query,
    *,
    index: SearchIndex | None = None,
    filters: Filters | None = None,
    limit: int = 50,
    least: float = LEAST_LISTED,
) -> SearchResult:
    """Return the reads that may match a pattern, most probable first.

    Parameters
    ----------
    case : Case
    pattern : str or Query
        See `alprcore.archive.language`.
    index : SearchIndex, optional
        From `load_index`, kept between searches.
    filters : Filters, optional
    limit : int
        Hits wanted.
    least : float
        Matches less probable are not listed.

    Raises
    ------
    CaseError
        If the pattern makes no sense or the case is damaged.
    """
    query = pattern if isinstance(pattern, Query) else parse_query(pattern)
    index = index or load_index(case)
    rows, scores, scanned = _first_step(case, query, index, filters)
    alphabets = {number: each["alphabet"] for number, each in case.setups().items()}
    found: list[tuple[float, int]] = []
    examined = 0
    for ids, chunk_scores in _chunks(index.ids[rows], scores):
        # A score is rarely below the probability: what follows is no longer listed, or about as
        # probable as what is.
        if len(found) >= limit and NEAR * chunk_scores[0] <= sorted(found)[-limit][0]:
            break
        found += exact_probabilities(case, query, ids.tolist(), alphabets)
        examined += len(ids)
        if examined >= max(MOST_EXAMINED, 4 * limit):
            break
    found.sort(key=lambda each: (-each[0], each[1]))
    listed = [each for each in found[:limit] if each[0] >= least]
    rest = float(scores[examined:].sum(dtype=np.float64))
    hits = tuple(_with_reads(case, listed))
    return SearchResult(
        query=query,
        hits=hits,
        expected_false=math.fsum(1.0 - hit.probability for hit in hits),
        expected_matches=math.fsum(value for value, _ in found) + rest,
        scanned=scanned,
        passed=len(rows),
        examined=examined,
    )


def _first_step(
    case: Case, query: Query, index: SearchIndex, filters: Filters | None
) -> tuple[NDArray[np.int64], NDArray[np.float32], int]:
    """Return rows of the index with their scores, highest first, and how many are within limits."""
    records, sketches, chosen = index.records, index.sketches, None
    if filters:
        ids = allowed_ids(case, filters)
        chosen = np.flatnonzero(np.isin(index.ids, ids, assume_unique=True))
        records, sketches = records[chosen], sketches[chosen]
    rows, scores = _scanned(records, sketches, query)
    order = np.lexsort((rows, -scores))
    rows = rows[order] if chosen is None else chosen[rows[order]]
    return rows, scores[order], len(records)


def _scanned(
    records: NDArray[np.uint8], sketches: NDArray[np.uint64], query: Query
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the rows that may match with their scores."""
    parts = []
    for each in first_queries(query):
        places, runs = scan_places(each)
        parts.append(_native.scan(records, sketches, places, runs, each.edits, LEAST_SCORE))
    if len(parts) == 1:
        return parts[0]
    # A text that fits one way to part the pattern seldom fits another as well.
    rows = np.concatenate([rows for rows, _ in parts]) if parts else np.zeros(0, np.int64)
    scores = np.concatenate([scores for _, scores in parts]) if parts else np.zeros(0, np.float32)
    unique, places_of = np.unique(rows, return_inverse=True)
    sums = np.bincount(places_of, weights=scores, minlength=len(unique))
    return unique, np.minimum(sums, 1.0).astype(np.float32)


def _chunks(
    ids: NDArray[np.int64], scores: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    for at in range(0, len(ids), _CHUNK):
        yield ids[at : at + _CHUNK], scores[at : at + _CHUNK]


def exact_probabilities(
    case: Case, query: Query, ids: list[int], alphabets: dict[int, str]
) -> list[tuple[float, int]]:
    """Return the probability that each read matches, by its lattices, with its id."""
    marks = ", ".join("?" * len(ids))
    rows = case.rows(
        f"SELECT id, setup_id, lattice FROM reads WHERE id IN ({marks})",
        tuple(ids),
    )
    found = []
    for row in rows:
        lattices = read_lattices(row["lattice"])
        classes = lattices[0].scores.shape[1] if lattices else 0
        wanted = automaton(query, alphabets[row["setup_id"]][:classes])
        found.append((match_probability(lattices, wanted), row["id"]))
    return found


def match_probability(lattices: tuple[Lattice, ...], wanted: Automaton) -> float:
    """Return the probability that a plate's lines, read one after another, match; exact."""
    if not lattices:
        return 0.0
    lattice = joined(lattices)
    try:
        value = _native.log_accepted(
            lattice.starts,
            lattice.ends,
            lattice.scores,
            lattice.gaps,
            lattice.log_total,
            wanted.steps,
            wanted.groups,
            wanted.accepting,
        )
    except ValueError as error:
        raise CaseError(f"lattice: it does not fit its settings ({error})") from error
    return math.exp(value)


def _with_reads(case: Case, found: Iterable[tuple[float, int]]) -> Iterator[Hit]:
    values = {number: value for value, number in found}
    for ids in [list(values)[at : at + _CHUNK] for at in range(0, len(values), _CHUNK)]:
        marks = ", ".join("?" * len(ids))
        sql = select_reads(every_setup=True, where=f"reads.id IN ({marks})")
        reads = {row["id"]: read_of(row) for row in case.rows(sql, tuple(ids))}
        for number in ids:
            yield Hit(reads[number], values[number])
