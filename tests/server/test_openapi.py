# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document says what the server does: its paths, its replies, its parameters."""

from __future__ import annotations

import inspect
import json
import re

import pytest
from server_tools import PICTURE, call, multipart, post, running

from alprcore.server.api import parameters
from alprcore.server.config import Serving
from alprcore.server.doors.openapi import door_paths

KINDS = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}


@pytest.fixture(scope="module")
def port():
    with running(Serving(threads=1)) as port:
        yield port


@pytest.fixture(scope="module")
def document(port):
    reply = call(port, "GET", "/openapi.json")
    assert reply.headers["content-type"] == 'application/json; charset="utf-8"'
    return reply.json


def faults(value, schema, document, where="reply"):
    """What is wrong with a value by its schema; no unknown keys, unlike JSON Schema itself."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    kind = schema["type"]
    if kind == "boolean" or isinstance(value, bool):
        return [] if kind == "boolean" and isinstance(value, bool) else [f"{where}: {value!r}"]
    if not isinstance(value, KINDS[kind]):
        return [f"{where}: {value!r} is no {kind}"]
    found = []
    if value not in schema.get("enum", [value]):
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if kind in {"integer", "number"}:
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        found += [] if low <= value <= high else [f"{where}: {value}"]
    if kind == "object":
        properties = schema.get("properties", {})
        found += [f"{where}: {key} is missing" for key in {*schema["required"]} - value.keys()]
        found += [f"{where}: {key} is not told of" for key in value.keys() - properties]
        for key in value.keys() & properties:
            found += faults(value[key], properties[key], document, f"{where}.{key}")
    if kind == "array":
        low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
        found += [] if low <= len(value) <= high else [f"{where}: {len(value)} items"]
        for number, item in enumerate(value):
            found += faults(item, schema["items"], document, f"{where}[{number}]")
    return found


def test_the_checker_finds_faults(document):
    schemas = document["components"]["schemas"]
    good = {"error_code": 400, "error": "x"}
    assert faults(good, schemas["Error"], document) == []
    for bad in (
        {**good, "a": 1},
        {"error": "x"},
        {**good, "error": 1},
        {**good, "error_code": "4"},
    ):
        assert faults(bad, schemas["Error"], document)
    assert faults(
        {"plate": "A", "confidence": 101, "matches_template": 0}, schemas["Candidate"], document
    )
    assert faults({"x": True, "y": 1}, schemas["Point"], document)


def asked(port, path, method="POST", **more):
    query = "&".join(f"{name}={value}" for name, value in more.items())
    return post(port, f"{path}?secret_key=k&country=us&{query}", *multipart({}, PICTURE))


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/recognize", {"tasks": "plate"}),
        ("/v1/recognize", {"tasks": "color,make,makemodel", "return_image": 1}),
        ("/v2/recognize", {}),
        ("/v2/recognize", {"recognize_vehicle": 1, "return_image": 1}),
        ("/v3/recognize", {}),
        ("/v3/recognize", {"recognize_vehicle": 1, "topn": 1}),
        ("/v3/recognize", {"topn": 0}),
        ("/v1/recognize", {}),
        ("/v2/recognize_url", {}),
        ("/v3/recognize_bytes", {}),
    ],
)
def test_replies_are_as_the_document_says(port, document, path, more):
    reply = asked(port, path, **more)
    response = document["paths"][path]["post"]["responses"][str(reply.status)]
    schema = response["content"]["application/json"]["schema"]
    assert faults(reply.json, schema, document) == []
    for name in response.get("headers", {}):
        assert int(reply.headers[name.lower()]) >= 0


@pytest.mark.parametrize("path", ["/v3/config", "/health"])
def test_what_is_read_is_as_the_document_says(port, document, path):
    response = document["paths"][path]["get"]["responses"]["200"]
    schema = response["content"]["application/json"]["schema"]
    assert faults(call(port, "GET", path).json, schema, document) == []


def test_every_path_is_there_and_answers_to_just_its_methods(port, document):
    for path, operations in document["paths"].items():
        allowed = {method.upper() for method in operations}
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            status = call(port, method, path).status
            assert (status == 405) == (method not in allowed), (method, path)
            assert status not in {404, 500}


def test_every_parameter_is_told_of(document):
    read = set(
        re.findall(
            r'(?:parameters\.\w+\(|_short\(parameters, )"(\w+)"', inspect.getsource(parameters)
        )
    )
    assert len(read) >= 11
    told = {
        name
        for path, operations in document["paths"].items()
        if path not in door_paths()  # these have fields of their own
        for operation in operations.values()
        for name in [
            *(parameter["name"] for parameter in operation.get("parameters", [])),
            *(
                name
                for content in operation.get("requestBody", {}).get("content", {}).values()
                for name in content["schema"].get("properties", {})
            ),
        ]
    }
    assert told == read


def test_references_lead_somewhere(document):
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert names <= document["components"]["schemas"].keys()
    ids = re.findall(r'"operationId": "(\w+)"', json.dumps(document))
    assert len(ids) == len(set(ids))
