# SPDX-License-Identifier: Apache-2.0
"""From a request for recognition to its reply: the one place that knows the order of the steps."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from alprcore.server.accounts.cashier import Cashier
from alprcore.server.api.json_replies import json_reply
from alprcore.server.api.parameters import (
    Ask,
    Parameters,
    PictureSource,
    ask_of,
    body_source,
    key_of,
)
from alprcore.server.api.replies import Answer, Credits, reply_body
from alprcore.server.config import Serving
from alprcore.server.doors.door import Door
from alprcore.server.engines import Recognizer
from alprcore.server.fetch.download import Downloader
from alprcore.server.http.body import Buffers, ClientDisconnected, fields_of, read_body
from alprcore.server.http.forms import FieldLimit, json_fields, urlencoded_fields
from alprcore.server.watching.metrics import Metrics
from alprcore.server.watching.watch import NOTE
from alprcore.wire.numbers import json_text as json_line
from alprcore.wire.results import Recognition

_CANDIDATE = 64  # bytes of JSON
_INLINE = 64 * 1024  # bytes; parsing or encoding more than this takes a thread, not the event loop

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a path takes its request.

    Attributes
    ----------
    version
        Of the API.
    source
        Finds the picture among the parameters; None where the body is the picture.
    door
        What else differs on a path of another service.
    """

    version: int
    source: Callable[[Parameters], PictureSource] | None
    door: Door | None = None

    def key(self, parameters: Parameters, authorization: str) -> str:
        """Return the secret key; raises a `Problem` where it is missing."""
        if self.door is not None:
            return self.door.key(parameters, authorization)
        return key_of(parameters, version=self.version, authorization=authorization)

    def ask(self, parameters: Parameters) -> Ask:
        """Return what is asked for; raises a `Problem` where that is wrong."""
        if self.door is not None:
            return self.door.ask(parameters)
        return ask_of(parameters, version=self.version)

    def text(self, answer: Answer, parameters: Parameters) -> str:
        """Return the body of the reply."""
        if self.door is not None:
            return json_line(self.door.reply(answer, parameters))
        return json_line(reply_body(answer))


def endpoint_of(door: Door) -> Endpoint:
    """Return the endpoint of a path of another service."""
    return Endpoint(3, door.source, door)


@dataclass(frozen=True, slots=True)
class Service:
    """All that requests share.

    Attributes
    ----------
    serving
        How the server was started.
    recognizer, cashier, downloader, metrics, buffers
        What does the work.
    """

    serving: Serving
    recognizer: Recognizer
    cashier: Cashier
    downloader: Downloader
    metrics: Metrics
    buffers: Buffers

    async def answer(self, request: Request, endpoint: Endpoint) -> Response:
        """Return the reply to a request for recognition.

        Raises
        ------
        Problem
            If there is nothing to recognize, or it is not allowed.
        ClientDisconnected
            If the client went away.
        """
        with self.buffers.counted() as held:
            try:
                body = await read_body(request, held, self.serving.limits)
            finally:
                self.metrics.received(held.size)
            return await _unless_gone(request, self._answer_body(request, endpoint, body))

    async def _answer_body(self, request: Request, endpoint: Endpoint, body: bytes) -> Response:
        begin = time.perf_counter()
        note: dict[str, Any] = request.scope[NOTE]
        note["bytes"] = len(body)
        parameters = await self._parameters(request, endpoint, body)
        authorization = request.headers.get("authorization", "")
        account = await self.cashier.admit(endpoint.key(parameters, authorization))
        note["account"] = account.name
        ask = endpoint.ask(parameters)
        account.check(ask.cost)
        content = await self._content(parameters, endpoint, body)
        queued = time.perf_counter()
        found = await self._recognize(content, ask, note)
        self.metrics.recognition(time.perf_counter() - queued)
        used = await self.cashier.charge(account, ask.cost)
        self.metrics.charged(ask.cost, plates=len(found.plates))
        answer = Answer(
            ask=ask,
            found=found,
            credits=Credits(ask.cost, used, account.total),
            elapsed_ms=1e3 * (time.perf_counter() - begin),
            content=content,
            uuid=str(uuid.uuid4()),
        )
        note["uuid"] = answer.uuid
        size = ask.topn * len(found.plates) * _CANDIDATE + ask.return_image * len(content)
        text = await _off_loop(size, endpoint.text, answer, parameters)
        status = endpoint.door.status if endpoint.door else 200
        return json_reply(text, status=status, headers=account.rate.headers())

    async def _parameters(self, request: Request, endpoint: Endpoint, body: bytes) -> Parameters:
        limit = FieldLimit(self.serving.limits.max_fields)
        query: bytes = request.scope["query_string"]
        fields = await _off_loop(len(query), urlencoded_fields, query, limit)
        if endpoint.source is not None:
            kind = request.headers.get("content-type", "")
            read = json_fields if endpoint.door and _is_json(kind) else partial(fields_of, kind)
            fields = fields + await _off_loop(len(body), read, body, limit)
        return Parameters(fields)

    async def _content(self, parameters: Parameters, endpoint: Endpoint, body: bytes) -> bytes:
        """Return the bytes of the picture, from wherever they are."""
        if endpoint.source is None:
            source = await _off_loop(len(body), body_source, body)
        else:
            source = await _off_loop(_INLINE + 1, endpoint.source, parameters)
        return await self.downloader.fetch(source.url) if source.url else source.content

    async def _recognize(self, content: bytes, ask: Ask, note: dict[str, Any]) -> Recognition:
        found = await self.recognizer.recognize(content, ask)
        note["plates"] = len(found.plates)
        if self.serving.log_plates:
            note["texts"] = [plate.text for plate in found.plates]
        return found


def _is_json(kind: str) -> bool:
    return kind.split(";", 1)[0].strip().lower() == "application/json"


async def _off_loop(size: int, function: Callable[P, T], *words: P.args, **named: P.kwargs) -> T:
    """Return what `function` returns; run it in a thread when it has `size` bytes to work on."""
    if size <= _INLINE:
        return function(*words, **named)
    return await asyncio.to_thread(function, *words, **named)


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """Return the result of `work`; cancel it and raise if the client disconnects."""
    job = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(request.receive())  # the body is read: only the end can come
    try:
        await asyncio.wait({job, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise ClientDisconnected
        return job.result()
    finally:
        job.cancel()
        watch.cancel()
