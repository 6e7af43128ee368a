# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with a request, with the status and the text that the client gets."""

from __future__ import annotations

from collections.abc import Mapping

# These texts are looked for by programs written for the cloud API.
MISSING_TASKS = "Missing tasks"
MISSING_KEY = "Missing secret_key"
MISSING_IMAGE = 'Missing file named "image" in request POST'
NOT_BASE64 = "Unable to base64 decode image_bytes body"
BAD_ENGINE = "Could not initialize OpenALPR with given parameters"
BAD_KEY = "Invalid credentials"


class Problem(Exception):  # noqa: N818 - an outcome that clients see, not a failure of the server
    """A request that cannot be answered with plates.

    Attributes
    ----------
    status
        HTTP status.
    text
        What the client reads; never anything of this machine.
    headers
        Headers of the reply beside the usual ones.
    close
        Whether the connection cannot be used again, part of a request being left on it.
    """

    def __init__(
        self,
        status: int,
        text: str,
        *,
        headers: Mapping[str, str] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})
        self.close = close


def bad(text: str) -> Problem:
    """Return the problem of a parameter that is wrong or missing."""
    return Problem(400, text)


def busy(text: str, *, retry_after_s: int = 1) -> Problem:
    """Return the problem of a server that has too much to do."""
    return Problem(503, text, headers={"Retry-After": str(retry_after_s)})


def problem_body(status: int, text: str) -> dict[str, object]:
    """Return the JSON body that every error has."""
    return {"error_code": status, "error": text}
