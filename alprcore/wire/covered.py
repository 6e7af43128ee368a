# SPDX-License-Identifier: Apache-2.0
"""What was covered of a picture or clip: whole pixels, and no text of any plate."""

from __future__ import annotations

from typing import Any

from alprcore.records import Quad
from alprcore.wire.pieces import corners_list

COLUMNS = (
    "input", "output", "score", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4", "first_s", "last_s",
    "frames",
)  # fmt: skip
"""Of the table; the last three are of clips."""


def covered_dict(
    quad: Quad,
    score: float,
    *,
    first_s: float | None = None,
    last_s: float | None = None,
    frames: int | None = None,
) -> dict[str, Any]:
    """Return a covered place; of a clip its time in seconds and number of frames."""
    found: dict[str, Any] = {"score": round(score, 4), "coordinates": corners_list(quad)}
    if first_s is not None and last_s is not None:
        found |= {"first_s": round(first_s, 3), "last_s": round(last_s, 3), "frames": frames}
    return found


def covered_row(name: str, output: str, place: dict[str, Any]) -> list[Any]:
    """Return a `covered_dict` as a row of the table."""
    corners = [each[axis] for each in place["coordinates"] for axis in "xy"]
    times = [place.get(key, "") for key in ("first_s", "last_s", "frames")]
    return [name, output, place["score"], *corners, *times]
