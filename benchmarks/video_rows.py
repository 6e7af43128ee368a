# SPDX-License-Identifier: Apache-2.0
"""Rows of clips with known plates: one per vehicle, right, calibrated, and how fast.

``python benchmarks/video_rows.py SET… [--every N|motion] [--results benchmarks/RESULTS.md]``

SET is a folder with ``truth.csv`` (``video,track,plate,first_s,last_s``), clips beside it or one
folder below, as for moving views made of photographs and for real clips. A row belongs to the plate
with the fewest edits among those within a second of its times; at most half of the characters may
differ. A set of crops (``track,plate,file,time_s``) has a folder for each plate; its pictures are
taken for plates as a whole and every one is read. The median and the surest single frame are of the
readings that the row was fused from. Times are those of the processor, one thread.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from alprcore.engine import Engine
from alprcore.evaluation.results import add_rows
from alprcore.video.engine import VideoEngine
from alprcore.video.frames import frames
from alprcore.video.group import Group
from alprcore.video.session import VideoSettings
from alprcore.video.text_distance import LOOKALIKES, edits

ALONE_EVERY = 10  # every tenth frame is read alone, for comparison of speed


@dataclass
class Counts:
    tracks: int = 0
    one_row: int = 0
    missed: int = 0
    twice: int = 0
    extra: int = 0
    right: int = 0
    median_right: int = 0
    surest_right: int = 0
    stated: list[tuple[float, bool]] = field(default_factory=list)
    video_s: float = 0.0
    cpu_s: float = 0.0
    alone_ms: list[float] = field(default_factory=list)
    rate: float = 25.0
    notes: list[str] = field(default_factory=list)

    @property
    def error(self) -> float:
        """Mean distance of confidence and share of right ones, over up to ten equal bins."""
        if not self.stated:
            return 0.0
        pairs = np.array(sorted(self.stated), float)
        bins = np.array_split(pairs, min(10, max(1, len(pairs) // 5)))
        return float(sum(len(b) * abs(b[:, 0].mean() - b[:, 1].mean()) for b in bins) / len(pairs))


def plain(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum() or c == "?").translate(LOOKALIKES)


def agrees(truth: str, text: str) -> bool:
    if "?" not in truth:
        return truth == text
    return len(truth) == len(text) and all(a in ("?", b) for a, b in zip(truth, text, strict=True))


def count_clip(path: Path, rows: list[dict[str, str]], engine: VideoEngine, into: Counts) -> None:
    begin = time.process_time()
    groups = list(engine.read(path))
    into.cpu_s += time.process_time() - begin
    with frames(path) as clip:
        for frame in clip:
            last = frame.time.seconds
            if frame.time.ordinal % ALONE_EVERY == 0:
                begin = time.process_time()
                engine.engine.recognize(frame.image())
                into.alone_ms.append(1e3 * (time.process_time() - begin))
        into.video_s += last
        into.rate = (frame.time.ordinal + 1) / max(last, 0.01)
    taken: dict[int, list[Group]] = defaultdict(list)
    named = [row for row in rows if plain(row["plate"])]
    for group in sorted(groups, key=lambda each: -each.confidence):
        text = plain(group.text)
        near = [
            (0 if agrees(plain(row["plate"]), text) else edits(plain(row["plate"]), text), i)
            for i, row in enumerate(named)
            if float(row["first_s"]) - 1 <= group.last.seconds
            and group.first.seconds <= float(row["last_s"]) + 1
        ]
        distance, index = min(near, default=(99, -1))
        if index >= 0 and distance <= 0.5 * len(plain(named[index]["plate"])):
            taken[index].append(group)
        elif group.confidence >= 0.5 and len(named) == len(rows):
            into.extra += 1
            into.notes.append(f"{path.name}: no plate reads {text} ({group.confidence:.2f})")
    for index, row in enumerate(named):
        count_track(plain(row["plate"]), taken[index], into, path.name)


def count_track(plate: str, found: list[Group], into: Counts, name: str) -> None:
    into.tracks += 1
    into.one_row += len(found) == 1
    into.twice += max(0, len(found) - 1)
    if not found:
        into.missed += 1
        into.notes.append(f"{name}: {plate} missed")
        return
    best = found[0]
    votes = sorted(best.votes, key=lambda vote: vote.confidence)
    right = agrees(plate, plain(best.text))
    into.right += right
    into.median_right += agrees(plate, plain(votes[len(votes) // 2].text))
    into.surest_right += agrees(plate, plain(votes[-1].text))
    into.stated.append((best.confidence, right))
    if not right or len(found) > 1:
        said = " ".join(f"{plain(g.text)} {g.confidence:.2f}" for g in found)
        into.notes.append(f"{name}: {plate} read as {said}")


def cells_of(folder: Path, every: str, counts: Counts) -> list[str]:
    n = max(1, counts.tracks)
    share = [100 * x / n for x in (counts.one_row, counts.right, counts.median_right)]
    alone = float(np.mean(counts.alone_ms)) / 1e3 * counts.rate
    speed = counts.video_s / max(counts.cpu_s, 1e-9)
    return [
        folder.name, every, str(counts.tracks), f"{share[0]:.1f}",
        str(counts.missed), str(counts.twice), str(counts.extra), f"{share[1]:.1f}",
        f"{share[2]:.1f}", f"{100 * counts.surest_right / n:.1f}", f"{100 * counts.error:.1f}",
        f"{speed:.2f}", f"{1 / max(alone, 1e-9):.2f}",
    ]  # fmt: skip


HEAD = """\
## Moving pictures

One row a measurement, added by `python benchmarks/video_rows.py SET… --results
benchmarks/RESULTS.md`; what is counted is in its docstring. *right* is the fused text, O taken
for 0 and I for 1, beside the median and the surest single frame of the same row; a plate without a
row counts as wrong in all three. Speed is seconds of video per second of one processor core, with
decoding, beside recognizing every frame alone.

| date | commit | set | every | tracks | one row % | missed | twice | extra | right % \
| median frame % | surest frame % | calibration error % | x real time | frame by frame |
| --- | --- | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--every", default="")
    parser.add_argument("--country", default="auto")
    parser.add_argument("--count", type=int, default=0, help="at most so many clips per set")
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    every = int(options.every) if options.every.isdigit() else options.every or None
    whole = Engine(options.country)
    clips = VideoEngine(engine=whole, video=VideoSettings(every=every))
    crops = VideoEngine(
        engine=whole.with_settings(skip_detection=True), video=VideoSettings(every=1)
    )
    for folder in options.sets:
        counts, engine, said = Counts(), clips, options.every or "steady"
        tables = [folder / "truth.csv"] if (folder / "truth.csv").is_file() else []
        for table in tables or sorted(folder.glob("*/truth.csv")):
            of_clip: dict[str, list[dict[str, str]]] = defaultdict(list)
            with table.open(newline="", encoding="utf-8") as rows:
                for row in csv.DictReader(rows):
                    if "video" in row:
                        of_clip[row["video"]].append(row)
                    elif not of_clip[row["track"]]:
                        engine, said = crops, "1"
                        of_clip[row["track"]].append({**row, "first_s": "0", "last_s": "1"})
            for name in list(of_clip)[: options.count or None]:
                count_clip(table.parent / name, of_clip[name], engine, counts)
        print("\n".join(counts.notes))
        cells = cells_of(folder, said, counts)
        print(" | ".join(cells), flush=True)
        if options.results:
            add_rows(options.results, [cells], HEAD)


if __name__ == "__main__":
    main()
