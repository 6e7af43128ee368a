# SPDX-License-Identifier: Apache-2.0
"""How fast photographs get into an archive, beside bare loops of `Engine.recognize`; and memory.

Loops and runs of ``add`` take turns, so that both meet the same machine. Of each the time for one
photograph is taken off, which is mostly the start; what is left is divided among the others. The
ratio of processor times says what walking, hashing, storing and talking cost, however busy the
machine is; that by the clock is what a user sees on an idle one.

``python benchmarks/archive_add.py --write`` adds rows to ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from alprcore.archive.batch import add
from alprcore.archive.store import Case
from alprcore.engine import Engine
from alprcore.evaluation.results import add_rows
from alprcore.resources import sample_path
from alprcore.settings import Settings

RESULTS = Path(__file__).with_name("RESULTS.md")
SPEED_HEAD = """\
## Photographs into an archive

`python benchmarks/archive_add.py --write`: `add` beside as many bare loops of `Engine.recognize`, \
turn about, per photograph after the first one. *Ratio* is loop through `add`: 1 is a store that \
costs nothing.

| date | commit | size | workers | photographs | loops per s | `add` per s | ratio by the clock \
| ratio of processor time |
| --- | --- | --- | --: | --: | --: | --: | --: | --: |
"""
SIZE_HEAD = """\
Bytes per read in the database and of its crop; megabytes that the process that writes and its \
worker have after a tenth of the small sources, and at the end.

| date | commit | database | crop | sources | writer, early | at the end | worker, early \
| at the end |
| --- | --- | --: | --: | --: | --: | --: | --: | --: |
"""
SIZES = {"720p": (1280, 720), "12 megapixels": (4000, 3000)}
SAMPLES = ("us.jpg", "eu.jpg", "two_plates.jpg")
SETTINGS = Settings(country=("us", "eu"), threads=1)


def make_photos(folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """Write photographs of a size, each with a content of its own."""
    folder.mkdir(parents=True)
    whole = []
    for name in SAMPLES:
        frame = cv2.imread(str(sample_path(name)))
        whole.append(cv2.imencode(".jpg", cv2.resize(frame, size))[1].tobytes())
    return [written(folder / f"{i:05}.jpg", whole[i % len(whole)], i) for i in range(count)]


def written(path: Path, data: bytes, number: int) -> Path:
    """Write a JPEG file with a comment that makes it another file."""
    comment = f"{number}".encode()
    head = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    path.write_bytes(data[:2] + head + data[2:])
    return path


def spent() -> float:
    """Processor seconds of this process and of those that it has seen the end of."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def looped(paths: list[Path], workers: int) -> tuple[float, float]:
    """Return clock and processor seconds of bare loops in as many processes."""
    begin, start = spent(), time.perf_counter()
    running = [
        subprocess.Popen([sys.executable, __file__, "--loop", *map(str, paths[i::workers])])
        for i in range(workers)
    ]
    for process in running:
        if process.wait() != 0:
            raise SystemExit("a loop failed")
    return time.perf_counter() - start, spent() - begin


def loop(paths: list[str]) -> None:
    cv2.setNumThreads(1)
    engine = Engine(settings=SETTINGS)
    for path in paths:
        engine.recognize(path)


def added(paths: list[Path], workers: int) -> tuple[float, float]:
    """Return clock and processor seconds of a run of `add` into a new case."""
    with tempfile.TemporaryDirectory() as folder:
        begin, start = spent(), time.perf_counter()
        with Case.open(Path(folder) / "case", create=True) as case:
            done = add(case, paths, settings=SETTINGS, workers=workers)
        if done.counts.read != len(paths):
            raise SystemExit(f"read {done.counts.read} of {len(paths)}")
        return time.perf_counter() - start, spent() - begin


def compared(paths: list[Path], workers: int, rounds: int) -> dict[str, float]:
    """Return, per photograph, the seconds of loops and of `add`, by the clock and by processors."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, run in (("loop", looped), ("add", added)):
            one, many = run(paths[:workers], workers), run(paths, workers)
            for kind, short, long in zip(("clock", "cpu"), one, many, strict=True):
                each = (long - short) / (len(paths) - workers)
                found.setdefault(f"{name} {kind}", []).append(each)
    return {name: statistics.median(values) for name, values in found.items()}


def memory(count: int) -> dict[str, float]:
    """Return the resident megabytes of this process and its worker early and at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder, case_folder = Path(name) / "in", Path(name) / "case"
        folder.mkdir()
        frame = np.random.default_rng(1).integers(0, 255, (48, 64, 3)).astype(np.uint8)
        data = cv2.imencode(".jpg", frame)[1].tobytes()
        for i in range(count):
            written(folder / f"{i:06}.jpg", data, i)
        seen: list[tuple[int, float, float]] = []
        done = 0

        def watch(more: int, _: object) -> None:
            nonlocal done
            done += more
            own = resident(os.getpid())
            seen.append((done, own, sum(resident(pid) for pid in children())))

        with Case.open(case_folder, create=True) as case:
            add(case, [folder], settings=SETTINGS, workers=1, progress=watch)
        early = next(each for each in seen if each[0] >= count // 10)
        return {"sources": count, "own early": early[1], "own end": seen[-1][1],
                "worker early": early[2], "worker end": seen[-1][2]}  # fmt: skip


def children() -> list[int]:
    return [int(each) for each in Path("/proc/thread-self/children").read_text().split()]


def resident(pid: int) -> float:
    """Megabytes of a process that are in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def sizes_of(paths: list[Path]) -> tuple[float, float]:
    """Return bytes per read: in the database, and of its crop."""
    with tempfile.TemporaryDirectory() as folder:
        with Case.open(Path(folder) / "case", create=True) as case:
            add(case, paths, settings=SETTINGS, workers=1)
            reads = case.status()["reads"]
        database = (Path(folder) / "case" / "case.sqlite").stat().st_size
        crops = sum(path.stat().st_size for path in Path(folder).rglob("crops/*/*.jpg"))
    return database / reads, crops / reads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--photos", type=int, default=60, help="of 720p; a quarter of 12 megapixels"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sources", type=int, default=20_000, help="small ones, for memory")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--loop", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.loop:
        loop(chosen.loop)
        return
    folder = Path(tempfile.mkdtemp())
    try:
        rows = []
        for name, size in SIZES.items():
            count = chosen.photos if name == "720p" else max(6, chosen.photos // 4)
            paths = make_photos(folder / name, size, count)
            for workers in (1, 2):
                found = compared(paths, workers, chosen.rounds)
                rows.append((name, workers, len(paths), found))
                print(name, workers, json.dumps(found), flush=True)
        stored = sizes_of(paths[:12])
        print(f"{stored[0]:.0f} bytes per read in the database, {stored[1]:.0f} of its crop")
    finally:
        shutil.rmtree(folder)
    flat = memory(chosen.sources)
    print(json.dumps(flat))
    if chosen.write:
        cells = (
            (
                name, workers, count, f"{1 / found['loop clock']:.2f}",
                f"{1 / found['add clock']:.2f}",
                *(f"{found[f'loop {by}'] / found[f'add {by}']:.2f}" for by in ("clock", "cpu")),
            )
            for name, workers, count, found in rows
        )  # fmt: skip
        add_rows(RESULTS, cells, SPEED_HEAD)
        memories = (flat[key] for key in ("own early", "own end", "worker early", "worker end"))
        sizes = (f"{stored[0]:.0f}", f"{stored[1]:.0f}", flat["sources"])
        add_rows(RESULTS, [(*sizes, *(f"{each:.0f}" for each in memories))], SIZE_HEAD)


if __name__ == "__main__":
    main()
