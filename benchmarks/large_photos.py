# SPDX-License-Identifier: Apache-2.0
"""How many small plates are found in photographs of 12 megapixels.

``python benchmarks/large_photos.py --data DIR`` shrinks each held-back street photograph until its
largest plate is 40 pixels wide, lays it at a random place into another one, enlarged to 4000 x 3000
and blurred, and prints how many of these plates are found at a score of 0.3, how many results there
are, and how long the search takes beside the one without tiles.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from detector_recall import Rects, labels, load_finder, models, overlap, read, rects

from alprcore.finding.detect import find_plates
from alprcore.finding.network import PlateFinder
from alprcore.records import Frame
from alprcore.settings import Settings
from alprcore.training.finding.data import held_back

SIZE = (4000, 3000)  # columns, rows


def mosaic(
    photo: Frame, scale: float, other: Frame, rng: np.random.Generator
) -> tuple[Frame, int, int]:
    """Return the other picture, enlarged, with the shrunk photo in it, and the photo's place."""
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = cv2.GaussianBlur(cv2.resize(other, SIZE, interpolation=cv2.INTER_CUBIC), (0, 0), 3)
    left, top = (int(rng.integers(n - m)) for n, m in zip(SIZE, small.shape[1::-1], strict=True))
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.asarray(frame, np.uint8), left, top


def timed(frame: Frame, finder: PlateFinder, *, tiled: bool) -> tuple[Rects, float]:
    """Return the boxes found, and the seconds it took."""
    begin = time.perf_counter()
    area = Settings().detection_pixels
    plates = find_plates(frame, finder, min_score=0.3, max_plates=50, area=area, tiled=tiled)
    spent = time.perf_counter() - begin
    return rects(plate.quad for plate in plates), spent


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=models)
    parser.add_argument("--width", type=float, default=40.0, help="of the plates, in pixels")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    finder = load_finder(args.models)
    folder, rng = args.data / "plates" / "openimages", np.random.default_rng(1)
    known = {name: b for name, b in labels(folder).items() if held_back(name) and len(b)}
    found, results, times = [], [], []
    for name, boxes in known.items():
        plate = boxes[np.argmax(boxes[:, 2] - boxes[:, 0])]
        scale = args.width / (plate[2] - plate[0])
        if scale > 0.75:  # no smaller than it was: what is left of the labels would be a guess
            continue
        other = read(folder / str(rng.choice(list(known))))
        frame, left, top = mosaic(read(folder / name), scale, other, rng)
        seen, seconds = timed(frame, finder, tiled=True)
        times.append((seconds, timed(frame, finder, tiled=False)[1]))
        place = plate * scale + [left, top, left, top]
        found.append(overlap(place, seen).max(initial=0.0) > 0.3)
        results.append(len(seen))
    with_tiles, without = np.median(times, axis=0)
    print(
        f"{len(found)} photographs, plates {args.width:g} pixels wide: {100 * np.mean(found):.1f} %"
        f" found, {np.mean(results):.2f} results each; {with_tiles / without:.1f} times the search"
        f" without tiles"
    )


if __name__ == "__main__":
    main()
