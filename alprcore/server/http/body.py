# SPDX-License-Identifier: Apache-2.0
"""Request bodies read under limits of size, time and memory, while they come in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.types import Receive

from alprcore.server.api.problems import Problem, busy
from alprcore.server.config import Limits
from alprcore.server.http.forms import FieldLimit, Fields, multipart_fields, urlencoded_fields


class ClientDisconnected(Exception):  # noqa: N818 - nobody is left to see an error
    """The client has closed the connection."""


class Buffers:
    """Counts the bytes of all bodies in memory, so that many large ones do not fill it.

    Parameters
    ----------
    limits
        Say how many there may be.
    count
        Called at each change with how many there are.
    """

    def __init__(self, limits: Limits, *, count: Callable[[int], None]) -> None:
        self._limits = limits
        self._count = count
        self._held = 0

    @contextmanager
    def counted(self) -> Iterator[Held]:
        """Give back at the end of the block what was taken in it."""
        held = Held(self)
        try:
            yield held
        finally:
            self._change(-held.size)

    def take(self, size: int) -> None:
        """Count `size` bytes more.

        Raises
        ------
        Problem
            503 if that is more than there may be.
        """
        if self._held + size > self._limits.max_buffered_bytes:
            raise busy("The server is busy")
        self._change(size)

    def _change(self, by: int) -> None:
        self._held += by
        self._count(self._held)


class Held:
    """What one request holds of the `Buffers`."""

    def __init__(self, buffers: Buffers) -> None:
        self._buffers = buffers
        self.size = 0

    def take(self, size: int) -> None:
        """Count `size` bytes more; raises a `Problem` as `Buffers.take`."""
        self._buffers.take(size)
        self.size += size


async def read_body(request: Request, held: Held, limits: Limits) -> bytes:
    """Return the body of a request.

    Raises
    ------
    Problem
        413 if it is too large, 408 if it comes too slowly, 503 if memory is short.
    ClientDisconnected
        If the client went away.
    """
    declared = request.headers.get("content-length", "")
    waits = "expect" in request.headers  # for our word before it sends the body
    chunks: list[bytes] = []
    try:
        if declared.isdecimal() and int(declared[:20]) > limits.max_body_bytes:
            raise _too_large(limits)
        async for chunk in _within_time(request.receive, limits):
            waits = False
            held.take(len(chunk))
            if held.size > limits.max_body_bytes:
                raise _too_large(limits)
            chunks.append(chunk)
    except Problem as problem:
        chunks.clear()
        problem.close = True
        if problem.status != 408 and not waits:
            await _drain(request.receive, limits)
        raise
    return b"".join(chunks)


def fields_of(content_type: str, body: bytes, limit: FieldLimit) -> Fields:
    """Return the fields of a body; none when it is not a form.

    Raises
    ------
    Problem
        400 if the body is a form that is damaged or has too many fields.
    """
    kind = content_type.split(";", 1)[0].strip().lower()
    if kind == "multipart/form-data" and body:
        header = content_type.encode("latin-1", errors="replace")
        return multipart_fields(body, header, limit)
    if kind == "application/x-www-form-urlencoded":
        return urlencoded_fields(body, limit)
    return []


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the chunks of a body; raise `ClientDisconnected` if the client goes away."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        more = message.get("more_body", False)
        yield message.get("body", b"")


async def _within_time(receive: Receive, limits: Limits) -> AsyncIterator[bytes]:
    """Yield the chunks of a body as long as it comes fast enough."""
    begin, received = time.monotonic(), 0
    stream = _chunks(receive)
    while True:
        allowed = limits.body_s + received / limits.min_bytes_per_s
        try:
            async with asyncio.timeout(begin + allowed - time.monotonic()):
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise Problem(408, "The request came too slowly") from error
        if chunk is None:
            return
        received += len(chunk)
        yield chunk


async def _drain(receive: Receive, limits: Limits) -> None:
    """Drop the rest of a body for a while: a client that is still sending does not read replies."""
    try:
        async with asyncio.timeout(limits.drain_s):
            async for _ in _chunks(receive):
                pass
    except TimeoutError:
        return


def _too_large(limits: Limits) -> Problem:
    return Problem(413, f"The request is larger than {limits.max_body_bytes} bytes")
