# SPDX-License-Identifier: Apache-2.0
"""Things that a weak detector takes for plates, drawn into training pictures."""

from __future__ import annotations

import cv2
import numpy as np

from alprcore.records import Frame
from alprcore.training.finding.data import Boxes, Sample, crop_size
from alprcore.training.finding.scene import overlaps

faces = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX)


def add_distractor(sample: Sample, rng: np.random.Generator) -> None:
    """Draw a time stamp, badge, lamps, house front or bare rectangle where no plate stands."""
    left, top = (int(v) for v in rng.integers(0, crop_size - 60, 2))
    width, height = int(rng.integers(20, 140)), int(rng.integers(8, 50))
    kind = rng.random()
    if kind < 0.3:
        height = int(rng.integers(10, 36))
        width = int(height * rng.uniform(4, 8))
        if rng.random() < 0.5:  # in a corner of the picture, as recorders print it
            left = int(rng.choice([4, max(4, crop_size - width - 4)]))
            top = int(rng.choice([4, crop_size - 2 * height - 8]))
    elif kind > 0.85:
        width, height = int(rng.integers(40, 220)), int(rng.integers(20, 120))
    box: Boxes = np.array([left, top, left + width, top + 2 * height + 4], np.float32)
    if overlaps(box, sample.plates):
        return
    if kind < 0.3:
        draw_stamp(sample.image, left, top, height, rng)
    elif kind < 0.5:
        draw_badge(sample.image, left, top, height, rng)
    elif kind < 0.7:
        draw_lamp(sample.image[top : top + height, left : left + width], rng)
    elif kind > 0.85:
        draw_front(sample.image[top : top + height, left : left + width], rng)
    else:
        draw_bars(sample.image[top : top + height, left : left + width], rng)


def draw_text(
    image: Frame, text: str, left: int, base: int, height: float, ink: int, rng: np.random.Generator
) -> None:
    """Draw bright or dark text, now and then coloured, often with an outline."""
    face = faces[rng.integers(len(faces))]
    (_, tall), _ = cv2.getTextSize(text, face, 1.0, 1)
    scale, thick = height / tall, max(1, round(height / rng.uniform(7, 12)))
    color = np.clip(ink + rng.normal(0, 8, 3), 0, 255)
    if rng.random() < 0.15:
        color = np.array([40, 180, 255]) * rng.uniform(0.6, 1.0)
    place = (left, base)
    if rng.random() < 0.5:
        edge = (10.0, 10.0, 10.0) if ink > 110 else (220.0, 220.0, 220.0)
        for shift_x, shift_y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            moved = (left + shift_x * thick, base + shift_y * thick)
            cv2.putText(image, text, moved, face, scale, edge, thick, cv2.LINE_AA)
    shade = tuple(float(v) for v in color)
    cv2.putText(image, text, place, face, scale, shade, thick, cv2.LINE_AA)


def draw_stamp(image: Frame, left: int, top: int, height: int, rng: np.random.Generator) -> None:
    """Draw a date and a time, on one line or on two."""
    year, month, day = rng.integers(1990, 2035), rng.integers(1, 13), rng.integers(1, 29)
    hour, minute, second = rng.integers(0, [24, 60, 60])
    mark = str(rng.choice(["-", "/", ".", " "]))
    date = f"{year}{mark}{month:02d}{mark}{day:02d}"
    if rng.random() < 0.4:
        date = f"{day:02d}{mark}{month:02d}{mark}{year}"
    time = f"{hour:02d}:{minute:02d}:{second:02d}"
    size, ink = height * 0.75, int(rng.choice([255, 235, 0]))
    if rng.random() < 0.6:
        draw_text(image, date, left, top + height, size, ink, rng)
        indent = int(rng.uniform(0, 1.5) * height)
        draw_text(image, time, left + indent, top + 2 * height, size, ink, rng)
    else:
        draw_text(image, f"{date} {time}", left, top + height, size, ink, rng)


def draw_badge(image: Frame, left: int, top: int, height: int, rng: np.random.Generator) -> None:
    """Draw a word on the paint, without a plate behind it."""
    letters = list("ABCDEFGHIKLMNOPRSTUVXYZ0123456789")
    text = "".join(rng.choice(letters, rng.integers(2, 9)))
    ink = int(rng.choice([230, 200, 160, 30]))
    draw_text(image, text, left, top + height, height * 0.7, ink, rng)


def draw_lamp(spot: Frame, rng: np.random.Generator) -> None:
    """Draw a lamp, brighter in the middle, or a row of small ones."""
    color = np.array([rng.integers(0, 90), rng.integers(0, 130), rng.integers(150, 256)])
    if rng.random() < 0.2:
        color = rng.integers(150, 256, 1).repeat(3)
    rows, cols = spot.shape[:2]
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : cols * 1j]
    if rng.random() < 0.4:  # the third brake light
        count = int(rng.integers(3, 9))
        x = np.sin(x * np.pi * count / 2)
        y = y * rng.uniform(1, 3)
    near = np.exp(-((x**2 + y**2) ** rng.uniform(1, 4)))[..., None]
    spot[:] = np.clip(spot * (1 - near) + (color + 60 * near) * near, 0, 255).astype(np.uint8)


def draw_bars(spot: Frame, rng: np.random.Generator) -> None:
    """Draw a bare rectangle, often barred like a grille."""
    rows, cols = spot.shape[:2]
    spot[:] = np.clip(rng.integers(0, 256) + rng.integers(-9, 9, 3), 0, 255).astype(np.uint8)
    step = int(rng.integers(4, 9))
    if rng.random() < 0.3:
        spot[::step] = 20
    elif rng.random() < 0.4:
        spot[:, ::step] = 20
    if rng.random() < 0.5 and min(rows, cols) > 4:
        cv2.rectangle(spot, (1, 1), (cols - 2, rows - 2), (15, 15, 15), 1)


def draw_front(spot: Frame, rng: np.random.Generator) -> None:
    """Draw rows of like windows on a bare wall; far off they are a plate's characters."""
    rows, cols = spot.shape[:2]
    spot[:] = np.clip(rng.normal(170, 40) + rng.normal(0, 12, 3), 0, 255).astype(np.uint8)
    storeys, columns = int(rng.integers(1, 4)), int(rng.integers(2, 8))
    frame, pane = rng.integers(180, 256, 3), rng.integers(20, 130, 3)
    share = rng.uniform(0.45, 0.8, 2)
    high, wide = rows / storeys, cols / columns
    split, edge = rng.random() < 0.5, int(rng.integers(0, 3))
    for storey in range(storeys):
        for column in range(columns):
            x, y = round((column + 0.5 - share[0] / 2) * wide), round((storey + 0.2) * high)
            right, foot = round(x + share[0] * wide), round(y + share[1] * high)
            spot[y : foot + 1, x : right + 1] = frame
            spot[y + edge : foot + 1 - edge, x + edge : right + 1 - edge] = pane
            if split:
                spot[y : foot + 1, (x + right) // 2] = frame
