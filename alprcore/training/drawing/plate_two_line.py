# SPDX-License-Identifier: Apache-2.0
"""Rendered two-line plates: European squares, motorcycles, Brazilian, Vietnamese and others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alprcore.training.drawing.faces import FontSet
from alprcore.training.drawing.plate_art import draw_arms, draw_seal, near, paste_words
from alprcore.training.drawing.plate_bands import draw_left_band, fill_gaps
from alprcore.training.drawing.plate_designs import designs, pick_face, wide_ink
from alprcore.training.drawing.plate_ink import Canvas, DrawnLine, draw_line
from alprcore.training.drawing.plate_text import TextPlan
from alprcore.training.drawing.plate_wear import draw_edges, pick_words

# Family -> design whose colours and faces it shares, and its width per height.
families: dict[str, tuple[str, float]] = {
    "eu": ("eu", 1.4),
    "br": ("br", 1.18),
    "vn": ("world", 1.37),
    "in": ("in", 1.4),
    "world": ("world", 1.5),
}


@dataclass(slots=True)
class Layout:
    """Where the two lines stand: left, top, right, bottom of each, in pixels."""

    upper: tuple[float, float, float, float]
    lower: tuple[float, float, float, float]


def random_layout(rng: np.random.Generator, rows: int, columns: int) -> Layout:
    """Return places for two lines; the upper one is often smaller."""
    lower = rows * float(rng.uniform(0.33, 0.43))
    upper = lower * float(rng.choice([1.0, 1.0, 0.85, 0.7]))
    space = max(0.02 * rows, rows - lower - upper)
    top = space * float(rng.uniform(0.25, 0.36))
    low_top = rows - lower - space * float(rng.uniform(0.2, 0.33))
    return Layout(
        (columns * 0.04, top, columns * 0.96, top + upper),
        (columns * 0.04, low_top, columns * 0.96, low_top + lower),
    )


def draw_corner_pieces(
    canvas: Canvas, rng: np.random.Generator, fonts: FontSet, layout: Layout, band_share: float
) -> None:
    """Draw the country band at the left and a seal at the right; the lines make room."""
    rows, columns = canvas.shape[:2]
    left, top, right, bottom = layout.upper
    if rng.random() < max(band_share, 0.1):
        band = columns * float(rng.uniform(0.15, 0.22))
        tall = rows * float(rng.uniform(0.4, 0.5)) if rng.random() < 0.7 else float(rows)
        draw_left_band(canvas[: int(tall)], rng, fonts, band)
        left = band + columns * 0.02
        if tall > 0.6 * rows:
            layout.lower = (left, *layout.lower[1:])
    if rng.random() < 0.4:
        size = (bottom - top) * float(rng.uniform(0.3, 0.5))
        draw = draw_seal if rng.random() < 0.5 else draw_arms
        draw(canvas, rng, (right - size, (top + bottom) / 2), size)
        right -= 2.2 * size
    layout.upper = (left, top, right, bottom)


def draw_two_line(
    rng: np.random.Generator, fonts: FontSet, plan: TextPlan, rows: int, kind: str
) -> tuple[Canvas, list[DrawnLine]]:
    """Return a plate of the family `kind` with the two lines of `plan`, `rows` high."""
    name, aspect = families[kind]
    design = designs[name]
    columns = int(rows * aspect * rng.normal(1, 0.08))
    canvas = np.zeros((rows, columns, 3), np.float32)
    ground, ink = design.colors[int(rng.integers(len(design.colors)))]
    canvas[:] = near(rng, ground, 7)
    ink = near(rng, ink, 8)
    layout = random_layout(rng, rows, columns)
    draw_corner_pieces(canvas, rng, fonts, layout, design.left_band)
    if design.top_words and rng.random() < 0.4:
        area = (columns * 0.2, 1.0, columns * 0.8, layout.upper[1])
        paste_words(canvas, pick_words(rng, fonts, "city"), area, ink)
    face = pick_face(rng, fonts, design, "".join("".join(line) for line in plan.lines))
    style = wide_ink(rng, design, height=1.0, color=ink)
    lines = []
    for groups, area in zip(plan.lines, (layout.upper, layout.lower), strict=True):
        sized = replace(style, height=area[3] - area[1])
        line = draw_line(canvas, rng, face, groups, area, style=sized)
        fill_gaps(canvas, rng, fonts, line, design=design, ink=ink)
        lines.append(line)
    draw_edges(canvas, rng, fonts, ink=ink, text=(lines[0].top, lines[1].bottom))
    return canvas, lines
