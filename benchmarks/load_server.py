# SPDX-License-Identifier: Apache-2.0
"""The HTTP server under load, beside the same pictures through the Python API.

``python benchmarks/load_server.py`` starts ``alprcore serve`` on a free port of this machine and
sends it the shipped samples, each in several widths so that no two replies are alike. It prints
latency, pictures per second and CPU time of the server's processes for 1, 4 and 16 callers, the
same of the Python API, then the memory of the processes over `--soak` requests.

It fails when a reply is missing, is not exactly what the Python API says of the picture that was
sent, or when a process has grown by more than `--most-growth` MiB. CPU times and memory are read
from /proc. On a busy machine look at the differences and at CPU time, not at the latencies.
"""

from __future__ import annotations

import argparse
import http.client
import json
import queue
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
from server_process import Server, cpu_s, memory_mib, serving

from alprcore import Engine
from alprcore.openalpr.form import of_usual_length

SAMPLES = Path(__file__).resolve().parents[1] / "runtime_data" / "samples"
COUNTRY, TOPN = "us,eu,br", 5
WIDTHS = 8  # variants of each sample: its left edge repeated 0, 8, 16, … pixels wide
TIMES = {"processing_time_ms", "epoch_time"}


@dataclass(frozen=True)
class Case:
    """A request, ready to send, and what must come back."""

    name: str
    content: bytes
    body: bytes
    expected: list[dict[str, Any]]


@dataclass
class Run:
    """What came of a number of requests."""

    latency_ms: list[float] = field(default_factory=list)
    elapsed_s: float = 0.0
    cpu_s: float = 0.0
    problems: list[str] = field(default_factory=list)

    def row(self, name: str) -> str:
        cells = [f"{quantile(self.latency_ms, share):9.1f}" for share in (50, 95, 99)]
        rate = len(self.latency_ms) / self.elapsed_s if self.elapsed_s else 0.0
        return f"{name:22}{''.join(cells)}{rate:12.1f}{self.cpu_ms:9.1f}"

    @property
    def cpu_ms(self) -> float:
        """CPU time of one picture in milliseconds: what other programs do has no part in it."""
        return 1e3 * self.cpu_s / max(len(self.latency_ms), 1)


def quantile(values: Sequence[float], share: int) -> float:
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


BOUNDARY = secrets.token_hex(16)


def cases(engine: Engine, widths: int = WIDTHS) -> list[Case]:
    """Return the pictures with the plates that `engine` reads in them."""
    made = []
    for path in sorted(SAMPLES.glob("*.jpg")):
        frame = cv2.imread(str(path))
        for step in range(widths):
            wide = cv2.copyMakeBorder(frame, 0, 0, 8 * step, 0, cv2.BORDER_REPLICATE)
            content = cv2.imencode(".jpg", wide, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
            head = (
                f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
                'name="image"; filename="a.jpg"\r\n\r\n'
            )
            body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
            whole = engine.recognize(content)
            found = of_usual_length(whole, engine.countries.text_lengths).to_dict()
            expected = [without_times(result) for result in found["results"]]
            made.append(Case(f"{path.stem}+{8 * step}", content, body, expected))
    if len({json.dumps(case.expected) for case in made if case.expected}) < len(made):
        raise SystemExit("two of the pictures have the same answer: mix-ups would not be seen")
    return made


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in result.items() if key not in TIMES}
    kept.pop("vehicle_region", None)  # not part of a version 1 reply
    return kept


def target() -> str:
    return f"/v1/recognize?secret_key=load&tasks=plate&country={COUNTRY}&topn={TOPN}"


def problem_of(case: Case, status: int, body: bytes) -> str:
    """Return what is wrong with a reply, ``""`` for nothing."""
    if status != 200:
        return f"{case.name}: status {status}, {body[:200]!r}"
    got = [without_times(result) for result in json.loads(body)["plate"]["results"]]
    if got != case.expected:
        texts = [result["plate"] for result in got]
        return f"{case.name}: {texts} instead of {[r['plate'] for r in case.expected]}"
    return ""


def spread(number: int, callers: int, deadline: float, work: Callable[..., None]) -> Run:
    """Let `callers` threads do `number` jobs; `work` gets each thread's source of job numbers."""
    run, jobs = Run(), queue.SimpleQueue[int]()
    for job in range(number):
        jobs.put(job)

    def taken() -> Iterator[int]:
        while time.monotonic() < deadline:
            try:
                yield jobs.get_nowait()
            except queue.Empty:
                return

    threads = [threading.Thread(target=work, args=(taken(), run)) for _ in range(callers)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.elapsed_s = time.perf_counter() - begin
    missing = number - len(run.latency_ms)
    if missing:
        run.problems.append(f"{missing} of {number} requests have no reply")
    return run


def ask(connection: http.client.HTTPConnection, case: Case, run: Run) -> None:
    """Send one request and note how long it took and what was wrong with the reply."""
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    begin = time.perf_counter()
    try:
        connection.request("POST", target(), case.body, kind)
        reply = connection.getresponse()
        body = reply.read()
    except (OSError, http.client.HTTPException) as error:
        run.problems.append(f"{case.name}: {error!r}")
        connection.close()
        return
    run.latency_ms.append((time.perf_counter() - begin) * 1e3)
    if problem := problem_of(case, reply.status, body):
        run.problems.append(problem)


def recognize(engine: Engine, case: Case, run: Run) -> None:
    """Recognize one picture in this process and note the same."""
    begin = time.perf_counter()
    found = engine.recognize(case.content)
    run.latency_ms.append((time.perf_counter() - begin) * 1e3)
    kept = of_usual_length(found, engine.countries.text_lengths).to_dict()["results"]
    if [without_times(result) for result in kept] != case.expected:
        run.problems.append(f"{case.name}: the API itself answers differently")


def over_http(port: int, made: Sequence[Case], number: int, callers: int, deadline: float) -> Run:
    """Send `number` requests, each caller on a connection that it keeps."""

    def work(jobs: Iterator[int], run: Run) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for job in jobs:
            ask(connection, made[job % len(made)], run)
        connection.close()

    return spread(number, callers, deadline, work)


def in_turn(
    server: tuple[int, Server], engine: Engine, made: Sequence[Case], number: int, deadline: float
) -> tuple[Run, Run]:
    """Recognize each picture here, then over HTTP: other programs disturb both alike."""
    port, process = server
    here, there = Run(), Run()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    before = cpu_s(process)
    for job in range(number):
        if time.monotonic() > deadline:
            there.problems.append(f"out of time after {job} of {number} pictures")
            break
        case = made[job % len(made)]
        used = time.process_time()
        recognize(engine, case, here)
        here.cpu_s += time.process_time() - used
        ask(connection, case, there)
    there.cpu_s = cpu_s(process) - before
    connection.close()
    for run in (here, there):
        run.elapsed_s = sum(run.latency_ms) / 1e3
    return here, there


def overhead(here: Run, there: Run, made: Sequence[Case]) -> str:
    """Return what HTTP costs a picture: the median of the differences, and CPU time."""
    pairs = zip(there.latency_ms, here.latency_ms, strict=False)
    more = statistics.median([over - api for over, api in pairs] or [0.0])
    size = statistics.mean(len(case.content) for case in made) / 1e3
    return (
        f"HTTP costs {more:.1f} ms a picture of {size:.0f} kB at the median,"
        f" {there.cpu_ms - here.cpu_ms:.1f} ms of CPU time"
    )


def soak(
    port: int, process: Server, made: Sequence[Case], number: int, deadline: float
) -> tuple[list[str], float]:
    """Print the memory over `number` requests; return problems and the largest growth in MiB."""
    problems, before, parts = [], memory_mib(process), 4
    last = before
    print(f"\n{'memory, MiB, after':22}" + "".join(f"{f'pid {pid}':>12}" for pid in before))
    print(f"{'  0 requests':22}" + "".join(f"{mib:12.1f}" for mib in before.values()))
    for part in range(1, parts + 1):
        problems += over_http(port, made, number // parts, 4, deadline).problems
        last = memory_mib(process)
        if last.keys() != before.keys():
            problems.append(f"the processes changed: {sorted(before)} became {sorted(last)}")
        cells = "".join(f"{mib:12.1f}" for mib in last.values())
        print(f"  {f'{part * (number // parts)} requests':20}{cells}", flush=True)
    return problems, max((last[pid] - before[pid] for pid in before if pid in last), default=0.0)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--requests", type=int, default=200, help="for each number of callers")
    parser.add_argument("--callers", type=int, nargs="+", default=[4, 16], help="beside 1")
    parser.add_argument("--soak", type=int, default=2000, help="requests while memory is watched")
    parser.add_argument("--most-growth", type=float, default=48, metavar="MIB")
    parser.add_argument("--seconds", type=float, default=540, help="no request starts later")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 when a reply was missing or wrong, or memory grew."""
    chosen = options().parse_args(arguments)
    deadline = time.monotonic() + chosen.seconds
    cv2.setNumThreads(1)
    engine = Engine(COUNTRY, topn=TOPN)
    made = cases(engine)
    print(f"{len(made)} pictures, {chosen.workers} workers, {chosen.requests} requests a row")
    print(f"{'':22}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'pictures/s':>12}{'CPU ms':>9}")
    with serving(chosen.workers) as (port, process):
        # Every worker has made its siblings of the engine before anything is measured.
        problems = over_http(port, made, 2 * len(made), 4, deadline).problems
        here, there = in_turn((port, process), engine, made, chosen.requests, deadline)
        print(here.row("Python API, 1 thread"))
        print(there.row("HTTP, 1 caller"), flush=True)
        for callers in chosen.callers:
            used = cpu_s(process)
            run = over_http(port, made, chosen.requests, callers, deadline)
            run.cpu_s = cpu_s(process) - used
            print(run.row(f"HTTP, {callers} callers"), flush=True)
            problems += run.problems
        problems += here.problems + there.problems
        print(overhead(here, there, made))
        more, growth = soak(port, process, made, chosen.soak, deadline) if chosen.soak else ([], 0)
    problems += more
    if growth > chosen.most_growth:
        problems.append(f"a process grew by {growth:.1f} MiB")
    print("\n".join(problems[:20]) if problems else "every reply came and was the right one")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
