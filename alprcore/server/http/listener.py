# SPDX-License-Identifier: Apache-2.0
"""The socket that the server listens on."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys
from collections.abc import Callable
from multiprocessing import reduction
from typing import Any

from alprcore.errors import AlprError

_BACKLOG = 512  # connections that wait to be accepted
_SO_ATTACH_FILTER = 26  # of Linux; `socket` does not name it
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction of a packet filter: keep 0 bytes


class ListenError(AlprError):
    """There is no such address, or it cannot be listened on."""


class TurnSocket(socket.socket):
    """A listening socket on which several processes take turns.

    An event loop accepts all waiting connections at once. The process that wakes first would
    take a whole burst and refuse what it has no place for while its siblings are idle: of 34
    callers of two workers with 17 places each, 16 were refused. So every other attempt finds
    nothing here, and the loop goes back to sleep with the others.
    """

    _taken = False

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection and its address.

        Raises
        ------
        BlockingIOError
            If none waits, or the last attempt got one.
        """
        if self._taken:
            self._taken = False
            raise BlockingIOError
        connection = super().accept()
        self._taken = True
        return connection

    def __reduce__(self) -> tuple[Callable[..., TurnSocket], tuple[Any, ...]]:
        """Send the socket to a process that is being started."""
        duplicate = reduction.DupFd(self.fileno())
        return _received, (duplicate, self.family, self.type, self.proto)


def let_nobody_in(listener: socket.socket) -> None:
    """Keep new connections out, for all processes that share the socket, before it is closed.

    Closing resets connections that wait to be accepted, and between the last look and the closing
    one more may come. Where there are packet filters (Linux) its first packet is dropped: the
    client sends it again a second later, and is refused.
    """
    if sys.platform != "linux" or listener.fileno() < 0:
        return
    code = ctypes.create_string_buffer(_DROP_ALL)
    program = struct.pack("HP", 1, ctypes.addressof(code))
    with contextlib.suppress(OSError):  # some sandboxes forbid filters: then one may be reset
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def listen(host: str, port: int) -> TurnSocket:
    """Return a socket that listens on an address; port 0 is any free one.

    Raises
    ------
    ListenError
        If that cannot be.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = TurnSocket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"serve: no address {host!r}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # of the other family only what was asked for
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(
            f"serve: cannot listen on {host}:{port}: {error.strerror or error}"
        ) from error
    listener.setblocking(False)
    return listener


def _received(
    duplicate: Any, family: socket.AddressFamily, kind: socket.SocketKind, protocol: int
) -> TurnSocket:
    return TurnSocket(family, kind, protocol, fileno=duplicate.detach())
