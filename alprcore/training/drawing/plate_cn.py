# SPDX-License-Identifier: Apache-2.0
"""Rendered plates of mainland China, and a file of training crops of them.

``python -m alprcore.training.drawing.plate_cn --fonts DIR --out FILE`` draws crops for
`bank.scripts`: real ones at hand are nearly all of one province.
"""

from __future__ import annotations

import argparse
import pickle
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from alprcore.training.bank.model import PROVINCES, SIGNS
from alprcore.training.bank.rendered import crop_of
from alprcore.training.drawing.faces import (
    Face,
    FontSet,
    outline_face,
    plain_words,
    stroke_face,
    stroke_face_count,
)
from alprcore.training.drawing.hangul_faces import outline_syllables, with_hangul
from alprcore.training.drawing.plate_art import fill_gradient, near
from alprcore.training.drawing.plate_designs import (
    WideDesign,
    black,
    dark_blue,
    white,
    wide_ink,
    yellow,
)
from alprcore.training.drawing.plate_ink import Canvas, Color, DrawnLine, InkStyle, draw_line
from alprcore.training.drawing.plate_kr import pick
from alprcore.training.drawing.plate_text import TextPlan, digits
from alprcore.training.drawing.plate_wear import draw_edges, finish
from alprcore.training.drawing.render import RenderedLine, RenderedPlate

pale_green: Color = (150, 215, 150)
# Ground and ink: private, trade and heavy, police and army, embassies; new energy is apart.
colors = ((dark_blue, white),) * 5 + ((yellow, black),) * 3 + ((white, black), (black, white))
letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
lines_of_two = 0.3  # share of plates
motorcycles = 0.4  # share of those of two lines


def chinese_text(rng: np.random.Generator, count: int) -> str:
    """Return a text of `count` characters in a format: province, city, serial."""
    serial = "".join(
        pick(rng, digits if rng.random() < 0.72 else letters) for _ in range(count - 2)
    )
    if rng.random() < 0.3:
        serial = serial[:-1] + pick(rng, SIGNS)
    return pick(rng, PROVINCES) + pick(rng, letters) + serial


def _face(rng: np.random.Generator, fonts: FontSet, text: str) -> Face:
    kinds = fonts.stroke if rng.random() < 0.4 else fonts.outline
    return with_hangul(
        kinds[int(rng.integers(len(kinds)))],
        fonts.hangul[int(rng.integers(len(fonts.hangul)))],
        text,
        height=float(rng.uniform(0.86, 1.06)),
        stretch=float(rng.uniform(0.5, 0.85)),
        down=float(rng.uniform(0.3, 0.7)),
    )


def _ink(rng: np.random.Generator, height: float, color: Color) -> InkStyle:
    design = WideDesign(1.0, 1.0, (), stretch=(0.7, 1.05), group_gap=(0.25, 0.42))
    style = wide_ink(rng, design, height=height, color=color)
    return replace(style, gap=float(rng.uniform(0.1, 0.2)))


def _ground(rng: np.random.Generator, rows: int, columns: int, count: int) -> tuple[Canvas, Color]:
    """Return an empty plate and the colour of its ink."""
    canvas = np.zeros((rows, columns, 3), np.float32)
    if count == 8:
        fill_gradient(canvas, [(0, near(rng, white, 10)), (1, near(rng, pale_green, 12))])
        return canvas, near(rng, black, 8)
    ground, ink = colors[int(rng.integers(len(colors)))]
    canvas[:] = near(rng, ground, 14)
    return canvas, near(rng, ink, 8)


def draw_chinese(rng: np.random.Generator, fonts: FontSet) -> RenderedPlate:
    """Return a plate of one line, or of two.

    440 x 140 mm, 480 x 140 with eight; 440 x 220, on motorcycles 220 x 140.
    """
    count = 8 if rng.random() < 0.2 else 7
    text = chinese_text(rng, count)
    two = count == 7 and rng.random() < lines_of_two
    rows = int(rng.integers(110, 160))
    motorcycle = two and rng.random() < motorcycles
    aspect = 1.57 if motorcycle else 2.0 if two else 3.14 if count == 7 else 3.43
    columns = int(rows * aspect * rng.normal(1, 0.04))
    canvas, ink = _ground(rng, rows, columns, count)
    face = _face(rng, fonts, text)
    plan = TextPlan(((text[:2],), (text[2:],)) if two else ((text[:2], text[2:]),))
    if two:
        upper = rows * float(rng.uniform(0.25, 0.3))
        lower = rows * float(rng.uniform(0.46, 0.53))
        spare = rows - upper - lower
        areas = [
            (columns * 0.25, spare * 0.3, columns * 0.75, spare * 0.3 + upper),
            (columns * 0.05, spare * 0.7 + upper, columns * 0.95, spare * 0.7 + upper + lower),
        ]
    else:
        height = rows * float(rng.uniform(0.6, 0.68))
        areas = [(columns * 0.03, (rows - height) / 2, columns * 0.97, (rows + height) / 2)]
    lines: list[DrawnLine] = []
    for groups, area in zip(plan.lines, areas, strict=True):
        style = _ink(rng, area[3] - area[1], ink)
        line = draw_line(canvas, rng, face, groups, area, style=style)
        for left, right in line.gaps if count == 7 else ():
            spot = (round((left + right) / 2), round((line.top + line.bottom) / 2))
            cv2.circle(canvas, spot, max(1, round(0.055 * style.height)), ink, -1, cv2.LINE_AA)
        lines.append(line)
    draw_edges(canvas, rng, fonts, ink=ink, text=(lines[0].top, lines[-1].bottom))
    image = np.clip(finish(canvas, rng), 0, 255).astype(np.uint8)
    found = tuple(
        RenderedLine("".join(groups), line.boxes, line.top, line.bottom)
        for groups, line in zip(plan.lines, lines, strict=True)
    )
    return RenderedPlate(image, found, "cn")


def chinese_fonts(folder: Path) -> FontSet:
    """Return the faces below `folder`: ``hanzi/`` for the Chinese, ``plate/`` for the rest.

    Raises
    ------
    FileNotFoundError
        If one of the two has none.
    """
    hanzi = sorted(
        p for p in (folder / "hanzi").rglob("*") if p.suffix in {".ttc", ".woff", ".ttf"}
    )
    found = [outline_face(p) for p in sorted((folder / "plate").rglob("*.woff"))]
    plate = tuple(face for face in found if face is not None)
    if not hanzi or not plate:
        raise FileNotFoundError(f"fonts: expected font files below {folder}/hanzi and /plate")
    return FontSet(
        outline=plate,
        stroke=tuple(stroke_face(i) for i in range(stroke_face_count // 3)),
        real={},
        words=plain_words(),
        hangul=tuple(outline_syllables(path, PROVINCES + SIGNS) for path in hanzi),
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    fonts = chinese_fonts(options.fonts)
    crops = []
    for _ in range(options.count):
        plate = draw_chinese(rng, fonts)
        crops.append(crop_of(plate, int(rng.integers(len(plate.lines))), rng))
    options.out.write_bytes(pickle.dumps(crops))
    print(f"{len(crops)} crops in {options.out}")


if __name__ == "__main__":
    main()
