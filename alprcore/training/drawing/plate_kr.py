# SPDX-License-Identifier: Apache-2.0
"""Rendered plates of South Korea: one line since 2006, two lines before and for trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alprcore.training.drawing.faces import Face, FontSet
from alprcore.training.drawing.hangul_faces import places, syllables, use_letters, with_hangul
from alprcore.training.drawing.plate_art import near
from alprcore.training.drawing.plate_bands import draw_left_band
from alprcore.training.drawing.plate_designs import (
    WideDesign,
    black,
    green,
    orange,
    white,
    wide_ink,
    yellow,
)
from alprcore.training.drawing.plate_ink import Canvas, Color, DrawnLine, InkStyle, draw_line
from alprcore.training.drawing.plate_text import Groups, TextPlan, digits
from alprcore.training.drawing.plate_wear import draw_edges

sky: Color = (225, 195, 150)
navy: Color = (95, 45, 30)
# Ground and ink: private, trade, electric.
wide_colors = ((white, black),) * 6 + ((yellow, black), (yellow, navy), (sky, black))
# Until 2006, trade, heavy machinery.
square_colors = (
    ((green, white),) * 5 + ((yellow, black), (yellow, navy), (white, black)) + ((orange, white),)
)
# 520 x 110, 335 x 155 and 440 x 200 mm.
wide_aspects = (4.73, 4.73, 4.73, 2.16, 2.2)
# A quarter of the texts follows no format, so that no bank learns formats by heart.
random_share = 0.25


@dataclass(frozen=True, slots=True)
class Letters:
    """How Hangul stands among the digits: see `hangul_faces.with_hangul`."""

    height: tuple[float, float]
    down: tuple[float, float] = (0.3, 0.9)


# Of the tallest syllables; most are a tenth lower, those without a consonant below by a quarter.
among_digits = Letters((0.75, 1.08))
in_small_line = Letters((0.9, 1.08))


def random_digits(rng: np.random.Generator, count: int) -> str:
    """Return a number with so many digits."""
    return "".join(digits[int(i)] for i in rng.integers(10, size=count))


def pick(rng: np.random.Generator, some: Sequence[str]) -> str:
    """Return one of them."""
    return some[int(rng.integers(len(some)))]


def formatted_text(rng: np.random.Generator, lines: int, letters: str = use_letters) -> TextPlan:
    """Return a text as plates with one or two lines have it, the letter one of `letters`."""
    letter, tail = pick(rng, letters), random_digits(rng, 4)
    if lines == 1:
        return TextPlan(((random_digits(rng, int(rng.choice([2, 2, 3]))) + letter, tail),))
    if rng.random() < 0.35:
        return TextPlan(((random_digits(rng, 2) + letter,), (tail,)))
    place, number = pick(rng, places), random_digits(rng, int(rng.choice([2, 2, 2, 1])))
    upper = (place, number) if rng.random() < 0.5 else (place + number,)
    lower = (letter, tail) if rng.random() < 0.6 else (letter + tail,)
    return TextPlan((upper, lower))


def korean_text(rng: np.random.Generator, lines: int) -> TextPlan:
    """Return a text to learn from: in a format or in none, with any of the syllables."""
    if rng.random() >= random_share:
        return formatted_text(rng, lines, use_letters if rng.random() < 0.5 else syllables)
    mixed = [pick(rng, digits if rng.random() < 0.55 else syllables) for _ in range(8)]
    cut = int(rng.integers(2, 5))
    first, second = "".join(mixed[:cut]), "".join(mixed[cut : cut + int(rng.integers(2, 5))])
    return TextPlan(((first, second),) if lines == 1 else ((first,), (second,)))


def _face(rng: np.random.Generator, fonts: FontSet, groups: Groups, letters: Letters) -> Face:
    """Return a face for a line, digits and Hangul of different hands."""
    if not fonts.hangul:
        raise ValueError("expected Hangul faces: see training.fonts")
    kinds = fonts.stroke if rng.random() < 0.5 else fonts.outline
    return with_hangul(
        kinds[int(rng.integers(len(kinds)))],
        fonts.hangul[int(rng.integers(len(fonts.hangul)))],
        "".join(groups),
        height=float(rng.uniform(*letters.height)),
        stretch=float(rng.uniform(0.8, 1.15)),
        down=float(rng.uniform(*letters.down)),
    )


def _ink(rng: np.random.Generator, height: float, color: Color) -> InkStyle:
    design = WideDesign(1.0, 1.0, (), stretch=(0.85, 1.15), group_gap=(0.2, 0.5))
    style = wide_ink(rng, design, height=height, color=color)
    return replace(style, gap=float(rng.uniform(0.06, 0.2)))


def draw_korean(
    rng: np.random.Generator, fonts: FontSet, plan: TextPlan, rows: int
) -> tuple[Canvas, list[DrawnLine]]:
    """Return a plate with the one-line text of `plan`, `rows` high."""
    aspect = wide_aspects[int(rng.integers(len(wide_aspects)))]
    ground, ink = wide_colors[int(rng.integers(len(wide_colors)))]
    columns = int(rows * aspect * rng.normal(1, 0.03))
    canvas = np.zeros((rows, columns, 3), np.float32)
    canvas[:] = near(rng, ground, 8)
    ink = near(rng, ink, 8)
    height = rows * float(rng.uniform(0.62, 0.78) if aspect > 3 else rng.uniform(0.42, 0.6))
    left, right = columns * 0.04, columns * 0.96
    if aspect > 3 and rng.random() < 0.35:
        band = rows * float(rng.uniform(0.35, 0.5))
        draw_left_band(canvas, rng, fonts, band)
        left = band + rows * 0.06
    elif rng.random() < 0.2:
        left = _stacked_place(canvas, rng, fonts, ink=ink, left=left, height=height)
    groups = plan.lines[0]
    face = _face(rng, fonts, groups, among_digits)
    top = (rows - height) / 2
    style = _ink(rng, height, ink)
    line = draw_line(canvas, rng, face, groups, (left, top, right, top + height), style=style)
    draw_edges(canvas, rng, fonts, ink=ink, text=(line.top, line.bottom))
    return canvas, [line]


def _stacked_place(
    canvas: Canvas,
    rng: np.random.Generator,
    fonts: FontSet,
    *,
    ink: Color,
    left: float,
    height: float,
) -> float:
    """Draw a place as trade plates carry it, one small syllable above the other; return its end."""
    rows = canvas.shape[0]
    small = 0.45 * height
    place = places[int(rng.integers(len(places)))]
    tops = (rows / 2 - small * 1.05, rows / 2 + small * 0.05)
    for syllable, top in zip(place, tops, strict=True):
        face = _face(rng, fonts, (syllable,), in_small_line)
        area = (left, top, left + 1.1 * small, top + small)
        draw_line(canvas, rng, face, (syllable,), area, style=_ink(rng, small, ink))
    return left + 1.25 * small


def draw_korean_two(
    rng: np.random.Generator, fonts: FontSet, plan: TextPlan, rows: int
) -> tuple[Canvas, list[DrawnLine]]:
    """Return a plate with the two lines of `plan`, `rows` high: 335 x 170 mm, the upper one low."""
    columns = int(rows * 1.97 * rng.normal(1, 0.05))
    ground, ink = square_colors[int(rng.integers(len(square_colors)))]
    canvas = np.zeros((rows, columns, 3), np.float32)
    canvas[:] = near(rng, ground, 8)
    ink = near(rng, ink, 8)
    upper, lower = rows * float(rng.uniform(0.24, 0.31)), rows * float(rng.uniform(0.46, 0.55))
    spare = max(0.06 * rows, rows - upper - lower)
    top = spare * float(rng.uniform(0.3, 0.42))
    low_top = top + upper + spare * float(rng.uniform(0.22, 0.34))
    inset = columns * float(rng.uniform(0.14, 0.24))
    areas = (
        (inset, top, columns - inset, top + upper),
        (columns * 0.04, low_top, columns * 0.96, low_top + lower),
    )
    lines = []
    for groups, area, letters in zip(plan.lines, areas, (in_small_line, among_digits), strict=True):
        face = _face(rng, fonts, groups, letters)
        style = _ink(rng, area[3] - area[1], ink)
        lines.append(draw_line(canvas, rng, face, groups, area, style=style))
    draw_edges(canvas, rng, fonts, ink=ink, text=(lines[0].top, lines[1].bottom))
    return canvas, lines
