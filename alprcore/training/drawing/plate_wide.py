# SPDX-License-Identifier: Apache-2.0
"""Rendered one-line plates outside North America: European, South American and others."""

from __future__ import annotations

import numpy as np

from alprcore.training.drawing.faces import FontSet
from alprcore.training.drawing.plate_art import near
from alprcore.training.drawing.plate_bands import (
    draw_left_arms,
    draw_left_band,
    draw_right_band,
    draw_top,
    fill_gaps,
)
from alprcore.training.drawing.plate_designs import designs, pick_face, wide_ink
from alprcore.training.drawing.plate_ink import Canvas, DrawnLine, draw_line
from alprcore.training.drawing.plate_text import TextPlan
from alprcore.training.drawing.plate_wear import draw_edges


def draw_wide(
    rng: np.random.Generator, fonts: FontSet, plan: TextPlan, rows: int, kind: str
) -> tuple[Canvas, list[DrawnLine]]:
    """Return a plate of the family `kind` with the one-line text of `plan`, `rows` high."""
    design = designs[kind]
    columns = int(rows * design.aspect * rng.normal(1, 0.03 if kind != "world" else 0.15))
    canvas = np.zeros((rows, columns, 3), np.float32)
    ground, ink = design.colors[int(rng.integers(len(design.colors)))]
    canvas[:] = near(rng, ground, 7)
    ink = near(rng, ink, 8)
    height = rows * design.height * float(rng.normal(1, 0.04))
    lower = rows * (0.96 if design.top_words or design.top_band else 1.0)
    bottom = lower - (rows - height) * (0.16 if lower < rows else 0.5)
    left, right = columns * 0.035, columns * 0.965
    draw_top(canvas, rng, fonts, design, ink=ink, top=bottom - height)
    if rng.random() < design.left_band:
        band = rows * float(rng.uniform(0.34, 0.42))
        draw_left_band(canvas, rng, fonts, band)
        left = band + rows * float(rng.uniform(0.04, 0.2))
    elif rng.random() < design.left_arms:
        draw_left_arms(canvas, rng, fonts, rows * 0.36)
        left = rows * 0.36
    if rng.random() < design.right_band:
        band = rows * float(rng.uniform(0.3, 0.4))
        draw_right_band(canvas, rng, fonts, band)
        right = columns - band - rows * 0.06
    face = pick_face(rng, fonts, design, "".join(plan.lines[0]))
    style = wide_ink(rng, design, height=height, color=ink)
    area = (left, bottom - height, right, bottom)
    line = draw_line(canvas, rng, face, plan.lines[0], area, style=style)
    fill_gaps(canvas, rng, fonts, line, design=design, ink=ink)
    draw_edges(canvas, rng, fonts, ink=ink, text=(line.top, line.bottom))
    return canvas, [line]
