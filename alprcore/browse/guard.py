# SPDX-License-Identifier: Apache-2.0
"""What stands before every answer: who may ask, and what a browser may do with it."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses whoever is not the page itself, and sends `HEADERS` with every answer.

    A name of another site may be made to lead to this machine (DNS rebinding): its pages would then
    count as ours, but the ``Host`` that they send is still theirs. Other pages of this machine are
    kept out by ``Sec-Fetch-Site`` and ``Origin``.
    """

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if port == 80:
            self._hosts |= {"127.0.0.1", "localhost", "[::1]"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        if refusal := self._refusal(scope["path"], Headers(scope=scope)):
            response = PlainTextResponse(refusal, status_code=403)
            await response(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)

    def _refusal(self, path: str, headers: Headers) -> str:
        if headers.getlist("host") and headers["host"].lower() not in self._hosts:
            return "This page answers to the address of this machine itself and to no other name."
        if not headers.getlist("host"):
            return "The request names no host."
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://").lower() not in self._hosts:
            return "Another page may not ask this one."
        if path != "/" and headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return "Another page may not ask this one."
        return ""
