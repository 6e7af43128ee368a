# SPDX-License-Identifier: Apache-2.0
"""The engine's replies as plain values, how they are kept, and how two of them differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from alprcore import Engine, Plate, Quad, Recognition, VehicleBox
from alprcore.resources import kernels

from .cases import CASES, Case

KEPT = Path(__file__).parent / "replies.jsonl"


@dataclass(frozen=True)
class Tolerance:
    """What two replies may differ by: probabilities, corners in pixels, scores of templates.

    Listed texts and regions are compared by name, and one that is less probable than ten times
    `probability` may be missing.
    """

    probability: float
    pixels: float
    score: float


EXACT = Tolerance(0.0, 0.0, 0.0)
# The compiled loops add up in another order: nothing before them differs.
OTHER_KERNELS = Tolerance(1e-5, 0.01, 1e-3)
# Networks differ by about 1e-6 and so do corners; a crop that is rounded to whole grey levels then
# differs by one level here and there. With graph optimisation off, and again with OpenCV's and
# NumPy's AVX2 off, the 77 replies differed by up to 0.005 in probability and 0.03 in score.
OTHER_PROCESSOR = Tolerance(0.015, 0.1, 0.1)

Reply = dict[str, Any]


def circumstances() -> dict[str, str]:
    """Return what must be the same for replies to be the same to the last digit."""
    return {
        "kernels": kernels(),
        "processor": " ".join(cv2.getCPUFeaturesLine().split()),
        "onnxruntime": onnxruntime.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
    }


def replies(names: list[str] | None = None) -> Iterator[tuple[str, Reply]]:
    """Yield the reply to each case under its name; all of them, or those named."""
    engine = Engine()
    for name in names or CASES:
        yield name, reply_to(CASES[name], engine)


def reply_to(case: Case, engine: Engine) -> Reply:
    """Return the reply to a case: the JSON without times, and what JSON leaves out."""
    asked = engine.with_settings(**case.settings)
    found = asked.recognize(case.source(), regions_of_interest=case.areas, tasks=case.tasks)
    return {
        "json": timeless(found),
        "plates": [_plate(plate) for plate in found.plates],
        "vehicles": [_vehicle(vehicle) for vehicle in found.vehicles],
    }


def timeless(found: Recognition) -> Reply:
    """Return the wire form without what tells the time."""
    wire = found.to_dict()
    for item in (wire, *wire["results"]):
        for key in ("epoch_time", "processing_time_ms"):
            item.pop(key, None)
    return wire


def _plate(plate: Plate) -> Reply:
    return {
        "country": plate.country,
        "detection_score": round(plate.detection_score, 8),
        "legibility": round(plate.legibility, 8),
        "truncated": plate.truncated,
        "text_with_unsure": plate.text_with_unsure,
        "corners": _corners(plate.quad),
        "regions": [[label.name, round(label.confidence, 8)] for label in plate.regions[:5]],
        "glyphs": [
            {
                "text": glyph.text,
                "confidence": round(glyph.confidence, 8),
                "corners": _corners(glyph.quad),
                "alternatives": [[text, round(value, 8)] for text, value in glyph.alternatives[:3]],
                "template": glyph.template,
                "score": round(glyph.score, 4),
            }
            for glyph in plate.glyphs
        ],
    }


def _vehicle(vehicle: VehicleBox) -> Reply:
    box = {key: round(value, 2) for key, value in asdict(vehicle.box).items()}
    return {"box": box, "score": round(vehicle.score, 8)}


def _corners(quad: Quad) -> list[list[float]]:
    return [[round(value, 2) for value in point] for point in quad.to_points().tolist()]


def kept() -> tuple[dict[str, str], dict[str, Reply]]:
    """Return the circumstances of the kept replies, and the replies."""
    first, *rest = KEPT.read_text("utf-8").splitlines()
    return json.loads(first), dict(json.loads(line) for line in rest)


def keep(found: dict[str, Reply]) -> None:
    """Write the replies, one a line, after their circumstances."""
    lines = [circumstances(), *found.items()]
    KEPT.write_text(
        "".join(
            json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines
        ),
        "utf-8",
    )


def tolerance(there: dict[str, str]) -> Tolerance:
    """Return what replies made elsewhere may differ by from those made here."""
    here = circumstances()
    other = {key for key in here if here[key] != there.get(key)}
    if not other:
        return EXACT
    return OTHER_KERNELS if other == {"kernels"} else OTHER_PROCESSOR


def differences(old: Any, new: Any, allowed: Tolerance, place: str = "") -> Iterator[str]:
    """Yield where two replies differ by more than is allowed."""
    if allowed != EXACT and place.endswith((".candidates", ".alternatives", ".regions")):
        old, new = (
            _named(old, new, 10 * allowed.probability),
            _named(new, old, 10 * allowed.probability),
        )
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            if key not in old or key not in new:
                yield f"{place}.{key}: {'new' if key in new else 'gone'}"
            else:
                yield from differences(old[key], new[key], allowed, f"{place}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, pair in enumerate(zip(old, new, strict=True)):
            yield from differences(*pair, allowed, f"{place}[{number}]")
    elif old != new and not _alike(old, new, place, allowed):
        yield f"{place}: {old!r} became {new!r}"


def _named(listed: list[Any], others: list[Any], least: float) -> dict[str, Any]:
    """Return what is listed by its name, without what is improbable and not among the others."""
    found, there = ({_name(each): each for each in items} for items in (listed, others))
    return {name: each for name, each in found.items() if name in there or _share(each) >= least}


def _name(item: Any) -> str:
    return str(item["plate"] if isinstance(item, dict) else item[0])


def _share(item: Any) -> float:
    return float(item["confidence"] / 100 if isinstance(item, dict) else item[1])


def _alike(old: Any, new: Any, place: str, allowed: Tolerance) -> bool:
    """Whether two values are numbers as near to one another as is allowed at that place."""
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in (old, new)):
        return False
    gap = abs(old - new)
    if (
        allowed != EXACT
        and any(key in place for key in (".coordinates", ".vehicle_region", ".json.vehicles"))
        and isinstance(old, int)
    ):
        return gap <= 1  # cut down to whole pixels
    if any(key in place for key in (".corners", ".box.")):
        return gap <= allowed.pixels + 1e-9
    if allowed != EXACT and place.endswith(".region_confidence"):
        return gap <= 1 + 100 * allowed.probability  # cut down to whole percents
    if "glyphs" in place and place.endswith(".score"):
        return gap <= allowed.score
    return gap <= allowed.probability * (100 if place.startswith(".json") else 1)
