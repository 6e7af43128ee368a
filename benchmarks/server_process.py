# SPDX-License-Identifier: Apache-2.0
"""``alprcore serve`` as a process of its own, and what it uses: for the programs and tests here."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 120  # most seconds for the server to load its networks

Server = subprocess.Popen[bytes]


@contextmanager
def serving(workers: int, *more: str) -> Iterator[tuple[int, Server]]:
    """Run ``alprcore serve`` on a free port of the loopback interface while the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "alprcore", "serve", "--host", "127.0.0.1",
               "--port", str(port), "--workers", str(workers), *more]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process, workers)
        yield port, process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, process: Server, workers: int) -> None:
    """Wait until every worker is ready."""
    end = time.monotonic() + START_S
    while not _ready(port, workers):
        if process.poll() is not None:
            raise SystemExit(f"the server ended at its start with code {process.returncode}")
        if time.monotonic() > end:
            raise SystemExit(f"the server was not ready after {START_S} s")
        time.sleep(0.1)


def _ready(port: int, workers: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request("GET", "/readyz")
        with connection.getresponse() as reply:
            return reply.status == 200 and json.loads(reply.read())["workers"] == workers
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def family(process: Server) -> list[int]:
    """Return the ids of the server's processes, its own first; empty off Linux."""
    found, open_ids = [], [process.pid]
    while open_ids:
        pid = open_ids.pop(0)
        try:
            open_ids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except OSError:
            continue
        found.append(pid)
    return found


def memory_mib(process: Server) -> dict[int, float]:
    """Return the resident memory of each of the server's processes in MiB, by id."""
    found = {}
    for pid in family(process):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        found[pid] = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return found


def cpu_s(process: Server) -> float:
    """Return the CPU time that the server's processes have used, in seconds; 0 off Linux."""
    ticks = 0
    for pid in family(process):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # user and system
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0
