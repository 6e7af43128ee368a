# SPDX-License-Identifier: Apache-2.0
"""A plate as a flat row, for pandas and CSV; percents and whole pixels."""

from __future__ import annotations

from typing import Any

from alprcore.records import Box, Candidate, Plate, Quad, VehicleLook
from alprcore.wire.pieces import percent

_NO_PLATE = Plate(
    "", 0.0, False, "", "", 0.0, Quad.from_points([(0, 0)] * 4), 0.0, (), (), 0, 0, 0.0
)


def plate_row(plate: Plate, source: str) -> dict[str, Any]:
    """Return a plate as a row; the keys are always the same and in the same order."""
    box, look = plate.quad.bounds(), plate.vehicle or VehicleLook()
    return {
        "image": source,
        "plate": one_line(plate.text),
        "confidence": _percent(plate.confidence),
        "text_with_unsure": one_line(plate.text_with_unsure),
        "country": plate.country,
        "region": plate.region,
        "region_confidence": _percent(plate.region_confidence),
        "matches_template": int(plate.matches_template),
        "legibility": _percent(plate.legibility),
        "truncated": int(plate.truncated),
        "occluded": int(plate.occluded),
        **_area(box),
        **dict(_best(look)),
        "candidates": "; ".join(map(_reading, plate.candidates)),
    }


def empty_row(source: str, look: VehicleLook | None = None) -> dict[str, Any]:
    """Return the row of a picture without a plate: its name, its vehicle, all else empty."""
    row = {name: source if name == "image" else "" for name in plate_row(_NO_PLATE, "")}
    return row | dict(_best(look or VehicleLook()))


def harmless(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula: names of files may begin with =."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "@"} else value


def one_line(text: str) -> str:
    """Return a text of two lines as one."""
    return text.replace("\n", " ")


def beyond_wire(plate: Plate) -> dict[str, Any]:
    """Return what is known of a plate beyond the `alpr_results` format, as keys of its result."""
    return {
        "country": plate.country,
        "truncated": plate.truncated,
        "occluded": plate.occluded,
        "unread_characters": plate.unread_characters,
        "text_with_unsure": plate.text_with_unsure,
        "legibility": _percent(plate.legibility),
        "characters": [
            {"character": glyph.text, "confidence": _percent(glyph.confidence)}
            for glyph in plate.glyphs
        ],
    }


def _percent(share: float) -> float:
    return round(percent(share), 6)


def _reading(candidate: Candidate) -> str:
    return f"{one_line(candidate.text)} {_percent(candidate.confidence):.2f}"


def _best(look: VehicleLook) -> list[tuple[str, str]]:
    """Return the best label of each kind, empty where there is none."""
    kinds = (("color", look.color), ("make", look.make), ("make_model", look.make_model))
    return [(name, labels[0].name if labels else "") for name, labels in kinds]


def _area(box: Box) -> dict[str, int]:
    left, top = int(box.left), int(box.top)
    return {"x": left, "y": top, "width": int(box.right) - left, "height": int(box.bottom) - top}
