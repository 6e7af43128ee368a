# SPDX-License-Identifier: Apache-2.0
"""The bodies of successful replies, of each version of the API, from a `Recognition`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alprcore.records import Plate
from alprcore.server.api.parameters import Ask
from alprcore.server.http.forms import encoded_base64
from alprcore.wire.results import Recognition

IMAGE_PREFIX = "data:image/jpeg;base64,"
"""Of a picture that is sent back; browsers look at the bytes and show any format."""

_PLATE_KEYS = (
    "plate",
    "confidence",
    "matches_template",
    "plate_index",
    "region",
    "region_confidence",
    "processing_time_ms",
    "requested_topn",
    "coordinates",
    "candidates",
)
# In the order of the cloud's own replies from version 2 on: some clients cut the text.
_CANDIDATE_KEYS = ("matches_template", "plate", "confidence")
_LOOK_KEYS = ("color", "make", "make_model", "body_type", "year", "orientation")
_VEHICLE_PLATES = 4  # a car is about four plates wide: 1.8 m to 0.52 m or 0.3 m


@dataclass(frozen=True, slots=True)
class Credits:
    """What the request cost and how the account stands after it."""

    cost: int
    used: int
    total: int

    def fields(self) -> dict[str, int]:
        """Return the three fields that every reply ends with."""
        return {
            "credit_cost": self.cost,
            "credits_monthly_used": self.used,
            "credits_monthly_total": self.total,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a reply is made of.

    Attributes
    ----------
    ask
        What was asked for.
    found
        What is in the picture.
    credits
        What it cost.
    elapsed_ms
        From the arrival of the whole request, its body too, to now.
    content
        The picture's bytes as they came.
    uuid
        Name of this reply.
    """

    ask: Ask
    found: Recognition
    credits: Credits
    elapsed_ms: float
    content: bytes
    uuid: str


def reply_body(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of the reply."""
    return _v1_body(answer) if answer.ask.version == 1 else _v2_body(answer)


def _v1_body(answer: Answer) -> dict[str, Any]:
    ask, reply = answer.ask, answer.found.to_dict()
    body: dict[str, Any] = {}
    if "plate" in ask.tasks:
        results = [{key: result[key] for key in _PLATE_KEYS} for result in reply["results"]]
        body["plate"] = {
            "data_type": reply["data_type"],
            "version": reply["version"],
            "epoch_time": reply["epoch_time"],
            "img_width": reply["img_width"],
            "img_height": reply["img_height"],
            "processing_time_ms": reply["processing_time_ms"],
            "regions_of_interest": reply["regions_of_interest"],
            "results": results,
        }
    look = reply.get("main_vehicle", {})
    for task, key in (("color", "color"), ("make", "make"), ("makemodel", "make_model")):
        if task in ask.tasks:
            body[task] = [
                {"value": label["name"], "confidence": label["confidence"]}
                for label in look.get(key, [])[: ask.topn]
            ]
    image = encoded_base64(answer.content) if ask.return_image else ""
    return {
        **body,
        "image_bytes": image,
        "image_bytes_prefix": IMAGE_PREFIX,
        "total_processing_time": round(answer.elapsed_ms, 6),
        "img_width": reply["img_width"],
        "img_height": reply["img_height"],
        **answer.credits.fields(),
    }


def _v2_body(answer: Answer) -> dict[str, Any]:
    ask, found = answer.ask, answer.found
    reply = found.to_dict()
    with_vehicles = "color" in ask.tasks
    vehicles_ms = found.vehicles_ms if with_vehicles else 0.0
    body: dict[str, Any] = {
        "uuid": answer.uuid,
        "data_type": reply["data_type"],
        "epoch_time": reply["epoch_time"],
        "version": ask.version,
        "error": False,
        "img_width": reply["img_width"],
        "img_height": reply["img_height"],
        "processing_time": {
            "total": round(answer.elapsed_ms, 6),
            "plates": round(found.elapsed_ms - vehicles_ms, 6),
            "vehicles": round(vehicles_ms, 6),
        },
        "regions_of_interest": reply["regions_of_interest"],
        "results": [
            _v2_result(answer, plate, result, with_vehicles=with_vehicles)
            for plate, result in zip(found.plates, reply["results"], strict=True)
        ],
    }
    if ask.version == 3:
        vehicles = reply.get("vehicles", []) if with_vehicles else []
        body["vehicles"] = [
            {**vehicle, "details": _look(vehicle["details"], ask.topn)} for vehicle in vehicles
        ]
    if ask.return_image:
        body["image_bytes"] = encoded_base64(answer.content)
        body["image_bytes_prefix"] = IMAGE_PREFIX
    return {**body, **answer.credits.fields()}


def _v2_result(
    answer: Answer, plate: Plate, result: dict[str, Any], *, with_vehicles: bool
) -> dict[str, Any]:
    ask = answer.ask
    entry = {key: result[key] for key in _PLATE_KEYS}
    entry["region"] = _full_region(plate, ask)
    entry["candidates"] = [
        {key: each[key] for key in _CANDIDATE_KEYS} for each in result["candidates"]
    ]
    detected = "vehicle_region" in result
    entry["vehicle_region"] = (
        result["vehicle_region"] if detected else square_around(plate, answer.found)
    )
    if ask.version == 3:
        entry["vehicle_detected"] = detected
    if with_vehicles:
        entry["vehicle"] = _look(result.get("vehicle", {}), ask.topn)
    return entry


def _look(look: dict[str, Any], topn: int) -> dict[str, Any]:
    """Return every category of a vehicle's look, for clients that loop over each."""
    return {key: look.get(key, [])[:topn] for key in _LOOK_KEYS}


def _full_region(plate: Plate, ask: Ask) -> str:
    """Return the region with its country before it, ``us-md``; ``""`` stays."""
    if not plate.region:
        return ""
    country = plate.country or (ask.countries[0] if len(ask.countries) == 1 else "")
    return f"{country}-{plate.region}" if country else plate.region


def square_around(plate: Plate, found: Recognition) -> dict[str, int]:
    """Return where the vehicle must be when none was found: a square around the plate."""
    box = plate.quad.bounds()
    half = _VEHICLE_PLATES * box.width / 2
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    left, right = (min(max(int(side), 0), found.width) for side in (x - half, x + half))
    top, bottom = (min(max(int(side), 0), found.height) for side in (y - half, y + half))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}
