# SPDX-License-Identifier: Apache-2.0
"""Cut plates out of street photographs whose texts were read by eye, to train banks on.

``python -m alprcore.training.bank.street --data DIR --labels street_texts.csv --out FOLDER``

The labels, `benchmarks/labels/street_texts.csv`, name photographs below ``DIR/plates``. Each plate
is found and straightened by the shipped networks, so that what the bank learns from is off by what
it will be off by. Crops keep the photograph's resolution: most plates there are 10 to 30 pixels
high, where the crops of ``DIR/reading`` are sharp.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.finding.detect import find_plates
from alprcore.finding.network import PlateFinder
from alprcore.geometry import overlap
from alprcore.picture.rectify import rectify
from alprcore.records import Box, Frame, Quad
from alprcore.resources import model_bytes
from alprcore.settings import Settings

MARGIN = 0.35  # plate heights on each side; training moves lines about, which needs room
LEAST_OVERLAP = 0.4  # of the found plate's bounds with the labelled box
LEAST_SCORE = 0.15  # the label says that a plate is there
LEAST_ROWS = 24  # of a crop


def matching_quad(frame: Frame, box: Box, finder: PlateFinder, area: int) -> Quad | None:
    """Return the corners of the plate that is found at a labelled box, or None."""
    found = find_plates(frame, finder, min_score=LEAST_SCORE, max_plates=50, area=area, tiled=True)
    best, best_overlap = None, LEAST_OVERLAP
    for plate in found:
        shared = overlap(box, plate.quad.bounds())
        if shared > best_overlap:
            best, best_overlap = plate.quad, shared
    return best


def street_crop(frame: Frame, quad: Quad) -> NDArray[np.uint8]:
    """Return the plate upright and grey, about as many rows high as it is in the photograph."""
    crop, _ = rectify(frame, quad, margin=MARGIN)
    points = quad.to_points()
    height = np.linalg.norm(points[3] + points[2] - points[0] - points[1]) / 2
    rows = max(LEAST_ROWS, round(height * (1 + 2 * MARGIN)))
    if rows >= crop.shape[0]:
        return crop
    size = (max(16, round(crop.shape[1] * rows / crop.shape[0])), rows)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds plates/")
    parser.add_argument("--labels", type=Path, required=True, help="folder,image,x,y,w,h,plate")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    finder = PlateFinder(model_bytes("plate_detector.onnx"), model_bytes("plate_corners.onnx"))
    args.out.mkdir(parents=True, exist_ok=True)
    kept, total = [], 0
    with args.labels.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            total += 1
            image = cv2.imread(str(args.data / "plates" / row["folder"] / row["image"]))
            if image is None:
                continue
            frame = np.asarray(image, np.uint8)
            x, y, w, h = (float(row[key]) for key in ("x", "y", "w", "h"))
            quad = matching_quad(
                frame, Box(x, y, x + w, y + h), finder, Settings().detection_pixels
            )
            if quad is not None:
                name = f"{row['folder']}_{Path(row['image']).stem}_{round(x)}_{round(y)}.png"
                cv2.imwrite(str(args.out / name), street_crop(frame, quad))
                kept.append((name, row["plate"]))
    with (args.out / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "plate"])
        writer.writerows(kept)
    print(f"{len(kept)} of {total} plates cut out")


if __name__ == "__main__":
    main()
