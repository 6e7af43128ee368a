# SPDX-License-Identifier: Apache-2.0
"""A group as a row of our own: JSON with exact times and every vote, and the cells of a table."""

from __future__ import annotations

from typing import Any

from alprcore.wire.pieces import box_dict, candidates_list, corners_list, moment_dict, percent
from alprcore.wire.sender import GroupLike

CSV_COLUMNS = (
    "source",
    "plate",
    "confidence",
    "country",
    "region",
    "first_s",
    "last_s",
    "best_s",
    "first_frame",
    "last_frame",
    "best_frame",
    "first_pts",
    "last_pts",
    "best_pts",
    "time_base",
    "readings",
    "direction",
    "is_parked",
    "candidates",
)
"""Columns of `csv_row`."""


def row_dict(group: GroupLike) -> dict[str, Any]:
    """Return a group as our own row: times exact, every vote, confidences in percent.

    Notes
    -----
    Each of ``first``, ``last`` and ``best`` has ``seconds`` from the start of the source, and
    ``pts``, ``time_base`` and ``frame`` to find the frame again.
    """
    direction = group.direction
    return {
        "plate": group.text,
        "confidence": percent(group.confidence),
        "matches_template": int(group.matches_template),
        "country": group.country,
        "region": group.region,
        "region_confidence": percent(group.region_confidence),
        "first": moment_dict(group.first),
        "last": moment_dict(group.last),
        "best": moment_dict(group.best),
        "candidates": candidates_list(group.candidates),
        "direction": None if direction is None else round(direction, 1),
        "is_parked": group.is_parked,
        "path": [
            {**moment_dict(vote.time), **box_dict(vote.quad.bounds())} for vote in group.votes
        ],
        "votes": [
            {
                **moment_dict(vote.time),
                "plate": vote.text,
                "confidence": percent(vote.confidence),
                "coordinates": corners_list(vote.quad),
            }
            for vote in group.votes
        ],
    }


def csv_row(group: GroupLike, source: str) -> list[str]:
    """Return a group as the cells of a table with `CSV_COLUMNS`; percents with two decimals."""
    row = row_dict(group)
    ends = [row["first"], row["last"], row["best"]]
    candidates = [f"{each['plate']} {each['confidence']:.2f}" for each in row["candidates"]]
    direction = row["direction"]
    return [
        source,
        row["plate"].replace("\n", "-"),
        f"{row['confidence']:.2f}",
        row["country"],
        row["region"],
        *(f"{end['seconds']:.3f}" for end in ends),
        *(str(end["frame"]) for end in ends),
        *(str(end["pts"]) for end in ends),
        row["first"]["time_base"],
        str(len(row["votes"])),
        "" if direction is None else f"{direction:.0f}",
        str(int(row["is_parked"])),
        "; ".join(candidates).replace("\n", "-"),
    ]
