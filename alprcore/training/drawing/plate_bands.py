# SPDX-License-Identifier: Apache-2.0
"""What stands beside the text of a plate: blue bands, place names, seals, arms, hyphens."""

from __future__ import annotations

import cv2
import numpy as np

from alprcore.training.drawing.faces import FontSet
from alprcore.training.drawing.plate_art import (
    draw_arms,
    draw_seal,
    draw_symbol,
    near,
    paste_words,
    random_color,
)
from alprcore.training.drawing.plate_designs import WideDesign, white
from alprcore.training.drawing.plate_ink import Canvas, Color, DrawnLine
from alprcore.training.drawing.plate_wear import draw_sticker, pick_words


def draw_left_band(canvas: Canvas, rng: np.random.Generator, fonts: FontSet, wide: float) -> None:
    """Draw the blue band with a ring of stars or a flag and the country's letters."""
    rows = canvas.shape[0]
    shade = near(rng, (150, 60, 15), 25)
    inset = round(rng.uniform(0, 0.03) * rows)
    canvas[inset : rows - inset, inset : round(wide)] = shade
    centre = (wide / 2, rows * float(rng.uniform(0.26, 0.36)))
    gold = (20.0, 200.0, 245.0)
    if rng.random() < 0.8:
        for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            spot = (
                int(centre[0] + wide * 0.3 * np.cos(angle)),
                int(centre[1] + wide * 0.3 * np.sin(angle)),
            )
            cv2.circle(canvas, spot, max(1, rows // 60), gold, -1, cv2.LINE_AA)
    else:
        draw_symbol(canvas, rng, centre, wide * 0.6)
    area = (wide * 0.18, rows * 0.6, wide * 0.85, rows * float(rng.uniform(0.8, 0.92)))
    paste_words(
        canvas,
        pick_words(rng, fonts, "country"),
        area,
        (235, 235, 235) if rng.random() < 0.85 else gold,
    )


def draw_left_arms(canvas: Canvas, rng: np.random.Generator, fonts: FontSet, wide: float) -> None:
    """Draw arms and the country's letters at the left, without a band."""
    rows = canvas.shape[0]
    draw_arms(canvas, rng, (wide * 0.55, rows * float(rng.uniform(0.3, 0.4))), wide * 0.3)
    area = (wide * 0.2, rows * 0.6, wide * 0.9, rows * float(rng.uniform(0.78, 0.88)))
    paste_words(canvas, pick_words(rng, fonts, "country"), area, (40, 40, 40))


def draw_right_band(canvas: Canvas, rng: np.random.Generator, fonts: FontSet, wide: float) -> None:
    """Draw the band on the right: a logo above a number, or a plain colour, or dates."""
    rows, columns = canvas.shape[:2]
    left = columns - round(wide)
    shade = near(rng, (150, 60, 15), 25) if rng.random() < 0.75 else random_color(rng)
    canvas[:, left:] = shade
    if rng.random() < 0.85:
        draw_arms(canvas, rng, (left + wide / 2, rows * 0.32), wide * 0.3)
        paste_words(
            canvas,
            pick_words(rng, fonts, "sticker"),
            (left + wide * 0.15, rows * 0.58, columns - wide * 0.15, rows * 0.9),
            white,
        )


def fill_gaps(
    canvas: Canvas,
    rng: np.random.Generator,
    fonts: FontSet,
    line: DrawnLine,
    *,
    design: WideDesign,
    ink: Color,
) -> None:
    """Put hyphens, dots, seals, arms and stickers between the groups."""
    middle, height = (line.top + line.bottom) / 2, line.bottom - line.top
    for i, (left, right) in enumerate(line.gaps):
        centre, wide = (left + right) / 2, right - left
        if rng.random() < design.hyphen:
            half = min(wide * 0.4, height * 0.13) * rng.uniform(0.7, 1.2)
            thick = height * rng.uniform(0.08, 0.14)
            if rng.random() < 0.3:
                half = thick / 2
            corners = (
                (int(centre - half), int(middle - thick / 2)),
                (int(centre + half), int(middle + thick / 2)),
            )
            cv2.rectangle(canvas, corners[0], corners[1], ink, -1)
        elif i == 0 and rng.random() < design.between:
            size = min(wide * 0.47, height * 0.24)
            pick = rng.random()
            if pick < 0.2:
                # Two small seals, often with a hyphen between them.
                for shift in (-0.22, 0.22):
                    draw_seal(canvas, rng, (centre, middle + shift * height), size * 0.45)
                if rng.random() < 0.6:
                    half, thick = int(size * 0.4), max(1, int(height * 0.05))
                    ends = (int(centre) - half, int(middle)), (int(centre) + half, int(middle))
                    cv2.line(canvas, ends[0], ends[1], ink, thick)
            elif pick < 0.6:
                draw_seal(canvas, rng, (centre, middle - height * 0.26), size)
                if rng.random() < 0.75:
                    draw_seal(canvas, rng, (centre, middle + height * 0.24), size)
            elif pick < 0.85:
                draw_arms(canvas, rng, (centre, middle + rng.normal(0, 0.1) * height), size * 1.3)
            else:
                draw_sticker(
                    canvas,
                    rng,
                    fonts,
                    (centre - size, middle - size * 1.5, centre + size, middle + size * 1.5),
                )


def draw_top(
    canvas: Canvas,
    rng: np.random.Generator,
    fonts: FontSet,
    design: WideDesign,
    *,
    ink: Color,
    top: float,
) -> None:
    """Draw what stands above the text: a place name, or the blue Mercosur band."""
    rows, columns = canvas.shape[:2]
    if design.top_band and rng.random() < design.top_band:
        band = round(rows * rng.uniform(0.2, 0.26))
        canvas[:band] = near(rng, (150, 60, 10), 18)
        paste_words(
            canvas,
            pick_words(rng, fonts, "city"),
            (columns * 0.3, band * 0.2, columns * 0.7, band * 0.8),
            white,
        )
        draw_symbol(canvas, rng, (columns * 0.93, band * 0.5), band * 0.6)
    elif rng.random() < design.top_words:
        paste_words(
            canvas,
            pick_words(rng, fonts, "city"),
            (columns * 0.25, rows * 0.05, columns * 0.75, max(rows * 0.12, top - rows * 0.05)),
            ink,
        )
