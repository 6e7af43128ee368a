# SPDX-License-Identifier: Apache-2.0
"""Plots of a report, as SVG: when plates were seen, and where, without a map."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from html import escape

from alprcore.archive.rows import Read

_WIDTH, _MARGIN, _ROW = 760, 110, 18
_MOST_ROWS = 40


def timeline(reads: list[Read]) -> str:
    """Return a line for each plate with a dot for each time it was seen; "" without times."""
    seen: dict[str, list[tuple[datetime, Read]]] = {}
    for read in reads:
        if read.time is not None:
            seen.setdefault(read.plate, []).append((_moment(read), read))
    if not seen:
        return ""
    moments = [at for each in seen.values() for at, _ in each]
    first, last = min(moments), max(moments)
    span = max((last - first).total_seconds(), 1.0)
    often = sorted(seen, key=lambda plate: (-len(seen[plate]), plate))[:_MOST_ROWS]
    parts = []
    for row, plate in enumerate(often):
        y = 14 + _ROW * row
        parts.append(f"<text x=0 y={y + 4}>{escape(plate)}</text>")
        parts.append(f"<line x1={_MARGIN} x2={_WIDTH} y1={y} y2={y} stroke='#ddd'/>")
        for at, read in seen[plate]:
            x = _MARGIN + (_WIDTH - _MARGIN - 8) * (at - first).total_seconds() / span
            parts.append(
                f"<a href='#r{read.id}'><circle cx={x:.1f} cy={y} r=4 fill='#2563a8'>"
                f"<title>{escape(read.time or '')}</title></circle></a>"
            )
    bottom = 14 + _ROW * len(often) + 12
    parts.append(f"<text x={_MARGIN} y={bottom}>{first:%Y-%m-%d %H:%M:%S}</text>")
    if last > first:
        parts.append(f"<text x={_WIDTH} y={bottom} text-anchor=end>{last:%Y-%m-%d %H:%M:%S}</text>")
    left_out = len(seen) - len(often)
    note = f"<p class=meta>{left_out} more plates with times are left out.</p>" if left_out else ""
    return _svg(bottom + 6, "".join(parts), "when plates were seen") + note


def _moment(read: Read) -> datetime:
    at = datetime.fromisoformat(read.time or "")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) + timedelta(seconds=read.seconds or 0.0)


def places_plot(reads: list[Read]) -> str:
    """Return the places of the reads, true to scale, north up; "" where there are none."""
    spots: dict[tuple[float, float], list[Read]] = {}
    for read in reads:
        if read.latitude is not None and read.longitude is not None:
            spots.setdefault((read.latitude, read.longitude), []).append(read)
    if not spots:
        return ""
    middle = sum(place[0] for place in spots) / len(spots)
    narrow = max(0.01, math.cos(math.radians(middle)))
    west, east = min(p[1] for p in spots) * narrow, max(p[1] for p in spots) * narrow
    south, north = min(p[0] for p in spots), max(p[0] for p in spots)
    size = max(east - west, north - south, 1e-4)
    scale = 420 / size
    height = max(60.0, (north - south) * scale + 60)
    parts = []
    for (latitude, longitude), each in spots.items():
        x, y = 40 + (longitude * narrow - west) * scale, 30 + (north - latitude) * scale
        names = sorted({read.plate for read in each})
        label = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        parts.append(
            f"<a href='#r{each[0].id}'><circle cx={x:.1f} cy={y:.1f} r={min(12, 4 + len(each)):d}"
            f" fill='#2563a8' fill-opacity='.55'><title>{latitude:.5f}, {longitude:.5f}</title>"
            f"</circle></a><text x={x + 10:.1f} y={y - 6:.1f}>{escape(label)}</text>"
        )
    kilometres = size * 111.2
    caption = f"<p class=meta>North is up; the whole is about {kilometres:.2g} km across.</p>"
    return _svg(round(height), "".join(parts), "where plates were seen") + caption


def _svg(height: int, body: str, title: str) -> str:
    return (
        f"<svg viewBox='0 0 {_WIDTH} {height}' width={_WIDTH} height={height} role=img"
        f" aria-label='{title}'>{body}</svg>"
    )
