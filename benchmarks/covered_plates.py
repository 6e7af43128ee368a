# SPDX-License-Identifier: Apache-2.0
"""What is said of plates with a bar at one end: ``python benchmarks/covered_plates.py FOLDER``.

FOLDER has photographs and a ``truth.csv`` (image, x, y, w, h, plate). Each plate that is read right
and surely is covered at its left end and at its right end by an even bar, from a sixth to four
tenths of its width. Counted are results that are wrong, stated at 90 % or more, and not marked as
occluded or cut off.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np

from alprcore import Engine, Plate
from alprcore.countries.pattern import LOOKALIKES
from alprcore.geometry import overlap
from alprcore.records import Box, Frame, Quad

SHARES = (0.17, 0.25, 0.4)
GREYS = (30, 120, 210)
SURE = 0.9


def barred(frame: Frame, quad: Quad, share: float, *, left: bool, grey: int) -> Frame:
    """Return the picture with a bar over an end of a plate, and as far beyond it."""
    p = quad.to_points()
    if not left:
        p = p[[1, 0, 3, 2]]
    across, down = (p[1] - p[0] + p[2] - p[3]) / 2, (p[3] - p[0] + p[2] - p[1]) / 2
    begin, end = p[0] - 0.5 * across - 0.4 * down, p[0] + share * across - 0.4 * down
    corners = np.array([begin, end, end + 1.8 * down, begin + 1.8 * down])
    out = frame.copy()
    cv2.fillPoly(out, [np.round(corners).astype(np.int32)], (grey, grey, grey))
    return out


def at(plates: tuple[Plate, ...], box: Box) -> Plate | None:
    """Return the plate that overlaps a box most, or None."""
    best = max(plates, key=lambda plate: overlap(plate.quad.bounds(), box), default=None)
    return best if best is not None and overlap(best.quad.bounds(), box) > 0.15 else None


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--country", default="auto")
    parser.add_argument("--most", type=int, default=40, help="plates")
    options = parser.parse_args()
    engine = Engine(country=options.country)
    plates = covered = wrong = marked = unmarked = 0
    with (options.folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["plate"] and row["w"]]
    for number, row in enumerate(rows[:: max(1, len(rows) // options.most)]):
        picture = cv2.imread(str(options.folder / row["image"]))
        if picture is None:
            continue
        frame = np.asarray(picture, np.uint8)
        x, y, w, h = (float(row[key]) for key in "xywh")
        box, text = Box(x, y, x + w, y + h), row["plate"].translate(LOOKALIKES)
        known = at(engine.recognize(frame).plates, box)
        if known is None or known.text.replace("\n", "").translate(LOOKALIKES) != text:
            continue
        if known.confidence < SURE or known.occluded:
            marked += known.occluded
            continue
        plates += 1
        for left in (True, False):
            share, grey = SHARES[(number + left) % 3], GREYS[(number + 2 * left) % 3]
            seen = at(
                engine.recognize(barred(frame, known.quad, share, left=left, grey=grey)).plates, box
            )
            covered += 1
            if seen is None or seen.text.replace("\n", "").translate(LOOKALIKES) == text:
                continue
            wrong += seen.confidence >= SURE
            unmarked += seen.confidence >= SURE and not (seen.occluded or seen.truncated)
    print(
        f"{plates} sure plates, {covered} covered: {wrong} wrong at 90 % or more,"
        f" {unmarked} of them unmarked ({100 * unmarked / max(1, covered):.1f} %);"
        f" {marked} right plates without a bar are marked"
    )


if __name__ == "__main__":
    main()
