# SPDX-License-Identifier: Apache-2.0
"""Corners that the engine gives beside corners set by hand.

``labels/plate_corners.csv`` has the corners of the plate's visible face, without a frame or holder,
clockwise from the top-left of the text, set by eye on photographs enlarged to about 1,000 pixels a
plate; photographs where a frame or the dark hides a corner were left out. Prints the distance to
them as a fraction of the plate's height:

    python benchmarks/corner_error.py ../shared/data/photos_dev
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alprcore import Engine

LABELS = Path(__file__).parent / "labels" / "plate_corners.csv"
COUNTRIES = ("br", "eu", "us")
MISSED = np.full(4, np.inf)  # a plate that was not found has no error; it must not look like none


def corner_errors(truth: NDArray[np.float64], quads: list[NDArray[np.float64]]) -> NDArray:
    """Return the distance of each corner of the nearest quad, in heights of the true plate."""
    left, right = truth[3] - truth[0], truth[2] - truth[1]
    height = (np.linalg.norm(left) + np.linalg.norm(right)) / 2
    distances = [np.linalg.norm(quad - truth, axis=1) / height for quad in quads]
    return min(distances, key=lambda found: float(found.mean()), default=MISSED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="folder that holds br, eu and us")
    photos: Path = parser.parse_args().photos
    engines = {country: Engine(country=country) for country in COUNTRIES}
    errors = defaultdict(list)
    with LABELS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            truth = np.array([[float(row[f"x{i}"]), float(row[f"y{i}"])] for i in range(4)])
            found = engines[row["set"]].recognize(photos / row["set"] / row["image"])
            quads = [plate.quad.to_points() for plate in found.plates]
            errors[row["set"]].append(corner_errors(truth, quads))
    errors["all"] = [error for found in list(errors.values()) for error in found]
    print("set  plates  median  90 %  plates with a corner off by over 0.25")
    for name, found in errors.items():
        values = np.array(found)
        far = int((values.max(axis=1) > 0.25).sum())
        print(
            f"{name:4} {len(found):6} {np.median(values):7.3f} {np.percentile(values, 90):5.2f}"
            f" {far:3}"
        )


if __name__ == "__main__":
    main()
