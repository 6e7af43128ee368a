# SPDX-License-Identifier: Apache-2.0
"""The agent for an hour while everything around it fails: is a group lost or doubled?

``python benchmarks/agent_endurance.py [--minutes N] [--kills N] [--results benchmarks/RESULTS.md]``

A camera on loopback sends a clip of a passing car again and again, in real time, and breaks off
after every few rounds. The receiver answers, fails (500), hangs up, is slow and is down, in turn.
The disk of the spool and the pictures, 32 MiB where a file system may be mounted, is full for two
tenths of the time. The agent is killed at random moments while it is not.

The truth is the agent's log: the key of each group that was on disk. A group is *lost* when it was
and never arrived, *doubled* when two different messages have one key; *repeated* is the same
message twice, of which a receiver takes one. Memory is that of the process, from /proc.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from agent_tools import (  # noqa: E402
    Camera,
    Program,
    Receiver,
    agent,
    filled,
    filming,
    free_port,
    passing_car,
    small_disk,
)

from alprcore.evaluation.results import add_rows  # noqa: E402

CLIP_S = 2.0  # of which a car is in view for 0.6
ROUNDS = 7  # clips before the stream breaks off
PHASES = ("well", "fails", "well", "hangs up", "well", "slow", "well", "down")
FULL = ((0.3, 0.4), (0.7, 0.8))  # parts of the time in which the disk is full
DISK_MB = 32
TEXT = "MKV3726"


@dataclass
class Outcome:
    """What came of a run."""

    minutes: float
    clips: int = 0
    connections: int = 0
    kills: int = 0
    failures: int = 0
    full_disk: bool = False
    held: int = 0
    put: int = 0
    arrived: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: int = 0
    repeated: int = 0
    right: int = 0
    memory_mb: tuple[float, float] = (0.0, 0.0)


def endure(
    minutes: float, folder: Path, *, kills: int = 2, seed: int = 1, rounds: int = ROUNDS
) -> Outcome:
    """Run the agent for so many minutes; return what came of it."""
    chance = random.Random(seed)
    port = free_port()
    outcome = Outcome(minutes)
    with ExitStack() as stack:
        clip = passing_car(folder / "car.ts", still_s=CLIP_S - 0.6)
        camera = stack.enter_context(filming(clip, CLIP_S, rounds=rounds))
        disk = folder / "disk"
        outcome.full_disk = stack.enter_context(small_disk(disk, DISK_MB))
        program = stack.enter_context(agent(folder, configuration(disk, camera.url, port)))
        receiver = stack.enter_context(changing_receiver(port, 60 * minutes))
        program.start()
        sampler = stack.enter_context(memory_of(program))
        disturb(program, disk if outcome.full_disk else None, 60 * minutes, kills, chance)
        receiver.steady.set()
        finish(program, receiver)
        outcome.kills = kills
        outcome.memory_mb = sampler.ends()
        judge(outcome, program, receiver, camera)
    return outcome


def configuration(disk: Path, url: str, port: int) -> str:
    return f"""
state_location = "{disk}/state"
upload_address = "http://127.0.0.1:{port}/push/"
upload_timeout_seconds = 2
reconnect_max_seconds = 1
country = "eu"
camera_buffer_size = 200
plate_groups_time_delta_ms = 600
store_plates_maxsize_mb = 8
[[camera]]
stream = "{url}"
"""


class Changing:
    """A receiver whose way of answering changes, and that is down for a while."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.posts, self.attempts = port, [], 0
        self.steady = threading.Event()
        self.stopped = threading.Event()
        self._phase_s = min(60.0, max(1.0, seconds / (2 * len(PHASES))))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self.steady.set()
        self.stopped.set()
        self._thread.join()

    def keys(self) -> set[str]:
        return {key for key, body, _ in list(self.posts) if b'"alpr_group"' in body[:40]}

    def _run(self) -> None:
        phase = 0
        while not self.stopped.is_set():
            name = "well" if self.steady.is_set() else PHASES[phase % len(PHASES)]
            phase += 1
            if name == "down":
                self.steady.wait(self._phase_s)
                continue
            with closing(Receiver(self.port, answer=answering(name))) as receiver:
                receiver.posts = self.posts
                receiver.delay_s = 2.5 if name == "slow" else 0.0
                event = self.stopped if self.steady.is_set() else self.steady
                event.wait(None if self.steady.is_set() else self._phase_s)
                receiver.delay_s = 0.0
            self.attempts += receiver.attempts


@contextmanager
def closing(receiver: Receiver) -> Iterator[Receiver]:
    try:
        yield receiver
    finally:
        receiver.close()


def answering(phase: str):
    return {"fails": lambda n: (500, 503, 200)[n % 3], "hangs up": lambda n: 200 * (n % 2)}.get(
        phase, lambda _: 200
    )


@contextmanager
def changing_receiver(port: int, seconds: float) -> Iterator[Changing]:
    receiver = Changing(port, seconds)
    try:
        yield receiver
    finally:
        receiver.close()


class Memory(threading.Thread):
    """Samples the resident memory of the program that runs."""

    def __init__(self, program: Program) -> None:
        super().__init__(daemon=True)
        self.program, self.samples, self.stopped = program, [], threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(1.0):
            with suppress(OSError, IndexError, ValueError, AttributeError, StopIteration):
                status = Path(f"/proc/{self.program.process.pid}/status").read_text("ascii")
                line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
                self.samples.append((self.program.process.pid, int(line.split()[1]) / 1024))

    def ends(self) -> tuple[float, float]:
        """MiB of the process that lived longest: early, and at its end; medians of a tenth."""
        pids = [pid for pid, _ in self.samples]
        longest = max(set(pids), key=pids.count, default=0)
        own = [size for pid, size in self.samples if pid == longest][10:]
        tenth = max(1, len(own) // 10)
        if not own:
            return (0.0, 0.0)
        return (sorted(own[:tenth])[tenth // 2], sorted(own[-tenth:])[tenth // 2])


@contextmanager
def memory_of(program: Program) -> Iterator[Memory]:
    memory = Memory(program)
    memory.start()
    try:
        yield memory
    finally:
        memory.stopped.set()
        memory.join()


def disturb(
    program: Program, disk: Path | None, seconds: float, kills: int, chance: random.Random
) -> None:
    """Kill the program and fill the disk until the time is over."""
    begin = time.monotonic()
    free = [(0.15, 0.3), (0.45, 0.7), (0.85, 0.95)]
    moments = sorted(chance.uniform(*free[i % len(free)]) for i in range(kills))
    while (share := (time.monotonic() - begin) / seconds) < 1.0:
        if moments and share >= moments[0]:
            moments.pop(0)
            program.kill()
            program.start()
        assert program.process.poll() is None, program.lines()[-5:]
        if disk is not None:
            if any(low <= share < high for low, high in FULL):
                filled(disk)  # again and again: what the agent frees is gone as well
            else:
                (disk / "fill").unlink(missing_ok=True)
        time.sleep(0.05)


def finish(program: Program, receiver: Changing) -> None:
    """Let everything that waits arrive, then end the program."""
    program.until(lambda: receiver.keys() >= set(program.put()), 120.0)
    program.stop()
    program.start()
    program.until(lambda: receiver.keys() >= set(program.put()), 120.0)
    program.stop()


def judge(outcome: Outcome, program: Program, receiver: Changing, camera: Camera) -> None:
    put, held = program.put(), program.held()
    bodies: dict[str, bytes] = {}
    order = []
    for key, body, _ in receiver.posts:
        if b'"alpr_group"' not in body[:40]:
            continue
        if key in bodies:
            outcome.repeated += 1
            if bodies[key] != body:
                outcome.doubled.append(key)
        else:
            bodies[key] = body
            order.append(key)
    times = [int(key.split("-")[2]) for key in order]
    outcome.disordered = sum(a > b for a, b in pairwise(times))
    outcome.lost = sorted(set(put) - set(bodies))
    outcome.put, outcome.held, outcome.arrived = len(set(put)), len(held), len(bodies)
    outcome.right = sum(
        f'"best_plate_number":"{TEXT}"'.encode() in body for body in bodies.values()
    )
    outcome.clips, outcome.connections = camera.clips, camera.connections
    outcome.failures = sum("Will retry" in line for line in program.lines())


def cells_of(outcome: Outcome) -> list[object]:
    memory = " → ".join(f"{each:.0f}" for each in outcome.memory_mb)
    return [
        f"{outcome.minutes:g}",
        outcome.clips,
        outcome.connections,
        outcome.kills,
        outcome.failures,
        "yes" if outcome.full_disk else "not allowed",
        outcome.arrived,
        len(outcome.lost),
        len(outcome.doubled),
        outcome.disordered,
        outcome.repeated,
        outcome.right,
        memory,
    ]


COLUMNS = (
    *("date", "commit", "minutes", "cars", "connections", "kills", "failed posts", "full disk"),
    *("groups arrived", "lost", "doubled", "out of order", "repeated", "read right", "memory, MiB"),
)
HEAD = f"""\
## The agent while everything fails

`python benchmarks/agent_endurance.py --minutes N`

| {" | ".join(COLUMNS)} |
|{" --- |" * len(COLUMNS)}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="default: 60")
    parser.add_argument("--kills", type=int, default=2, help="default: 2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, help="add a row there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alprcore-") as folder:
        outcome = endure(chosen.minutes, Path(folder), kills=chosen.kills, seed=chosen.seed)
    for name, value in asdict(outcome).items():
        print(f"{name:<12} {value}")
    if chosen.results is not None:
        add_rows(chosen.results, [cells_of(outcome)], HEAD)
    return int(bool(outcome.lost or outcome.doubled))


if __name__ == "__main__":
    sys.exit(main())
