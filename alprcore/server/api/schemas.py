# SPDX-License-Identifier: Apache-2.0
"""The shapes of requests and replies, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from alprcore.settings import MOST_CANDIDATES, TASKS, Settings

Schema = dict[str, Any]

INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
STRING: Schema = {"type": "string"}
ZERO_OR_ONE: Schema = {"type": "integer", "minimum": 0, "maximum": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
PERCENT: Schema = {"type": "number", "minimum": 0, "maximum": 100}
MILLISECONDS: Schema = {"type": "number", "minimum": 0, "description": "Milliseconds."}
TOTAL: Schema = {
    **MILLISECONDS,
    "description": "Milliseconds from the arrival of the whole request to the making of its reply.",
}
VEHICLES: Schema = {**MILLISECONDS, "description": "Milliseconds; 0 unless asked for vehicles."}
SWITCH: Schema = {"type": "string", "enum": ["0", "1", "false", "true"], "default": "0"}


def ref(name: str) -> Schema:
    """Return the reference to a schema of `schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Schema) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def record(description: str, properties: dict[str, Schema], *, optional: set[str]) -> Schema:
    """Return the schema of an object; what is not optional is always there."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


# What a request may say, by the name of the parameter.
PARAMETERS: dict[str, Schema] = {
    "secret_key": {**STRING, "minLength": 1, "description": "Key of an account."},
    "tasks": {
        **listed({"type": "string", "enum": list(TASKS)}),
        "minItems": 1,
        "description": "What is wanted; each task costs a credit.",
    },
    "country": {
        **STRING,
        "pattern": "^[A-Za-z0-9]{1,12}( *, *[A-Za-z0-9]{1,12}){0,31}$",
        "description": "Country codes, comma-separated, or auto; see /v3/config.",
    },
    "state": {
        **STRING,
        "maxLength": 32,
        "description": "Region code inside the country, md or us-md: reported, and its formats are"
        " preferred.",
    },
    "return_image": {**SWITCH, "description": "1 sends the picture back in base64."},
    "topn": {
        **INTEGER,
        "minimum": 1,
        "maximum": MOST_CANDIDATES,
        "default": Settings().topn,
        "description": "Maximum number of readings per plate and of labels per vehicle.",
    },
    "prewarp": {
        **STRING,
        "maxLength": 400,
        "description": "planar,W,H,rx,ry,rz,stretchX,dist,panX,panY; anything else is ignored.",
    },
    "recognize_vehicle": {**SWITCH, "description": "1 describes vehicles, for a credit more."},
    "is_cropped": {**SWITCH, "description": "1 takes the picture for a plate."},
    "image_url": {
        **STRING,
        "maxLength": 4000,
        "description": "Where the picture is; only on hosts that the operator allowed.",
    },
    "image_bytes": {**STRING, "description": "The picture in base64."},
    "image": {**STRING, "format": "binary", "description": "The picture."},
}

_SIZE = {"img_width": COUNT, "img_height": COUNT}
_CREDITS = {
    "credit_cost": COUNT,
    "credits_monthly_used": COUNT,
    "credits_monthly_total": COUNT,
}
_IMAGE = {
    "image_bytes": {**STRING, "description": "The picture in base64, empty unless asked for."},
    "image_bytes_prefix": {**STRING, "description": "What makes a data URL of image_bytes."},
}
_PLATE = {
    "plate": {**STRING, "description": "Best reading; lines are joined by a newline."},
    "confidence": PERCENT,
    "matches_template": {**ZERO_OR_ONE, "description": "1 if it has a format of the country."},
    "plate_index": COUNT,
    "region": STRING,
    "region_confidence": {"type": "integer", "minimum": 0, "maximum": 100},
    "processing_time_ms": MILLISECONDS,
    "requested_topn": {**INTEGER, "minimum": 1, "maximum": MOST_CANDIDATES},
    "coordinates": {
        **listed(ref("Point")),
        "minItems": 4,
        "maxItems": 4,
        "description": "Clockwise from the top-left corner of the text.",
    },
    "candidates": {**listed(ref("Candidate")), "minItems": 1, "description": "Best first."},
}
_LOOK_KEYS = ("color", "make", "make_model", "body_type", "year", "orientation")
_COMMON = {
    "uuid": STRING,
    "data_type": {"type": "string", "enum": ["alpr_results"]},
    "epoch_time": {**INTEGER, "format": "int64", "description": "Milliseconds since 1970."},
    "version": INTEGER,
    "error": {"type": "boolean", "enum": [False]},
    **_SIZE,
    "processing_time": ref("ProcessingTime"),
    "regions_of_interest": listed(ref("Area")),
}
_SOMETIMES = {"image_bytes", "image_bytes_prefix"}


def schemas() -> dict[str, Schema]:
    """Return the schemas by name."""
    area = {"x": INTEGER, "y": INTEGER, "width": COUNT, "height": COUNT}
    times = {"total": TOTAL, "plates": MILLISECONDS, "vehicles": VEHICLES}
    reading = {name: _PLATE[name] for name in ("plate", "confidence", "matches_template")}
    return {
        "Error": _whole("What is wrong.", {"error_code": INTEGER, "error": STRING}),
        "Health": _whole("Ready to recognize.", {"status": {**STRING, "enum": ["ready"]}}),
        "Ready": _whole(
            "All are ready.", {"status": {**STRING, "enum": ["ready"]}, "workers": INTEGER}
        ),
        "Config": _config(),
        "Point": _whole("In pixels.", {"x": INTEGER, "y": INTEGER}),
        "Area": _whole("In pixels.", area),
        "Candidate": _whole("A reading.", reading),
        "Label": _whole("A label of a vehicle.", {"name": STRING, "confidence": PERCENT}),
        "Look": _whole(
            "What a vehicle looks like.", {key: listed(ref("Label")) for key in _LOOK_KEYS}
        ),
        "Vehicle": _whole("A vehicle.", {**area, "details": ref("Look")}),
        "ProcessingTime": _whole("Milliseconds.", times),
        **_v1_schemas(),
        **_later_schemas(),
    }


def _v1_schemas() -> dict[str, Schema]:
    labels = listed(ref("V1Label"))
    plates = {name: _COMMON[name] for name in ("data_type", "version", "epoch_time")}
    plates |= {**_SIZE, "processing_time_ms": MILLISECONDS}
    plates |= {"regions_of_interest": listed(ref("Area")), "results": listed(ref("V1Plate"))}
    reply = {"plate": ref("V1Plates"), "color": labels, "make": labels, "makemodel": labels}
    reply |= {**_IMAGE, "total_processing_time": TOTAL, **_SIZE, **_CREDITS}
    return {
        "V1Label": _whole("A label of a vehicle.", {"value": STRING, "confidence": PERCENT}),
        "V1Plate": _whole("A plate.", _PLATE),
        "V1Plates": _whole("The plates of a picture.", plates),
        "V1Reply": record("What was found, by task.", reply, optional=set(TASKS)),
    }


def _later_schemas() -> dict[str, Schema]:
    v2_plate = {**_PLATE, "vehicle_region": ref("Area"), "vehicle": ref("Look")}
    v3_plate = {**v2_plate, "vehicle_detected": {"type": "boolean"}}
    v2 = {**_COMMON, "results": listed(ref("V2Plate")), **_IMAGE, **_CREDITS}
    v3 = {**v2, "results": listed(ref("V3Plate")), "vehicles": listed(ref("Vehicle"))}
    return {
        "V2Plate": record("A plate and its vehicle.", v2_plate, optional={"vehicle"}),
        "V3Plate": record("A plate and its vehicle.", v3_plate, optional={"vehicle"}),
        "V2Reply": record("What was found.", v2, optional=_SOMETIMES),
        "V3Reply": record("What was found.", v3, optional=_SOMETIMES),
    }


def _config() -> Schema:
    region = _whole("A region of a country.", {"code": STRING, "name": STRING})
    country = _whole("A country.", {"code": STRING, "name": STRING, "regions": listed(region)})
    kinds = ("bodytype", "color", "make", "makemodel", "orientation", "year")
    labels = _whole("Labels by category.", {kind: listed(STRING) for kind in kinds})
    return _whole("What /v3 knows.", {"countries": listed(country), "vehicle_labels": labels})


def _whole(description: str, properties: dict[str, Schema]) -> Schema:
    return record(description, properties, optional=set())
