# SPDX-License-Identifier: Apache-2.0
"""uvicorn's server and its supervisor of workers, with an end that nobody is cut off by."""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import time

from uvicorn import Config, Server
from uvicorn.supervisors import multiprocess

from alprcore.server.http.listener import let_nobody_in
from alprcore.server.watching.logs import log

_LAST_CALL_S = 0.5  # longest for the connections that wait when the server is stopped


class LastCallServer(Server):
    """A server that takes the connections that wait before it stops listening.

    The system resets a connection that waits at a socket when the socket is closed, although its
    client was let in.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer what is here, end."""
        if self.config.workers == 1:  # others go on with the socket; their parent sees to it
            for listener in sockets or []:
                let_nobody_in(listener)
        end = time.monotonic() + _LAST_CALL_S
        while time.monotonic() < end and _somebody_waits(sockets or []):
            await asyncio.sleep(0)  # the loop takes them
        for _ in range(3):  # and makes transports of them: a closed server has none
            await asyncio.sleep(0)
        await super().shutdown(sockets)


class Worker(multiprocess.Process):
    """A worker process, as its parent sees it."""

    @property
    def server(self) -> Server:
        """The server that the worker runs."""
        if self._server is None:
            self._server = LastCallServer(config=self.config)
        return self._server


class Workers(multiprocess.Multiprocess):
    """The parent of the workers: replaces those that die, ends with those that end.

    Attributes
    ----------
    failed
        Whether it ended because a worker could not start.
    """

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.failed = False
        # uvicorn makes its processes in four places, all by this name.
        multiprocess.Process = Worker  # type: ignore[misc]

    def terminate_all(self) -> None:
        """Tell the workers to end; from then on new connections are refused."""
        # While the parent holds the socket the system lets clients in whom nobody will answer.
        for listener in self.sockets:
            let_nobody_in(listener)
            listener.close()
        super().terminate_all()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died or hang."""
        if self.should_exit.is_set():
            return
        before = list(self.processes)
        super().keep_subprocess_alive()
        for old, new in zip(before, self.processes, strict=True):
            if old is not new:
                log("a worker died and is replaced", level=logging.ERROR, died=old.pid,
                    exit_code=old.exitcode, replacement=new.pid)  # fmt: skip
        self.failed = self.should_exit.is_set()  # uvicorn gives up when a worker cannot start


def _somebody_waits(listeners: list[socket.socket]) -> bool:
    """Return whether a connection waits to be taken."""
    open_ones = [listener for listener in listeners if listener.fileno() >= 0]
    return bool(open_ones and select.select(open_ones, [], [], 0)[0])
