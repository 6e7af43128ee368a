# SPDX-License-Identifier: Apache-2.0
"""Reads of the archive as scripts see them, and as OpenALPR's Forensic Plate Finder writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

FINDER_READS = (
    "id", "group_id", "country", "plate_number", "confidence", "frame_num", "video_time_s",
    "matches_pattern", "tracking_hash", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4", "img_name",
    "region", "region_confidence",
)  # fmt: skip
FINDER_GROUPS = (
    "id", "country", "plate_number", "matches_pattern", "plate_count", "frame_start", "frame_end",
    "video_time_start_s", "video_time_end_s", "best_plate_id", "confidence", "region",
    "region_confidence",
)  # fmt: skip

_COPIED_BEFORE = ("id", "sha256", "path", "kind", "plate", "text")
_COPIED_AFTER = (
    "country", "region", "region_confidence", "matches_template", "legibility", "truncated", "time",
    "time_source", "latitude", "longitude", "camera", "color", "make", "make_model", "seconds",
    "frame", "pts", "time_base", "group_id", "setup_id",
)  # fmt: skip


def percent(probability: float) -> float:
    """Return a probability as a percent with six decimals at most; not a number becomes 0."""
    if math.isnan(probability):
        return 0.0
    return round(100.0 * min(max(float(probability), 0.0), 1.0), 6)


def read_dict(
    values: Mapping[str, Any],
    corners: Sequence[Sequence[float]],
    candidates: Sequence[tuple[str, float, bool]],
    *,
    probability: float | None = None,
) -> dict[str, Any]:
    """Return a read as an object for scripts: what ``--json`` and ``export`` write.

    Parameters
    ----------
    values
        The fields of `alprcore.archive.Read` by name.
    corners
        Four (x, y), clockwise from the top left.
    candidates
        (text, probability, whether it has a format), best first.
    probability
        Of the match, in a search.

    Returns
    -------
    dict
        ``confidence`` and ``region_confidence`` in percent, ``probability`` in [0, 1],
        ``coordinates`` whole numbers.
    """
    row = {name: values[name] for name in _COPIED_BEFORE}
    if probability is not None:
        row["probability"] = round(probability, 9)
    row["confidence"] = percent(values["confidence"])
    row |= {name: values[name] for name in _COPIED_AFTER}
    row["region_confidence"] = percent(values["region_confidence"])
    row["crop"] = values["crop"]
    row["coordinates"] = [{"x": int(x), "y": int(y)} for x, y in corners]
    row["candidates"] = [
        {"plate": text, "confidence": percent(value), "matches_template": int(fits)}
        for text, value, fits in candidates
    ]
    return row


def finder_read(values: Mapping[str, Any], corners: Sequence[Sequence[float]]) -> list[str | int]:
    """Return a read as a row of `FINDER_READS`; a picture is frame 0 at 0 seconds."""
    flat = [int(value) for corner in corners for value in corner]
    return [
        values["id"],
        "" if values["group_id"] is None else values["group_id"],
        values["country"],
        values["plate"],
        _six(percent(values["confidence"])),
        values["frame"] or 0,
        _six(values["seconds"] or 0.0),
        int(values["matches_template"]),
        "",
        *flat,
        values["crop"],
        _bare(values["region"]),
        int(percent(values["region_confidence"])),
    ]


def finder_group(values: Mapping[str, Any]) -> list[str | int]:
    """Return a row of the table ``groups`` as a row of `FINDER_GROUPS`.

    `values` has ``best_read_id`` besides the columns of the table.
    """
    return [
        values["id"],
        values["country"],
        values["plate"],
        int(values["matches_template"]),
        values["reads"],
        values["frame_start"],
        values["frame_end"],
        _six(values["seconds_start"]),
        _six(values["seconds_end"]),
        "" if values["best_read_id"] is None else values["best_read_id"],
        _six(percent(values["confidence"])),
        _bare(values["region"]),
        int(percent(values["region_confidence"])),
    ]


def _six(value: float) -> str:
    """Return a number with six significant digits and no zeros at its end."""
    return f"{value:.6g}"


def _bare(region: str) -> str:
    """Return a region without its country."""
    return region.partition("-")[2] or region
