# SPDX-License-Identifier: Apache-2.0
"""Grounds and inks of North American plates: plain, gradients and pictures."""

from __future__ import annotations

import numpy as np

from alprcore.training.drawing.plate_art import draw_scenery, fill_gradient, near, random_color
from alprcore.training.drawing.plate_ink import Canvas, Color

dark_inks: tuple[Color, ...] = (
    (35, 30, 30),
    (95, 35, 20),
    (110, 50, 25),
    (60, 30, 25),
    (30, 30, 140),
    (40, 70, 25),
    (25, 25, 25),
    (120, 60, 40),
    (35, 35, 110),
    (60, 55, 50),
    (20, 50, 90),
    (80, 20, 60),
)
light_inks: tuple[Color, ...] = (
    (240, 240, 240),
    (60, 190, 235),
    (225, 235, 235),
    (90, 200, 220),
    (200, 200, 200),
    (120, 220, 250),
    (80, 170, 210),
    (235, 225, 200),
)
light_grounds: tuple[Color, ...] = (
    (240, 240, 240),
    (225, 235, 240),
    (200, 220, 230),
    (240, 225, 200),
    (170, 220, 240),
    (215, 215, 215),
    (190, 230, 250),
    (235, 215, 235),
    (220, 240, 225),
    (80, 210, 245),
)
dark_grounds: tuple[Color, ...] = (
    (110, 50, 20),
    (60, 90, 20),
    (30, 25, 25),
    (50, 40, 120),
    (140, 80, 20),
    (30, 60, 100),
    (80, 80, 80),
    (150, 110, 20),
)


def paint_ground(canvas: Canvas, rng: np.random.Generator, *, light: bool) -> None:
    """Paint the ground: plain, gradient, or a picture."""
    if light and rng.random() < 0.3:
        # The commonest look in the street: white, perhaps a little colour at the top.
        level = float(rng.uniform(190, 245))
        plain = near(rng, (level, level, level), 6)
        edge_color = random_color(rng, 60) if rng.random() < 0.4 else plain
        fill_gradient(
            canvas, [(0, edge_color), (float(rng.uniform(0.15, 0.35)), plain), (1, plain)]
        )
        return
    grounds = light_grounds if light else dark_grounds
    first = near(rng, grounds[int(rng.integers(len(grounds)))])
    second = near(rng, grounds[int(rng.integers(len(grounds)))])
    style = rng.random()
    if style < 0.3:
        canvas[:] = first
    elif style < 0.55:
        fill_gradient(canvas, [(0, first), (1, second)])
    elif style < 0.85:
        # Coloured top or bottom running into a plain middle, as most designs do.
        accent, other = random_color(rng, 30), random_color(rng, 30)
        edge = float(rng.uniform(0.1, 0.42))
        stops = [(0.0, accent), (edge, first), (1 - edge, first), (1.0, other)]
        if rng.random() < 0.5:
            stops = stops[:-1] + [(1.0, first)]
        fill_gradient(canvas, stops)
    else:
        fill_gradient(canvas, [(0, random_color(rng, 60)), (0.5, first), (1, second)])
    if rng.random() < 0.55:
        draw_scenery(canvas, rng, float(rng.choice([0.08, 0.15, 0.3, 0.5])))
    for top in (True, False):
        if rng.random() < 0.18:
            band = int(canvas.shape[0] * rng.uniform(0.08, 0.27))
            window = canvas[:band] if top else canvas[-band:]
            window[:] = random_color(rng)


def median_level(canvas: Canvas, top: float, bottom: float) -> float:
    """Return the typical grey level of the rows where the text will stand."""
    return float(np.median(canvas[int(top) : int(bottom) : 4, ::8]))


def pick_ink(rng: np.random.Generator, level: float) -> Color:
    """Return an ink that stands out from the ground's grey level; now and then only just."""
    inks = dark_inks if level > 118 else light_inks
    ink = near(rng, inks[int(rng.integers(len(inks)))], 18)
    if rng.random() < 0.12:
        mix = float(rng.uniform(0.2, 0.5))
        return (
            ink[0] * (1 - mix) + level * mix,
            ink[1] * (1 - mix) + level * mix,
            ink[2] * (1 - mix) + level * mix,
        )
    return ink
