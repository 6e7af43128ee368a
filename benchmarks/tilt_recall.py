# SPDX-License-Identifier: Apache-2.0
"""How many plates are found and read in photographs that are turned.

``python benchmarks/tilt_recall.py PHOTOS`` turns every fourth labelled photograph of PHOTOS/us, eu
and br about its plate, either way, and prints what is found (at an overlap of 0.3 with the turned
label's bounds) and read right (O for 0 and I for 1) with the turned search and without it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from alprcore import Engine
from alprcore.countries.pattern import LOOKALIKES
from alprcore.evaluation.scoring import Label, clean, parse_truth
from alprcore.geometry import box_quad, mapped, overlap
from alprcore.picture.load import load_frame
from alprcore.records import Box, Frame, Points

ANGLES = (0, 10, 20, 30, 40)


def turned(frame: Frame, corners: Points, angle: float) -> tuple[Frame, Points]:
    """Return the picture turned about the middle of the corners, whole, and the corners in it."""
    rows, cols = frame.shape[:2]
    x, y = corners.mean(0)
    matrix = np.vstack([cv2.getRotationMatrix2D((x, y), angle, 1.0), [0.0, 0.0, 1.0]])
    border = mapped(np.array([[0.0, 0], [cols, 0], [cols, rows], [0, rows]]), matrix)
    low = np.floor(border.min(0))
    matrix[:2, 2] -= low
    width, height = (int(side) for side in np.ceil(border.max(0)) - low)
    view = cv2.warpAffine(frame, matrix[:2], (width, height))
    return np.asarray(view, np.uint8), mapped(corners, matrix)


def outcome(engine: Engine, frame: Frame, corners: Points, text: str) -> tuple[bool, bool]:
    """Return whether the plate is found, and whether it is read right."""
    bounds = Box(*corners.min(0), *corners.max(0))
    texts = [
        clean(plate.text).translate(LOOKALIKES)
        for plate in engine.recognize(frame).plates
        if overlap(bounds, plate.quad.bounds()) > 0.3
    ]
    return bool(texts), clean(text).translate(LOOKALIKES) in texts


def counts(
    engines: Sequence[Engine], folder: Path, labels: dict[str, list[Label]], angle: float
) -> list[int]:
    """Return how many plates there are, turned either way, and how many each finds and reads."""
    total = np.zeros(1 + 2 * len(engines), int)
    for name in sorted(labels)[::4]:
        frame = load_frame(folder / name)
        for label in labels[name]:
            if label.box is None:
                continue
            corners = box_quad(label.box).to_points()
            for side in (angle, -angle) if angle else (angle,):
                view, place = turned(frame, corners, side)
                seen = [outcome(engine, view, place, label.text) for engine in engines]
                total += [1, *np.ravel(seen)]
    return total.tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="folder that holds us, eu and br")
    photos: Path = parser.parse_args().photos
    print("| set | degrees | plates | found | read | found without | read without |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for country in ("us", "eu", "br"):
        engine = Engine(country=country)
        engines = (engine, engine.with_settings(tilted=False))
        with (photos / country / "truth.csv").open(encoding="utf-8") as file:
            labels = parse_truth(file)
        for angle in ANGLES:
            cells = (country, angle, *counts(engines, photos / country, labels, angle))
            print("|", " | ".join(map(str, cells)), "|", flush=True)


if __name__ == "__main__":
    main()
