# SPDX-License-Identifier: Apache-2.0
"""Messages posted to a URL, as OpenALPR's agents post them."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import urllib.error
import urllib.request
from email.message import Message as Headers
from importlib import metadata
from typing import IO, Any
from urllib.parse import urlsplit

from alprcore.agent.courier import RefusedError, UnreachableError
from alprcore.agent.messages import GROUP, HEARTBEAT, RESULTS, Message
from alprcore.errors import SettingsError

# The receiver has seen the message and does not want this one; everything else is a receiver that
# is down, busy, moved or not yet set up, which must not cost a message.
REFUSALS = frozenset({400, 406, 409, 410, 411, 413, 414, 415, 422})
LONGEST_WISH_S = 300.0  # of ``Retry-After``


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is redirected would arrive as a GET, empty, and be taken for delivered."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> None:
        """Follow nothing."""
        del req, fp, code, msg, headers, newurl


class Webhook:
    """A receiver of posts.

    Parameters
    ----------
    url : str
        ``http`` or ``https``.
    name : str
        Of its queue; it stays when the URL changes, so that what waits goes to the new one.
    secret : str
        Key of the signature, none when empty.
    timeout_s : float
    single : bool
        Whether it wants `alpr_results` as well.

    Raises
    ------
    SettingsError
        If it is not such a URL.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "webhook-1",
        secret: str = "",
        timeout_s: float = 10.0,
        single: bool = False,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError(f"upload_address: expected an http or https URL, got {url!r}")
        self.name = name
        self.kinds = frozenset({GROUP, HEARTBEAT} | ({RESULTS} if single else set()))
        self._url, self._secret, self._timeout_s = url, secret.encode(), timeout_s
        self._opener = urllib.request.build_opener(_NoRedirect)

    def send(self, message: Message) -> None:
        """Post a message; 2xx is taken, `REFUSALS` are refused, all else is tried again."""
        body = message.body.encode()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"alprcore/{metadata.version('alprcore')}",
            "Idempotency-Key": message.key,
        }
        if self._secret:
            headers["X-Alprcore-Signature"] = signature(self._secret, body)
        request = urllib.request.Request(self._url, body, headers, method="POST")
        try:
            with self._opener.open(request, timeout=self._timeout_s) as reply:
                reply.read(65_536)
        except urllib.error.HTTPError as error:
            with error:
                reason = f"{error.code} {error.reason}"
                if error.code in REFUSALS:
                    raise RefusedError(reason) from error
                raise UnreachableError(reason, wished_wait(error.headers)) from error
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(str(getattr(error, "reason", error)) or repr(error)) from error

    def close(self) -> None:
        """Do nothing: each post has its own connection."""


def signature(secret: bytes, body: bytes) -> str:
    """Return what ``X-Alprcore-Signature`` says: the HMAC-SHA256 of the body in hexadecimal."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


def wished_wait(headers: Headers) -> float:
    """Return the seconds that a receiver asks to wait, at most `LONGEST_WISH_S`."""
    wish = str(headers.get("Retry-After", "")).strip()
    return min(float(wish), LONGEST_WISH_S) if wish.isdecimal() else 0.0
