# SPDX-License-Identifier: Apache-2.0
"""Asking another recognizer's server for many pictures, and keeping what it said.

A credit is never spent twice: a picture that has a reply is not sent again, nor is one whose
request went out and was not answered. The key is neither printed nor saved.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from alprcore.errors import AlprError
from alprcore.evaluation.replies import Store
from alprcore.settings import TASKS

PLATE_RECOGNIZER = "plate-recognizer"
APIS = ("v1", "v2", "v3", PLATE_RECOGNIZER)
"""Forms of requests: the OpenALPR cloud's, Rekor's being its third, and Plate Recognizer's."""

BUSY = {403, 429, 503}
MOST_TRIES = 6  # of one picture, while the server says that it is busy
MOST_REFUSALS = 3  # in a row: then it is the request that is wrong, not the pictures


class StopAsking(AlprError):  # noqa: N818
    """No further picture is to be sent; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to ask.

    Attributes
    ----------
    url
        Base address, without the version.
    api
        One of `APIS`.
    country, topn, vehicles
        What is asked for; credits may depend on `vehicles`.
    key
        Sent with each request and nowhere else.
    timeout
        Seconds for one reply.
    """

    url: str
    api: str
    country: str
    topn: int
    vehicles: bool
    key: str
    timeout: float

    def target(self) -> str:
        """Return path and query."""
        if self.api == PLATE_RECOGNIZER:
            return f"{self._path('v1')}/v1/plate-reader/"
        fields = {"secret_key": self.key, "country": self.country, "topn": self.topn}
        if self.api == "v1":
            fields["tasks"] = ",".join(TASKS if self.vehicles else TASKS[:1])
        else:
            fields["recognize_vehicle"] = int(self.vehicles)
        return f"{self._path(self.api)}/{self.api}/recognize?{urlencode(fields)}"

    def _path(self, version: str) -> str:
        return urlsplit(self.url).path.rstrip("/").removesuffix(f"/{version}")

    def fields(self) -> dict[str, str]:
        """Return what goes into the body beside the picture."""
        if self.api != PLATE_RECOGNIZER:
            return {}
        regions = {} if self.country == "auto" else {"regions": self.country}
        return {**regions, **({"mmc": "true"} if self.vehicles else {})}

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the key."""
        return {"Authorization": f"Token {self.key}"} if self.api == PLATE_RECOGNIZER else {}

    def described(self) -> dict[str, Any]:
        """Return what a folder of replies is for: everything but the key."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return {"server": f"{parts.scheme}://{host}{parts.path.rstrip('/')}", "api": self.api,
                "country": self.country, "topn": self.topn, "vehicles": self.vehicles}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as it came, and how long it took from connecting to its last byte."""

    status: int
    headers: Mapping[str, str] | HTTPMessage
    body: bytes
    elapsed_ms: float


def ask(server: Server, picture: Path) -> Answer:
    """Send one picture; an OSError or HTTPException after connecting leaves open what was done."""
    parts = urlsplit(server.url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    boundary = secrets.token_hex(16)
    name = "upload" if server.api == PLATE_RECOGNIZER else "image"
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in server.fields().items()
    )
    head += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="picture'
        f'{picture.suffix}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
    body = head.encode() + picture.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    connection = kind(parts.hostname or "", parts.port, timeout=server.timeout)
    begin = time.perf_counter()
    try:
        connection.connect()
    except OSError as error:
        raise StopAsking(f"cannot connect: {error}") from error
    try:
        kinds = {"Content-Type": f"multipart/form-data; boundary={boundary}", **server.headers()}
        connection.request("POST", server.target(), body, kinds)
        got = connection.getresponse()
        content = got.read()
        return Answer(got.status, got.headers, content, (time.perf_counter() - begin) * 1e3)
    finally:
        connection.close()


def asked_wait(headers: Mapping[str, str] | HTTPMessage, attempt: int) -> float:
    """Return the seconds that a busy server asks for, or 2, 4, 8, … where it does not say."""
    said = (headers.get("Retry-After") or "").strip()
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(said)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 2.0 ** (attempt + 1)


def ask_patiently(server: Server, picture: Path, max_wait: float) -> Answer:
    """Send one picture, again while the server is busy, at most `max_wait` seconds later."""
    waited = 0.0
    for attempt in range(MOST_TRIES):
        answer = ask(server, picture)
        if answer.status not in BUSY:
            return answer
        seconds = asked_wait(answer.headers, attempt)
        waited += seconds
        if not waited <= max_wait:  # also for NaN
            break
        time.sleep(seconds)
    raise StopAsking(f"the server stays busy ({answer.status}); wait longer than {max_wait:g} s")


@dataclass(slots=True)
class Tally:
    """What became of the pictures that had no reply yet."""

    sent: int = 0
    unanswered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def collect(
    folder: Path, images: Iterable[str], server: Server, store: Store, *,
    max_wait: float, again: bool = False, complain: Callable[[str], None] = lambda _: None,
    step: Callable[[], None] = lambda: None,
) -> Tally:  # fmt: skip
    """Send what has no reply yet; StopAsking ends it early, with everything so far kept.

    Parameters
    ----------
    folder, images
        The pictures, by their names in the folder.
    server, store
        Who is asked, and where replies are kept.
    max_wait
        Seconds for a busy server.
    again
        Whether to send once more what was sent in vain, and may have been charged.
    complain
        Called with a line for each picture without a reply.
    step
        Called after each picture.

    Raises
    ------
    StopAsking
        If there is no use in going on.
    """
    tally, in_row = Tally(), 0
    for image in images:
        step()
        if store.has(image):
            continue
        if not store.begin(image, again=again):
            tally.unanswered.append(image)
            continue
        try:
            answer = ask_patiently(server, folder / image, max_wait)
        except StopAsking:
            store.end(image)  # refused before any work was done
            raise
        except (OSError, http.client.HTTPException) as error:
            complain(f"{image}: no answer ({type(error).__name__}); not sent again")
            tally.unanswered.append(image)
            continue
        tally.sent += 1
        if answer.status in {200, 201}:
            store.end(image, answer.body, answer.elapsed_ms)
            in_row = 0
            continue
        said = f"{answer.status} {error_of(answer.body)}".replace(server.key, "(key)")
        if answer.status >= 500:
            complain(f"{image}: {said}; not sent again")
            tally.unanswered.append(image)
            continue
        store.end(image)
        if answer.status in {401, 402}:
            raise StopAsking(f"the server says {said}")
        complain(f"{image}: refused, {said}")
        tally.refused.append(image)
        in_row += 1
        if in_row == MOST_REFUSALS:
            raise StopAsking(f"{in_row} pictures in a row were refused")
    return tally


def error_of(body: bytes) -> str:
    """Return what an error reply says, shortened."""
    try:
        said = json.loads(body)
        return str(said["error"] if "error" in said else said["detail"])[:200]
    except (ValueError, KeyError, TypeError):
        return "(no JSON)"
