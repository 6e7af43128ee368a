# SPDX-License-Identifier: Apache-2.0
"""How many labelled plates the detector finds, what else it reports, and how long it takes.

``python benchmarks/detector_recall.py --data DIR`` prints for each set: recall at an overlap (IoU)
of 0.3 and 0.5 of the upright bounds, results per picture that meet no labelled plate (some of these
are real plates that nobody labelled), and the time of finding with one thread.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.finding.detect import find_plates
from alprcore.finding.network import PlateFinder
from alprcore.records import Frame, Quad
from alprcore.settings import Settings
from alprcore.training.finding.data import held_back

models = Path(__file__).resolve().parents[1] / "runtime_data" / "models"
counted_width = 40.0  # held-back street photographs: narrower plates are neither asked nor wrong

Rects = NDArray[np.float64]


def labels(folder: Path) -> dict[str, Rects]:
    """Return left, top, right, bottom of the labelled plates of each picture."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            boxes = found[row["image"]]
            if row["w"]:
                x, y, w, h = (float(row[k]) for k in ("x", "y", "w", "h"))
                boxes.append([x, y, x + w, y + h])
    return {name: np.array(boxes).reshape(-1, 4) for name, boxes in sorted(found.items())}


def overlap(box: Rects, others: Rects) -> NDArray[np.float64]:
    """Return the IoU of a box with each of the others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    meet = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(others[:, 2:4] - others[:, :2], axis=1) + np.prod(box[2:4] - box[:2])
    return np.asarray(meet / np.maximum(areas - meet, 1e-9))


def pictures(data: Path) -> Iterator[tuple[str, str, Frame, Rects]]:
    """Yield set name, file name, picture and labelled boxes."""
    for name in ("us", "eu", "br"):
        for image, boxes in labels(data / "photos_dev" / name).items():
            yield name, image, read(data / "photos_dev" / name / image), boxes
    for image, boxes in labels(data / "plates" / "openimages").items():
        if held_back(image):
            yield "openimages", image, read(data / "plates" / "openimages" / image), boxes


def load_finder(folder: Path) -> PlateFinder:
    """Return the networks of a folder; plates keep their boxes where it has none for corners."""
    corners = folder / "plate_corners.onnx"
    return PlateFinder(
        (folder / "plate_detector.onnx").read_bytes(),
        corners.read_bytes() if corners.exists() else None,
    )


def rects(quads: Iterable[Quad]) -> Rects:
    """Return left, top, right, bottom of the bounds of each quad, (n, 4)."""
    bounds = [quad.bounds() for quad in quads]
    return np.array([[b.left, b.top, b.right, b.bottom] for b in bounds]).reshape(-1, 4)


def read(path: Path) -> Frame:
    """Return a picture."""
    return np.asarray(cv2.imread(str(path)), np.uint8)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=models)
    parser.add_argument("--scores", type=float, nargs="+", default=[0.1, 0.2, 0.3, 0.4, 0.5])
    parser.add_argument("--pixels", type=int, default=Settings().detection_pixels)
    parser.add_argument("--untiled", action="store_true")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    finder = load_finder(args.models)
    hits: dict[str, list[tuple[float, float, float]]] = defaultdict(
        list
    )  # IoU 0.3, 0.5: best score
    extra: dict[str, list[float]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    for name, _, frame, boxes in pictures(args.data):
        start = time.perf_counter()
        plates = find_plates(
            frame, finder, min_score=0.05, max_plates=50, area=args.pixels, tiled=not args.untiled
        )
        times[name].append(time.perf_counter() - start)
        found = rects(plate.quad for plate in plates)
        scores = np.array([p.score for p in plates])
        for box in boxes:
            iou = overlap(box, found)
            if name != "openimages" or box[2] - box[0] >= counted_width:
                best = float(iou.max(initial=0.0))
                limits = (float(scores[iou >= t].max(initial=0.0)) for t in (0.3, 0.5))
                hits[name].append((*limits, best))  # type: ignore[arg-type]
        for box, score in zip(found, scores, strict=True):
            if overlap(box, boxes).max(initial=0.0) < 0.1:
                extra[name].append(float(score))
    for name, found_scores in hits.items():
        table, ms = np.array(found_scores), np.array(times[name][1:]) * 1e3
        print(
            f"{name}: {len(table)} plates, {len(ms) + 1} pictures, "
            f"mean IoU {table[:, 2].mean():.3f}, {np.median(ms):.1f} ms (min {ms.min():.1f})"
        )
        for limit in args.scores:
            recall = (table[:, :2] >= limit).mean(axis=0) * 100
            more = float((np.array(extra[name]) >= limit).sum()) / (len(ms) + 1)
            print(f"  score {limit:.2f}: {recall[0]:.1f} / {recall[1]:.1f} %, extra {more:.3f}")


if __name__ == "__main__":
    main()
