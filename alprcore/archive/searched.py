# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says what was searched, and what was asked of the case."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from alprcore.archive.html import count_of, moment, place_of, table
from alprcore.archive.log import NAME, walk
from alprcore.archive.rows import parsed
from alprcore.archive.store import Case

MOST_STEPS = 200
"""Searches that are listed, the last ones."""


def searched_part(case: Case) -> str:
    """Return how many sources of each kind there are, where they lay, and the searches, as HTML."""
    kinds = case.rows(
        "SELECT kind, format, count(*) AS n, sum(EXISTS (SELECT 1 FROM reads WHERE"
        " reads.source_id = sources.id)) AS read FROM sources WHERE EXISTS (SELECT 1 FROM readings"
        " WHERE readings.source_id = sources.id AND error IS NULL) GROUP BY 1, 2 ORDER BY 1, 2"
    )
    rows = [
        f"<tr><td>{escape(row['kind'])}, {escape(row['format'])}<td class=n>{row['n']}"
        f"<td class=n>{row['read']}<td class=n>{row['n'] - row['read']}"
        for row in kinds
    ]
    paths = dict.fromkeys(
        path for row in case.rows("SELECT paths FROM runs ORDER BY id")
        for path in parsed(row, "paths", list)
    )  # fmt: skip
    given = "".join(f"<li><code>{escape(path)}</code>" for path in paths)
    return (
        f"<h2>What was searched</h2><p>All pictures and videos at and below:</p><ul>{given}</ul>"
        + table(
            ["sources read", "number", "with plates", "without"], rows, numbers=frozenset({1, 2, 3})
        )
        + _unreadable(case)
        + _steps(case)
    )


def _unreadable(case: Case) -> str:
    found = case.rows("SELECT path, member, reason FROM unreadable ORDER BY path, member")
    rows = [f"<tr><td class=p>{place_of(row)}<td>{escape(row['reason'])}" for row in found]
    noted = case.rows("SELECT path, notices FROM sources WHERE notices != '[]' ORDER BY id")
    notes = "".join(
        f"<li>{escape(row['path'])}: {escape('; '.join(map(str, parsed(row, 'notices', list))))}"
        for row in noted
    )
    listed = table(["place", "reason"], rows) if rows else "<p>None.</p>"
    return f"<h3>Sources that could not be read</h3>{listed}" + (
        f"<p>Noticed in sources that were read, and not verified:</p><ul>{notes}</ul>"
        if notes
        else ""
    )


def _steps(case: Case) -> str:
    """Return the searches that the log has."""
    try:
        lines = [line.entry for line in walk(case.folder / NAME)]
    except OSError:
        return ""
    searches = [line for line in lines if line.get("action") == "searched"]
    rows = [_search_row(line) for line in searches[-MOST_STEPS:]]
    if not rows:
        return "<h3>Searches</h3><p>The log has none.</p>"
    left_out = len(searches) - len(rows)
    more = f"<p>{count_of(left_out, 'earlier search', 'earlier searches')} left out.</p>"
    titles = ["time", "user", "pattern", "limits", "hits", "reason"]
    listed = table(titles, rows, numbers=frozenset({4}))
    return f"<h3>Searches</h3>{more if left_out else ''}{listed}"


def _limit(name: str, value: Any) -> str:
    if name in {"since", "until"} and isinstance(value, int | float):
        value = datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{name} {','.join(map(str, value)) if isinstance(value, list) else value}"


def _search_row(line: dict[str, Any]) -> str:
    data = line.get("data")
    asked: dict[str, Any] = data if isinstance(data, dict) else {}
    limits = asked.get("limits")
    words = ", ".join(_limit(*each) for each in limits.items()) if isinstance(limits, dict) else ""
    pattern = asked.get("pattern") or asked.get("list") or asked.get("sightings") or ""
    return (
        f"<tr><td class=t>{escape(moment(str(line.get('time', ''))))}"
        f"<td>{escape(str(asked.get('user', '')))}<td><bdi>{escape(str(pattern))}</bdi>"
        f"<td>{escape(words)}<td class=n>{escape(str(asked.get('hits', '')))}"
        f"<td>{escape(str(asked.get('reason', '')))}"
    )
