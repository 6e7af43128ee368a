# SPDX-License-Identifier: Apache-2.0
"""Real parts around the agent: a receiver that fails as told, a camera's stream, the program."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from process_tools import wait_until

pytest.importorskip("av", reason="the extra `video` is not installed")

import av
from clip_files import write_clip

from alprcore.resources import sample_path

SIZE = (480, 270)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Receiver:
    """A webhook's receiver; `answer` gives the status of each post, 0 hangs up."""

    def __init__(self, port: int = 0, answer: Callable[[int], int] = lambda _: 200) -> None:
        self.answer, self.delay_s = answer, 0.0
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []
        self.attempts = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.attempts += 1
                time.sleep(receiver.delay_s)
                status = receiver.answer(receiver.attempts)
                if status == 0:
                    self.close_connection = True
                    return
                if 200 <= status < 300:
                    key = self.headers["Idempotency-Key"]
                    receiver.posts.append((key, body, dict(self.headers)))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass  # a sender that was killed

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/push/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def of(self, kind: str) -> list[tuple[str, dict]]:
        """Keys and bodies of the posts of a kind."""
        found = [(key, json.loads(body)) for key, body, _ in list(self.posts)]
        return [(key, body) for key, body in found if body["data_type"] == kind]


@contextmanager
def receiving(*args: object, **options: object) -> Iterator[Receiver]:
    receiver = Receiver(*args, **options)
    try:
        yield receiver
    finally:
        receiver.close()


def passing_car(path: Path, *, still_s: float = 1.4) -> Path:
    """A clip at 25 frames/s: the car of a sample picture passes in 0.6 s, then an empty road."""
    image = cv2.imread(str(sample_path("eu.jpg")))
    pictures = []
    for i in range(15):
        move = np.array([[0.6, 0, -60 + 9 * i], [0, 0.6, -120 + 3 * i]])
        pictures.append(cv2.warpAffine(image, move, SIZE, borderMode=cv2.BORDER_REPLICATE))
    pictures += [np.full_like(pictures[0], 90)] * round(25 * still_s)
    return write_clip(path, [40 * i for i in range(len(pictures))], images=pictures, b_frames=0)


def sending_times(clip: Path) -> list[tuple[int, float]]:
    """For each frame of a transport stream, where it begins and its seconds from the first."""
    with av.open(str(clip)) as container:
        packets = [p for p in container.demux(video=0) if p.dts is not None]
        start = packets[0].dts
        return [(p.pos, float((p.dts - start) * p.time_base)) for p in packets]


class Camera:
    """A camera on loopback: an MPEG transport stream over HTTP, in real time, without an end.

    `rounds` clips are sent on each connection, then it breaks off; times begin anew with each clip.
    """

    def __init__(self, clip: Path, seconds: float, *, rounds: int = 10**9) -> None:
        self.content, self.seconds, self.rounds = clip.read_bytes(), seconds, rounds
        self.due = sending_times(clip)
        self.connections = self.clips = 0
        self.stopped = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.connections += 1
                self.send_response(200)
                self.send_header("Content-Type", "video/mp2t")
                self.end_headers()
                for _ in range(camera.rounds):
                    if not camera.send(self.wfile):
                        return
                    camera.clips += 1

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/stream.ts"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def send(self, out: object) -> bool:
        """Send the clip once in its own time; return whether to go on."""
        begin, sent = time.monotonic(), 0
        for end, due_s in [*self.due, (len(self.content), self.seconds)]:
            out.write(self.content[sent:end])
            sent = end
            if self.stopped.wait(max(0.0, begin + due_s - time.monotonic())):
                return False
        return True

    def close(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def filming(*args: object, **options: object) -> Iterator[Camera]:
    camera = Camera(*args, **options)
    try:
        yield camera
    finally:
        camera.close()


class Program:
    """``alprcore agent`` as a process; its log is a file that goes on over several starts."""

    def __init__(self, folder: Path, config: str) -> None:
        self.config = folder / "agent.toml"
        self.config.write_text(config, "utf-8")
        self.log = folder / "agent.log"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "alprcore", "agent", "--debug", "--config", self.config],
                stderr=log,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )

    def until(self, claim: Callable[[], object], seconds: float = 90.0) -> None:
        """Wait until `claim` holds while the program runs."""
        wait_until(lambda: claim() or self.process.poll() is not None, seconds)
        assert claim(), self.lines()[-5:]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def lines(self) -> list[str]:
        return self.log.read_text("utf-8").splitlines() if self.log.exists() else []

    def put(self) -> list[str]:
        """Keys of the groups that were on disk before the program went on."""
        marks = [line.partition("put job id: ")[2] for line in self.lines()]
        return [key for key in marks if key]

    def held(self) -> list[str]:
        """Keys of the groups that were in memory only, because the disk was full."""
        found = [re.match(r"WARNING - (\S+) is in memory only", line) for line in self.lines()]
        return [each[1] for each in found if each]


@contextmanager
def agent(folder: Path, config: str) -> Iterator[Program]:
    program = Program(folder, config)
    try:
        yield program
    finally:
        program.close()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Make a folder a file system of its own, where that is allowed; yield whether it is one."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mount = shutil.which("mount")
    mounted = (
        mount is not None and not subprocess.run(words, capture_output=True, check=False).returncode
    )
    try:
        yield mounted
    finally:
        if mounted:
            gc.collect()  # a test that failed leaves its files open
            subprocess.run(["umount", "-l", str(folder)], check=True)


def filled(folder: Path) -> Path:
    """Write a file until nothing more fits."""
    fill = folder / "fill"
    with fill.open("ab", 0) as out, suppress(OSError):
        while out.write(bytes(4096)):
            pass
    return fill


@contextmanager
def service(name: str, *words: str, port: int) -> Iterator[subprocess.Popen]:
    """A server of the system on a port of loopback; the test is skipped where it is missing."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    running = subprocess.Popen([path, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port), 10.0)
        yield running
    finally:
        running.kill()
        running.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
