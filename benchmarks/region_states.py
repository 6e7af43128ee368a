# SPDX-License-Identifier: Apache-2.0
"""How often a US plate's state is named right: by its look, by its text's formats, by both.

``python benchmarks/region_states.py --data DIR`` prints, for the fifth of the labelled crops that
nothing was trained on and for the photographs whose states were read by eye
(``tests/data/us_photo_states.csv``): the share of plates whose state comes first and among the
first three, with Wilson's interval of 95 %, the expected calibration error in ten bins, and the
time that the look takes. A photograph counts as wrong where its plate is not found.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import NormalDist, median

import cv2

from alprcore import Engine
from alprcore.geometry import overlap
from alprcore.picture.rectify import rectify_color
from alprcore.ranking.region_look import CROP_SIZE
from alprcore.ranking.region_network import RegionModel
from alprcore.records import Box, Frame, Label, Plate
from alprcore.resources import model_bytes
from alprcore.training.regions.data import read_crops

states_file = Path(__file__).resolve().parents[1] / "tests" / "data" / "us_photo_states.csv"
bins = 10

Answer = tuple[str, Sequence[Label]]
"""The true state, and what was said of it, best first."""


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    z = NormalDist().inv_cdf(0.975)
    middle = (hits + z * z / 2) / (count + z * z)
    half = z * math.sqrt(hits * (count - hits) / count + z * z / 4) / (count + z * z)
    return middle - half, middle + half


def calibration_error(answers: Sequence[Answer]) -> float:
    """Return the mean gap between the first one's probability and how often it is right."""
    gaps = [0.0] * bins
    for state, labels in answers:
        if labels:
            index = min(bins - 1, int(labels[0].confidence * bins))
            gaps[index] += labels[0].confidence - (labels[0].name == state)
    return sum(map(abs, gaps)) / len(answers)


def show(name: str, answers: Sequence[Answer]) -> None:
    """Print the figures of one way of telling."""
    parts = []
    for depth in (1, 3):
        hits = sum(any(k.name == state for k in said[:depth]) for state, said in answers)
        low, high = wilson(hits, len(answers))
        share = hits / len(answers)
        parts.append(f"first {depth}: {share:6.1%} ({low:.1%} to {high:.1%})")
    error = calibration_error(answers)
    print(f"{name:24} n {len(answers):3}, {', '.join(parts)}, calibration error {error:.3f}")


class Look:
    """The look alone, and how long it takes."""

    def __init__(self) -> None:
        self.model = RegionModel(model_bytes)
        self.spent: list[float] = []

    def labels(self, frame: Frame, plate: Plate) -> list[Label]:
        """Return the states by the plate's look."""
        begin = time.perf_counter()
        crop = rectify_color(frame, plate.quad, size=CROP_SIZE)
        logs = self.model.log_probabilities(crop)
        self.spent.append((time.perf_counter() - begin) * 1e3)
        said = [Label(c, math.exp(v)) for c, v in zip(self.model.codes, logs, strict=True)]
        return sorted(said, key=lambda label: -label.confidence)


def photographs(data: Path) -> Iterator[tuple[str, Frame, Box]]:
    """Yield state, picture and labelled box of the photographs whose state is known."""
    with states_file.open(newline="", encoding="utf-8") as file:
        states = {row["image"]: row["state"] for row in csv.DictReader(file)}
    folder = data / "photos_dev" / "us"
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            image = cv2.imread(str(folder / row["image"]))
            if row["image"] in states and image is not None:
                x, y, w, h = (float(row[key]) for key in ("x", "y", "w", "h"))
                yield states[row["image"]], image.astype("uint8"), Box(x, y, x + w, y + h)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    both = Engine(country="us", detect_region=True)
    formats, look = both.with_settings(detect_region=False), Look()

    def tell(name: str, told: list[tuple[str, Frame, Plate | None, Plate | None]]) -> None:
        show(f"{name}, look", [(s, look.labels(f, p) if p else ()) for s, f, p, _ in told])
        show(f"{name}, formats", [(s, q.regions if q else ()) for s, _, _, q in told])
        show(f"{name}, both", [(s, p.regions if p else ()) for s, _, p, _ in told])

    crops = [crop for crop in read_crops(args.data) if crop.fold == 0]
    whole, bare = (each.with_settings(skip_detection=True) for each in (both, formats))
    told = []
    for crop in crops:
        found = [each.recognize(crop.image).plates for each in (whole, bare)]
        first, second = (plates[0] if plates else None for plates in found)
        told.append((crop.state, crop.image, first, second))
    tell("held-back crops", told)
    told = []
    for state, frame, box in photographs(args.data):
        first, second = (
            max(
                each.recognize(frame).plates,
                key=lambda p: overlap(p.quad.bounds(), box),
                default=None,
            )
            for each in (both, formats)
        )
        if first is None or second is None or overlap(first.quad.bounds(), box) < 0.3:
            first = second = None
        told.append((state, frame, first, second))
    tell("photographs", told)
    print(
        f"the look takes {min(look.spent):.1f} ms at least, {median(look.spent):.1f} in the median"
    )


if __name__ == "__main__":
    main()
