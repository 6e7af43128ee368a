# SPDX-License-Identifier: Apache-2.0
"""This checkout beside another version of alprcore: what both find and read, and how long it takes.

``python benchmarks/beside.py FOLDER… --country us,eu --other PYTHON [--root DIR]`` reads the
pictures of each FOLDER/truth.csv by two processes, turn about on one core: picture by picture, and
each time the other one goes first. PYTHON is one that has the other version installed, or DIR the
checkout it runs in. A picture's time is the best of ``--rounds``; what is printed are the median
and the 95th percentile of all pictures, in milliseconds and as a ratio, of the stated
``processing_time_ms`` and of the whole call, which also reads and decodes the file.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from alprcore.evaluation.scoring import Label, parse_truth, score

# What both versions run: it takes no more of alprcore than the first one had.
WORKER = """\
import json, sys, time
import cv2
from alprcore import Engine
cv2.setNumThreads(1)
engine = Engine(sys.argv[1])
for line in sys.stdin:
    begin = time.perf_counter()
    reply = engine.recognize(line.rstrip("\\n")).to_dict()
    whole = (time.perf_counter() - begin) * 1e3
    print(json.dumps({"whole": whole, "reply": reply}), flush=True)
"""


class Side:
    """One version at work."""

    def __init__(self, python: str, root: Path | None, country: str) -> None:
        one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [python, "-c", WORKER, country],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root or Path(python).parent,  # not here, where this version would be taken
            env={**os.environ, **one_core},
        )

    def read(self, path: Path) -> dict[str, Any]:
        """Return the reply to a picture, and what the whole call took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path.resolve()}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def end(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@dataclass
class Column:
    """What one version gave: replies by picture, and the best times of each picture."""

    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    stated: dict[str, float] = field(default_factory=dict)
    whole: dict[str, float] = field(default_factory=dict)

    def add(self, image: str, answer: dict[str, Any]) -> None:
        """Enter an answer."""
        reply = self.replies[image] = answer["reply"]
        stated = float(reply["processing_time_ms"])
        self.stated[image] = min(self.stated.get(image, stated), stated)
        self.whole[image] = min(self.whole.get(image, answer["whole"]), answer["whole"])


def compare(folder: Path, sides: tuple[Side, Side], rounds: int) -> tuple[Column, Column]:
    """Return what both sides give for the pictures of a folder, this checkout's first."""
    columns = (Column(), Column())
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        images = list(dict.fromkeys(row["image"] for row in csv.DictReader(file)))
    for number in range(rounds):
        for place, image in enumerate(images):
            order = (0, 1) if (number + place) % 2 else (1, 0)
            for which in order:
                columns[which].add(image, sides[which].read(folder / image))
    return columns


def labels(folder: Path) -> dict[str, list[Label]]:
    """Return the labels of a folder; none where its truth has no boxes."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        lines = list(file)
    return parse_truth(lines) if "x" in lines[0].split(",") else {}


def shown(name: str, ours: list[float], theirs: list[float]) -> str:
    """Return a line about two lists of times."""
    parts = []
    for what, share in (("median", 0.5), ("p95", 0.95)):
        one, other = (float(np.quantile(times, share)) for times in (ours, theirs))
        parts.append(f"{what} {one:.1f} beside {other:.1f} ms, ratio {one / other:.2f}")
    return f"  {name}: {'; '.join(parts)}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--country", default="auto", help="one for all folders, or one for each")
    parser.add_argument("--other", default=sys.executable, help="Python of the other version")
    parser.add_argument("--root", type=Path, help="checkout of the other version")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    countries = args.country.split(",")
    every = (Column(), Column())
    for place, folder in enumerate(args.folders):
        country = countries[min(place, len(countries) - 1)]
        here = Path(__file__).resolve().parents[1]
        sides = (Side(sys.executable, here, country), Side(args.other, args.root, country))
        columns = compare(folder, sides, args.rounds)
        for side in sides:
            side.end()
        print(f"{folder.name}: {len(columns[0].replies)} pictures")
        if known := labels(folder):
            for name, column in zip(("this", "other"), columns, strict=True):
                got = score(known, column.replies)
                print(
                    f"  {name}: {got.found} of {got.plates} found, strict {got.strict},"
                    f" folded {got.folded}, {got.extra} on no plate"
                )
        for name in ("stated", "whole"):
            one, other = (list(getattr(column, name).values()) for column in columns)
            print(shown(name, one, other), flush=True)
        for column, part in zip(every, columns, strict=True):
            for name in ("stated", "whole"):
                mine = getattr(part, name).items()
                getattr(column, name).update({f"{folder}/{k}": v for k, v in mine})
    if len(args.folders) > 1:
        print("all")
        for name in ("stated", "whole"):
            one, other = (list(getattr(column, name).values()) for column in every)
            print(shown(name, one, other))


if __name__ == "__main__":
    main()
