# SPDX-License-Identifier: Apache-2.0
"""Rendered two-line plates: European squares, motorcycles, Brazilian, Vietnamese and others."""

from __future__ import annotations

import numpy as np

from alprcore.training.faces import FontSet
from alprcore.training.plate_art import draw_arms, draw_seal, near, paste_words
from alprcore.training.plate_ink import Canvas, DrawnLine, InkStyle, draw_line
from alprcore.training.plate_text import TextPlan
from alprcore.training.plate_wear import draw_bolt, draw_frame, draw_rim, pick_words
from alprcore.training.plate_wide import designs, draw_left_band, fill_gaps, pick_face

# Family -> design whose colours and faces it shares, and its width per height.
families: dict[str, tuple[str, float]] = {
    "eu": ("eu", 1.4), "br": ("br", 1.18), "vn": ("world", 1.37), "in": ("in", 1.4),
    "world": ("world", 1.5),
}


def draw_two_line(
    rng: np.random.Generator, fonts: FontSet, plan: TextPlan, rows: int, kind: str
) -> tuple[Canvas, list[DrawnLine]]:
    """Return a plate of the family `kind` with the two lines of `plan`, `rows` high."""
    name, aspect = families[kind]
    design = designs[name]
    columns = int(rows * aspect * rng.normal(1, 0.08))
    canvas = np.zeros((rows, columns, 3), np.float32)
    ground, ink = design.colors[int(rng.integers(len(design.colors)))]
    canvas[:] = near(rng, ground, 10)
    ink = near(rng, ink, 8)
    lower_height = rows * float(rng.uniform(0.33, 0.43))
    upper_height = lower_height * float(rng.choice([1.0, 1.0, 0.85, 0.7]))
    space = max(0.02 * rows, rows - lower_height - upper_height)
    top = space * float(rng.uniform(0.25, 0.36))
    low_top = rows - lower_height - space * float(rng.uniform(0.2, 0.33))
    upper_left = left = columns * 0.04
    upper_right = columns * 0.96
    if rng.random() < max(design.left_band, 0.1):
        band = columns * float(rng.uniform(0.15, 0.22))
        tall = rows * float(rng.uniform(0.4, 0.5)) if rng.random() < 0.7 else float(rows)
        draw_left_band(canvas[: int(tall)], rng, fonts, band)
        upper_left = band + columns * 0.02
        left = upper_left if tall > 0.6 * rows else left
    if rng.random() < 0.4:
        size = upper_height * float(rng.uniform(0.3, 0.5))
        spot = (upper_right - size, top + upper_height / 2)
        (draw_seal if rng.random() < 0.5 else draw_arms)(canvas, rng, spot, size)
        upper_right -= 2.2 * size
    if design.top_words and rng.random() < 0.4:
        paste_words(canvas, pick_words(rng, fonts, "city"), (columns * 0.2, 1, columns * 0.8, top), ink)
    style = InkStyle(
        height=lower_height, color=ink, stretch=float(rng.uniform(*design.stretch)),
        weight=float(rng.normal(0, 0.01)), gap=float(rng.uniform(0.07, 0.25)),
        group_gap=float(rng.uniform(0.25, 0.5)), emboss=float(rng.choice([0, 0.25, 0.6, 1.0], p=[0.3, 0.35, 0.25, 0.1])),
        opacity=float(rng.uniform(0.85, 1)),
    )
    face = pick_face(rng, fonts, design, "".join("".join(line) for line in plan.lines))
    upper = InkStyle(**{name: getattr(style, name) for name in style.__dataclass_fields__}
                     | {"height": upper_height})
    lines = [
        draw_line(canvas, rng, face, plan.lines[0], (upper_left, top, upper_right, top + upper_height), upper),
        draw_line(canvas, rng, face, plan.lines[1], (left, low_top, columns * 0.96, low_top + lower_height), style),
    ]
    for line in lines:
        fill_gaps(canvas, rng, fonts, line, design, ink)
    if rng.random() < 0.5:
        draw_rim(canvas, rng, color=near(rng, ink, 20))
    for x in rng.choice([0.06, 0.12, 0.5, 0.88, 0.94], size=int(rng.integers(0, 4))):
        draw_bolt(canvas, rng, float(x) * columns, rows * float(rng.choice([0.08, 0.5, 0.92])),
                  rows * rng.uniform(0.015, 0.035))
    if rng.random() < 0.15:
        draw_frame(canvas, rng, fonts, text_top=lines[0].top, text_bottom=lines[1].bottom)
    return canvas, lines
