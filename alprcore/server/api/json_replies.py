# SPDX-License-Identifier: Apache-2.0
"""JSON replies, with the numbers and the type that the cloud's clients know."""

from __future__ import annotations

from starlette.responses import Response

from alprcore.server.api.problems import problem_body
from alprcore.wire.numbers import json_text as json_line

JSON_TYPE = 'application/json; charset="utf-8"'
"""As the cloud sent it, quotes and all."""


def json_reply(text: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON reply."""
    return Response(text, status, {**(headers or {}), "Content-Type": JSON_TYPE})


def problem_reply(
    status: int, text: str, *, headers: dict[str, str] | None = None, close: bool = False
) -> Response:
    """Return the reply that says what is wrong."""
    closing = {"Connection": "close"} if close else {}
    body = json_line(problem_body(status, text))
    return json_reply(body, status=status, headers={**(headers or {}), **closing})
