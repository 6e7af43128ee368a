# SPDX-License-Identifier: Apache-2.0
"""Asking a recognition server for many pictures, and keeping what it said: for compare_cloud.py.

A credit is never spent twice: a picture that has a reply is not sent again, nor is one whose
request went out and was not answered. The key is neither printed nor saved.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

Reply = dict[str, Any]
BUSY = {403, 429, 503}
TASKS = ("plate", "color", "make", "makemodel")
MOST_TRIES = 6  # of one picture, while the server says that it is busy
MOST_REFUSALS = 3  # in a row: then it is the request that is wrong, not the pictures


class StopAsking(Exception):  # noqa: N818
    """No further picture is to be sent; the message says why."""


@dataclass(frozen=True)
class Server:
    """Where and how to ask."""

    url: str
    api: str
    country: str
    topn: int
    vehicles: bool
    key: str
    timeout: float

    def target(self) -> str:
        """Return path and query."""
        fields = {"secret_key": self.key, "country": self.country, "topn": self.topn}
        if self.api == "v1":
            fields["tasks"] = ",".join(TASKS if self.vehicles else TASKS[:1])
        else:
            fields["recognize_vehicle"] = int(self.vehicles)
        path = urlsplit(self.url).path.rstrip("/").removesuffix(f"/{self.api}")
        return f"{path}/{self.api}/recognize?{urlencode(fields)}"

    def described(self) -> dict[str, Any]:
        """Return what a folder of replies is for: everything but the key."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return {"server": f"{parts.scheme}://{host}{parts.path.rstrip('/')}", "api": self.api,
                "country": self.country, "topn": self.topn, "vehicles": self.vehicles}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: float


def ask(server: Server, picture: Path) -> Answer:
    """Send one picture; an OSError or HTTPException after connecting leaves open what was done."""
    parts = urlsplit(server.url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    boundary = secrets.token_hex(16)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="picture'
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
        kinds = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        connection.request("POST", server.target(), body, kinds)
        got = connection.getresponse()
        content = got.read()
        return Answer(got.status, got.headers, content, (time.perf_counter() - begin) * 1e3)
    finally:
        connection.close()


def asked_wait(headers: Mapping[str, str], attempt: int) -> float:
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


class Store:
    """Replies by picture: NAME.json as it came, NAME.ms its latency, NAME.asked while open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, image: str, suffix: str) -> Path:
        return self.folder / (quote(image, safe=" ") + suffix)

    def claim(self, server: Server) -> None:
        """Make the folder this server's, or raise StopAsking when it holds another's replies."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path, wanted = self.folder / "request.info", server.described()
        if not path.exists():
            self._write(path, json.dumps(wanted).encode())
        elif (had := json.loads(path.read_text("utf-8"))) != wanted:
            raise StopAsking(f"{self.folder} holds replies to other requests: {had}")

    def begin(self, image: str, *, again: bool) -> bool:
        """Note that a picture is about to be sent; False when it was and had no answer."""
        try:
            self.path(image, ".asked").touch(exist_ok=again)
        except FileExistsError:
            return False
        return True

    def end(self, image: str, answer: Answer | None) -> None:
        """Keep the reply, if there is one, and note that the question is closed."""
        if answer is not None:
            self._write(self.path(image, ".json"), answer.body)
            self._write(self.path(image, ".ms"), f"{answer.elapsed_ms:.3f}\n".encode())
        self.path(image, ".asked").unlink(missing_ok=True)

    def has(self, image: str) -> bool:
        return self.path(image, ".json").exists()

    def read(self, image: str) -> tuple[Reply, float | None] | None:
        """Return the reply and its latency; also found as STEM.json; None without a usable one."""
        for path in (self.path(image, ".json"), self.folder / f"{Path(image).stem}.json"):
            try:
                reply = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            timing = path.with_suffix(".ms")
            elapsed = float(timing.read_text()) if timing.exists() else None
            if isinstance(reply, dict) and ("plate" in reply or "results" in reply):
                return reply, elapsed
        return None

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file whole or not at all, also when the machine stops."""
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


@dataclass
class Tally:
    sent: int = 0
    unanswered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def collect(
    folder: Path, images: Iterable[str], server: Server, store: Store, *,
    max_wait: float, again: bool = False,
) -> Tally:  # fmt: skip
    """Send what has no reply yet; StopAsking ends it early, with everything so far kept."""
    tally, in_row = Tally(), 0
    for image in images:
        if store.has(image):
            continue
        if not store.begin(image, again=again):
            tally.unanswered.append(image)
            continue
        try:
            answer = ask_patiently(server, folder / image, max_wait)
        except StopAsking:
            store.end(image, None)  # refused before any work was done
            raise
        except (OSError, http.client.HTTPException) as error:
            print(f"{image}: no answer ({type(error).__name__}); not sent again", file=sys.stderr)
            tally.unanswered.append(image)
            continue
        tally.sent += 1
        if answer.status == 200:
            store.end(image, answer)
            in_row = 0
            continue
        said = f"{answer.status} {error_of(answer.body)}".replace(server.key, "(key)")
        if answer.status >= 500:
            print(f"{image}: {said}; not sent again", file=sys.stderr)
            tally.unanswered.append(image)
            continue
        store.end(image, None)
        if answer.status in {401, 402}:
            raise StopAsking(f"the server says {said}")
        print(f"{image}: refused, {said}", file=sys.stderr)
        tally.refused.append(image)
        in_row += 1
        if in_row == MOST_REFUSALS:
            raise StopAsking(f"{in_row} pictures in a row were refused")
    return tally


def error_of(body: bytes) -> str:
    """Return what an error reply says, shortened."""
    try:
        return str(json.loads(body)["error"])[:200]
    except (ValueError, KeyError, TypeError):
        return "(no JSON)"
