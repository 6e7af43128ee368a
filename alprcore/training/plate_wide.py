# SPDX-License-Identifier: Apache-2.0
"""Rendered one-line plates outside North America: European, South American and others."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from alprcore.training.faces import Face, FontSet
from alprcore.training.plate_art import draw_arms, draw_seal, draw_symbol, near, paste_words, random_color
from alprcore.training.plate_ink import Canvas, Color, DrawnLine, InkStyle, draw_line
from alprcore.training.plate_text import TextPlan
from alprcore.training.plate_wear import draw_bolt, draw_frame, draw_rim, draw_sticker, pick_words

black: Color = (30, 28, 28)
white: Color = (235, 235, 235)
yellow: Color = (30, 190, 245)
orange: Color = (20, 140, 240)
red: Color = (40, 35, 170)
dark_blue: Color = (130, 60, 20)
green: Color = (60, 110, 20)
grey: Color = (165, 170, 172)


@dataclass(frozen=True, slots=True)
class WideDesign:
    """One family of plates: proportions, colour pairs (ground, ink) and what surrounds the text."""

    aspect: float
    height: float
    colors: tuple[tuple[Color, Color], ...]
    faces: tuple[str, ...] = ()
    left_band: float = 0.0
    right_band: float = 0.0
    top_words: float = 0.0
    top_band: float = 0.0
    between: float = 0.0
    hyphen: float = 0.0
    stretch: tuple[float, float] = (0.9, 1.1)
    group_gap: tuple[float, float] = (0.3, 0.6)


european = ((white, black),) * 6 + ((yellow, black), (white, red), (white, dark_blue), (white, green))
designs: dict[str, WideDesign] = {
    "de": WideDesign(4.73, 0.69, ((white, black),), ("germany",), 0.97, between=0.9,
                     group_gap=(0.35, 0.75)),
    "nl": WideDesign(4.73, 0.69, ((yellow, black),) * 5 + ((white, black), (dark_blue, white)),
                     ("netherlands",), 0.9, hyphen=0.95),
    "fr": WideDesign(4.73, 0.69, ((white, black),) * 4 + ((yellow, black), (black, white)), ("france",),
                     0.9, right_band=0.8, hyphen=0.9),
    "gb": WideDesign(4.68, 0.71, ((white, black), (yellow, black)), ("uk",), 0.45),
    "es": WideDesign(4.73, 0.7, ((white, black),), (), 0.9),
    "it": WideDesign(4.73, 0.7, ((white, black),), (), 0.9, right_band=0.8),
    "pl": WideDesign(4.56, 0.7, ((white, black),), (), 0.95, between=0.5),
    "be": WideDesign(4.73, 0.69, ((white, red), (white, red), (red, white)), ("belgium",), 0.9,
                     hyphen=0.9),
    "rs": WideDesign(4.73, 0.69, ((white, black),), ("serbia",), 0.95, between=0.9, hyphen=0.5),
    "eu": WideDesign(4.65, 0.69, european, ("germany", "serbia", "france"), 0.85, 0.08,
                     between=0.5, hyphen=0.35, stretch=(0.8, 1.15)),
    "br": WideDesign(3.08, 0.5, ((grey, black),) * 5 + ((red, white), (red, white), (white, black), (green, white)),
                     ("brazil",), top_words=0.95, hyphen=0.3, stretch=(0.95, 1.2), group_gap=(0.25, 0.5)),
    "brm": WideDesign(3.08, 0.52, ((white, black),) * 4 + ((white, red), (white, dark_blue)), ("germany",),
                      top_band=1.0, group_gap=(0.1, 0.3)),
    "ar": WideDesign(2.28, 0.55, ((black, white),) * 4 + (((60, 55, 50), white),), (), top_words=0.9,
                     between=0.3, stretch=(0.75, 1.0)),
    "arm": WideDesign(3.08, 0.52, ((white, black),), ("germany",), top_band=1.0, group_gap=(0.2, 0.4)),
    "au": WideDesign(2.76, 0.6, ((white, black), (white, dark_blue), (yellow, black), (black, white),
                                 (white, green), (white, red)), (), top_words=0.6, between=0.5,
                     stretch=(0.75, 1.05)),
    "in": WideDesign(4.6, 0.62, ((white, black),) * 3 + ((yellow, black), (black, yellow), (green, white)),
                     (), 0.35, between=0.05, stretch=(0.7, 1.1), group_gap=(0.15, 0.5)),
    "mx": WideDesign(2.0, 0.4, ((white, black), (white, dark_blue), (white, green), (white, red)), (),
                     top_words=0.9, between=0.3, hyphen=0.6, stretch=(0.75, 1.0)),
    "sg": WideDesign(4.7, 0.66, ((black, white),) * 2 + ((white, black), (yellow, black)), (),
                     group_gap=(0.25, 0.5)),
    "world": WideDesign(3.6, 0.6, european + ((black, white), (red, white), (dark_blue, white),
                                              (green, white), (orange, black), (yellow, red)),
                        ("uk", "germany", "brazil"), 0.15, 0.1, top_words=0.4, between=0.3,
                        hyphen=0.3, stretch=(0.7, 1.2)),
}


def pick_face(rng: np.random.Generator, fonts: FontSet, design: WideDesign, text: str) -> Face:
    """Return a face that has every character: a real one of the design, or another."""
    countries = [c for c in design.faces if c in fonts.real]
    if countries and rng.random() < 0.72:
        some = fonts.real[countries[int(rng.integers(len(countries)))]]
        face = some[int(rng.integers(len(some)))]
        if face.has(text):
            return face
    if rng.random() < 0.4:
        return fonts.stroke[int(rng.integers(len(fonts.stroke)))]
    return fonts.outline[int(rng.integers(len(fonts.outline)))]


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
            spot = (int(centre[0] + wide * 0.3 * np.cos(angle)), int(centre[1] + wide * 0.3 * np.sin(angle)))
            cv2.circle(canvas, spot, max(1, rows // 60), gold, -1, cv2.LINE_AA)
    else:
        draw_symbol(canvas, rng, centre, wide * 0.6)
    area = (wide * 0.18, rows * 0.6, wide * 0.85, rows * float(rng.uniform(0.8, 0.92)))
    paste_words(canvas, pick_words(rng, fonts, "country"), area,
                (235, 235, 235) if rng.random() < 0.85 else gold)


def draw_right_band(canvas: Canvas, rng: np.random.Generator, fonts: FontSet, wide: float) -> None:
    """Draw the band on the right: a logo above a number, or a plain colour, or dates."""
    rows, columns = canvas.shape[:2]
    left = columns - round(wide)
    shade = near(rng, (150, 60, 15), 25) if rng.random() < 0.75 else random_color(rng)
    canvas[:, left:] = shade
    if rng.random() < 0.85:
        draw_arms(canvas, rng, (left + wide / 2, rows * 0.32), wide * 0.3)
        paste_words(canvas, pick_words(rng, fonts, "sticker"),
                    (left + wide * 0.15, rows * 0.58, columns - wide * 0.15, rows * 0.9), white)


def fill_gaps(canvas: Canvas, rng: np.random.Generator, fonts: FontSet, line: DrawnLine,
              design: WideDesign, ink: Color) -> None:
    """Put hyphens, dots, seals, arms and stickers between the groups."""
    middle, height = (line.top + line.bottom) / 2, line.bottom - line.top
    for i, (left, right) in enumerate(line.gaps):
        centre, wide = (left + right) / 2, right - left
        if rng.random() < design.hyphen:
            half = min(wide * 0.4, height * 0.13) * rng.uniform(0.7, 1.2)
            thick = height * rng.uniform(0.08, 0.14)
            if rng.random() < 0.3:
                half = thick / 2
            corners = ((int(centre - half), int(middle - thick / 2)),
                       (int(centre + half), int(middle + thick / 2)))
            cv2.rectangle(canvas, corners[0], corners[1], ink, -1)
        elif i == 0 and rng.random() < design.between:
            size = min(wide * 0.47, height * 0.24)
            pick = rng.random()
            if pick < 0.6:
                draw_seal(canvas, rng, (centre, middle - height * 0.26), size)
                if rng.random() < 0.75:
                    draw_seal(canvas, rng, (centre, middle + height * 0.24), size)
            elif pick < 0.85:
                draw_arms(canvas, rng, (centre, middle + rng.normal(0, 0.1) * height), size * 1.3)
            else:
                draw_sticker(canvas, rng, fonts, (centre - size, middle - size * 1.5, centre + size,
                                                  middle + size * 1.5))


def draw_top(canvas: Canvas, rng: np.random.Generator, fonts: FontSet, design: WideDesign,
             ink: Color, top: float) -> None:
    """Draw what stands above the text: a place name, or the blue Mercosur band."""
    rows, columns = canvas.shape[:2]
    if design.top_band and rng.random() < design.top_band:
        band = round(rows * rng.uniform(0.2, 0.26))
        canvas[:band] = near(rng, (150, 60, 10), 18)
        paste_words(canvas, pick_words(rng, fonts, "city"),
                    (columns * 0.3, band * 0.2, columns * 0.7, band * 0.8), white)
        draw_symbol(canvas, rng, (columns * 0.93, band * 0.5), band * 0.6)
    elif rng.random() < design.top_words:
        paste_words(canvas, pick_words(rng, fonts, "city"),
                    (columns * 0.25, rows * 0.05, columns * 0.75, max(rows * 0.12, top - rows * 0.05)),
                    ink)


def draw_wide(
    rng: np.random.Generator, fonts: FontSet, plan: TextPlan, rows: int, kind: str
) -> tuple[Canvas, list[DrawnLine]]:
    """Return a plate of the family `kind` with the one-line text of `plan`, `rows` high."""
    design = designs[kind]
    columns = int(rows * design.aspect * rng.normal(1, 0.03 if kind != "world" else 0.15))
    canvas = np.zeros((rows, columns, 3), np.float32)
    ground, ink = design.colors[int(rng.integers(len(design.colors)))]
    canvas[:] = near(rng, ground, 10)
    ink = near(rng, ink, 8)
    height = rows * design.height * float(rng.normal(1, 0.04))
    lower = rows * (0.96 if design.top_words or design.top_band else 1.0)
    bottom = lower - (rows - height) * (0.16 if lower < rows else 0.5)
    left, right = columns * 0.035, columns * 0.965
    draw_top(canvas, rng, fonts, design, ink, bottom - height)
    if rng.random() < design.left_band:
        band = rows * float(rng.uniform(0.34, 0.42))
        draw_left_band(canvas, rng, fonts, band)
        left = band + rows * float(rng.uniform(0.04, 0.2))
    if rng.random() < design.right_band:
        band = rows * float(rng.uniform(0.3, 0.4))
        draw_right_band(canvas, rng, fonts, band)
        right = columns - band - rows * 0.06
    text = "".join(plan.lines[0])
    style = InkStyle(
        height=height, color=ink, stretch=float(rng.uniform(*design.stretch)),
        weight=float(rng.normal(0, 0.01)), gap=float(rng.uniform(0.07, 0.22)),
        group_gap=float(rng.uniform(*design.group_gap)), emboss=float(rng.choice([0, 0.25, 0.6, 1.0], p=[0.3, 0.35, 0.25, 0.1])),
        wear=float(rng.uniform(0, 0.3)) if rng.random() < 0.15 else 0.0,
        opacity=float(rng.uniform(0.85, 1)),
    )
    line = draw_line(canvas, rng, pick_face(rng, fonts, design, text), plan.lines[0],
                     (left, bottom - height, right, bottom), style)
    fill_gaps(canvas, rng, fonts, line, design, ink)
    if rng.random() < 0.5:
        draw_rim(canvas, rng, color=near(rng, ink, 20))
    for x in rng.choice([0.06, 0.12, 0.3, 0.5, 0.7, 0.88, 0.94], size=int(rng.integers(0, 3))):
        draw_bolt(canvas, rng, float(x) * columns, rows * float(rng.choice([0.12, 0.5, 0.88])),
                  rows * rng.uniform(0.02, 0.05))
    if rng.random() < 0.15:
        draw_frame(canvas, rng, fonts, text_top=line.top, text_bottom=line.bottom)
    return canvas, [line]
