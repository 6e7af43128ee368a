# SPDX-License-Identifier: Apache-2.0
"""How well vehicles are boxed in the labelled photographs that the network was not trained on.

    python benchmarks/vehicle_recall.py ../shared/data/plates

Prints, by score, the share of the main (largest) vehicles and of all vehicles wider than an eighth
of the picture that are met by a box with an overlap (IoU) of at least 0.5, and the share of boxes
that meet a labelled vehicle. Vehicles too small for a label are there, so the last figure is a
lower bound.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from alprcore.geometry import overlap
from alprcore.records import Box
from alprcore.resources import model_bytes
from alprcore.vehicles.find import find_vehicles
from alprcore.vehicles.networks import VehicleFinder

LABELS = Path(__file__).parent / "labels" / "vehicle_boxes.csv"
SCORES = (0.2, 0.3, 0.35, 0.4, 0.5)


def labelled() -> dict[tuple[str, str], list[list[float]]]:
    """Return the boxes of each held-back photograph, in shares of its size."""
    boxes: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    with LABELS.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["left"] and zlib.crc32(row["image"].encode()) % 5 == 0:
                box = [float(row[key]) / 100 for key in ("left", "top", "right", "bottom")]
                boxes[row["set"], row["image"]].append(box)
    return boxes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="folder that holds the sets of photographs")
    photos: Path = parser.parse_args().photos
    finder = VehicleFinder(model_bytes)
    largest, wide, right = (defaultdict(list) for _ in range(3))
    for (folder, name), shares in labelled().items():
        frame = np.asarray(cv2.imread(str(photos / folder / name)), np.uint8)
        rows, cols = frame.shape[:2]
        boxes = [Box(b[0] * cols, b[1] * rows, b[2] * cols, b[3] * rows) for b in shares]
        main_box = max(boxes, key=lambda box: box.width * box.height)
        for score in SCORES:
            found = [v.box for v in find_vehicles(frame, finder, min_score=score, most=50)]
            met = {i: any(overlap(box, b) >= 0.5 for b in found) for i, box in enumerate(boxes)}
            largest[score].append(met[boxes.index(main_box)])
            wide[score] += [met[i] for i, box in enumerate(boxes) if box.width >= cols / 8]
            right[score] += [any(overlap(b, box) >= 0.5 for box in boxes) for b in found]
    print(f"{len(largest[SCORES[0]])} photographs, {len(wide[SCORES[0]])} wide vehicles")
    for score in SCORES:
        print(
            f"score {score:.2f}: main {np.mean(largest[score]):.1%},"
            f" wide {np.mean(wide[score]):.1%}, boxes that are right {np.mean(right[score]):.1%}"
        )


if __name__ == "__main__":
    main()
