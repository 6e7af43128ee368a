# SPDX-License-Identifier: Apache-2.0
"""``alprcore archive search | sightings``."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from alprcore.archive.export import hashed, row_of
from alprcore.archive.filters import Filters, parse_near, parse_time
from alprcore.archive.index import SearchIndex, load_index, write_index
from alprcore.archive.language import parse_query
from alprcore.archive.provenance import user
from alprcore.archive.search import Hit, SearchResult, search
from alprcore.archive.sightings import (
    links,
    read_list,
    search_list,
    sightings,
)
from alprcore.archive.store import Case
from alprcore.cli.options import hasher_of
from alprcore.errors import AlprError, CaseError
from alprcore.wire.archive import percent

_FEWEST = 1e-6  # what is expected less often is shown as none


def _filters(chosen: argparse.Namespace) -> Filters:
    return Filters(
        since=None if chosen.since is None else parse_time(chosen.since),
        until=None if chosen.until is None else parse_time(chosen.until, end=True),
        near=None if chosen.near is None else parse_near(chosen.near),
        region=chosen.region,
        color=chosen.color,
        make=chosen.make,
    )


def _check(chosen: argparse.Namespace) -> None:
    if chosen.limit < 1:
        raise AlprError(f"--limit: expected 1 or more, got {chosen.limit}")
    if not 0 <= chosen.least <= 1:
        raise AlprError(f"--least: expected 0 to 1, got {chosen.least}")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def _index(case: Case) -> SearchIndex:
    """Return what searches scan, made now when no `add` has left it, and kept for the next one."""
    index = load_index(case)
    if not index.is_kept:
        write_index(case, index)
    return index


def run_search(chosen: argparse.Namespace) -> int:
    """Print the reads that may match."""
    _check(chosen)
    if (chosen.pattern is None) == (chosen.plates is None):
        raise AlprError("search: expected a pattern or --list, one of them")
    filters = _filters(chosen)
    with Case.open(chosen.case) as case:
        if chosen.plates is not None:
            _search_plates(case, chosen, filters)
        else:
            query = parse_query(chosen.pattern)
            found = search(
                case, query, index=_index(case), filters=filters, limit=chosen.limit,
                least=chosen.least,
            )  # fmt: skip
            found = replace(found, hits=_named(chosen, found.hits))
            _log(chosen, {"pattern": chosen.pattern, "hits": len(found.hits)}, filters)
            if chosen.json:
                _print_json(found.hits)
            else:
                _print_result(found)
    return 0


def _search_plates(case: Case, chosen: argparse.Namespace, filters: Filters) -> None:
    wanted, hasher = read_list(chosen.plates), hasher_of(chosen)
    total = 0
    for each, found in search_list(
        case, wanted, index=_index(case), filters=filters, limit=chosen.limit, least=chosen.least
    ):
        total += len(found.hits)
        name = each.plate if hasher is None else hasher.text(each.plate)
        for hit in _named(chosen, found.hits):
            row = {"wanted": name, "description": each.description, **_row(hit)}
            if chosen.json:
                print(json.dumps(row, ensure_ascii=False))
            else:
                print(f"{name:12}{each.description[:24]:25}{_line(hit)}")
    _log(chosen, {"list": str(chosen.plates), "plates": len(wanted), "hits": total}, filters)


def run_sightings(chosen: argparse.Namespace) -> int:
    """Print where a plate may have been seen."""
    _check(chosen)
    filters = _filters(chosen)
    with Case.open(chosen.case) as case:
        if chosen.text.startswith("#"):
            if not chosen.text[1:].isdecimal():
                raise CaseError(f"sightings: expected # and the id of a read, got {chosen.text!r}")
            hits = links(
                case, int(chosen.text[1:]), index=_index(case), limit=chosen.limit,
                least=chosen.least,
            )  # fmt: skip
        else:
            hits = sightings(
                case, chosen.text, index=_index(case), filters=filters, limit=chosen.limit,
                least=chosen.least,
            )  # fmt: skip
        hits = _named(chosen, hits)
        _log(chosen, {"sightings": chosen.text, "hits": len(hits)}, filters)
        if chosen.json:
            _print_json(hits)
        else:
            _print_hits(hits)
            print(f"{len(hits)} sightings, {_expected(sum(1 - h.probability for h in hits))}")
    return 0


def _log(chosen: argparse.Namespace, data: dict[str, Any], filters: Filters) -> None:
    """Write the search into the log, who made it and why, where the case can be written."""
    try:
        with Case.open(chosen.case, read_only=False) as case:
            case.note(
                "searched",
                {**data, "limits": filters.described(), "user": user(), "reason": chosen.reason},
            )
    except AlprError as error:
        print(f"alprcore: the log does not have this search: {error}", file=sys.stderr)


def _named(chosen: argparse.Namespace, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits as they are printed: with ``--hash-plates`` their readings are hashed."""
    hasher = hasher_of(chosen)
    return tuple(replace(hit, read=hashed(hit.read, hasher)) for hit in hits)


def _row(hit: Hit) -> dict[str, Any]:
    return row_of(hit.read, probability=hit.probability)


def _print_json(hits: Iterable[Hit]) -> None:
    for hit in hits:
        print(json.dumps(_row(hit), ensure_ascii=False))


def _print_result(found: SearchResult) -> None:
    _print_hits(found.hits)
    print(
        f"{len(found.hits)} of {found.scanned} reads listed, {_expected(found.expected_false)};"
        f" in all {found.expected_matches:.2f} matches expected"
    )


def _expected(number: float) -> str:
    """Return how many false hits are expected, in words."""
    return "no false hit expected" if number < _FEWEST else f"{number:.2g} false hits expected"


def _print_hits(hits: Iterable[Hit]) -> None:
    for hit in hits:
        print(_line(hit))


def _line(hit: Hit) -> str:
    read = hit.read
    at = f" at {read.seconds:.2f} s" if read.seconds is not None else ""
    when = f"  {read.time}" if read.time else ""
    return (
        f"{percent(hit.probability):6.2f} %  {read.plate:10} {percent(read.confidence):5.1f} %"
        f" {read.region:6}{when}  {read.path}{at}  {read.crop}  #{read.id}"
    )
