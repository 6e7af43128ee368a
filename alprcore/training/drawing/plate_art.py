# SPDX-License-Identifier: Apache-2.0
"""What a plate carries besides its text: grounds, scenery, symbols, stickers, bolts, frames, dirt.

All functions draw into the canvas in place. None of it is labelled as text: these are the things a
reader must learn to pass over.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.training.drawing.plate_ink import Canvas, Color

Area = tuple[float, float, float, float]


def random_color(rng: np.random.Generator, low: float = 0, high: float = 255) -> Color:
    """Return a random colour between two levels."""
    blue, green, red = rng.uniform(low, high, 3)
    return float(blue), float(green), float(red)


def near(rng: np.random.Generator, color: Color, spread: float = 14) -> Color:
    """Return a colour near `color`."""
    blue, green, red = np.clip(np.array(color) + rng.normal(0, spread, 3), 0, 255)
    return float(blue), float(green), float(red)


def fill_gradient(
    canvas: Canvas, stops: list[tuple[float, Color]], area: Area | None = None
) -> None:
    """Fill with a vertical gradient; a stop is a height fraction and its colour."""
    left, top, right, bottom = (int(v) for v in area or (0, 0, canvas.shape[1], canvas.shape[0]))
    places = np.linspace(0, 1, max(1, bottom - top))
    heights = [s for s, _ in stops]
    for channel in range(3):
        levels = np.interp(places, heights, [c[channel] for _, c in stops])
        canvas[top:bottom, left:right, channel] = levels[:, None].astype(np.float32)


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], grain: int
) -> NDArray[np.float32]:
    """Return smooth noise in -1..1 with spots of about `grain` pixels."""
    rows, columns = shape[0] // grain + 2, shape[1] // grain + 2
    noise = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    resized = cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(resized, np.float32)


def polygon(canvas: Canvas, points: NDArray[np.float64], color: Color) -> None:
    """Fill a polygon."""
    cv2.fillPoly(canvas, [np.round(points).astype(np.int32)[:, None]], color, cv2.LINE_AA)


def blob_points(
    rng: np.random.Generator, centre: tuple[float, float], radius: float, *, spikes: int = 0
) -> NDArray[np.float64]:
    """Return a random closed curve (an animal, a state, a map), or a star with `spikes`."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    reach = np.ones(40)
    if spikes:
        angles = np.linspace(0, 2 * np.pi, 2 * spikes, endpoint=False) - np.pi / 2
        reach = np.where(np.arange(2 * spikes) % 2 == 0, 1.0, 0.45)
    else:
        for order in range(2, 6):
            reach += rng.normal(0, 0.5 / order) * np.cos(order * angles + rng.uniform(0, 6.3))
        reach = np.clip(reach, 0.25, 1.6)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None] * radius
    return np.asarray(points + centre, np.float64)


def draw_scenery(canvas: Canvas, rng: np.random.Generator, strength: float) -> None:
    """Paint mountains, hills, a sun, trees or clouds into the ground, `strength` of full colour."""
    rows, columns = canvas.shape[:2]
    layer = canvas.copy()
    for _ in range(int(rng.integers(1, 4))):
        kind = int(rng.integers(5))
        if kind == 0:  # ridge
            xs = np.linspace(0, columns, int(rng.integers(4, 14)))
            ys = rows * (rng.uniform(0.3, 0.8) + rng.normal(0, 0.12, xs.size))
            edge = np.concatenate([np.stack([xs, ys], 1), [[columns, rows], [0, rows]]])
            polygon(layer, edge, random_color(rng))
        elif kind == 1:  # sun or moon
            radius = int(rows * rng.uniform(0.1, 0.5))
            spot = (int(rng.uniform(0, columns)), int(rng.uniform(0, rows)))
            cv2.circle(layer, spot, radius, random_color(rng, 80), -1, cv2.LINE_AA)
        elif kind == 2:  # blobs: trees, clouds, flowers
            shade = random_color(rng)
            for _ in range(int(rng.integers(2, 9))):
                spot2 = (float(rng.uniform(0, columns)), float(rows * rng.uniform(0.2, 1)))
                polygon(
                    layer, blob_points(rng, spot2, rows * rng.uniform(0.04, 0.2)), near(rng, shade)
                )
        elif kind == 3:  # one big figure behind the text
            spot2 = (columns * float(rng.uniform(0.2, 0.8)), rows * 0.5)
            polygon(layer, blob_points(rng, spot2, rows * rng.uniform(0.2, 0.4)), random_color(rng))
        else:  # wavy stripes: flags, water, rays
            shade = random_color(rng)
            slope = rng.normal(0, 0.3)
            for y in np.linspace(0, rows, int(rng.integers(3, 9))):
                ends = ((0, int(y)), (columns, int(y + slope * columns)))
                cv2.line(layer, ends[0], ends[1], shade, int(rng.integers(1, 6)), cv2.LINE_AA)
    if rng.random() < 0.6:
        layer = np.asarray(cv2.blur(layer, (5, 5)), np.float32)
    canvas += (layer - canvas) * strength


def draw_symbol(
    canvas: Canvas,
    rng: np.random.Generator,
    centre: tuple[float, float],
    size: float,
    color: Color | None = None,
) -> None:
    """Draw a small figure of about `size` pixels: star, map, seal, arms, hyphen, dot, tree."""
    x, y = int(centre[0]), int(centre[1])
    shade = color or random_color(rng, 0, 230)
    half = max(1, int(size / 2))
    kind = int(rng.integers(9))
    if kind == 0:
        polygon(canvas, blob_points(rng, centre, half, spikes=int(rng.integers(4, 9))), shade)
    elif kind == 1:
        polygon(canvas, blob_points(rng, centre, half * 0.8), shade)
    elif kind == 2:
        draw_seal(canvas, rng, centre, half)
    elif kind == 3:
        draw_arms(canvas, rng, centre, half)
    elif kind == 4:
        for i in range(3):
            row = y + (i - 1) * max(2, half // 2)
            cv2.line(canvas, (x - half, row), (x + half, row), shade, max(1, half // 5))
    elif kind == 5:
        polygon(
            canvas,
            np.array(
                [[x, y - half], [x + half * 0.6, y + half], [x - half * 0.6, y + half]], float
            ),
            shade,
        )
        cv2.line(canvas, (x, y + half), (x, int(y + half * 1.3)), shade, max(1, half // 4))
    elif kind == 6:
        cv2.circle(canvas, (x, y), max(1, half // 2), shade, -1, cv2.LINE_AA)
    elif kind == 7:
        thick = max(2, int(half * rng.uniform(0.25, 0.5)))
        cv2.rectangle(canvas, (x - half, y - thick // 2), (x + half, y + thick // 2), shade, -1)
    else:
        polygon(canvas, blob_points(rng, centre, half * 0.9), shade)
        polygon(canvas, blob_points(rng, centre, half * 0.5), random_color(rng))


def draw_seal(
    canvas: Canvas, rng: np.random.Generator, centre: tuple[float, float], radius: float
) -> None:
    """Draw a round inspection or state seal."""
    spot = (int(centre[0]), int(centre[1]))
    rim = random_color(rng)
    cv2.circle(canvas, spot, max(2, int(radius)), rim, -1, cv2.LINE_AA)
    cv2.circle(canvas, spot, max(1, int(radius * 0.72)), random_color(rng, 60), -1, cv2.LINE_AA)
    if radius > 4:
        draw_arms(canvas, rng, centre, radius * 0.5)
        for angle in rng.uniform(0, 6.28, 6):
            tick = (
                int(spot[0] + radius * 0.85 * np.cos(angle)),
                int(spot[1] + radius * 0.85 * np.sin(angle)),
            )
            cv2.circle(canvas, tick, 1, random_color(rng), -1)


def draw_arms(
    canvas: Canvas, rng: np.random.Generator, centre: tuple[float, float], half: float
) -> None:
    """Draw a coat of arms: a shield in two to four fields."""
    x, y = centre
    wide = half * float(rng.uniform(0.65, 0.95))
    shield = np.array(
        [
            [x - wide, y - half],
            [x + wide, y - half],
            [x + wide, y + half * 0.2],
            [x, y + half],
            [x - wide, y + half * 0.2],
        ]
    )
    polygon(canvas, shield, random_color(rng))
    if rng.random() < 0.7:
        shield[1:3, 0] = x
        polygon(canvas, shield, random_color(rng))
    if rng.random() < 0.7:
        polygon(canvas, blob_points(rng, centre, half * 0.45), random_color(rng))
    if rng.random() < 0.4:
        crown = np.array([[x - wide, y - half], [x, y - half * 1.4], [x + wide, y - half]])
        polygon(canvas, crown, random_color(rng))


def paste_words(canvas: Canvas, mask: NDArray[np.uint8], area: Area, color: Color) -> None:
    """Draw a phrase as large as fits, centred in `area`."""
    left, top, right, bottom = area
    scale = min((right - left) / mask.shape[1], (bottom - top) / mask.shape[0])
    columns, rows = int(mask.shape[1] * scale), int(mask.shape[0] * scale)
    x, y = int((left + right - columns) / 2), int((top + bottom - rows) / 2)
    if columns < 2 or rows < 2 or x < 0 or y < 0:
        return
    window = canvas[y : y + rows, x : x + columns]
    if window.shape[:2] != (rows, columns):
        return
    alpha = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    window += (np.array(color, np.float32) - window) * (alpha / 255.0)[..., None]
