# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/plate-reader/``: the snapshot form of Plate Recognizer.

Written from its public description and from what clients send and read: fields and types.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from alprcore.countries.aliases import EUROPE, NAMES
from alprcore.countries.fit import load_country
from alprcore.records import Box, Label, Plate, VehicleBox, VehicleLook
from alprcore.resources import country_codes
from alprcore.server.api.parameters import Ask, Parameters, PictureSource, url_of
from alprcore.server.api.problems import Problem, bad
from alprcore.server.api.replies import Answer, square_around
from alprcore.server.doors.door import Door, uploaded
from alprcore.settings import TASKS, Settings

# Our 401 (unknown key), 402 (no credits) and 403 (too many requests) as that service has them.
STATUSES = {401: 403, 402: 403, 403: 429}
_TYPES = {"sedan": "Sedan", "suv": "SUV", "van": "Van", "truck": "Pickup Truck",
          "motorcycle": "Motorcycle", "bus": "Bus"}  # fmt: skip
_SIDES = {"front": "Front", "rear": "Rear"}
_MOST_TEXT = 1000  # characters of `camera_id` and `timestamp` that come back


@dataclass(frozen=True, slots=True)
class Config:
    """What ``config`` says, as far as it means something here.

    Attributes
    ----------
    least_found, least_read
        ``threshold_d`` and ``threshold_o``: plates below are left out, [0, 1].
    strict
        ``region: strict``: only plates with a format of their country.
    """

    least_found: float = 0.0
    least_read: float = 0.0
    strict: bool = False


def _source(parameters: Parameters) -> PictureSource:
    if content := parameters.raw("upload"):
        return PictureSource(content=uploaded(content))
    if parameters.raw("upload_url"):
        return url_of(parameters, "upload_url")
    raise bad("upload or upload_url: neither is there")


def _key(_: Parameters, authorization: str) -> str:
    scheme, given = (*authorization.strip().split(" ", 1), "", "")[:2]
    if scheme.lower() != "token" or not given.strip():
        raise Problem(401, "Authentication credentials were not provided.")
    return given.strip()


def _ask(parameters: Parameters) -> Ask:
    _config(parameters)  # what is wrong with it is said before any work
    looks = parameters.text("mmc").lower() in {"true", "1", "yes"}
    return Ask(
        version=3,
        tasks=TASKS if looks else TASKS[:1],
        cost=1,
        countries=_countries(parameters.joined("regions")),
        state="",
        topn=Settings().topn,
        prewarp="",
        return_image=False,
        is_cropped=False,
        with_boxes=True,
    )


def _countries(regions: str) -> tuple[str, ...]:
    """Return our countries of a list such as ``us-ca,de``; as there, what is unknown is ignored."""
    readable, european = _known()
    found = []
    for region in regions.lower().split(","):
        given = region.strip().partition("-")[0]
        code = given if given in readable else NAMES.get(given, given)
        code = EUROPE if code not in readable and code in european else code
        if code in readable:
            found.append(code)
    return tuple(dict.fromkeys(found))


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """Return the countries that can be read, and the regions of Europe."""
    readable = {code for code in country_codes() if load_country(code)[0].readable}
    return frozenset(readable), frozenset(each.code for each in load_country(EUROPE)[0].regions)


def _config(parameters: Parameters) -> Config:
    text = parameters.text("config")
    if not text:
        return Config()
    try:
        values = json.loads(text)
        if not isinstance(values, dict):
            raise TypeError
        least_found, least_read = (
            float(values.get(name) or 0) for name in ("threshold_d", "threshold_o")
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise bad("config: expected a JSON object") from error
    if not (math.isfinite(least_found) and math.isfinite(least_read)):
        raise bad("config: expected thresholds from 0 to 1")
    return Config(least_found, least_read, values.get("region") == "strict")


def _reply(answer: Answer, parameters: Parameters) -> dict[str, Any]:
    config, looks = _config(parameters), len(answer.ask.tasks) > 1
    plates = [
        plate
        for plate in answer.found.plates
        if plate.detection_score >= config.least_found
        and plate.confidence >= config.least_read
        and (plate.matches_template or not config.strict)
    ]
    return {
        "processing_time": round(answer.elapsed_ms, 3),
        "results": [_result(plate, answer, looks=looks) for plate in plates],
        "filename": answer.uuid,
        "version": 1,
        "camera_id": parameters.text("camera_id")[:_MOST_TEXT] or None,
        "timestamp": parameters.text("timestamp")[:_MOST_TEXT] or _moment(answer),
        "usage": {"calls": answer.credits.used, "max_calls": answer.credits.total},
    }


def _result(plate: Plate, answer: Answer, *, looks: bool) -> dict[str, Any]:
    code, score = _region(plate)
    result: dict[str, Any] = {
        "box": _box(plate.quad.bounds()),
        "plate": _text(plate.text),
        "region": {"code": code, "score": _three(score)},
        "score": _three(plate.confidence),
        "candidates": [
            {"score": _three(each.confidence), "plate": _text(each.text)}
            for each in plate.candidates
        ],
        "dscore": _three(plate.detection_score),
        "vehicle": _vehicle(plate, answer),
    }
    if looks:
        look = plate.vehicle or VehicleLook()
        result |= {
            "model_make": [_model(label) for label in look.make_model],
            "color": [
                {"color": label.name, "score": _three(label.confidence)} for label in look.color
            ],
            "orientation": [
                {
                    "orientation": _SIDES.get(label.name, "Unknown"),
                    "score": _three(label.confidence),
                }
                for label in look.orientation
            ],
        }
    return result


def _region(plate: Plate) -> tuple[str, float]:
    """Return the region as that service names it, ``us-md`` or ``de``, and its probability."""
    if plate.country == EUROPE:
        return (plate.region or "unknown", plate.region_confidence)
    if not plate.region or plate.region == plate.country:
        known = math.fsum(each.confidence for each in plate.regions)
        return (plate.country or "unknown", known)
    return (f"{plate.country}-{plate.region}", plate.region_confidence)


def _vehicle(plate: Plate, answer: Answer) -> dict[str, Any]:
    kind = plate.vehicle.body_type[0].name if plate.vehicle and plate.vehicle.body_type else ""
    region = plate.vehicle_region
    if region is None:  # nothing was found: where it must be
        around = square_around(plate, answer.found)
        left, top = around["x"], around["y"]
        region = Box(left, top, left + around["width"], top + around["height"])
    return {
        "score": _three(_score(region, answer.found.vehicles)),
        "type": _TYPES.get(kind.partition("-")[0], "Unknown"),
        "box": _box(region),
    }


def _score(region: Box, vehicles: tuple[VehicleBox, ...]) -> float:
    return max((each.score for each in vehicles if each.box == region), default=0.0)


def _model(label: Label) -> dict[str, Any]:
    make, _, model = label.name.partition("_")
    return {"make": make, "model": model, "score": _three(label.confidence)}


def _box(box: Box) -> dict[str, int]:
    return {
        "xmin": int(box.left), "ymin": int(box.top), "xmax": int(box.right), "ymax": int(box.bottom)
    }  # fmt: skip


def _text(text: str) -> str:
    return text.replace("\n", "").lower()


def _three(share: float) -> float:
    return round(float(share), 3)


def _moment(answer: Answer) -> str:
    return (
        datetime.fromtimestamp(answer.found.epoch_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
    )


def _problem(status: int, text: str) -> tuple[int, dict[str, Any]]:
    code = STATUSES.get(status, status)
    return code, {"detail": text, "status_code": code}


SNAPSHOT = Door(source=_source, key=_key, ask=_ask, reply=_reply, problem=_problem, status=201)
"""The door."""
