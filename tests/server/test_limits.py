# SPDX-License-Identifier: Apache-2.0
"""What a client may use of the server, and that it gets no more: size, time, memory, places."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote_plus

import cv2
import numpy as np
import pytest
from process_tools import wait_until
from server_tools import (
    PICTURE,
    SMALL,
    FakeEngine,
    call,
    multipart,
    post,
    rest,
    running,
    talk,
)

from alprcore.server.api.parameters import ask_of
from alprcore.server.api.problems import Problem
from alprcore.server.config import Serving
from alprcore.server.http.body import Buffers
from alprcore.server.http.forms import encoded_base64
from alprcore.settings import Settings

TARGET = "/v1/recognize?secret_key=k&tasks=plate&country=us"
FORM, FORM_KIND = multipart({}, PICTURE)


def head(more="", *, method="POST", target=TARGET, kind=FORM_KIND):
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n{more}\r\n".encode()


def answer(raw):
    """The status and the JSON body of a reply that was read from a socket."""
    start, _, body = raw.partition(b"\r\n\r\n")
    assert b'content-type: application/json; charset="utf-8"' in start.lower()
    return int(start.split()[1]), json.loads(body)


@pytest.fixture(scope="module")
def port():
    with running(Serving(threads=1, limits=SMALL)) as port:
        yield port
        assert post(port, TARGET, FORM, FORM_KIND).status == 200  # after all that, it works


def gauge(port, name):
    text = call(port, "GET", "/metrics").body.decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def test_a_body_that_is_declared_too_large(port):
    begin = time.monotonic()
    raw = talk(port, head("Content-Length: 9999999999\r\n") + b"x" * 1000)
    status, body = answer(raw)
    assert (status, body["error"]) == (413, "The request is larger than 200000 bytes")
    assert b"connection: close" in raw.lower()
    assert time.monotonic() - begin < 5


def test_a_client_that_asks_before_it_sends_too_much(port):
    raw = talk(port, head("Content-Length: 9999999\r\nExpect: 100-continue\r\n"))
    assert answer(raw)[0] == 413
    assert b"100 Continue" not in raw


def test_a_body_that_grows_too_large(port):
    chunk = b"4e20\r\n" + b"x" * 20_000 + b"\r\n"
    raw = talk(port, head("Transfer-Encoding: chunked\r\n") + chunk * 15)
    assert answer(raw)[0] == 413


def test_a_client_that_sends_all_of_it_gets_to_read_why(port):
    reply = post(port, TARGET, b"x" * 5_000_000, FORM_KIND)
    assert (reply.status, reply.json["error_code"]) == (413, 413)


@pytest.mark.parametrize("sent", [b"", b"x" * 100], ids=["nothing", "some"])
def test_a_body_that_does_not_come(port, sent):
    raw = talk(port, head("Content-Length: 1000\r\n") + sent)
    assert answer(raw) == (408, {"error_code": 408, "error": "The request came too slowly"})


@pytest.mark.parametrize("first", [head("Content-Length: 1000\r\n"), b"POST / HTTP/1.1\r\nHost: "])
def test_a_request_that_trickles(port, first):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(first)
        begin = time.monotonic()
        with suppress(ConnectionError):  # whichever error says that it is closed
            while time.monotonic() - begin < 8:
                client.sendall(b"x")
                time.sleep(0.05)
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("sent", [b"", b"POST", head()[:-2]])
def test_a_head_that_does_not_end(port, sent):
    assert answer(talk(port, sent))[0] == 408


def test_a_second_head_that_does_not_end(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head(f"Content-Length: {len(FORM)}\r\n") + FORM)
        first = client.recv(1 << 16)
        client.sendall(b"POST /v1")
        second = rest(client)
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert answer(second)[0] == 408


def test_a_second_head_that_comes_with_the_first_and_does_not_end(port):
    raw = talk(port, head(f"Content-Length: {len(FORM)}\r\n") + FORM + b"POST /v1")
    assert raw.startswith(b"HTTP/1.1 200 OK")


def test_a_head_that_is_too_long(port):
    raw = talk(port, head(f"X: {'x' * 70_000}\r\n"))
    assert answer(raw)[0] in {400, 431}
    assert answer(talk(port, b"POST /" + b"x" * 70_000))[0] in {400, 431}


def test_a_head_that_is_too_long_is_told_the_limit(port):
    for sent in (b"POST /?", head()[:-2] + b"X: "):  # in time, and with little left unread
        status, body = answer(talk(port, sent + b"x" * 60_000))
        assert status == 400
        assert body["error"] == "The request line and headers are longer than 60000 bytes"
    assert answer(talk(port, b"GET\r\n\r\n"))[1]["error"] == "Invalid HTTP request received."


@pytest.mark.parametrize(("more", "status"), [(27, 200), (28, 400)])
@pytest.mark.parametrize("urlencoded", [False, True])
def test_parameters_of_query_and_body_are_counted_together(port, more, status, urlencoded):
    target = f"{TARGET}&{'&'.join(['a=1'] * 19)}"  # 22 with the three of `TARGET`
    if urlencoded:
        body = "&".join([f"image_bytes={quote_plus(encoded_base64(PICTURE))}", *["b"] * more])
        reply = post(port, target, body.encode(), "application/x-www-form-urlencoded")
    else:
        reply = post(port, target, *multipart({f"b{i}": "1" for i in range(more)}, PICTURE))
    assert reply.status == status
    assert status == 200 or reply.error == "More than 50 parameters"


def test_a_connection_serves_several_requests_and_then_ends(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.connect()
    client = connection.sock
    for _ in range(3):
        connection.request("POST", TARGET, FORM, {"Content-Type": FORM_KIND})
        reply = connection.getresponse()
        assert (reply.status, bool(reply.read())) == (200, True)
        assert connection.sock is client
    client.settimeout(5)
    assert client.recv(1) == b""  # idle for longer than it is kept
    connection.close()


def test_a_body_that_nobody_wants_is_not_waited_for(port):
    begin = time.monotonic()
    raw = talk(port, head("Content-Length: 100000\r\n", target="/nothing") + b"x")
    assert answer(raw)[0] == 404
    assert time.monotonic() - begin < 5


def test_more_connections_than_there_may_be(port):
    idle = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(20)]
    try:
        status, body = answer(talk(port, b""))
        assert (status, body["error"]) == (503, "The server is busy")
    finally:
        for client in idle:
            client.close()
    wait_until(lambda: call(port, "GET", "/health").status == 200)


def test_a_picture_with_too_many_pixels():
    def load(serving):
        return FakeEngine(Settings(max_pixels=serving.limits.max_pixels))

    picture = cv2.imencode(".png", np.zeros((400, 300), np.uint8))[1].tobytes()
    with running(Serving(limits=SMALL), load=load) as port:
        reply = post(port, TARGET, *multipart({}, picture))
    assert reply.status == 400
    assert reply.error.startswith("image: 300 x 400 pixels, more than the limit of 100000 pixels")


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_full_queue_sends_clients_away(gate):
    engine = FakeEngine(gate=gate)
    serving = Serving(threads=1, limits=replace(SMALL, queue=1))
    with running(serving, engine=engine) as port, ThreadPoolExecutor(2) as callers:
        first = [callers.submit(post, port, TARGET, FORM, FORM_KIND) for _ in range(2)]
        wait_until(lambda: gauge(port, "alprcore_recognitions_pending") == 2)
        reply = post(port, TARGET, FORM, FORM_KIND)
        assert (reply.status, reply.error) == (503, "The server is busy")
        assert int(reply.headers["retry-after"]) >= 1
        assert call(port, "GET", "/health").status == 200
        gate.set()
        assert [each.result().status for each in first] == [200, 200]
        assert post(port, TARGET, FORM, FORM_KIND).status == 200


def test_a_recognition_that_takes_too_long_keeps_its_place_until_it_ends(gate):
    engine = FakeEngine(gate=gate)
    limits = replace(SMALL, queue=0, recognition_s=0.2)
    with running(Serving(threads=1, limits=limits), engine=engine) as port:
        reply = post(port, TARGET, FORM, FORM_KIND)
        assert (reply.status, reply.error) == (503, "Recognition took too long")
        assert post(port, TARGET, FORM, FORM_KIND).error == "The server is busy"
        gate.set()
        wait_until(lambda: post(port, TARGET, FORM, FORM_KIND).status == 200)


def test_who_leaves_the_queue_makes_room(gate):
    engine = FakeEngine(gate=gate)
    request = head(f"Content-Length: {len(FORM)}\r\n") + FORM
    serving = Serving(threads=1, limits=replace(SMALL, queue=1))
    with running(serving, engine=engine) as port, ThreadPoolExecutor(1) as callers:
        first = callers.submit(post, port, TARGET, FORM, FORM_KIND)
        wait_until(lambda: len(engine.calls) == 1)
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(request)
                wait_until(lambda: gauge(port, "alprcore_recognitions_pending") == 2)
            wait_until(lambda: gauge(port, "alprcore_recognitions_pending") == 1)
        gate.set()
        assert first.result().status == 200
        assert len(engine.calls) == 1  # nobody waited for the others


def test_a_client_that_does_not_take_its_reply():
    picture = cv2.imencode(".bmp", np.zeros((1500, 2000, 3), np.uint8))[1].tobytes()
    body, kind = multipart({}, picture)
    target = f"{TARGET}&return_image=1"
    request = head(f"Content-Length: {len(body)}\r\n", target=target, kind=kind)
    limits = replace(SMALL, max_body_bytes=10**7, max_buffered_bytes=10**7, body_s=10.0)
    with (
        running(Serving(threads=1, limits=limits)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(request + body)
        assert client.recv(12) == b"HTTP/1.1 200"
        assert gauge(port, "alprcore_buffered_bytes") in {0, len(body)}
        time.sleep(1.5)
        assert gauge(port, "alprcore_requests_in_flight") == 1  # the one that asks for this
        taken = 0
        with suppress(ConnectionError):
            while chunk := client.recv(1 << 20):
                taken += len(chunk)
        assert taken < len(body)  # in base64 there would have been more


def test_memory_for_bodies_is_counted():
    held = []
    buffers = Buffers(replace(SMALL, max_buffered_bytes=100), count=held.append)
    with buffers.counted() as first, buffers.counted() as second:
        first.take(60)
        second.take(40)
        with pytest.raises(Problem) as found:
            first.take(1)
        assert found.value.status == 503
    assert held[-1] == 0
    assert max(held) == 100


def test_bodies_that_fill_the_memory():
    limits = replace(SMALL, max_buffered_bytes=150_000, body_s=10.0)
    part = head("Content-Length: 150000\r\n") + b"x" * 100_000
    with (
        running(Serving(threads=1, limits=limits)) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(part)
        wait_until(lambda: gauge(port, "alprcore_buffered_bytes") == 100_000)
        reply = post(port, TARGET, b"x" * 100_000, FORM_KIND)
        assert (reply.status, reply.error) == (503, "The server is busy")
        client.close()
        wait_until(lambda: post(port, TARGET, FORM, FORM_KIND).status == 200)


def test_heads_that_fill_the_memory():
    limits = replace(SMALL, max_head_bytes=300_000, max_buffered_bytes=250_000, head_s=10.0)
    with (
        running(Serving(threads=1, limits=limits)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as first,
        socket.create_connection(("127.0.0.1", port), timeout=10) as second,
    ):
        begin = b"GET /health?" + b"x" * 150_000
        first.sendall(begin)
        time.sleep(0.2)
        with suppress(ConnectionError):
            second.sendall(begin)
        status, body = answer(rest(second))
        assert (status, body["error"]) == (503, "The server is busy")
        first.sendall(b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert answer(rest(first))[0] == 200


def test_a_server_that_is_loading():
    loaded = threading.Event()

    def load(_):
        assert loaded.wait(20)
        return FakeEngine()

    with ThreadPoolExecutor(3) as callers, running(load=load, ready=False) as port:
        try:
            early = [
                callers.submit(call, port, "GET", "/readyz"),
                *(callers.submit(post, port, TARGET, FORM, FORM_KIND) for _ in range(2)),
            ]
            time.sleep(0.3)
            assert not any(reply.done() for reply in early)  # they wait, nobody is sent away
        finally:
            loaded.set()
        assert [reply.result().status for reply in early] == [200, 200, 200]
        assert gauge(port, "alprcore_workers_ready") == 1


def test_requests_in_flight_are_answered_before_the_end(gate):
    engine = FakeEngine(gate=gate)
    with ThreadPoolExecutor(1) as callers:
        with running(Serving(threads=1), engine=engine) as port:
            reply = callers.submit(post, port, TARGET, FORM, FORM_KIND)
            wait_until(lambda: len(engine.calls) == 1)
            threading.Timer(0.5, gate.set).start()
        assert reply.result().status == 200


def test_times_are_of_what_they_say(monkeypatch):
    """A slow body is in a request's time alone; what comes before the queue, in the reply's too."""

    def slow(*words, **named):
        time.sleep(0.5)
        return ask_of(*words, **named)

    monkeypatch.setattr("alprcore.server.service.ask_of", slow)
    request = head(f"Content-Length: {len(FORM)}\r\nConnection: close\r\n") + FORM
    with (
        running(Serving(threads=1)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as client,
    ):
        client.sendall(request[:-10])
        time.sleep(1.5)
        client.sendall(request[-10:])
        body = answer(rest(client))[1]
        assert 500 <= body["total_processing_time"] < 1500
        assert gauge(port, "alprcore_recognition_seconds_sum") < 0.4
        assert gauge(port, "alprcore_request_seconds_sum") >= 2.0


def test_the_time_of_a_recognition_has_the_queue_in_it(gate):
    engine = FakeEngine(gate=gate)
    with running(Serving(threads=1), engine=engine) as port, ThreadPoolExecutor(2) as callers:
        replies = [callers.submit(post, port, TARGET, FORM, FORM_KIND) for _ in range(2)]
        wait_until(lambda: gauge(port, "alprcore_recognitions_pending") == 2)
        time.sleep(0.5)
        gate.set()
        assert [reply.result().status for reply in replies] == [200, 200]
        assert gauge(port, "alprcore_recognition_seconds_count") == 2
        assert gauge(port, "alprcore_recognition_seconds_sum") >= 1.0
