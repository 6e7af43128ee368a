# SPDX-License-Identifier: Apache-2.0
"""What the page asks of a case: its summary, searches, one read with its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.archive.defaults import UNSURE
from alprcore.archive.export import row_of
from alprcore.archive.filters import Filters, allowed_ids, parse_near, parse_time
from alprcore.archive.rows import Read, parsed, read_of, select_reads
from alprcore.browse.browsed import BrowsedCase
from alprcore.errors import CaseError
from alprcore.wire.archive import percent

PAGE = 60
"""Reads of one answer."""

MOST_HITS = 600
"""Hits of a search; whoever wants more uses the command."""

MOST_IDS = 5000
"""Reads that the page can select at once, so that no answer is long for their sake."""

BINS = 48
"""Columns of the timeline."""

_MOST_LISTED = 500
CHUNK = 500
"""Reads that one query names."""


def summary(case: BrowsedCase) -> dict[str, Any]:
    """Return what the case holds, and what there is to choose from."""
    seen = case.overview()
    (row,) = case.rows(
        "SELECT (SELECT count(*) FROM sources), (SELECT count(*) FROM places),"
        " (SELECT count(*) FROM unreadable),"
        " (SELECT count(*) FROM sources WHERE latitude IS NOT NULL)"
    )
    sources, places, unreadable, located = row
    listed = case.rows(
        f"SELECT path, member, reason FROM unreadable ORDER BY path LIMIT {_MOST_LISTED}"
    )
    return {
        "name": case.folder.resolve().name,
        "sources": sources,
        "reads": len(seen.ids),
        "duplicates": places - sources,
        "unreadable": unreadable,
        "countries": _most(seen.counts["country"]),
        "regions": _most(seen.counts["region"]),
        "colors": _most(seen.counts["color"]),
        "makes": _most(seen.counts["make"]),
        "has_times": bool((~np.isnan(seen.moments)).any()),
        "places": located,
        "unreadable_list": [[_place(row), row["reason"]] for row in listed],
    }


def _most(counts: Counter[Any]) -> list[list[Any]]:
    """Return values with how often they are there, and the country of a region."""
    rows = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_MOST_LISTED]
    return [
        [key[0], number, key[1]] if isinstance(key, tuple) else [key, number, None]
        for key, number in rows
    ]


def _place(row: Any) -> str:
    return str(row["path"]) + (f"!{row['member']}" if row["member"] else "")


def filters_of(asked: Mapping[str, str]) -> Filters:
    """Return the limits that a page's fields name; empty fields limit nothing.

    Raises
    ------
    CaseError
        If a time or a place makes no sense.
    """
    since, until, near = (asked.get(name, "").strip() for name in ("since", "until", "near"))
    return Filters(
        since=parse_time(since) if since else None,
        until=parse_time(until, end=True) if until else None,
        near=parse_near(near) if near else None,
        region=asked.get("region") or None,
        color=asked.get("color") or None,
        make=asked.get("make") or None,
    )


def found(case: BrowsedCase, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of reads: hits of a pattern, most probable first, or all, latest first.

    Parameters
    ----------
    case : BrowsedCase
    asked
        ``q`` (a pattern, or nothing), ``edit`` (``"1"`` admits one edit), ``order`` (``"time"``:
        the latest first), ``offset`` and the fields of `filters_of`.

    Raises
    ------
    CaseError
        If the pattern or a limit makes no sense.
    """
    filters = filters_of(asked)
    pattern = asked.get("q", "").strip()
    offset = _whole(asked.get("offset", "0"))
    if not pattern:
        return _all(case, filters, offset)
    if asked.get("edit") == "1" and "~" not in pattern:
        pattern += "~1"
    result = case.search(pattern, filters=filters or None, limit=MOST_HITS)
    hits = list(result.hits)
    if asked.get("order") == "time":
        hits.sort(key=lambda hit: (hit.read.time is not None, hit.read.time or ""), reverse=True)
    shown = hits[offset : offset + PAGE]
    seen = case.overview()
    ids, moments = seen.ids, seen.moments
    kept = np.isin(ids, [hit.read.id for hit in result.hits])
    return {
        "pattern": pattern,
        "total": len(result.hits),
        "hits": [card(hit.read, hit.probability) for hit in shown],
        "ids": [hit.read.id for hit in hits],
        "expected_false": result.expected_false,
        "expected_matches": result.expected_matches,
        "scanned": result.scanned,
        "timeline": timeline(moments[kept]),
    }


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise CaseError(f"offset: expected a whole number, got {text[:20]!r}")
    return int(text)


def _all(case: BrowsedCase, filters: Filters, offset: int) -> dict[str, Any]:
    """Return reads without a pattern, the latest first, those without a time at the end."""
    seen = case.overview()
    ids, moments = seen.ids, seen.moments
    if filters:
        kept = np.isin(ids, allowed_ids(case, filters))
        ids, moments = ids[kept], moments[kept]
    order = np.lexsort((ids, np.where(np.isnan(moments), np.inf, -moments)))
    wanted = ids[order][offset : offset + PAGE].tolist()
    reads = reads_of(case, wanted)
    return {
        "pattern": "",
        "total": len(ids),
        "hits": [card(reads[number], None) for number in wanted],
        "ids": ids[order].tolist() if len(ids) <= MOST_IDS else [],
        "scanned": len(ids),
        "timeline": timeline(moments),
    }


def reads_of(case: BrowsedCase, numbers: list[int]) -> dict[int, Read]:
    """Return reads by their ids."""
    found: dict[int, Read] = {}
    for at in range(0, len(numbers), CHUNK):
        ids = numbers[at : at + CHUNK]
        where = f"reads.id IN ({', '.join('?' * len(ids))})"
        rows = case.rows(select_reads(every_setup=True, where=where), tuple(ids))
        found |= {row["id"]: read_of(row) for row in rows}
    return found


def timeline(moments: NDArray[np.float64]) -> dict[str, Any]:
    """Return how many reads there are in each of `BINS` equal spans between first and last.

    Parameters
    ----------
    moments : (n,) float64 array
        Seconds since 1970, NaN for unknown.
    """
    known = moments[~np.isnan(moments)]
    untimed = len(moments) - len(known)
    if not len(known):
        return {"counts": [], "first": None, "last": None, "step": 0.0, "untimed": untimed}
    first, last = float(known.min()), float(known.max())
    step = max((last - first) / BINS, 1.0)
    places = np.minimum(((known - first) / step).astype(np.int64), BINS - 1)
    return {
        "counts": np.bincount(places).tolist(),
        "first": first,
        "last": last,
        "step": step,
        "untimed": untimed,
    }


def card(read: Read, probability: float | None) -> dict[str, Any]:
    """Return a read as the list of the page shows it; confidences in percent."""
    return {
        "id": read.id,
        "text": read.text,
        "unsure": unsure_places(read),
        "confidence": percent(read.confidence),
        "probability": None if probability is None else percent(probability),
        "region": read.region,
        "country": read.country,
        "time": read.time,
        "time_source": read.time_source,
        "seconds": read.seconds,
        "path": read.path,
        "color": read.color,
        "make": read.make,
        "truncated": read.truncated,
        "legibility": percent(read.legibility),
    }


def unsure_places(read: Read) -> list[int]:
    """Return which characters of a read's text are less probable than `UNSURE`."""
    shares = iter([glyph["confidence"] for glyph in read.glyphs])
    return [at for at, each in enumerate(read.text) if each != "\n" and next(shares, 1.0) < UNSURE]


def whole_read(case: BrowsedCase, number: int) -> dict[str, Any]:
    """Return a read with its candidates, its characters, its source and what else is in that.

    Raises
    ------
    CaseError
        If there is no such read.
    """
    read = case.read(number)
    (source,) = case.rows("SELECT * FROM sources WHERE id = ?", (read.source_id,))
    beside = case.rows(
        select_reads(
            every_setup=True,
            where="reads.source_id = ? AND reads.setup_id = ? AND reads.frame IS ?",
        ),
        (read.source_id, read.setup_id, read.frame),
    )
    places = case.rows(
        "SELECT path, member FROM places WHERE source_id = ? ORDER BY id LIMIT 50",
        (read.source_id,),
    )
    setup = case.setups()[read.setup_id]["description"]
    return {
        **card(read, None),
        "row": row_of(read),
        "glyphs": [
            {
                "text": glyph["text"],
                "confidence": percent(glyph["confidence"]),
                "others": [
                    [text, percent(share)]
                    for text, share in glyph["alternatives"]
                    if text != glyph["text"] and share >= 0.01
                ][:4],
            }
            for glyph in read.glyphs
        ],
        "source": {
            **{name: source[name] for name in ("sha256", "size", "format", "width", "height")},
            "kind": source["kind"],
            "notices": parsed(source, "notices", list),
            "places": [_place(row) for row in places],
        },
        "plates": [_outline(read_of(row)) for row in beside],
        "setup": {
            "version": setup["version"],
            "countries": setup["settings"]["country"],
            "tasks": setup["tasks"],
        },
    }


def _outline(read: Read) -> dict[str, Any]:
    return {
        "id": read.id,
        "text": read.text,
        "confidence": percent(read.confidence),
        "corners": [[round(x, 1), round(y, 1)] for x, y in read.quad.to_points().tolist()],
    }


def linked(case: BrowsedCase, number: int) -> dict[str, Any]:
    """Return the reads that may be of the same plate as a read, in the order of their times."""
    hits = case.links(case.read(number))
    return {"hits": [card(hit.read, hit.probability) for hit in hits[:PAGE]], "total": len(hits)}
