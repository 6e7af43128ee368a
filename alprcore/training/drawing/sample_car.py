# SPDX-License-Identifier: Apache-2.0
"""A drawn car seen from behind, with a plate, for the sample pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame
from alprcore.training.drawing.plate_art import fill_gradient, polygon
from alprcore.training.drawing.plate_ink import Canvas, Color

# The car is drawn on its own sheet and laid into the scene by a homography.
sheet_size = (1200, 1000)
"""Width and height of the sheet."""


@dataclass(frozen=True, slots=True)
class DrawnCar:
    """The sheet with the car, its coverage 0..1, and the plate's corners on it (4, 2)."""

    sheet: Canvas
    cover: NDArray[np.float32]
    plate: NDArray[np.float64]


def shade(color: Color, factor: float) -> Color:
    """Return a lighter or darker colour."""
    blue, green, red = (float(min(255.0, level * factor)) for level in color)
    return blue, green, red


def smooth_outline(points: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Return a closed curve near the corners `points` (Chaikin's corner cutting, three times)."""
    curve = np.array(points, np.float64)
    for _ in range(3):
        after = np.roll(curve, -1, axis=0)
        curve = np.stack([0.75 * curve + 0.25 * after, 0.25 * curve + 0.75 * after], 1).reshape(
            -1, 2
        )
    return curve


def mirrored(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points on the right half and their mirror images on the left."""
    width = sheet_size[0]
    return points + [(width - x, y) for x, y in reversed(points)]


def paint_shaded(
    sheet: Canvas, outline: NDArray[np.float64], stops: list[tuple[float, Color]]
) -> None:
    """Fill an outline with a vertical gradient between its top and bottom."""
    mask = np.zeros(sheet.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)[:, None]], 255, cv2.LINE_AA)
    top, bottom = int(outline[:, 1].min()), int(outline[:, 1].max())
    layer = np.zeros_like(sheet)
    fill_gradient(layer, stops, (0, max(0, top), sheet.shape[1], min(sheet.shape[0], bottom)))
    sheet += (layer - sheet) * (mask.astype(np.float32) / 255.0)[..., None]


def draw_lamp(sheet: Canvas, side: int) -> None:
    """Draw a tail lamp; `side` is 1 on the right, -1 on the left."""
    middle = sheet_size[0] / 2
    corners = [(310, 420), (478, 432), (486, 540), (400, 560), (318, 500)]
    outline = smooth_outline([(middle + side * x, y) for x, y in corners])
    paint_shaded(sheet, outline, [(0, (40, 30, 190)), (0.45, (60, 50, 225)), (1, (25, 15, 110))])
    inner = smooth_outline(
        [(middle + side * x, y) for x, y in [(395, 455), (462, 462), (464, 500), (400, 495)]]
    )
    paint_shaded(sheet, inner, [(0, (235, 240, 245)), (1, (170, 180, 205))])
    for y in (470, 495, 520):
        ends = (int(middle + side * 325), y), (int(middle + side * 388), y + 6)
        cv2.line(sheet, ends[0], ends[1], (70, 60, 235), 3, cv2.LINE_AA)


def draw_wheels(sheet: Canvas) -> None:
    """Draw the tyres below the body."""
    middle = sheet_size[0] / 2
    for side in (-1, 1):
        corners = [(330, 720), (470, 720), (476, 905), (462, 925), (345, 925), (330, 900)]
        tyre = smooth_outline([(middle + side * x, y) for x, y in corners])
        paint_shaded(sheet, tyre, [(0, (12, 12, 12)), (0.7, (42, 42, 44)), (1, (20, 20, 20))])


def draw_glass(sheet: Canvas) -> None:
    """Draw the rear window with what it mirrors, and the seats behind it."""
    outline = smooth_outline(mirrored([(640, 150), (860, 160), (935, 330), (915, 352), (640, 356)]))
    paint_shaded(sheet, outline, [(0, (120, 105, 95)), (0.35, (70, 60, 52)), (1, (38, 34, 32))])
    mask = np.zeros(sheet.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)[:, None]], 255)
    layer = sheet.copy()
    for x in (380, 610):
        polygon(
            layer,
            smooth_outline([(x, 250), (x + 160, 250), (x + 190, 370), (x - 20, 370)]),
            (34, 30, 28),
        )
    polygon(layer, np.array([[300.0, 130], [480, 130], [330, 380], [180, 380]]), (150, 135, 122))
    for y in range(190, 350, 22):
        cv2.line(layer, (250, y), (950, y + 3), (66, 58, 50), 1, cv2.LINE_AA)
    sheet += (layer - sheet) * (0.65 * (mask > 0).astype(np.float32))[..., None]


def draw_body(sheet: Canvas, color: Color) -> NDArray[np.float64]:
    """Draw roof, boot lid and bumper; return the outline of the whole body."""
    body = smooth_outline(
        mirrored(
            [
                (640, 92),
                (840, 100),
                (905, 150),
                (985, 340),
                (1092, 400),
                (1110, 560),
                (1112, 740),
                (1080, 800),
                (640, 812),
            ]
        )
    )
    paint_shaded(
        sheet,
        body,
        [
            (0, shade(color, 1.15)),
            (0.3, shade(color, 0.85)),
            (0.42, shade(color, 1.3)),
            (0.6, color),
            (1, shade(color, 0.5)),
        ],
    )
    lid = smooth_outline(mirrored([(640, 372), (935, 372), (1000, 430), (895, 640), (640, 648)]))
    cv2.polylines(
        sheet,
        [np.round(lid).astype(np.int32)[:, None]],
        isClosed=True,
        color=shade(color, 0.4),
        thickness=3,
        lineType=cv2.LINE_AA,
    )
    bumper = smooth_outline(
        mirrored([(640, 652), (1080, 640), (1106, 690), (1090, 780), (640, 800)])
    )
    paint_shaded(sheet, bumper, [(0, shade(color, 1.25)), (0.25, color), (1, shade(color, 0.55))])
    skirt = smooth_outline(mirrored([(640, 752), (930, 748), (990, 812), (640, 826)]))
    paint_shaded(sheet, skirt, [(0, (48, 48, 48)), (1, (18, 18, 18))])
    return body


def draw_details(sheet: Canvas, color: Color) -> None:
    """Draw reflectors, exhaust, badge, handle and the third brake lamp."""
    for side in (-1, 1):
        x = int(sheet_size[0] / 2 + side * 400)
        cv2.rectangle(sheet, (x - 45, 705), (x + 45, 722), (30, 25, 170), -1, cv2.LINE_AA)
    cv2.ellipse(sheet, (800, 806), (40, 14), 0, 0, 360, (120, 120, 120), -1, cv2.LINE_AA)
    cv2.ellipse(sheet, (800, 807), (31, 10), 0, 0, 360, (15, 15, 15), -1, cv2.LINE_AA)
    cv2.ellipse(sheet, (600, 412), (34, 22), 0, 0, 360, (205, 205, 205), 5, cv2.LINE_AA)
    cv2.line(sheet, (575, 412), (625, 412), (205, 205, 205), 5, cv2.LINE_AA)
    cv2.rectangle(sheet, (520, 112), (680, 124), (30, 25, 120), -1)
    cv2.line(sheet, (260, 575), (940, 575), shade(color, 0.7), 2, cv2.LINE_AA)


def draw_car(plate: Frame, color: Color, *, plate_width: int = 300) -> DrawnCar:
    """Return a car of a colour that carries `plate`, `plate_width` wide on the sheet."""
    sheet = np.zeros((sheet_size[1], sheet_size[0], 3), np.float32)
    draw_wheels(sheet)
    body = draw_body(sheet, color)
    draw_glass(sheet)
    draw_lamp(sheet, -1)
    draw_lamp(sheet, 1)
    draw_details(sheet, color)
    height = round(plate.shape[0] * plate_width / plate.shape[1])
    left, top = (sheet_size[0] - plate_width) // 2, 530 - height // 2
    recess = smooth_outline(
        [
            (left - 60, top - 28),
            (left + plate_width + 60, top - 28),
            (left + plate_width + 36, top + height + 34),
            (left - 36, top + height + 34),
        ]
    )
    paint_shaded(sheet, recess, [(0, shade(color, 0.35)), (1, shade(color, 0.75))])
    cv2.rectangle(
        sheet, (left - 5, top - 5), (left + plate_width + 4, top + height + 4), (25, 25, 25), -1
    )
    small = cv2.resize(plate, (plate_width, height), interpolation=cv2.INTER_AREA)
    # Below the lid's edge the upper part of a plate lies in a little shade.
    light = np.linspace(0.8, 0.95, height, dtype=np.float32)[:, None, None]
    sheet[top : top + height, left : left + plate_width] = small * light
    cover = np.zeros(sheet.shape[:2], np.uint8)
    cv2.fillPoly(cover, [np.round(body).astype(np.int32)[:, None]], 255, cv2.LINE_AA)
    cover[(sheet.max(axis=2) > 0) & (np.arange(sheet.shape[0])[:, None] > 700)] = 255
    corners = np.array(
        [
            [left, top],
            [left + plate_width, top],
            [left + plate_width, top + height],
            [left, top + height],
        ],
        np.float64,
    )
    return DrawnCar(sheet, cover.astype(np.float32) / 255.0, corners)
