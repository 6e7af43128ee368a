# SPDX-License-Identifier: Apache-2.0
"""Which of the engine's results are plates, and which labelled plates it reports.

``python benchmarks/precision.py --data DIR`` runs the engine on the development photographs and on
the held-back tenth of the street photographs. Plates that nobody labelled in these are listed in
``benchmarks/labels/unlabelled_plates.csv``, found and judged by eye; whatever else a result lies
on is no plate, and is printed with ``--list``.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
from detector_recall import Rects, counted_width, overlap, pictures, rects

from alprcore import Engine

known = Path(__file__).parent / "labels" / "unlabelled_plates.csv"
same = 0.1  # overlap from which on a result is said to be of a labelled plate


def unlabelled() -> dict[tuple[str, str], Rects]:
    """Return left, top, right, bottom of the plates without a label by set and picture."""
    found: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    with known.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            box = [float(row[k]) for k in ("left", "top", "right", "bottom")]
            found[row["set"], row["image"]].append(box)
    return {key: np.array(boxes) for key, boxes in found.items()}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--min-plausibility", type=float)
    parser.add_argument("--list", action="store_true", help="print the results that are no plates")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    engine = Engine()
    if args.min_plausibility is not None:
        engine = engine.with_settings(min_plausibility=args.min_plausibility)
    others = unlabelled()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, image, frame, boxes in pictures(args.data):
        count = counts[name]
        count["pictures"] += 1
        plates = engine.recognize(frame).plates
        found = rects(plate.quad for plate in plates)
        for box in boxes:
            if name != "openimages" or box[2] - box[0] >= counted_width:
                count["plates"] += 1
                count["reported"] += bool(overlap(box, found).max(initial=0.0) > 0.3)
        beside = others.get((name, image), np.zeros((0, 4)))
        for plate, box in zip(plates, found, strict=True):
            count["results"] += 1
            if overlap(box, boxes).max(initial=0.0) >= same:
                continue
            kind = "unlabelled" if overlap(box, beside).max(initial=0.0) >= same else "false"
            count[kind] += 1
            if args.list and kind == "false":
                edges = ",".join(f"{v:.0f}" for v in box)
                print(f"{name},{image},{edges}  {plate.text!r} {plate.detection_score:.2f}")
    for name, count in counts.items():
        false, results = count["false"], count["results"]
        print(
            f"{name}: {count['pictures']} pictures, {count['plates']} plates,"
            f" reported {100 * count['reported'] / count['plates']:.1f} %; {results} results,"
            f" {count['unlabelled']} on plates without a label, {false} on no plate:"
            f" {false / count['pictures']:.3f} a picture,"
            f" precision {100 * (1 - false / max(1, results)):.1f} %"
        )


if __name__ == "__main__":
    main()
