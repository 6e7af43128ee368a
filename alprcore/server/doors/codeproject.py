# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/vision/alpr``: the form of CodeProject.AI, which Blue Iris and Frigate users have.

Written from its public description and from what clients send and read: fields and types.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alprcore.records import Plate
from alprcore.server.api.parameters import Ask, Parameters, PictureSource
from alprcore.server.api.problems import bad
from alprcore.server.api.replies import Answer
from alprcore.server.doors.door import Door, uploaded
from alprcore.settings import TASKS, Settings

LEAST = 0.4
"""Probability of a plate that is reported where ``min_confidence`` does not say."""
# Those clients have no keys. A server without accounts takes any; one with accounts wants
# `secret_key` in the query or a header `Authorization`.
_ANYBODY = "codeproject"


def _source(parameters: Parameters) -> PictureSource:
    for name in ("upload", "image"):
        if content := parameters.raw(name):
            return PictureSource(content=uploaded(content))
    raise bad("upload: no picture")


def _key(parameters: Parameters, authorization: str) -> str:
    _, _, given = authorization.strip().partition(" ")
    return parameters.text("secret_key") or given.strip() or _ANYBODY


def _ask(parameters: Parameters) -> Ask:
    _least(parameters)  # what is wrong with it is said before any work
    return Ask(
        version=3,
        tasks=TASKS[:1],
        cost=1,
        countries=(),
        state="",
        topn=Settings().topn,
        prewarp="",
        return_image=False,
        is_cropped=False,
        with_boxes=False,
    )


def _least(parameters: Parameters) -> float:
    text = parameters.text("min_confidence")
    try:
        least = float(text) if text else LEAST
    except ValueError:
        least = -1.0
    if not 0 <= least <= 1:
        raise bad("min_confidence: expected 0 to 1")
    return least


def _reply(answer: Answer, parameters: Parameters) -> dict[str, Any]:
    least = _least(parameters)
    found = [_prediction(each) for each in answer.found.plates if each.confidence >= least]
    said = ", ".join(each["plate"] for each in found)
    return {
        "success": True,
        "message": f"Found {said}" if found else "No plates found",
        "predictions": found,
        "count": len(found),
        "inferenceMs": round(answer.found.elapsed_ms),
        "processMs": round(answer.elapsed_ms),
        "analysisRoundTripMs": round(answer.elapsed_ms),
        "code": 200,
        "command": "alpr",
        "moduleId": "alprcore",
        "moduleName": "alprcore",
        "executionProvider": "CPU",
        "canUseGPU": False,
        "timestampUTC": datetime.fromtimestamp(answer.found.epoch_ms / 1000, UTC).strftime(
            "%a, %d %b %Y %H:%M:%S GMT"
        ),
    }


def _prediction(plate: Plate) -> dict[str, Any]:
    box, text = plate.quad.bounds(), plate.text.replace("\n", "")
    return {
        "confidence": round(float(plate.confidence), 6),
        "label": f"Plate: {text}",
        "plate": text,
        "x_min": int(box.left),
        "y_min": int(box.top),
        "x_max": int(box.right),
        "y_max": int(box.bottom),
    }


def _problem(status: int, text: str) -> tuple[int, dict[str, Any]]:
    return status, {"success": False, "predictions": [], "count": 0, "error": text, "code": status}


VISION = Door(source=_source, key=_key, ask=_ask, reply=_reply, problem=_problem)
"""The door."""
