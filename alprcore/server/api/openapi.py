# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of the server."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from alprcore.server.api.schemas import PARAMETERS, Schema, ref, schemas

_VERSION_1 = ("secret_key", "tasks", "country", "state", "return_image", "topn", "prewarp")
_VERSION_2 = (
    "secret_key",
    "country",
    "recognize_vehicle",
    "state",
    "return_image",
    "topn",
    "prewarp",
)
_VERSION_3 = ("secret_key", "country", "recognize_vehicle", "return_image", "topn")
_ANYWHERE = "Parameters may stand in the query or in the body; the query's count first."
PROBLEMS = {
    400: "A parameter is missing or wrong, or the picture cannot be read.",
    401: "The key is not known.",
    402: "The month's credits are used up.",
    403: "Too many requests; the headers say when to come back.",
    408: "The request came too slowly.",
    413: "The request is too large.",
    500: "The server failed.",
    503: "The server has too much to do; come back after Retry-After seconds.",
}
_RATE_HEADERS = {
    "X-RateLimit-Limit": "Requests a period.",
    "X-Ratelimit-Remaining": "Requests left in this period.",
    "X-Ratelimit-Reset": "When the next period begins, seconds since 1970.",
}


def document(doors: Mapping[str, Schema]) -> Schema:
    """Return the OpenAPI document, version 3.0, with the paths of other services in `doors`."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "alprcore",
            "version": metadata.version("alprcore"),
            "description": "Finds and reads number plates, with the paths, parameters and replies"
            " of the OpenALPR cloud API.",
            "license": {"name": "Apache-2.0"},
        },
        "paths": {**_recognition_paths(), **doors, **_other_paths()},
        "components": {"schemas": schemas()},
    }


def _recognition_paths() -> dict[str, Schema]:
    paths: dict[str, Schema] = {
        "/v1/recognize": _recognition(
            "recognize_v1",
            "V1Reply",
            (*_VERSION_1, "image_url", "image_bytes"),
            _forms((*_VERSION_1, "image_url", "image_bytes"), required=False),
            f"{_ANYWHERE} One of image, image_bytes and image_url must be there.",
        )
    }
    for version, names in ((2, _VERSION_2), (3, _VERSION_3)):
        reply = f"V{version}Reply"
        file_names = (*names, "is_cropped") if version == 3 else names
        paths[f"/v{version}/recognize"] = _recognition(
            f"recognize_v{version}",
            reply,
            file_names,
            _multipart(file_names, required=["image"]),
            _ANYWHERE,
        )
        paths[f"/v{version}/recognize_bytes"] = _recognition(
            f"recognize_bytes_v{version}", reply, names, _base64_body(), "Parameters in the query."
        )
        paths[f"/v{version}/recognize_url"] = _recognition(
            f"recognize_url_v{version}", reply, (*names, "image_url"), None, _ANYWHERE
        )
    return paths


def _recognition(
    name: str, reply: str, parameters: tuple[str, ...], body: Schema | None, description: str
) -> Schema:
    """Return a path that recognizes, and what browsers ask before they call it."""
    post: Schema = {
        "operationId": name,
        "summary": "Find and read the plates of a picture",
        "description": description,
        "parameters": [_query_parameter(parameter) for parameter in parameters],
        "responses": {
            "200": _json_response("What was found.", reply, headers=_RATE_HEADERS),
            **{
                str(status): _json_response(meaning, "Error")
                for status, meaning in PROBLEMS.items()
            },
        },
    }
    if body is not None:
        post["requestBody"] = body
    return with_preflight(post)


def with_preflight(post: Schema) -> Schema:
    """Return a path of an operation, and what browsers ask before they call it."""
    preflight = {
        "operationId": f"{post['operationId']}_preflight",
        "summary": "Let browsers call from other pages",
        "responses": {"204": {"description": "They may."}},
    }
    return {"post": post, "options": preflight}


def _query_parameter(name: str) -> Schema:
    schema = PARAMETERS[name]
    parameter: Schema = {"name": name, "in": "query", "schema": schema}
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _form(names: tuple[str, ...], *, required: list[str]) -> Schema:
    form: Schema = {"type": "object", "properties": {name: PARAMETERS[name] for name in names}}
    return {"schema": {**form, "required": required} if required else form}


def _forms(names: tuple[str, ...], *, required: bool) -> Schema:
    return {
        "required": required,
        "content": {
            "multipart/form-data": _form((*names, "image"), required=[]),
            "application/x-www-form-urlencoded": _form(names, required=[]),
        },
    }


def _multipart(names: tuple[str, ...], *, required: list[str]) -> Schema:
    form = _form((*names, "image"), required=required)
    return {"required": True, "content": {"multipart/form-data": form}}


def _base64_body() -> Schema:
    """Return the body of ``/recognize_bytes``: bare, or a JSON string."""
    base64 = {"schema": {**PARAMETERS["image_bytes"], "minLength": 1}}
    return {"required": True, "content": {"text/plain": base64, "application/json": base64}}


def _json_response(meaning: str, schema: str, *, headers: dict[str, str] | None = None) -> Schema:
    response: Schema = {
        "description": meaning,
        "content": {"application/json": {"schema": ref(schema)}},
    }
    if headers:
        response["headers"] = {
            name: {"description": text, "required": True, "schema": {"type": "integer"}}
            for name, text in headers.items()
        }
    return response


def _other_paths() -> dict[str, Schema]:
    starting = {"503": _json_response("A worker is new or being replaced.", "Error")}
    return {
        "/v3/config": _get("config", "The countries and the labels of vehicles", {}, "Config"),
        "/health": _get("health", "Whether the server answers", {}, "Health"),
        "/readyz": _get("readyz", "Whether every worker can recognize", starting, "Ready"),
        "/metrics": _get("metrics", "Counters of all workers, for Prometheus", {}, "text/plain"),
        "/openapi.json": _get("openapi", "This document", {}, None),
        "/": _get("page", "A page to try it with", {}, "text/html"),
    }


def _get(name: str, summary: str, more: dict[str, Any], reply: str | None) -> Schema:
    """Return a path that is only read; `reply` is a schema's name or a media type."""
    if reply is None:
        content: Schema = {"application/json": {"schema": {"type": "object"}}}
    elif "/" in reply:
        content = {reply: {"schema": {"type": "string"}}}
    else:
        content = {"application/json": {"schema": ref(reply)}}
    found = {"200": {"description": "It.", "content": content}}
    return {"get": {"operationId": name, "summary": summary, "responses": {**found, **more}}}
