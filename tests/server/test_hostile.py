# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent, the server answers with an error in JSON or hangs up, and goes on."""

from __future__ import annotations

import json
import random
import socket
import threading
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_tools import PICTURE, SMALL, FakeEngine, multipart, post, rest, running, talk

from alprcore.server.config import Serving

TARGET = "/v1/recognize?secret_key=k&tasks=plate&country=us"
FORM, FORM_KIND = multipart({"state": "md"}, PICTURE)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
UPGRADE = b"Connection: close, upgrade\r\nUpgrade: websocket\r\n\r\n"
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def port():
    with running(Serving(threads=2, limits=SMALL), engine=FakeEngine()) as port:
        yield port
        assert post(port, TARGET, FORM, FORM_KIND).status == 200


def checked(raw):
    """The statuses of replies, which must be whole and tell nothing of this machine."""
    statuses = []
    while raw or not statuses:
        start, _, after = raw.partition(b"\r\n\r\n")
        headers = dict(line.split(b": ", 1) for line in start.lower().split(b"\r\n")[1:])
        assert headers[b"content-type"] == b'application/json; charset="utf-8"'
        size = int(headers[b"content-length"])
        body, raw = after[:size], after[size:]
        assert len(body) == size
        statuses.append(int(start.split()[1]))
        if statuses[-1] != 200:
            assert json.loads(body)["error_code"] == statuses[-1]
            for secret in (b"/work", b"/home", b"/usr", b"/tmp", b".py", b"Traceback"):
                assert secret not in body
    return set(statuses)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a client that speaks TLS
        b"\r\n\r\n",
        b"\0" * 100,
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST %b HTTP/1.1\r\nHost: a\r\n%b" % (TARGET.encode(), CHUNKED + b"zz\r\n"),
        b"POST %b HTTP/1.1\r\nHost: a\r\n%b" % (TARGET.encode(), CHUNKED + b"-1\r\n"),
    ],
)  # fmt: skip
def test_what_is_no_request(port, sent):
    assert checked(talk(port, sent)) <= {400, 408, 431, 501}


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET http://a/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\nX: \xff\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\n%b" % UPGRADE,
        b"GET /health HTTP/1.0\r\n%b\r\n" % b"".join(b"X%d: y\r\n" % i for i in range(5000)),
        b"GET /health HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"* * HTTP/1.0\r\n\r\n",
        b"OPTIONS * HTTP/1.0\r\n\r\n",
    ],
)
def test_odd_requests(port, head):
    assert checked(talk(port, head)) <= {200, 400, 404, 405}


def cut_bodies():
    for length in range(0, len(FORM) - 5, 7):
        yield FORM[:length]
    yield FORM.replace(b"Boundary7", b"Boundary8")
    yield FORM.replace(b"\r\n", b"\n")
    yield FORM.replace(b"name=", b"nome=")


def test_broken_multipart_bodies(port):
    for body in cut_bodies():
        reply = post(port, TARGET, body, FORM_KIND)
        assert reply.status == 400, body
        assert reply.error


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (FORM, "multipart/form-data"),
        (FORM, "multipart/form-data; boundary="),
        (FORM, 'multipart/form-data; boundary="Boundary7'),
        (FORM, "multipart/form-data; boundary=" + "x" * 30_000),
        (FORM, "application/json"),
        (FORM, "text/plain; charset=utf-16"),
        (FORM, "image/png"),
        (FORM, URLENCODED),
        (FORM, "\xff\xfe"),
        (PICTURE, "image/png"),
        (b'{"secret_key":"k"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff" * 1000, URLENCODED),
        (b"image_bytes=" + b"%" * 1000, URLENCODED),
        (b"image_bytes=" + b"%41" * 60_000, URLENCODED),
        (b"&".join(b"f%d=1" % i for i in range(5000)), URLENCODED),
        (b"&" * 100_000, URLENCODED),
        multipart({f"f{i}": "1" for i in range(2000)}),
        (b"x" * 100_000, "multipart/form-data; boundary=x"),
        (b"--" * 50_000, "multipart/form-data; boundary=-"),
    ],
    ids=range(20),
)
def test_wrong_types_and_many_fields(port, body, kind):
    for path in (TARGET, "/v2/recognize?secret_key=k&country=us"):
        reply = post(port, path, body, kind)
        assert (reply.status, bool(reply.error)) == (400, True)


def test_thousands_of_fields_in_the_query(port):
    reply = post(port, TARGET + "&a=1" * 5000, FORM, FORM_KIND)
    assert (reply.status, reply.error) == (400, "More than 50 parameters")


def mutated(seed):
    """A good request with some bytes changed, left out or doubled."""
    chance = random.Random(seed)
    head = (
        f"POST {TARGET} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {FORM_KIND}\r\n"
    )
    sent = bytearray(f"{head}Content-Length: {len(FORM)}\r\n\r\n".encode() + FORM)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(sent))
        match chance.randrange(4):
            case 0:
                sent[at] = chance.randrange(256)
            case 1:
                del sent[at : at + chance.randint(1, 30)]
            case 2:
                sent[at:at] = sent[at : at + chance.randint(1, 30)]
            case _:
                sent[at:at] = chance.choice(
                    [b"\0", b"\r\n", b"\r\n\r\n", b"\xff\xfe", b"%00", b'"']
                )
    return bytes(sent)


def test_requests_with_changed_bytes(port):
    statuses = []

    def send(seeds):
        for seed in seeds:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                with suppress(ConnectionError):
                    client.sendall(mutated(seed))
                statuses.append(checked(rest(client)))

    senders = [threading.Thread(target=send, args=(range(first, 200, 8),)) for first in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(statuses) == 200
    assert set().union(*statuses) <= {200, 400, 404, 405, 408, 413, 431, 501}
    assert {200} in statuses
    assert {400} in statuses


NAMES = st.sampled_from(
    ["secret_key", "tasks", "image", "image_bytes", "image_url", "country", "state", "topn"]
    + ["return_image", "prewarp", "recognize_vehicle", "is_cropped", "", "\0", "名"]
)
VALUES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"plate", b"us", b"1", b"k", b"color,make", b"iVBORw0KGgo=", PICTURE]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["/v1/recognize", "/v2/recognize", "/v3/recognize", "/v2/recognize_bytes"]),
    st.dictionaries(NAMES, VALUES, max_size=8),
    st.booleans(),
)
def test_any_fields(port, path, fields, whole):
    body, kind = multipart(fields)
    reply = post(port, path, body if whole else body[:-20], kind)
    assert reply.status in {200, 400}
    assert reply.status == 200 or reply.error
