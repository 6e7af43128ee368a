# SPDX-License-Identifier: Apache-2.0
"""``alprcore serve`` as a program: its start, its processes, its log and its end."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import pytest
from process_tools import wait_until
from server_tools import SAMPLES, call, multipart, post

from alprcore.cli import main
from alprcore.server.accounts.file import Accounts
from alprcore.server.config import Serving, threads_of
from alprcore.server.http.listener import listen
from alprcore.server.run import check, is_loopback
from alprcore.server.watching.cells import Cells, make_cells
from alprcore.server.watching.metrics import Metrics, make_metrics

SMALL = cv2.resize(cv2.imread(str(SAMPLES / "us.jpg")), None, fx=0.5, fy=0.5)
BODY, KIND = multipart({}, cv2.imencode(".png", SMALL)[1].tobytes())
posix = pytest.mark.skipif(sys.platform == "win32", reason="one worker there")


@dataclass
class Program:
    """A running server: its process, where it listens and what it has written."""

    process: subprocess.Popen
    port: int = 0
    said: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def lines(self, event):
        found = [json.loads(line) for line in list(self.log)]  # each line is JSON
        return [line for line in found if line["event"] == event]

    def workers(self):
        return {line["worker"] for line in self.lines("ready")}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)


@contextmanager
def program(*words):
    command = [sys.executable, "-m", "alprcore", "serve", "--port", "0", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        running = Program(process)
        readers = [
            threading.Thread(target=lambda: running.log.extend(process.stdout)),
            threading.Thread(target=lambda: running.said.extend(process.stderr)),
        ]
        for reader in readers:
            reader.start()
        try:
            wait_until(lambda: running.lines("serving") or process.poll() is not None, 60)
            running.port = running.lines("serving")[0]["port"]
            workers = int(words[words.index("--workers") + 1]) if "--workers" in words else 1
            wait_until(lambda: len(running.workers()) == workers, 60)
            yield running
        finally:
            process.terminate()
            process.wait(90)
            for reader in readers:
                reader.join(10)


def ask(port, key="k", tasks="plate"):
    return post(port, f"/v1/recognize?secret_key={key}&tasks={tasks}&country=us", BODY, KIND)


def total(port, name):
    text = call(port, "GET", "/metrics").body.decode()
    return sum(float(n) for n in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))


@posix
def test_two_workers(tmp_path):
    path = tmp_path / "accounts.db"
    accounts = Accounts(path, create=True)
    key = accounts.add("shop", credits_a_month=10)
    with program("--workers", 2, "--accounts", path) as running:
        port = running.port
        with ThreadPoolExecutor(6) as callers:
            replies = list(callers.map(lambda _: ask(port, key), range(14)))
        assert sorted(reply.status for reply in replies) == [200] * 10 + [402] * 4
        assert sorted(
            reply.json["credits_monthly_used"] for reply in replies if reply.status == 200
        ) == list(range(1, 11))
        assert accounts.usage()[0].credits == 10
        plates = {reply.json["plate"]["results"][0]["plate"] for reply in replies[:1]}
        lines = running.lines("request")
        answered = [line for line in lines if line["endpoint"] == "/v1/recognize"]
        assert {line["worker"] for line in answered} == running.workers()
        assert total(port, 'alprcore_requests_total{endpoint="/v1/recognize",status="200"}') == 10
        assert total(port, "alprcore_credits_total") == 10
        assert total(port, "alprcore_workers") == total(port, "alprcore_workers_ready") == 2

        # A worker that is killed is replaced, and what it counted stays.
        killed = min(running.workers())
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: call(port, "GET", "/readyz").status == 503)
        with ThreadPoolExecutor(6) as callers:  # and meanwhile nobody is sent away
            replies = list(callers.map(lambda _: call(port, "GET", "/v3/config"), range(12)))
        assert {reply.status for reply in replies} == {200}
        wait_until(lambda: len(running.workers()) == 3)
        wait_until(lambda: call(port, "GET", "/readyz").status == 200)
        (death,) = running.lines("a worker died and is replaced")
        assert (death["level"], death["died"]) == ("error", killed)
        assert total(port, "alprcore_credits_total") == 10
        assert total(port, "alprcore_workers_ready") == 2
        assert call(port, "GET", "/health").status == 200
        assert running.stop() == 0
    accounts.close()
    log = "".join(running.log)
    assert key not in log
    assert not any(plate in log for plate in plates)
    assert {line["account"] for line in answered} == {"shop"}
    assert all(line["ms"] > 0 for line in answered)


@posix
def test_workers_are_renewed_one_after_the_other_and_nobody_notices():
    with program("--workers", 2) as running:
        old, statuses, stop = running.workers(), [], threading.Event()

        def keep_calling():
            while not stop.is_set():
                statuses.append(call(running.port, "GET", "/v3/config").status)

        caller = threading.Thread(target=keep_calling)
        caller.start()
        running.process.send_signal(signal.SIGHUP)
        for worker in old:
            wait_until(lambda event=f"Finished server process [{worker}]": running.lines(event))
        count = len(statuses)
        wait_until(lambda: len(statuses) > count + 20)  # the new ones answer
        stop.set()
        caller.join(20)
        assert set(statuses) == {200}
        assert len(running.workers()) == 4
        assert running.stop() == 0


@posix
def test_workers_end_when_their_parent_is_killed():
    with program("--workers", 2) as running:
        workers = running.workers()
        running.process.kill()
        running.process.wait(10)
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), 20)  # noqa: PTH110


def test_one_worker_answers_what_it_has_begun_before_it_ends():
    with program("--log-plates") as running, ThreadPoolExecutor(2) as callers:
        (warning,) = [
            line for line in map(json.loads, running.log) if "any secret" in line["event"]
        ]
        assert warning["level"] == "warning"
        replies = [callers.submit(ask, running.port) for _ in range(2)]
        wait_until(lambda: total(running.port, "alprcore_requests_in_flight") == 3)
        assert running.stop() == 0
        plates = [reply.result().json["plate"]["results"][0]["plate"] for reply in replies]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port))
    assert [line["texts"] for line in running.lines("request") if "texts" in line] == [
        [plate] for plate in plates
    ]


@posix
@pytest.mark.parametrize("workers", [1, 2])
def test_who_comes_while_it_ends_is_answered_or_refused_never_cut_off(workers):
    """Callers without pause, each request on a connection of its own, while the server stops."""
    ends: list[str] = []

    def keep_calling(port, stop):
        while not stop.is_set():
            try:
                ends.append(str(call(port, "GET", "/v3/config", timeout=20).status))
            except ConnectionRefusedError:
                ends.append("refused")
            except (OSError, http.client.HTTPException) as error:
                ends.append(repr(error))

    with program("--workers", workers) as running:
        stop = threading.Event()
        words = (running.port, stop)
        callers = [threading.Thread(target=keep_calling, args=words) for _ in range(6)]
        for caller in callers:
            caller.start()
        wait_until(lambda: ends.count("200") > 50)
        slow = socket.create_connection(("127.0.0.1", running.port))  # has sent nothing yet
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        slow.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")
        slow.close()
        assert running.process.wait(90) == 0
        stop.set()
        for caller in callers:
            caller.join(30)
    assert set(ends) == {"200", "refused"}
    assert running.said == []


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--host", "0.0.0.0"], "can be reached from other machines"),
        (["--host", "::"], "can be reached from other machines"),
        (["--accounts", "nothing.db"], "no file 'nothing.db'"),
        (["--host", "no.such.host.invalid"], "no address 'no.such.host.invalid'"),
        (["--port", "70000"], "expected 0 to 65535"),
        (["--workers", "0"], "expected 1 to 64"),
        (["--workers", "2", "--bank", "nothing.npz"], "nothing.npz"),
    ],
)
def test_a_server_that_cannot_start_says_why(words, text, capsys):
    try:
        code = main(["serve", *words])
    except SystemExit as stop:
        code = stop.code
    assert code == 1
    assert text in capsys.readouterr().err


# A server whose engine cannot be loaded: `argv[1]` is what happens.
BROKEN = """
import sys
from alprcore.errors import AlprError
from alprcore.server import engines, run
from alprcore.server.config import Serving

def broken(**_):
    raise {"expected": AlprError, "other": RuntimeError}[sys.argv[1]]("no engine")

engines.Engine = broken
run.serve(Serving(port=0), say=print)
"""


@pytest.mark.parametrize("kind", ["expected", "other"])
def test_a_server_without_an_engine_ends_as_a_failure(kind):
    command = [sys.executable, "-c", BROKEN, kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["event"] == "the engine cannot be loaded"]
    assert line["level"] == "error"
    assert "no engine" in line["traceback"]


def test_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert main(["serve", "--port", str(other.getsockname()[1])]) == 1
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err


def test_an_account_file_needs_a_key_that_is_not_revoked(tmp_path, capsys):
    path = tmp_path / "accounts.db"
    accounts = Accounts(path, create=True)
    assert main(["serve", "--accounts", str(path)]) == 1
    assert "has no key" in capsys.readouterr().err
    accounts.add("a")
    check(Serving(host="0.0.0.0", accounts=path))
    accounts.revoke("a")
    accounts.close()
    assert main(["serve", "--accounts", str(path), "--host", "0.0.0.0"]) == 1


def test_loopback():
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "8.8.8.8"]))


def test_other_commands_do_without_the_server(monkeypatch, capsys):
    loaded = "import sys, alprcore.cli; alprcore.cli.parser(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert not {"starlette", "uvicorn", "h11", "sqlite3"} & set(done.stdout.split())
    for module in [name for name in sys.modules if name.startswith("alprcore.server.run")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve"]) == 1
    said = capsys.readouterr().err
    assert said == "alprcore: serve: uvicorn is not installed; pip install 'alprcore[server]'\n"


def test_threads_share_the_cores():
    cores = threads_of(Serving())
    assert cores >= 1
    assert threads_of(Serving(workers=cores)) == 1
    assert threads_of(Serving(workers=10_000)) == 1
    assert threads_of(Serving(threads=7, workers=3)) == 7


@posix
def test_workers_count_in_rows_of_their_own(tmp_path):
    path = tmp_path / "cells"
    make_cells(path, columns=3, workers=1)
    count = (
        "import sys; from pathlib import Path; from alprcore.server.watching.cells import Cells;"
        "cells = Cells(3, Path(sys.argv[1])); [cells.add(1, 2) for _ in range(1000)];"
        "print(int(cells.sums()[1]), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", count, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    workers = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]
    for worker in workers:
        worker.stdout.readline()
    mine = Cells(3, path)
    mine.add(1, 5)
    assert list(mine.sums()) == [0, 4005, 0]
    mine.close()
    for worker in workers:
        worker.communicate()
    again = subprocess.run(command, input="", capture_output=True, text=True, check=True)
    assert int(again.stdout) == 6005  # the row of one that ended goes on


def test_metrics_are_prometheus_text(tmp_path):
    metrics = Metrics()
    metrics.request("/v1/recognize", 200, 0.07)
    metrics.request("/v1/recognize", 418, 40.0)
    metrics.recognition(0.01)
    metrics.charged(3, plates=2)
    text = metrics.text()
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    assert samples['alprcore_requests_total{endpoint="/v1/recognize",status="other"}'] == "1"
    buckets = [
        int(n) for name, n in samples.items() if name.startswith("alprcore_request_seconds_b")
    ]
    assert buckets == sorted(buckets)
    assert buckets[2:5] == [0, 1, 1]
    assert buckets[-2:] == [1, 2]
    assert samples["alprcore_request_seconds_count"] == "2"
    assert samples["alprcore_recognition_seconds_sum"] == "0.010000"
    assert (samples["alprcore_plates_total"], metrics.credits_charged()) == ("2", 3)
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+({(\w+="[^"]*",?)+})? [\d.]+', line), line
    if sys.platform != "win32":
        make_metrics(tmp_path / "m", workers=2)
        shared = Metrics(tmp_path / "m")
        shared.gauge("alprcore_workers_ready", 1)
        assert "\nalprcore_workers_ready 1\n" in shared.text()
        shared.close()


@posix
def test_processes_take_turns_at_the_socket():
    with listen("127.0.0.1", 0) as listener:
        clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
        accepted = []
        for _ in range(3):
            accepted.append(listener.accept()[0])
            with pytest.raises(BlockingIOError):
                listener.accept()
        with pytest.raises(BlockingIOError):
            listener.accept()
        for end in (*clients, *accepted):
            end.close()
