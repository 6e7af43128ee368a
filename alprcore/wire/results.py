# SPDX-License-Identifier: Apache-2.0
"""What a picture's recognition comes to, and its `alpr_results` form.

The only place with percents and integer corners. Inside the package confidences are in [0, 1] and
corners are fractions of pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from alprcore.picture.load import ImageSource, load_frame
from alprcore.records import Box, Candidate, Frame, Label, Plate, Point, VehicleBox, VehicleLook
from alprcore.showing.drawing import annotated
from alprcore.showing.html import shown_as_html
from alprcore.wire.numbers import json_text
from alprcore.wire.orientation import as_degrees
from alprcore.wire.parse import recognition_fields
from alprcore.wire.table import plate_row

_JSON_VERSION = 2


@dataclass(frozen=True, slots=True, repr=False)
class Recognition:
    """The plates and vehicles of one picture.

    Attributes
    ----------
    width, height
        Size of the picture in pixels.
    epoch_ms
        Wall clock at the start of recognition, milliseconds since 1970.
    elapsed_ms
        Time recognition took, milliseconds; decoding a file is not in it.
    regions_of_interest
        Areas that were searched, in pixels of the picture.
    plates
        Plates, as ordered by the engine; empty when there is none.
    vehicles
        Vehicles, with or without a plate.
    main_vehicle
        Look of the picture's main vehicle, which is large, in the middle and shows a plate; None
        where there is no vehicle, and when it was not asked for.
    vehicles_ms
        How much of `elapsed_ms` went into finding vehicles and looking at them.
    source
        Path of the picture, ``""`` where it came otherwise; it is not compared and not in the JSON.
    """

    width: int
    height: int
    epoch_ms: int
    elapsed_ms: float
    regions_of_interest: tuple[Box, ...]
    plates: tuple[Plate, ...]
    vehicles: tuple[VehicleBox, ...] = ()
    main_vehicle: VehicleLook | None = None
    vehicles_ms: float = 0.0
    source: str = field(default="", compare=False)

    def __repr__(self) -> str:
        """Return the size of the picture and its plates in short."""
        plates = ", ".join(map(repr, self.plates)) or "no plate"
        return f"<Recognition {self.width}x{self.height}: {plates}>"

    def _repr_html_(self) -> str:
        """Return the drawn picture, where it came as a path, and a table; notebooks show it."""
        return shown_as_html(self.rows(), self.source, self.plates, self.vehicles)

    def draw(self, image: ImageSource) -> Frame:
        """Return a copy of the picture with plates, readings and vehicles drawn.

        Parameters
        ----------
        image
            The picture, as for `Engine.recognize`.

        Returns
        -------
        (rows, cols, 3) uint8 array
            Blue, green, red.

        Raises
        ------
        ImageError
            If the picture cannot be read.
        """
        return annotated(load_frame(image), self.plates, self.vehicles)

    def rows(self) -> list[dict[str, Any]]:
        """Return a flat dictionary per plate, as pandas and `csv.DictWriter` take them.

        Returns
        -------
        list of dict
            The keys are always the same and in the same order; confidences in percent, the box
            around the plate in pixels, the best label of what was asked of its vehicle.
        """
        return [plate_row(plate, self.source) for plate in self.plates]

    @classmethod
    def from_json(cls, text: str) -> Recognition:
        """Return the recognition of an `alpr_results` object, ours or the cloud's.

        What the JSON does not hold is empty: glyphs, country, legibility.

        Raises
        ------
        ValueError
            If `text` is not JSON or not such an object.
        """
        return cls(**recognition_fields(text))

    def to_dict(self) -> dict[str, Any]:
        """Return the `alpr_results` object, version 2.

        Returns
        -------
        dict
            Keys in the order of the format. Confidences are percents rounded to six decimals,
            coordinates integers truncated toward zero, `matches_template` 0 or 1. A plate has
            ``vehicle_region`` only when its vehicle is known; ``vehicle``, ``vehicles`` and
            ``main_vehicle`` are there only when the look of vehicles was asked for.

        Examples
        --------
        >>> found = Recognition(640, 480, 1700000000123, 12.5, (Box(0, 0, 640, 480),), ())
        >>> found.to_dict()["regions_of_interest"]
        [{'x': 0, 'y': 0, 'width': 640, 'height': 480}]
        """
        found: dict[str, Any] = {
            "version": _JSON_VERSION,
            "data_type": "alpr_results",
            "epoch_time": self.epoch_ms,
            "img_width": self.width,
            "img_height": self.height,
            "processing_time_ms": _decimals(self.elapsed_ms),
            "regions_of_interest": [_area(box) for box in self.regions_of_interest],
            "results": [_plate(plate) for plate in self.plates],
        }
        if self.main_vehicle is not None:
            found["main_vehicle"] = _look(self.main_vehicle)
            found["vehicles"] = [
                {**_area(vehicle.box), "details": _look(vehicle.look)}
                for vehicle in self.vehicles
                if vehicle.look is not None
            ]
        return found

    def to_json(self) -> str:
        """Return `to_dict` as one line of JSON without spaces.

        Returns
        -------
        str
            Numbers with a fraction have six decimals, whole numbers none; text is not escaped
            beyond what JSON asks for. The same recognition gives the same line.

        Examples
        --------
        >>> Recognition(8, 6, 1700000000123, 0.25, (), ()).to_json()[63:]
        '"img_height":6,"processing_time_ms":0.250000,"regions_of_interest":[],"results":[]}'
        """
        return json_text(self.to_dict())


def unread_dict(error: str, *, epoch_ms: int) -> dict[str, Any]:
    """Return the `alpr_results` of an input that could not be read: sizes 0, and `error`."""
    return {**Recognition(0, 0, epoch_ms, 0.0, (), ()).to_dict(), "error": error}


def _plate(plate: Plate) -> dict[str, Any]:
    corners = (
        plate.quad.top_left,
        plate.quad.top_right,
        plate.quad.bottom_right,
        plate.quad.bottom_left,
    )
    entry: dict[str, Any] = {
        "plate": plate.text,
        "confidence": _percent(plate.confidence),
        "matches_template": int(plate.matches_template),
        "plate_index": plate.plate_index,
        "region": plate.region,
        "region_confidence": int(_percent(plate.region_confidence)),
        "processing_time_ms": _decimals(plate.elapsed_ms),
        "requested_topn": plate.requested_topn,
        "coordinates": [_corner(point) for point in corners],
        "candidates": [_candidate(candidate) for candidate in plate.candidates],
    }
    if plate.vehicle_region is not None:
        entry["vehicle_region"] = _area(plate.vehicle_region)
    if plate.vehicle is not None:
        entry["vehicle"] = _look(plate.vehicle)
    return entry


def _look(look: VehicleLook) -> dict[str, Any]:
    return {
        "color": _labels(look.color),
        "make": _labels(look.make),
        "make_model": _labels(look.make_model),
        "body_type": _labels(look.body_type),
        "year": _labels(look.year),
        "orientation": _labels(as_degrees(look.orientation)),
    }


def _labels(labels: tuple[Label, ...]) -> list[dict[str, Any]]:
    return [{"name": label.name, "confidence": _percent(label.confidence)} for label in labels]


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "plate": candidate.text,
        "confidence": _percent(candidate.confidence),
        "matches_template": int(candidate.matches_template),
    }


def _corner(point: Point) -> dict[str, int]:
    return {"x": int(point[0]), "y": int(point[1])}


def _area(box: Box) -> dict[str, int]:
    left, top = int(box.left), int(box.top)
    return {"x": left, "y": top, "width": int(box.right) - left, "height": int(box.bottom) - top}


def _percent(confidence: float) -> float:
    """Return a confidence as a percent; JSON has no NaN, so one becomes 0."""
    return 0.0 if math.isnan(confidence) else _decimals(100.0 * min(max(confidence, 0.0), 1.0))


def _decimals(value: float) -> float:
    return round(float(value), 6) if math.isfinite(value) else 0.0
