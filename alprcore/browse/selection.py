# SPDX-License-Identifier: Apache-2.0
"""The selection as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence

from alprcore.archive.export import row_of, write_csv, write_lines
from alprcore.archive.language import parse_query
from alprcore.archive.search import Hit, exact_probabilities
from alprcore.browse.answers import CHUNK, reads_of
from alprcore.browse.browsed import BrowsedCase
from alprcore.errors import CaseError

MOST_EXPORTED = 100_000


def exported(case: BrowsedCase, kind: str, numbers: Sequence[int], pattern: str) -> str:
    """Return chosen reads as ``csv`` or ``jsonl``, with the probability of a match to a pattern.

    Raises
    ------
    CaseError
        If the format is another one, or a read is not there.
    """
    if kind not in {"csv", "jsonl"}:
        raise CaseError(f"format: expected csv or jsonl, got {kind[:20]!r}")
    hits = _chosen(case, list(dict.fromkeys(numbers)), pattern)
    out = io.StringIO(newline="")
    rows = (row_of(hit.read, probability=hit.probability if pattern else None) for hit in hits)
    if kind == "csv":
        write_csv(rows, out)
    else:
        write_lines(rows, out)
    return out.getvalue()


def _chosen(case: BrowsedCase, numbers: list[int], pattern: str) -> list[Hit]:
    query = parse_query(pattern) if pattern else None
    alphabets = {number: each["alphabet"] for number, each in case.setups().items()}
    reads = reads_of(case, numbers)
    if missing := [number for number in numbers if number not in reads]:
        raise CaseError(f"no read has the id {missing[0]}")
    if query is None:
        return [Hit(reads[number], 0.0) for number in numbers]
    values: dict[int, float] = {}
    for at in range(0, len(numbers), CHUNK):
        exact = exact_probabilities(case, query, numbers[at : at + CHUNK], alphabets)
        values |= {number: value for value, number in exact}
    return [Hit(reads[number], values[number]) for number in numbers]
