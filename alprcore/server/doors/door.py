# SPDX-License-Identifier: Apache-2.0
"""What a path of another service needs beside the steps that all requests have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alprcore.server.api.parameters import Ask, Parameters, PictureSource
from alprcore.server.api.replies import Answer
from alprcore.server.http.forms import decoded_base64

_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\r\n")
_LOOKED_AT = 64  # bytes; no picture has so many of the base64 alphabet at its beginning


@dataclass(frozen=True, slots=True)
class Door:
    """How another service takes a request and replies.

    Attributes
    ----------
    source
        Finds the picture among the parameters.
    key
        Finds the secret key among them or in the header ``Authorization``.
    ask
        What is asked for.
    reply
        The JSON object of a reply.
    problem
        Status and JSON object of what went wrong, from our own status and text.
    status
        Of a reply.
    """

    source: Callable[[Parameters], PictureSource]
    key: Callable[[Parameters, str], str]
    ask: Callable[[Parameters], Ask]
    reply: Callable[[Answer, Parameters], dict[str, Any]]
    problem: Callable[[int, str], tuple[int, dict[str, Any]]]
    status: int = 200


def uploaded(value: bytes) -> bytes:
    """Return a picture that came as it is, in base64, or as a ``data:`` URL.

    Raises
    ------
    Problem
        400 if it looks like base64 and is not.
    """
    begin = value[:_LOOKED_AT]
    if begin.startswith(b"data:") or _BASE64.issuperset(begin):
        return decoded_base64(value)
    return value
