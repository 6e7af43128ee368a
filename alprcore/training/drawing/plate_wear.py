# SPDX-License-Identifier: Apache-2.0
"""Things fixed on a plate and what time does to it: bolts, stickers, frames, dirt, shade, bends."""

from __future__ import annotations

import cv2
import numpy as np

from alprcore.training.drawing.faces import FontSet, Mask
from alprcore.training.drawing.plate_art import (
    Area,
    blob_points,
    near,
    paste_words,
    polygon,
    random_color,
    smooth_noise,
)
from alprcore.training.drawing.plate_ink import Canvas


def pick_words(rng: np.random.Generator, fonts: FontSet, kind: str) -> Mask:
    """Return a random phrase mask of a kind."""
    masks = fonts.words[kind]
    return masks[int(rng.integers(len(masks)))]


def draw_bolt(canvas: Canvas, rng: np.random.Generator, x: float, y: float, radius: float) -> None:
    """Draw a screw, a screw cap or an empty hole."""
    spot, size = (int(x), int(y)), max(1, int(radius))
    level = float(rng.uniform(10, 210))
    metal = near(rng, (level, level, level), 8)
    if rng.random() < 0.3:
        slot = (int(x + radius * 1.6), int(y))
        cv2.line(canvas, spot, slot, random_color(rng, 0, 90), 2 * size, cv2.LINE_AA)
        return
    cv2.circle(canvas, spot, size, metal, -1, cv2.LINE_AA)
    if size > 2:
        cv2.circle(
            canvas,
            (spot[0] - 1, spot[1] - 1),
            max(1, size // 2),
            near(rng, (level, level, level), 50),
            -1,
            cv2.LINE_AA,
        )


def draw_sticker(canvas: Canvas, rng: np.random.Generator, fonts: FontSet, area: Area) -> None:
    """Draw a validation sticker with one or two short words."""
    left, top, right, bottom = area
    ground = random_color(rng)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    corners += rng.normal(0, 0.02 * (right - left), (4, 2))
    polygon(canvas, corners, ground)
    ink = (20.0, 20.0, 20.0) if sum(ground) > 330 else (240.0, 240.0, 240.0)
    if rng.random() < 0.2:
        ink = random_color(rng)
    wide = (right - left) * 0.08
    if rng.random() < 0.5:
        middle = (top + bottom) / 2
        paste_words(
            canvas,
            pick_words(rng, fonts, "sticker"),
            (left + wide, top + 1, right - wide, middle),
            ink,
        )
        paste_words(
            canvas,
            pick_words(rng, fonts, "sticker"),
            (left + wide, middle, right - wide, bottom - 1),
            ink,
        )
    else:
        paste_words(
            canvas,
            pick_words(rng, fonts, "sticker"),
            (left + wide, top + 1, right - wide, bottom - 1),
            ink,
        )


def draw_frame(
    canvas: Canvas, rng: np.random.Generator, fonts: FontSet, *, text_top: float, text_bottom: float
) -> None:
    """Cover the edges with a dealer's frame that may come close to the text."""
    rows, columns = canvas.shape[:2]
    # Frames often touch the characters and cover a little of them.
    reach = float(rng.uniform(-0.02, 0.015)) * rows
    upper = float(min(rng.uniform(0.03, 0.28) * rows, text_top + reach))
    lower = float(min(rng.uniform(0.03, 0.28) * rows, rows - text_bottom + reach))
    side = float(rng.uniform(0.005, 0.04) * columns)
    shade = random_color(rng, 0, 70) if rng.random() < 0.7 else random_color(rng, 120, 240)
    for area in (
        (0.0, 0.0, columns, upper),
        (0.0, rows - lower, columns, rows),
        (0.0, 0.0, side, rows),
        (columns - side, 0.0, columns, rows),
    ):
        left, top, right, bottom = (round(v) for v in area)
        canvas[top:bottom, left:right] = shade
    ink = random_color(rng, 180) if sum(shade) < 350 else random_color(rng, 0, 90)
    for top, bottom in ((0.0, upper), (rows - lower, float(rows))):
        if bottom - top > 0.07 * rows and rng.random() < 0.75:
            inset = (bottom - top) * rng.uniform(0.08, 0.22)
            area = (columns * 0.08, top + inset, columns * 0.92, bottom - inset)
            paste_words(canvas, pick_words(rng, fonts, "frame"), area, ink)
    edge = near(rng, shade, 40)
    cv2.rectangle(
        canvas, (int(side), int(upper)), (int(columns - side), int(rows - lower)), edge, 1
    )


def draw_rim(
    canvas: Canvas, rng: np.random.Generator, *, color: tuple[float, float, float]
) -> None:
    """Draw an embossed or printed line along the edge."""
    rows, columns = canvas.shape[:2]
    inset = int(rng.uniform(0.0, 0.035) * rows)
    thick = max(1, int(rng.uniform(0.008, 0.035) * rows))
    cv2.rectangle(
        canvas, (inset, inset), (columns - 1 - inset, rows - 1 - inset), color, thick, cv2.LINE_AA
    )


def draw_edges(
    canvas: Canvas,
    rng: np.random.Generator,
    fonts: FontSet,
    *,
    ink: tuple[float, float, float],
    text: tuple[float, float],
) -> None:
    """Draw rim, bolts and now and then a dealer's frame; `text` is its top and bottom."""
    rows, columns = canvas.shape[:2]
    if rng.random() < 0.5:
        draw_rim(canvas, rng, color=near(rng, ink, 20))
    for x in rng.choice([0.06, 0.12, 0.3, 0.5, 0.7, 0.88, 0.94], size=int(rng.integers(0, 4))):
        y = float(rng.choice([0.1, 0.5, 0.9]))
        draw_bolt(canvas, rng, float(x) * columns, y * rows, rows * rng.uniform(0.015, 0.045))
    if rng.random() < 0.15:
        draw_frame(canvas, rng, fonts, text_top=text[0], text_bottom=text[1])


def round_corners(canvas: Canvas, rng: np.random.Generator) -> None:
    """Show what is behind the plate at its rounded corners."""
    rows, columns = canvas.shape[:2]
    radius = int(rows * rng.uniform(0.03, 0.1))
    level = float(rng.uniform(0, 230))
    behind = np.array(near(rng, (level, level, level), 20), np.float32)
    xs, ys = np.arange(columns), np.arange(rows)
    across = np.maximum(radius - np.minimum(xs, xs[::-1]), 0)
    down = np.maximum(radius - np.minimum(ys, ys[::-1]), 0)
    outside = np.clip(np.hypot(across[None], down[:, None]) - radius, 0, 1).astype(np.float32)
    canvas += (behind - canvas) * outside[..., None]


def add_dirt(canvas: Canvas, rng: np.random.Generator, amount: float) -> None:
    """Blend smooth brown or grey dirt, splashes and scratches into the plate."""
    rows, columns = canvas.shape[:2]
    shade = np.array(random_color(rng, 20, 150), np.float32)
    coarse = smooth_noise(rng, (rows, columns), int(rng.integers(20, 90)))
    fine = smooth_noise(rng, (rows, columns), int(rng.integers(2, 7)))
    cover = np.clip((0.6 * coarse + 0.4 * fine - (0.5 - amount)) * 0.6, 0, 0.45)
    canvas += (shade - canvas) * cover[..., None]
    for _ in range(int(rng.poisson(2 * amount))):
        spot = (float(rng.uniform(0, columns)), float(rng.uniform(0, rows)))
        polygon(canvas, blob_points(rng, spot, rows * rng.uniform(0.01, 0.06)), random_color(rng))
    for _ in range(int(rng.poisson(1.5 * amount))):
        ends = (rng.uniform(0, 1, (2, 2)) * (columns, rows)).astype(int)
        cv2.line(
            canvas,
            (int(ends[0, 0]), int(ends[0, 1])),
            (int(ends[1, 0]), int(ends[1, 1])),
            random_color(rng),
            1,
            cv2.LINE_AA,
        )


def add_shade(canvas: Canvas, rng: np.random.Generator) -> None:
    """Darken one side of a straight shadow edge, or shade the plate smoothly."""
    rows, columns = canvas.shape[:2]
    angle = float(rng.uniform(0, 2 * np.pi))
    along = np.cos(angle) * np.arange(columns)[None] + np.sin(angle) * np.arange(rows)[:, None]
    place = float(rng.uniform(along.min(), along.max()))
    soft = rng.uniform(1.5, 12) if rng.random() < 0.6 else 0.4 * columns
    side = 1 / (1 + np.exp(np.clip((along - place) / soft, -30, 30)))
    depth = float(rng.uniform(0.2, 0.65))
    canvas *= (1 - depth * side)[..., None].astype(np.float32)


def bend(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    """Return the plate bent a little: rows move by under 2 % of the height."""
    rows, columns = canvas.shape[:2]
    xs = np.arange(columns) / columns
    move = 0.018 * rows * np.sin(2 * np.pi * (xs * rng.uniform(0.3, 1.2) + rng.random()))
    grid_y = np.arange(rows)[:, None] + move[None]
    grid_x = np.broadcast_to(np.arange(columns)[None], grid_y.shape)
    return np.asarray(
        cv2.remap(
            canvas,
            grid_x.astype(np.float32),
            grid_y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )


def finish(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    """Return the plate after years on the road; half of all plates stay nearly clean."""
    if rng.random() < 0.6:
        round_corners(canvas, rng)
    if rng.random() < 0.28:
        add_dirt(canvas, rng, float(rng.uniform(0.1, 0.7)))
    if rng.random() < 0.25:
        add_shade(canvas, rng)
    if rng.random() < 0.25:
        grain = smooth_noise(rng, canvas.shape[:2], int(rng.integers(2, 12)))
        canvas += grain[..., None] * float(rng.uniform(2, 14))
    return bend(canvas, rng) if rng.random() < 0.3 else canvas
