# SPDX-License-Identifier: Apache-2.0
"""Rendered plates of North American size: 12 x 6 inches, every design its own."""

from __future__ import annotations

import cv2
import numpy as np

from alprcore.training.drawing.faces import Face, FontSet
from alprcore.training.drawing.plate_art import (
    blob_points,
    draw_symbol,
    near,
    paste_words,
    polygon,
    random_color,
)
from alprcore.training.drawing.plate_ground import median_level, paint_ground, pick_ink
from alprcore.training.drawing.plate_ink import Canvas, Color, DrawnLine, InkStyle, draw_line
from alprcore.training.drawing.plate_text import TextPlan
from alprcore.training.drawing.plate_wear import (
    draw_bolt,
    draw_frame,
    draw_rim,
    draw_sticker,
    pick_words,
)


def pick_face(rng: np.random.Generator, fonts: FontSet) -> Face:
    """Return a face of American look: mostly the parametric die faces."""
    if rng.random() < 0.55:
        return fonts.stroke[int(rng.integers(len(fonts.stroke)))]
    return fonts.outline[int(rng.integers(len(fonts.outline)))]


def ink_style(rng: np.random.Generator, height: float, color: Color) -> InkStyle:
    """Return a random drawing style of American plates."""
    return InkStyle(
        height=height,
        color=color,
        stretch=float(rng.uniform(0.72, 1.2)),
        weight=float(rng.normal(0, 0.014)),
        slant=float(rng.normal(0, 0.05)) if rng.random() < 0.15 else 0.0,
        gap=float(rng.uniform(0.05, 0.3)),
        group_gap=float(rng.uniform(0.22, 0.75)),
        cell=float(rng.choice([0.0, 0.38, 0.45, 0.52])),
        emboss=float(rng.choice([0.0, 0.25, 0.6, 1.1], p=[0.3, 0.35, 0.25, 0.1])),
        wear=float(rng.uniform(0, 0.35)) if rng.random() < 0.2 else 0.0,
        opacity=float(rng.uniform(0.75, 1)),
    )


def draw_corners(canvas: Canvas, rng: np.random.Generator, fonts: FontSet) -> None:
    """Put stickers, sticker wells and bolts into the corners."""
    rows, columns = canvas.shape[:2]
    for right in (False, True):
        for lower in (False, True):
            if rng.random() < 0.36:
                wide, high = columns * rng.uniform(0.08, 0.15), rows * rng.uniform(0.11, 0.2)
                x = columns * rng.uniform(0.015, 0.08)
                y = rows * rng.uniform(0.015, 0.05)
                left = columns - x - wide if right else x
                top = rows - y - high if lower else y
                draw_sticker(canvas, rng, fonts, (left, top, left + wide, top + high))
            if rng.random() < 0.7:
                x = columns * rng.uniform(0.19, 0.23)
                y = rows * rng.uniform(0.07, 0.1)
                draw_bolt(
                    canvas,
                    rng,
                    columns - x if right else x,
                    rows - y if lower else y,
                    rows * rng.uniform(0.018, 0.04),
                )


def draw_separators(
    canvas: Canvas, rng: np.random.Generator, fonts: FontSet, line: DrawnLine, color: Color
) -> None:
    """Put a hyphen, dot or picture into the gaps between groups."""
    middle, height = (line.top + line.bottom) / 2, line.bottom - line.top
    for left, right in line.gaps:
        centre, wide = (left + right) / 2, right - left
        choice = rng.random()
        if choice > 0.9:
            half = min(wide * 0.35, height * 0.2)
            area = (centre - half, middle - half * 1.3, centre + half, middle + half * 1.3)
            draw_sticker(canvas, rng, fonts, area)
        elif choice < 0.25 and wide > 0.15 * height:
            half, thick = 0.3 * min(wide, height * 0.5), max(1, int(0.06 * height))
            cv2.line(
                canvas,
                (int(centre - half), int(middle)),
                (int(centre + half), int(middle)),
                color,
                thick,
            )
        elif choice < 0.4:
            cv2.circle(
                canvas,
                (int(centre), int(middle)),
                max(1, int(0.05 * height)),
                color,
                -1,
                cv2.LINE_AA,
            )
        elif choice < 0.75:
            size = min(wide * rng.uniform(0.6, 1.15), height * rng.uniform(0.25, 0.8))
            draw_symbol(canvas, rng, (centre, middle), size, color if rng.random() < 0.4 else None)


def side_symbol(
    canvas: Canvas, rng: np.random.Generator, fonts: FontSet, area: list[float], color: Color
) -> None:
    """Take space beside the text for a logo or stacked small letters; `area` shrinks."""
    left, top, right, bottom = area
    wide = (bottom - top) * float(rng.uniform(0.45, 0.95))
    on_left = rng.random() < 0.65
    centre = left + wide / 2 if on_left else right - wide / 2
    middle = (top + bottom) / 2
    if rng.random() < 0.3:
        # Stacked letters at a third of the height: not part of the text.
        face = pick_face(rng, fonts)
        small = (bottom - top) * float(rng.uniform(0.26, 0.36))
        step = small * 1.2
        count = int(rng.integers(2, 4))
        wide = small * 1.1
        centre = left + wide / 2 if on_left else right - wide / 2
        for i in range(count):
            letter = "ABCDEFGHJKLMNPRSTUVXYZ"[int(rng.integers(22))]
            y = middle + (i - (count - 1) / 2) * step
            draw_line(
                canvas,
                rng,
                face,
                (letter,),
                (centre - wide / 2, y - small / 2, centre + wide / 2, y + small / 2),
                style=InkStyle(height=small, color=color),
            )
    elif rng.random() < 0.3:
        spot = (centre, middle)
        polygon(canvas, blob_points(rng, spot, wide * 0.48), random_color(rng))
        polygon(canvas, blob_points(rng, spot, wide * 0.3), random_color(rng))
    else:
        draw_symbol(canvas, rng, (centre, middle), wide * 0.95)
    if on_left:
        area[0] = left + wide * 1.05
    else:
        area[2] = right - wide * 1.05


def draw_us(
    rng: np.random.Generator, fonts: FontSet, plan: TextPlan, rows: int
) -> tuple[Canvas, list[DrawnLine]]:
    """Return a plate with the one-line text of `plan`, `rows` high."""
    columns = int(rows * rng.uniform(1.9, 2.1))
    canvas = np.zeros((rows, columns, 3), np.float32)
    paint_ground(canvas, rng, light=bool(rng.random() < 0.86))
    height = rows * float(np.clip(rng.normal(0.45, 0.035), 0.34, 0.56))
    middle = rows * float(rng.normal(0.515, 0.02))
    color = pick_ink(rng, median_level(canvas, middle - height / 2, middle + height / 2))
    accent = color if rng.random() < 0.4 else pick_ink(rng, median_level(canvas, 0, rows * 0.2))
    top, bottom = middle - height / 2, middle + height / 2
    if rng.random() < 0.9:
        inset = columns * rng.uniform(0.08, 0.28)
        paste_words(
            canvas,
            pick_words(rng, fonts, "state"),
            (inset, rows * 0.03, columns - inset, top - rows * rng.uniform(0, 0.05)),
            accent,
        )
    if rng.random() < 0.8:
        inset = columns * rng.uniform(0.12, 0.3)
        kind = "slogan" if rng.random() < 0.75 else "county"
        low = bottom + rows * rng.uniform(0.02, 0.08)
        paste_words(
            canvas,
            pick_words(rng, fonts, kind),
            (inset, low, columns - inset, min(rows * 0.97, low + rows * 0.16)),
            accent,
        )
    if rng.random() < 0.35:
        draw_rim(canvas, rng, color=near(rng, color, 30))
    area = [columns * 0.03, top, columns * 0.97, bottom]
    if rng.random() < 0.17:
        side_symbol(canvas, rng, fonts, area, color)
    face = pick_face(rng, fonts)
    line = draw_line(
        canvas,
        rng,
        face,
        plan.lines[0],
        (area[0], area[1], area[2], area[3]),
        style=ink_style(rng, height, color),
    )
    draw_separators(canvas, rng, fonts, line, color)
    draw_corners(canvas, rng, fonts)
    if rng.random() < 0.34:
        draw_frame(canvas, rng, fonts, text_top=line.top, text_bottom=line.bottom)
    return canvas, [line]
