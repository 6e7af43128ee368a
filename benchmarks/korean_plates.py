# SPDX-License-Identifier: Apache-2.0
"""How Korean plates are found and read: drawn ones, in faces that no bank learned from.

``python benchmarks/korean_plates.py --data DIR`` draws plates in Hangul faces that are kept for
measuring, hangs them over the plates of the held-back street photographs as a camera would have
seen them, and prints how many are found (at an overlap of 0.3) and read right, all characters, by
the kind of plate and its width. There are no real photographs of Korean plates to measure on.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from detector_recall import labels, overlap, read, rects

from alprcore import Engine
from alprcore.records import Frame
from alprcore.training.drawing.hangul_faces import load_hangul
from alprcore.training.drawing.plate_kr import draw_korean, draw_korean_two, formatted_text
from alprcore.training.drawing.plate_wear import finish
from alprcore.training.drawing.render import FontSet, load_fonts
from alprcore.training.finding.data import held_back
from alprcore.training.finding.place import random_corners
from alprcore.training.finding.scene import developed, paste

TILT = 0.6  # of the angles that plates have in training: cameras are aimed at plates
WIDTHS = (70, 110, 170)  # pixels; between and beyond these the figures are split


@dataclass(frozen=True, slots=True)
class Scene:
    """A photograph with a drawn plate, the plate's bounds and its text, lines joined."""

    frame: Frame
    bounds: np.ndarray[tuple[int], np.dtype[np.float64]]
    text: str


def scenes(data: Path, fonts: FontSet, lines: int, seed: int) -> Iterator[Scene]:
    """Yield a scene for each held-back photograph with a plate of 50 pixels or more."""
    folder = data / "plates" / "openimages"
    for number, (name, boxes) in enumerate(labels(folder).items()):
        if not held_back(name) or not len(boxes):
            continue
        left, top, right, bottom = boxes[np.argmax(boxes[:, 2] - boxes[:, 0])]
        if right - left < 50:
            continue
        rng = np.random.default_rng((seed, number))
        plan = formatted_text(rng, lines)
        draw = draw_korean if lines == 1 else draw_korean_two
        canvas, _ = draw(rng, fonts, plan, int(rng.integers(130, 181)))
        plate = np.clip(finish(canvas, rng), 0, 255).astype(np.uint8)
        aspect = plate.shape[1] / plate.shape[0]
        width = min(300.0, max(right - left, (bottom - top) * aspect) * 1.05)
        middle = np.array([(left + right) / 2, (top + bottom) / 2])
        corners = random_corners(rng, middle, width, aspect, TILT)
        frame = read(folder / name)
        paste(frame, plate, corners, rng)
        bounds = np.concatenate([corners.min(0), corners.max(0)])
        if (bounds[:2] >= 0).all() and (bounds[2:] <= frame.shape[1::-1]).all():
            text = "".join("".join(line) for line in plan.lines)
            yield Scene(developed(frame, rng), bounds, text)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, default=Path("training_data/fonts"))
    parser.add_argument("--seeds", type=int, default=3, help="plates drawn for each photograph")
    parser.add_argument("--list", action="store_true", help="print what is read wrong")
    parser.add_argument("--bank", default="", help="the shipped one where it is not given")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    hangul = load_hangul(args.fonts / "hangul_held_back")
    fonts = replace(load_fonts(args.fonts), hangul=hangul)
    engine = Engine(country="kr,kr2", bank=args.bank)
    counts: dict[tuple[int, int], Counter[str]] = {}
    for lines in (1, 2):
        for seed in range(args.seeds):
            for scene in scenes(args.data, fonts, lines, seed):
                width = scene.bounds[2] - scene.bounds[0]
                count = counts.setdefault((lines, int(np.searchsorted(WIDTHS, width))), Counter())
                plates = engine.recognize(scene.frame).plates
                iou = overlap(scene.bounds, rects(plate.quad for plate in plates))
                count["plates"] += 1
                if iou.max(initial=0.0) <= 0.3:
                    continue
                text = plates[int(iou.argmax())].text.replace("\n", "")
                count["found"] += 1
                count["read"] += text == scene.text
                count["digits"] += [c for c in text if c.isdigit()] == [
                    c for c in scene.text if c.isdigit()
                ]
                if args.list and text != scene.text:
                    print(f"{lines} {width:.0f} {scene.text} {text}")
    for (lines, kind), count in sorted(counts.items()):
        low, high = (0, *WIDTHS)[kind], (*WIDTHS, "")[kind]
        print(
            f"{lines} line(s), {low}-{high} px: {count['plates']} plates, {count['found']} found,"
            f" {count['read']} read right, digits of {count['digits']}"
        )


if __name__ == "__main__":
    main()
