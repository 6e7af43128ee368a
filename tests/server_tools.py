# SPDX-License-Identifier: Apache-2.0
"""A server in a thread of the test, what to ask it with, and an engine that needs no networks."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from process_tools import wait_until

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

from alprcore.errors import CountryError
from alprcore.picture.load import load_frame
from alprcore.records import Box, Candidate, Label, Plate, Quad, VehicleBox, VehicleLook
from alprcore.server.app import create_app
from alprcore.server.config import Limits, Serving
from alprcore.server.processes import LastCallServer
from alprcore.server.run import config_of
from alprcore.settings import Settings
from alprcore.wire.results import Recognition

SAMPLES = Path(__file__).parents[1] / "runtime_data" / "samples"
PICTURE = cv2.imencode(".png", np.full((60, 120, 3), 90, np.uint8))[1].tobytes()
LOOK = VehicleLook(
    color=(Label("blue", 0.7), Label("black", 0.125)),
    make=(Label("ford", 0.5), Label("audi", 0.25)),
    make_model=(Label("ford_focus", 0.5),),
    body_type=(Label("sedan-compact", 0.75),),
    year=(Label("2005-2009", 0.5),),
)
PLATE = Plate(
    text="KLM482",
    confidence=0.91204811,
    matches_template=True,
    country="us",
    region="md",
    region_confidence=0.0,
    quad=Quad((30.9, 20.0), (80.0, 20.0), (80.0, 35.0), (30.0, 35.0)),
    detection_score=0.9,
    candidates=(Candidate("KIM482", 0.95), Candidate("KLM482", 0.91204811, True)),
    glyphs=(),
    plate_index=0,
    requested_topn=10,
    elapsed_ms=1.5,
)


class FakeEngine:
    """Finds `PLATE` in every picture that is not black; waits for `gate` before it does."""

    def __init__(self, settings: Settings | None = None, gate: threading.Event | None = None):
        self.settings = settings or Settings()
        self.gate = gate
        self.calls: list[Settings] = []

    @property
    def countries(self) -> SimpleNamespace:
        return SimpleNamespace(text_lengths={"us": range(2, 9), "eu": range(4, 10)})

    def with_settings(self, **changes: object) -> FakeEngine:
        if "zz" in changes.get("country", ()):
            raise CountryError("country: expected one of …, got 'zz'")
        twin = FakeEngine(replace(self.settings, **changes), self.gate)
        twin.calls = self.calls
        return twin

    def recognize(self, image: bytes, *, tasks: tuple[str, ...] = ("plate",)) -> Recognition:
        frame = load_frame(image, max_pixels=self.settings.max_pixels)
        self.calls.append(self.settings)
        if self.gate is not None:
            assert self.gate.wait(20)
        rows, cols = frame.shape[:2]
        plate = replace(
            PLATE,
            candidates=PLATE.candidates[: self.settings.topn],
            requested_topn=self.settings.topn,
            region=self.settings.default_region or PLATE.region,
        )
        looks = LOOK if set(tasks) - {"plate"} else None
        box = VehicleBox(Box(1, 1, 100, 55), 0.9, looks)
        plates = (plate,) if frame.any() and "plate" in tasks else ()
        area = Box(0, 0, cols, rows)
        return Recognition(cols, rows, 1700000000123, 2.5, (area,), plates, (box,), looks)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        assert self.json["error_code"] == self.status
        return self.json["error"]


@contextmanager
def running(
    serving: Serving | None = None,
    *,
    engine: object | None = None,
    load: Callable[[Serving], object] | None = None,
    url_rules: object | None = None,
    ready: bool = True,
) -> Iterator[int]:
    """Serve on a free port while the block runs; `engine` stands in for the real one.

    The block begins when the server is `ready`, or else when it listens.
    """
    serving = serving or Serving(threads=2)
    loader = load or (lambda _: engine or FakeEngine())
    app = partial(create_app, serving, load=loader, url_rules=url_rules)
    listener = socket.create_server(("127.0.0.1", 0))
    server = LastCallServer(config_of(serving, app))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    port = listener.getsockname()[1]
    try:
        if ready:
            wait_until(lambda: call(port, "GET", "/health").status == 200)
        yield port
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def call(
    port: int,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    *,
    timeout: float = 60.0,
) -> Reply:
    """Make one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, target, body, headers or {})
        with connection.getresponse() as reply:
            names = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, names, reply.read())
    finally:
        connection.close()


def post(port: int, target: str, body: bytes = b"", kind: str = "") -> Reply:
    return call(port, "POST", target, body, {"Content-Type": kind} if kind else {})


def multipart(fields: dict[str, bytes | str], file: bytes | None = None) -> tuple[bytes, str]:
    """Return a multipart body and its type; `file` becomes the part `image` with a file name."""
    parts = []
    for name, value in fields.items():
        content = value.encode() if isinstance(value, str) else value
        head = f'Content-Disposition: form-data; name="{name}"\r\n\r\n'
        parts.append(head.encode() + content)
    if file is not None:
        head = 'Content-Disposition: form-data; name="image"; filename="a.png"\r\n'
        parts.append(head.encode() + b"Content-Type: image/png\r\n\r\n" + file)
    body = b"".join(b"--Boundary7\r\n" + part + b"\r\n" for part in parts)
    return body + b"--Boundary7--\r\n", "multipart/form-data; boundary=Boundary7"


def talk(port: int, sent: bytes, *, seconds: float = 10.0) -> bytes:
    """Send bytes and return everything that comes until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        with suppress(ConnectionError):  # the server may have heard enough
            client.sendall(sent)
        return rest(client)


def rest(client: socket.socket) -> bytes:
    """Return everything that comes until the server closes the connection."""
    received = b""
    with suppress(ConnectionError):
        while chunk := client.recv(65536):
            received += chunk
    return received


SMALL = Limits(
    max_body_bytes=200_000,
    max_head_bytes=60_000,
    max_fields=50,
    max_buffered_bytes=500_000,
    max_pixels=100_000,
    max_connections=20,
    queue=1,
    head_s=0.5,
    body_s=0.5,
    min_bytes_per_s=1_000_000,
    drain_s=0.5,
    write_s=0.5,
    keep_alive_s=1,
    recognition_s=5.0,
    url_s=1.0,
)
"""Limits that a test can reach."""
