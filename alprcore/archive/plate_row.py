# SPDX-License-Identifier: Apache-2.0
"""A plate as a row of the store."""

from __future__ import annotations

from typing import Any

from alprcore.archive.canonical import canonical
from alprcore.archive.crops import CropFolder
from alprcore.archive.lattices import in_alphabet, lattice_bytes
from alprcore.archive.slots import slot_bytes
from alprcore.ranking.record import Examination
from alprcore.reading.order import as_seen
from alprcore.records import Candidate, Frame, Glyph, Label, Plate, VehicleBox, VehicleLook

Row = dict[str, Any]

_LOOKS = ("color", "make", "make_model", "body_type", "year")


def read_row(
    examination: Examination,
    plate: Plate,
    frame: Frame,
    crops: CropFolder,
    name: str,
    *,
    alphabet: str,
) -> Row:
    """Return the row of a read, all but its number; its crop is written.

    Parameters
    ----------
    examination
        What led to the reading.
    plate
        The plate as it is reported, on its vehicle.
    frame : (rows, cols, 3) uint8 array
    crops
        Where the crop goes, under `name`.
    alphabet
        All characters that the engine may read.
    """
    lines = examination.reading.lines
    own = examination.bank.alphabet
    lattices = [line.lattice for line in lines]
    points = plate.quad.to_points()
    crop, sha256, x, y = crops.write(frame, points, name)
    look = plate.vehicle or VehicleLook()
    row: Row = {
        "plate": plate.text.replace("\n", ""),
        "text": plate.text,
        "text_unsure": plate.text_with_unsure,
        "confidence": _rounded(plate.confidence),
        "matches_template": int(plate.matches_template),
        "legibility": _rounded(plate.legibility),
        "detection_score": _rounded(plate.detection_score),
        "truncated": int(plate.truncated),
        "country": plate.country,
        "region": plate.region,
        "region_confidence": _rounded(plate.region_confidence),
    }
    for number, (px, py) in enumerate(points.tolist(), 1):
        row |= {f"x{number}": round(px, 3), f"y{number}": round(py, 3)}
    return row | {
        "color": _first(look.color),
        "make": _first(look.make),
        "make_model": _first(look.make_model),
        "vehicle": _vehicle_of(plate),
        "candidates": canonical([_candidate(each) for each in plate.candidates]),
        "regions": canonical(_labels(plate.regions[:5])),
        "glyphs": canonical([_glyph(each) for each in plate.glyphs]),
        "crop": crop,
        "crop_sha256": sha256,
        "crop_x": x,
        "crop_y": y,
        "slots": slot_bytes(lattices, _line_texts(as_seen(plate.text), len(lines)), own),
        "lattice": lattice_bytes([in_alphabet(each, own, alphabet) for each in lattices]),
    }


def _line_texts(text: str, lines: int) -> list[str]:
    parts = text.split("\n")
    return parts if len(parts) == lines else ["".join(parts), *[""] * (lines - 1)]


def _candidate(candidate: Candidate) -> list[Any]:
    return [candidate.text, _rounded(candidate.confidence), int(candidate.matches_template)]


def _rounded(value: float) -> float:
    """Return a probability to nine decimals: beyond them is noise, and half of the bytes."""
    return round(float(value), 9)


def _first(labels: tuple[Label, ...]) -> str | None:
    return labels[0].name if labels else None


def _labels(labels: tuple[Label, ...]) -> list[list[Any]]:
    return [[label.name, _rounded(label.confidence)] for label in labels]


def look_json(look: VehicleLook | None) -> str | None:
    """Return what a vehicle looks like as JSON: label and probability, best first."""
    if look is None:
        return None
    return canonical(_lists(look))


def _lists(look: VehicleLook) -> Row:
    return {name: _labels(getattr(look, name)) for name in _LOOKS if getattr(look, name)}


def _vehicle_of(plate: Plate) -> str | None:
    if plate.vehicle_region is None:
        return None
    box = plate.vehicle_region
    corners = [round(value, 2) for value in (box.left, box.top, box.right, box.bottom)]
    return canonical({"box": corners, **_lists(plate.vehicle or VehicleLook())})


def vehicle_row(vehicle: VehicleBox) -> Row:
    """Return a vehicle as an object: its box and how sure it is."""
    box = vehicle.box
    corners = [round(value, 2) for value in (box.left, box.top, box.right, box.bottom)]
    return {"box": corners, "score": _rounded(vehicle.score)}


def _glyph(glyph: Glyph) -> Row:
    return {
        "text": glyph.text,
        "quad": [round(value, 2) for point in glyph.quad.to_points().tolist() for value in point],
        "confidence": _rounded(glyph.confidence),
        "alternatives": [[text, round(share, 6)] for text, share in glyph.alternatives],
        "template": glyph.template,
        "score": round(glyph.score, 4),
    }
