# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as uvicorn speaks it, with the timeouts it lacks, and errors as JSON.

uvicorn waits forever for the rest of a request's headers, for the rest of a body that nobody
wants, and for a client to take its reply. Each of the three holds a connection for as long as
somebody cares to hold it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol
from uvicorn.server import ServerState

from alprcore.server.api.problems import problem_body
from alprcore.server.config import Limits

_SHORT_HEAD = 64 * 1024  # bytes; heads up to here are not worth adding up
_LAST_HEAD_S = 1.0  # for the head of a request whose connection came just before the end


class GuardedProtocol(H11Protocol):
    """A connection.

    It waits for a head (request line and headers), then for its body, which the
    application times; after the reply for the rest of a body, or for the next head.
    """

    def __init__(
        self,
        limits: Limits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self.head_bytes = 0  # of a head that is not whole yet
        self._deadline: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: a head is due."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            self._refuse(503, "The server is busy")
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._expect_nothing()
        self._stop_writing_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client."""
        if self.transport.is_closing():
            return
        if self._deadline is None and self.conn.their_state is h11.IDLE:
            self._expect_head()  # the first bytes after a pause
        if self.conn.their_state is h11.IDLE:
            self.head_bytes += len(data)
            if (
                self.head_bytes > _SHORT_HEAD
                and self._all_heads() > self._limits.max_buffered_bytes
            ):
                self._refuse(503, "The server is busy")
                return
        super().data_received(data)
        if self._ending and self.cycle is not None:
            self.cycle.keep_alive = False
        if self.conn.their_state is not h11.IDLE:
            self.head_bytes = 0
            if not self._is_leftover():
                self._expect_nothing()

    def on_response_complete(self) -> None:
        """Go on after a reply."""
        super().on_response_complete()
        if self._is_leftover() and not self.transport.is_closing():
            self._expect(self._limits.drain_s, self._drop)

    def shutdown(self) -> None:
        """Finish, as the server ends: a request that is on its way is still answered.

        uvicorn closes a connection that has sent nothing yet, and its request meets a reset.
        """
        self._ending = True
        if self.cycle is None and not self.transport.is_closing():
            self._expect(_LAST_HEAD_S, self.transport.close)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or a head that is too long."""
        cause = sys.exc_info()[1]  # uvicorn calls this where it has caught what h11 raised
        if self.head_bytes and getattr(cause, "error_status_hint", 400) == 431:
            most = self._limits.max_head_bytes
            msg = f"The request line and headers are longer than {most} bytes"
        self._refuse(400, msg)

    def pause_writing(self) -> None:
        """Note that the client does not keep up."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """Note that it does again."""
        super().resume_writing()
        self._stop_writing_timer()

    def _all_heads(self) -> int:
        """Return the bytes of the heads that all connections are sending."""
        return sum(getattr(connection, "head_bytes", 0) for connection in self.connections)

    def _is_leftover(self) -> bool:
        """Whether a body is still coming whose request was answered."""
        return self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE

    def _expect_head(self) -> None:
        self._expect(self._limits.head_s, self._head_is_late)

    def _expect(self, seconds: float, otherwise: Any) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, otherwise)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, "The request came too slowly")

    def _watch_writing(self) -> None:
        """End the connection unless the client takes part of what waits for it, again and again."""
        waiting = self.transport.get_write_buffer_size()

        def check() -> None:
            if self.transport.get_write_buffer_size() >= waiting:
                self._drop()
            else:
                self._watch_writing()

        self._stop_writing_timer()
        self._writing = self.loop.call_later(self._limits.write_s, check)

    def _stop_writing_timer(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _drop(self) -> None:
        """Close at once; what the client has not taken is thrown away, by the system too."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _refuse(self, status: int, text: str) -> None:
        """Answer with an error, if HTTP allows for an answer now, and close."""
        body = json.dumps(problem_body(status, text)).encode()
        headers = [
            (b"content-type", b'application/json; charset="utf-8"'),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        try:
            for event in (
                h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:  # a reply is under way
            self._drop()
            return
        self.transport.close()
