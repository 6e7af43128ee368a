# SPDX-License-Identifier: Apache-2.0
"""Around every request: its time, its line in the log, its counts, the headers of all replies."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alprcore.server.api.json_replies import problem_reply
from alprcore.server.watching.logs import LOG, log
from alprcore.server.watching.metrics import ENDPOINTS, Metrics

NOTE = "alprcore.note"
"""Where in the scope a request's endpoint leaves what the log is to say."""

_API = ("/v1/", "/v2/", "/v3/")
# Clients in browsers call the API from any page, as they called the cloud's.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "x-requested-with, content-type, authorization, x-request-id",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Expose-Headers": "X-RateLimit-Limit, X-Ratelimit-Remaining, X-Ratelimit-Reset,"
    " X-Request-ID",
}


# What a proxy or a client calls its request: kept when it is short and plain, so that it can stand
# in a log.
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def request_id(scope: Scope) -> str:
    """Return the name of a request: its header ``X-Request-ID``, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex


def _endpoint(path: str) -> str:
    """Return the name under which a path is counted and logged; what clients make up is "other"."""
    if path.startswith("/page/"):
        return "/page"
    return path if path in ENDPOINTS else "other"


class Watch:
    """Wraps the application.

    Parameters
    ----------
    app
        What answers.
    metrics
        Where to count.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request and note it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = time.perf_counter()
        name = request_id(scope)
        note: dict[str, Any] = {}
        scope[NOTE] = note
        path = scope["path"]
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Request-ID"] = name
                if path.startswith(_API):
                    headers.update(_CORS)
            await send(message)

        self._count_in_flight(1)
        try:
            await self._app(scope, receive, watched)
        except Exception:
            LOG.exception("request failed", extra={"fields": {"request": name}})
            if status:  # part of a reply is sent: nothing can be said any more
                raise
            await problem_reply(500, "Internal error", close=True)(scope, receive, watched)
        finally:
            self._count_in_flight(-1)
            seconds = time.perf_counter() - begin
            endpoint = _endpoint(path)
            self._metrics.request(endpoint, status, seconds)
            log(
                "request",
                method=scope["method"][:10],
                endpoint=endpoint,  # never the path: what clients put there is theirs
                status=status,
                ms=round(1e3 * seconds, 1),
                request=name,
                client=(scope.get("client") or ("",))[0],
                **note,
            )

    def _count_in_flight(self, change: int) -> None:
        self._in_flight += change
        self._metrics.gauge("alprcore_requests_in_flight", self._in_flight)
