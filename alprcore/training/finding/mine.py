# SPDX-License-Identifier: Apache-2.0
"""Find what fools a detector in the training photographs, for the next training.

``python -m alprcore.training.finding.mine --data DIR --model FILE --out mined.csv`` writes a row
for each result that meets no labelled plate. The next training (``detector --mined``) draws
``hard`` ones more often, and leaves ``doubtful`` ones out of its loss: they score so high that most
are plates that nobody labelled. ``--sheet FILE`` writes a picture of the best scored
ones, in falling order, for a person to judge and to correct the column ``kind``.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np

from alprcore.finding.detect import find_plates
from alprcore.finding.network import PlateFinder
from alprcore.records import Box, Frame
from alprcore.settings import Settings
from alprcore.training.finding.data import folder_weights, held_back, labelled_boxes

tile = (160, 100)


def meets_label(box: Box, labels: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> bool:
    """Return whether the box touches a labelled plate, grown by a quarter of its size."""
    for left, top, right, bottom in labels:
        grow_x, grow_y = 0.25 * (right - left), 0.25 * (bottom - top)
        apart = box.left > right + grow_x or box.right < left - grow_x
        if not (apart or box.top > bottom + grow_y or box.bottom < top - grow_y):
            return True
    return False


def thumbnail(frame: Frame, box: Box, label: str) -> Frame:
    """Return the surroundings of a box with its score, for the contact sheet."""
    grow = 0.8 * box.width
    left, right = max(0, int(box.left - grow)), int(box.right + grow)
    top, bottom = max(0, int(box.top - grow * 0.7)), int(box.bottom + grow * 0.7)
    small = cv2.resize(frame[top:bottom, left:right], tile, interpolation=cv2.INTER_AREA)
    cv2.putText(small, label, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 255, 255), 1)
    return np.asarray(small, np.uint8)


def write_sheet(path: Path, thumbs: list[Frame]) -> None:
    """Write pictures of one size side by side, twelve in a row."""
    filled = thumbs + [np.zeros_like(thumbs[0])] * (-len(thumbs) % 12)
    rows = [np.hstack(filled[i : i + 12]) for i in range(0, len(filled), 12)]
    cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hard", type=float, default=0.15, help="lowest score of a hard place")
    parser.add_argument(
        "--doubtful", type=float, default=0.5, help="lowest score of a doubtful one"
    )
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    finder = PlateFinder(args.model.read_bytes(), None)
    rows: list[tuple[str, str, Box, float]] = []
    thumbs: list[tuple[float, Frame]] = []
    for folder in folder_weights:
        for name, labels in labelled_boxes(args.data / "plates" / folder).items():
            image = cv2.imread(str(args.data / "plates" / folder / name))
            if image is None or (folder == "openimages" and held_back(name)):
                continue
            frame = np.asarray(image, np.uint8)
            found = find_plates(
                frame,
                finder,
                min_score=args.hard,
                max_plates=12,
                area=Settings().detection_pixels,
                tiled=False,
            )
            for plate in found:
                box = plate.quad.bounds()
                if meets_label(box, labels):
                    continue
                kind = "hard" if plate.score < args.doubtful else "doubtful"
                rows.append((f"{folder}/{name}", kind, box, plate.score))
                if args.sheet and plate.score > 0.3:
                    thumbs.append((plate.score, thumbnail(frame, box, f"{plate.score:.2f}")))
    with args.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "kind", "left", "top", "right", "bottom", "score"])
        for name, kind, box, score in rows:
            edges = (f"{v:.1f}" for v in (box.left, box.top, box.right, box.bottom))
            writer.writerow([name, kind, *edges, f"{score:.3f}"])
    print(f"{sum(r[1] == 'hard' for r in rows)} hard, {sum(r[1] != 'hard' for r in rows)} doubtful")
    if args.sheet and thumbs:
        write_sheet(args.sheet, [t for _, t in sorted(thumbs, key=lambda item: -item[0])[:240]])


if __name__ == "__main__":
    main()
