# SPDX-License-Identifier: Apache-2.0
"""Pictures fetched from URLs that clients name, under `addresses`' rules and limits of its own.

The name is resolved once and the connection goes to the address that was checked: a name server
that answers differently the next time changes nothing. Each redirect is checked like the first
URL. Whatever fails on the network, the client gets the same text, so that it cannot use the
server to look around.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urljoin

import h11

from alprcore.server.api.problems import Problem, bad, busy
from alprcore.server.config import Limits
from alprcore.server.fetch.addresses import IPAddress, Target, is_public, parsed_address, target_of

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""From host and port to addresses as text."""

_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_HEAD = 64 * 1024  # bytes of a reply's headers
_CHUNK = 256 * 1024
_FAILED = "Unable to download image_url"


@dataclass(frozen=True, slots=True)
class UrlRules:
    """Which URLs may be fetched.

    Attributes
    ----------
    hosts
        As for `addresses.target_of`; empty turns fetching off.
    resolve
        Finds the addresses of a host; None asks the system.
    allowed
        Whether an address may be connected to.
    context
        Checks certificates; None does as the system does.
    """

    hosts: tuple[str, ...] = ()
    resolve: Resolver | None = None
    allowed: Callable[[IPAddress], bool] = is_public
    context: ssl.SSLContext | None = None


class Downloader:
    """Fetches pictures.

    Parameters
    ----------
    rules
        Which URLs.
    limits
        How large, how slow and how many at once.
    """

    def __init__(self, rules: UrlRules, limits: Limits) -> None:
        self._rules = rules
        self._limits = limits
        self._running = 0
        # A resolver that hangs must not take the threads that others need.
        self._names = ThreadPoolExecutor(limits.downloads, thread_name_prefix="names")
        self._context: ssl.SSLContext | None = rules.context

    async def fetch(self, url: str) -> bytes:
        """Return what is at a URL.

        Raises
        ------
        Problem
            400 if it may not be fetched, cannot be or is too large; 503 if too many are.
        """
        if not self._rules.hosts:
            raise bad("image_url is not enabled on this server")
        if self._running >= self._limits.downloads:
            raise busy("The server is busy")
        self._running += 1
        try:
            async with asyncio.timeout(self._limits.url_s):
                return await self._follow(url)
        except (OSError, h11.ProtocolError, ValueError, TimeoutError) as error:
            raise bad(_FAILED) from error
        finally:
            self._running -= 1

    async def _follow(self, url: str) -> bytes:
        """Return what is at a URL, or where that leads to."""
        for _ in range(self._limits.url_redirects + 1):
            target = target_of(url, self._rules.hosts)
            content, location = await self._get(target)
            if location is None:
                return content
            url = urljoin(f"{target.scheme}://{target.authority}{target.path}", location)
        raise bad(_FAILED)

    async def _get(self, target: Target) -> tuple[bytes, str | None]:
        """Return the content of one URL, or where it redirects to."""
        address = await self._checked_address(target)
        secure = target.scheme == "https"
        reader, writer = await asyncio.open_connection(
            str(address),
            target.port,
            ssl=self._secure_context() if secure else None,
            server_hostname=target.host if secure else None,
        )
        try:
            return await _exchange(reader, writer, target, self._limits.max_body_bytes)
        finally:
            writer.transport.abort()

    async def _checked_address(self, target: Target) -> IPAddress:
        """Return the address to connect to; every address of the host must be allowed."""
        resolve = self._rules.resolve or self._system_addresses
        addresses = [parsed_address(text) for text in await resolve(target.host, target.port)]
        if not addresses or not all(map(self._rules.allowed, addresses)):
            raise bad(_FAILED)
        return addresses[0]

    async def _system_addresses(self, host: str, port: int) -> list[str]:
        def look_up() -> list[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return [str(where[0]) for *_, where in found]

        return await asyncio.get_running_loop().run_in_executor(self._names, look_up)

    def _secure_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Target, max_bytes: int
) -> tuple[bytes, str | None]:
    """Ask for a target on a connection; return its content, or where it redirects to."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
    headers = [
        ("Host", target.authority),
        ("User-Agent", "alprcore"),
        ("Accept", "image/*, */*;q=0.1"),
        ("Accept-Encoding", "identity"),  # what is packed could unpack to anything
        ("Connection", "close"),
    ]
    request = h11.Request(method="GET", target=target.path, headers=headers)
    asked = (connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b"")
    writer.write(asked)
    content = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            named = {name: value.decode("latin-1") for name, value in event.headers}
            if event.status_code in _REDIRECTS:
                return b"", named.get(b"location", "")
            if event.status_code != 200 or named.get(b"content-encoding", "identity") != "identity":
                raise Problem(400, _FAILED)
            if int(named.get(b"content-length", "0")) > max_bytes:
                raise _too_large(max_bytes)
        elif isinstance(event, h11.Data):
            content += event.data
            if len(content) > max_bytes:
                raise _too_large(max_bytes)
        elif isinstance(event, h11.EndOfMessage):
            return bytes(content), None
        elif isinstance(event, h11.ConnectionClosed):
            raise bad(_FAILED)


def _too_large(max_bytes: int) -> Problem:
    return bad(f"The picture at image_url is larger than {max_bytes} bytes")
