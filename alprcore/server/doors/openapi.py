# SPDX-License-Identifier: Apache-2.0
"""What the OpenAPI document says of the paths of other plate readers."""

from __future__ import annotations

from typing import Any

from alprcore.server.api.openapi import PROBLEMS, with_preflight
from alprcore.server.api.schemas import COUNT, INTEGER, NUMBER, STRING, Schema
from alprcore.server.doors.plate_recognizer import STATUSES

_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_TEXT_OR_NULL: Schema = {"type": "string", "nullable": True}


def door_paths() -> dict[str, Schema]:
    """Return the paths with what they take and reply."""
    return {
        "/v1/plate-reader/": _plate_reader("plate_reader"),
        "/v1/plate-reader": _plate_reader("plate_reader_bare"),
        "/v1/vision/alpr": _vision(),
    }


def _object(properties: dict[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _path(name: str, summary: str, form: Schema, replies: dict[int, tuple[str, Schema]]) -> Schema:
    post: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": form}},
        },
        "responses": {
            str(status): {
                "description": meaning,
                "content": {"application/json": {"schema": schema}},
            }
            for status, (meaning, schema) in replies.items()
        },
    }
    return with_preflight(post)


def _plate_reader(name: str) -> Schema:
    form = _object(
        {
            "upload": {"type": "string", "format": "binary"},
            "upload_url": STRING,
            "regions": _list(STRING),
            "mmc": {"type": "string", "enum": ["true", "false"]},
            "config": {"type": "string", "description": "JSON object: threshold_d, region."},
            "camera_id": STRING,
            "timestamp": STRING,
        },
        optional=("upload", "upload_url", "regions", "mmc", "config", "camera_id", "timestamp"),
    )
    problem = _object({"detail": STRING, "status_code": INTEGER})
    meanings: dict[int, str] = {}
    for ours, meaning in PROBLEMS.items():  # some of ours are one of theirs
        status = STATUSES.get(ours, ours)
        meanings[status] = f"{meanings.get(status, '')} {meaning}".lstrip()
    replies = {status: (meaning, problem) for status, meaning in meanings.items()}
    return _path(
        name,
        "Read plates, in the form of Plate Recognizer's snapshots",
        form,
        {201: ("What was found.", _snapshot()), **replies},
    )


def _snapshot() -> Schema:
    box = _object(dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), INTEGER))
    plate = _object(
        {
            "box": box,
            "plate": STRING,
            "region": _object({"code": STRING, "score": _SHARE}),
            "score": _SHARE,
            "candidates": _list(_object({"score": _SHARE, "plate": STRING})),
            "dscore": _SHARE,
            "vehicle": _object({"score": _SHARE, "type": STRING, "box": box}),
            "model_make": _list(_object({"make": STRING, "model": STRING, "score": _SHARE})),
            "color": _list(_object({"color": STRING, "score": _SHARE})),
            "orientation": _list(_object({"orientation": STRING, "score": _SHARE})),
        },
        optional=("model_make", "color", "orientation"),
    )
    return _object(
        {
            "processing_time": NUMBER,
            "results": _list(plate),
            "filename": STRING,
            "version": INTEGER,
            "camera_id": _TEXT_OR_NULL,
            "timestamp": STRING,
            "usage": _object({"calls": COUNT, "max_calls": COUNT}),
        }
    )


def _vision() -> Schema:
    form = _object(
        {
            "upload": {"type": "string", "format": "binary"},
            "min_confidence": {"type": "string", "description": "0 to 1."},
        },
        optional=("min_confidence",),
    )
    prediction = _object(
        {
            "confidence": _SHARE,
            "label": STRING,
            "plate": STRING,
            **dict.fromkeys(("x_min", "y_min", "x_max", "y_max"), INTEGER),
        }
    )
    reply = _object(
        {
            "success": {"type": "boolean"},
            "message": STRING,
            "predictions": _list(prediction),
            "count": COUNT,
            "inferenceMs": COUNT,
            "processMs": COUNT,
            "code": INTEGER,
        }
    )
    problem = _object(
        {
            "success": {"type": "boolean"},
            "predictions": _list(prediction),
            "count": COUNT,
            "error": STRING,
            "code": INTEGER,
        }
    )
    replies = {status: (meaning, problem) for status, meaning in PROBLEMS.items()}
    return _path(
        "vision_alpr",
        "Read plates, in the form of CodeProject.AI",
        form,
        {200: ("What was found.", reply), **replies},
    )
