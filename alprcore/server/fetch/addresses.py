# SPDX-License-Identifier: Apache-2.0
"""Which URLs and which internet addresses a server may fetch pictures from on a client's word.

A client that may name any URL can make the server reach what only the server can: itself, its
neighbours, the metadata service of a cloud. So the host must be on the operator's list, letter for
letter, which leaves no room for other ways to write an address; and the addresses it resolves to
must be public, which leaves none for a name whose owner points it inwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urlsplit

from alprcore.server.api.problems import bad

IPAddress = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")
# Nobody means these; parsers of URLs disagree about them.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\@]")
_SAFE = "/%:!$&'()*+,;=~-._[]"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a picture is: ``path`` with its query on ``host``, in ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host with a port that is not the scheme's own: the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str, hosts: tuple[str, ...]) -> Target:
    """Return the target of a URL.

    Parameters
    ----------
    url
        Absolute, of a client or of a redirect.
    hosts
        Hosts that are allowed, in lower case, as they stand in URLs: ``cam.example`` on the usual
        port, ``cam.example:8080`` on another.

    Raises
    ------
    Problem
        400 if the URL is not http or https, is ambiguous, or its host is not allowed.
    """
    parts, _, fragment = url.strip().partition("#")
    del fragment
    authority = parts.partition("//")[2].partition("/")[0].partition("?")[0]
    if _AMBIGUOUS.search(authority) or re.search(r"[\x00-\x1f\x7f\\]", parts):
        raise bad("image_url is not a URL that can be fetched")
    try:
        split = urlsplit(parts)
        host, port = split.hostname, split.port
    except ValueError as error:
        raise bad("image_url is not a URL that can be fetched") from error
    if split.scheme not in PORTS or not host:
        raise bad("image_url must begin with http:// or https://")
    usual = PORTS[split.scheme]
    target = Target(
        scheme=split.scheme,
        host=host,
        port=usual if port is None else port,
        path=(quote(split.path, safe=_SAFE + "@") or "/")
        + (f"?{quote(split.query, safe=_SAFE + '@?')}" if split.query else ""),
    )
    if target.authority not in hosts:
        raise bad("image_url names a host that this server does not fetch from")
    return target


def is_public(address: IPAddress) -> bool:
    """Return whether an address is a host of the public internet, and no way to a private one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_UNICAST or address in _SIX_TO_FOUR:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def parsed_address(text: str) -> IPAddress:
    """Return the address that a resolver gave as text.

    Raises
    ------
    ValueError
        If it is not an address.
    """
    return ip_address(text.partition("%")[0])
