# SPDX-License-Identifier: Apache-2.0
"""The same plate again: reads that may be of one text, and reads that may be of one plate."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alprcore.archive.defaults import LEAST_SIGHTING
from alprcore.archive.filters import Filters
from alprcore.archive.index import SearchIndex, load_index
from alprcore.archive.language import parse_query
from alprcore.archive.search import Hit, SearchResult, search
from alprcore.archive.store import Case
from alprcore.errors import CaseError

LINK_TEXTS = 8
"""Texts that a read is taken to be when others like it are looked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of a watch list."""

    plate: str
    description: str
    region: str


def sightings(
    case: Case,
    text: str,
    *,
    index: SearchIndex | None = None,
    filters: Filters | None = None,
    limit: int = 1000,
    least: float = LEAST_SIGHTING,
) -> tuple[Hit, ...]:
    """Return the reads that may be of a text, in the order of their times.

    Raises
    ------
    CaseError
        As for `search`.
    """
    found = search(case, text, index=index, filters=filters, limit=limit, least=least)
    return tuple(sorted(found.hits, key=_when))


def links(
    case: Case,
    number: int,
    *,
    index: SearchIndex | None = None,
    limit: int = 100,
    least: float = LEAST_SIGHTING,
) -> tuple[Hit, ...]:
    """Return the reads that may be of the same plate as a read, in the order of their times.

    The probability is that both show one text: the sum over the texts of P(text | one's pixels)
    times P(text | the other's). How common plates are that look alike is not in it.

    Raises
    ------
    CaseError
        If there is no such read.
    """
    read = case.read(number)
    index = index or load_index(case)
    shares: dict[int, float] = {}
    hits: dict[int, Hit] = {}
    for text, _, _ in read.candidates[:LINK_TEXTS]:
        query = parse_query(text.replace("\n", ""))
        found = search(case, query, index=index, limit=10 * limit, least=1e-6).hits
        own = next((hit.probability for hit in found if hit.read.id == number), 0.0)
        for hit in found:
            if hit.read.id != number:
                shares[hit.read.id] = shares.get(hit.read.id, 0.0) + own * hit.probability
                hits[hit.read.id] = hit
    likely = sorted(shares, key=lambda each: (-shares[each], each))[:limit]
    chosen = [Hit(hits[each].read, min(1.0, shares[each])) for each in likely]
    return tuple(sorted((hit for hit in chosen if hit.probability >= least), key=_when))


def _when(hit: Hit) -> tuple[bool, str, float, int]:
    """Return what sightings are ordered by: time, those without one at the end."""
    read = hit.read
    return read.time is None, read.time or "", read.seconds or 0.0, read.id


def read_list(path: Path) -> tuple[Wanted, ...]:
    """Return a watch list: a CSV file with ``Plate Number,Description,State/Province``.

    The header and the second and third column may be missing; lines that begin with ``#`` are left
    out, of a plate that is there twice the first line counts. A plate may be a pattern.

    Raises
    ------
    CaseError
        If the file cannot be read or a plate makes no sense; it names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return tuple(_wanted(file, path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CaseError(f"{path}: cannot be read as a list of plates: {reason}") from error


def _wanted(lines: Iterator[str], path: Path) -> Iterator[Wanted]:
    seen = set()
    for number, row in enumerate(csv.reader(lines), 1):
        cells = [cell.strip() for cell in row] + ["", "", ""]
        if not any(cells) or cells[0].startswith("#") or cells[0].lower() == "plate number":
            continue
        try:
            parse_query(cells[0])
        except CaseError as error:
            raise CaseError(f"{path}: line {number}: {error}") from error
        key = cells[0].upper().replace(" ", "").replace("-", "")
        if key not in seen:
            seen.add(key)
            yield Wanted(key, cells[1], cells[2].lower())


def search_list(
    case: Case,
    wanted: tuple[Wanted, ...],
    *,
    index: SearchIndex | None = None,
    filters: Filters | None = None,
    limit: int = 50,
    least: float = LEAST_SIGHTING,
) -> Iterator[tuple[Wanted, SearchResult]]:
    """Yield what is found of each line of a watch list; a line's region limits its own search."""
    index = index or load_index(case)
    for each in wanted:
        limits = filters or Filters()
        if each.region:
            limits = Filters(
                limits.since, limits.until, limits.near, each.region, limits.color, limits.make
            )
        yield (
            each,
            search(case, each.plate, index=index, filters=limits or None, limit=limit, least=least),
        )
