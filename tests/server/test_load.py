# SPDX-License-Identifier: Apache-2.0
"""The server as users run it, with two worker processes: nothing lost, nothing mixed up."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import load_server
from server_process import memory_mib, serving

from alprcore import Engine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="one worker there")


@pytest.fixture(scope="module")
def made():
    return load_server.cases(Engine(load_server.COUNTRY, topn=load_server.TOPN), widths=2)


@pytest.fixture(scope="module")
def server():
    with serving(2) as (port, process):
        yield port, process


def send(port, made, number, callers):
    return load_server.over_http(port, made, number, callers, time.monotonic() + 60)


def test_sixteen_callers_each_get_the_reply_to_their_picture(server, made):
    run = send(server[0], made, 32, 16)
    assert run.problems == []
    assert len(run.latency_ms) == 32


def test_a_wrong_reply_would_be_noticed(made):
    right = json.dumps({"plate": {"results": made[0].expected}}).encode()
    assert load_server.problem_of(made[0], 200, right) == ""
    assert load_server.problem_of(made[1], 200, right)  # the same plate, eight pixels aside
    assert load_server.problem_of(made[0], 503, right)
    lost = load_server.spread(3, 2, time.monotonic() + 9, lambda jobs, run: list(jobs))
    assert lost.problems == ["3 of 3 requests have no reply"]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_the_memory_of_every_process_is_watched(server):
    _, process = server
    found = memory_mib(process)
    assert process.pid in found
    assert len(found) >= 3  # two workers and the one that started them
    assert all(1 < mib < 4096 for mib in found.values())


def stalled(port, what):
    """A connection on which part of a request was sent, and no more will be."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = f"POST {load_server.target()} HTTP/1.1\r\nHost: a\r\n"
    body = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
    client.sendall(
        {"head": head[:40], "headers": head, "body": head + body + "--b\r\n"}[what].encode()
    )
    return client


@pytest.mark.parametrize("what", ["head", "headers", "body"])
def test_clients_that_stall_hold_up_nobody(server, made, what):
    port, _ = server
    with contextlib.ExitStack() as open_clients:
        for _ in range(60):
            open_clients.enter_context(stalled(port, what))
        run = send(port, made, 16, 4)
    assert run.problems == []


def test_clients_that_hang_up_leave_nothing_behind(server, made):
    port, _ = server
    kind = "Content-Type: multipart/form-data; boundary=" + load_server.BOUNDARY
    for step in range(40):
        body = made[step % len(made)].body
        head = f"POST {load_server.target()} HTTP/1.1\r\nHost: a\r\n{kind}\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    run = send(port, made, 16, 4)
    # What was given up may still fill the queue: then the server says so, and to come again.
    rest = [problem for problem in run.problems if "status 503" not in problem]
    assert rest == []
    deadline = time.monotonic() + 30
    while send(port, made, 4, 1).problems:
        assert time.monotonic() < deadline


def test_a_connection_is_kept_for_the_next_request(server, made):
    port, _ = server
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    kind = {"Content-Type": f"multipart/form-data; boundary={load_server.BOUNDARY}"}
    connection.connect()
    kept = connection.sock
    for case in made[:3]:
        connection.request("POST", load_server.target(), case.body, kind)
        reply = connection.getresponse()
        assert load_server.problem_of(case, reply.status, reply.read()) == ""
        assert connection.sock is kept
    connection.close()


def test_the_server_ends_when_told_to(made):
    with serving(2) as (port, process):
        assert send(port, made, 2, 1).problems == []
        children = [pid for pid in memory_mib(process) if pid != process.pid]
        process.terminate()
        process.wait(30)
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(OSError):  # noqa: PT011 - refused, or reset by a socket that closes
        socket.create_connection(("127.0.0.1", port), timeout=5)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
