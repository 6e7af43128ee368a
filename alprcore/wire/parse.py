# SPDX-License-Identifier: Apache-2.0
"""The `alpr_results` object read back, ours or the cloud's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alprcore.records import Box, Candidate, Label, Plate, Quad, VehicleBox, VehicleLook
from alprcore.wire.orientation import as_sides


def recognition_fields(text: str) -> dict[str, Any]:
    """Return the fields of the `Recognition` that an `alpr_results` object stands for, by name.

    Raises
    ------
    ValueError
        If `text` is not JSON or not such an object.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("data_type", "alpr_results") != "alpr_results":
        raise ValueError("recognition: expected an alpr_results object")
    try:
        main = found.get("main_vehicle")
        return {
            "width": int(found["img_width"]),
            "height": int(found["img_height"]),
            "epoch_ms": int(found["epoch_time"]),
            "elapsed_ms": _time(found),
            "regions_of_interest": tuple(map(_box, found.get("regions_of_interest", ()))),
            "plates": tuple(map(_plate, found["results"])),
            "vehicles": tuple(
                VehicleBox(_box(vehicle), 0.0, _look(vehicle.get("details", {})))
                for vehicle in found.get("vehicles", ())
            ),
            "main_vehicle": None if main is None else _look(main),
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"recognition: not an alpr_results object ({error!r})") from error


def _time(found: Mapping[str, Any]) -> float:
    """Return the time that it took; the cloud's key may be an object of several."""
    spent = found.get("processing_time_ms", 0.0)
    return float(spent) if isinstance(spent, int | float) else 0.0


def _plate(entry: Mapping[str, Any]) -> Plate:
    corners = [(float(corner["x"]), float(corner["y"])) for corner in entry["coordinates"]]
    region, look = entry.get("vehicle_region"), entry.get("vehicle")
    return Plate(
        text=str(entry["plate"]),
        confidence=float(entry["confidence"]) / 100,
        matches_template=bool(entry.get("matches_template", 0)),
        country="",
        region=str(entry.get("region", "")),
        region_confidence=float(entry.get("region_confidence", 0)) / 100,
        quad=Quad.from_points(corners),
        detection_score=0.0,
        candidates=tuple(map(_candidate, entry.get("candidates", ()))),
        glyphs=(),
        plate_index=int(entry.get("plate_index", 0)),
        requested_topn=int(entry.get("requested_topn", 10)),
        elapsed_ms=_time(entry),
        vehicle_region=None if region is None else _box(region),
        vehicle=None if look is None else _look(look),
    )


def _candidate(entry: Mapping[str, Any]) -> Candidate:
    return Candidate(
        str(entry["plate"]), float(entry["confidence"]) / 100, bool(entry["matches_template"])
    )


def _box(area: Mapping[str, Any]) -> Box:
    left, top = float(area["x"]), float(area["y"])
    return Box(left, top, left + float(area["width"]), top + float(area["height"]))


def _look(details: Mapping[str, Any]) -> VehicleLook:
    names = ("color", "make", "make_model", "body_type", "year")
    return VehicleLook(
        **{name: tuple(map(_label, details.get(name, ()))) for name in names},
        orientation=as_sides(map(_label, details.get("orientation", ()))),
    )


def _label(entry: Mapping[str, Any]) -> Label:
    return Label(str(entry["name"]), float(entry["confidence"]) / 100)
