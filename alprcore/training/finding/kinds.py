# SPDX-License-Identifier: Apache-2.0
"""Plates that street photographs rarely show: on motorcycles, from the side, hidden, at night."""

from __future__ import annotations

import cv2
import numpy as np

from alprcore.records import Frame
from alprcore.training.finding.data import Sample, crop_size, ignored_width
from alprcore.training.finding.distract import draw_lamp
from alprcore.training.finding.place import Corners, random_corners
from alprcore.training.finding.scene import overlaps, paste

SIDEWAYS = 0.3  # of the plates hung here, seen from 35 to 65 degrees aside
NARROWEST, WIDEST = 16.0, 300.0  # pixels; the half-size pass sees more small ones than the main one


def hang_plate(sample: Sample, plate: Frame, rng: np.random.Generator, *, bike: bool) -> None:
    """Hang a plate over a labelled one or on a free spot, and enter its box.

    `bike` puts what surrounds the plate of a motorcycle around it.
    """
    aspect = plate.shape[1] / plate.shape[0] * np.exp(rng.normal(0, 0.06))
    kept = sample.plates
    if len(kept) and not bike and rng.random() < 0.7:
        index = int(rng.integers(len(kept)))
        left, top, right, bottom = kept[index]
        width = max(right - left, (bottom - top) * aspect) * rng.uniform(1.0, 1.12)
        centre = np.array([(left + right) / 2, (top + bottom) / 2], np.float64)
        kept = np.delete(kept, index, 0)
    else:
        width = np.exp(rng.uniform(np.log(NARROWEST), np.log(WIDEST / (2 if bike else 1))))
        centre = rng.uniform(0.05, 0.95, 2) * crop_size
    corners = seen_from(rng, centre, width, aspect)
    box = np.concatenate([corners.min(0), corners.max(0)]).astype(np.float32)
    inside = np.clip(box, 0, crop_size)
    size = inside[2:] - inside[:2]
    around = box + np.array([-1.2, -1.5, 1.2, 1.5], np.float32) * np.tile(size, 2)
    if overlaps(around if bike else box, kept) or overlaps(box, sample.ignored):
        return
    if size[0] < ignored_width or size[1] < 5 or size.prod() < 0.8 * np.prod(box[2:] - box[:2]):
        return
    if bike:
        draw_bike(sample.image, box, rng)
    paste(sample.image, plate, corners, rng)
    sample.plates = np.concatenate([kept, inside[None]])


def seen_from(rng: np.random.Generator, centre: np.ndarray, width: float, aspect: float) -> Corners:
    """Return a plate's corners, now and then seen from far aside."""
    if rng.random() >= SIDEWAYS:
        return random_corners(rng, centre, width, aspect, tilt=rng.uniform(0.2, 1.2))
    angle = np.deg2rad(rng.uniform(35, 65))
    narrow = max(width * np.cos(angle), 1.2 * ignored_width)
    corners = random_corners(rng, np.zeros(2), narrow, aspect * np.cos(angle), tilt=0.3)
    shear = rng.normal(0, 0.1) * np.sin(angle)  # a camera above or below the plate
    corners[:, 1] += shear * corners[:, 0]
    return corners + centre


def draw_bike(image: Frame, box: np.ndarray, rng: np.random.Generator) -> None:
    """Draw tyre, mudguard, lamp and indicators around the box of a plate."""
    left, top, right, bottom = (float(v) for v in box)
    wide, high = right - left, bottom - top
    middle = (left + right) / 2
    dark = int(rng.integers(5, 70))
    if rng.random() < 0.8:  # the tyre below
        half = wide * rng.uniform(0.2, 0.45)
        draw_blob(
            image,
            (middle - half, bottom - 0.3 * high, middle + half, bottom + 1.6 * high),
            dark,
            rng,
        )
    if rng.random() < 0.8:  # the mudguard or seat behind and above
        half = wide * rng.uniform(0.45, 0.9)
        shade = dark if rng.random() < 0.6 else int(rng.integers(0, 256))
        draw_blob(
            image,
            (middle - half, top - rng.uniform(0.5, 1.8) * high, middle + half, bottom),
            shade,
            rng,
        )
    if rng.random() < 0.8:  # the rear lamp
        half, tall = wide * rng.uniform(0.15, 0.5), high * rng.uniform(0.2, 0.5)
        lamp(image, (middle - half, top - 1.3 * tall, middle + half, top - 0.3 * tall), rng)
    if rng.random() < 0.6:  # indicators on both sides
        size, y = high * rng.uniform(0.12, 0.3), top - high * rng.uniform(-0.2, 0.5)
        out = wide * rng.uniform(0.65, 1.1)
        for x in (middle - out, middle + out):
            lamp(image, (x - size, y - size / 2, x + size, y + size / 2), rng)


def draw_blob(
    image: Frame, bounds: tuple[float, float, float, float], shade: int, rng: np.random.Generator
) -> None:
    """Draw a soft-edged rounded patch with a gradient."""
    left, top, right, bottom = (int(v) for v in np.clip(bounds, 0, crop_size))
    if right - left < 3 or bottom - top < 3:
        return
    spot = image[top:bottom, left:right]
    mask = np.zeros(spot.shape[:2], np.float32)
    centre, axes = (
        ((right - left) // 2, (bottom - top) // 2),
        ((right - left) // 2, (bottom - top) // 2),
    )
    if rng.random() < 0.5:
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
    else:
        mask[:] = 1.0
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 3.0)), np.float32)[..., None]
    ramp = np.linspace(rng.uniform(-40, 40), rng.uniform(-40, 40), spot.shape[1])[None, :, None]
    color = np.clip(shade + rng.normal(0, 12, 3) + ramp, 0, 255)
    spot[:] = (spot * (1 - mask) + color * mask).astype(np.uint8)


def lamp(image: Frame, bounds: tuple[float, float, float, float], rng: np.random.Generator) -> None:
    """Draw a lamp where it is in the picture."""
    left, top, right, bottom = (int(v) for v in np.clip(bounds, 0, crop_size))
    if right - left >= 2 and bottom - top >= 2:
        draw_lamp(image[top:bottom, left:right], rng)


def hide(sample: Sample, rng: np.random.Generator) -> None:
    """Lay a bar over a part of some plates: a tow bar, a post, another car's edge."""
    for left, top, right, bottom in sample.plates:
        if rng.random() < 0.4:
            continue
        wide, high = right - left, bottom - top
        thick = wide * rng.uniform(0.06, 0.25)
        x = rng.uniform(left - thick / 2, right - thick / 2)
        lean = rng.normal(0, 0.15) * high
        y0, y1 = top - rng.uniform(0, 1) * high, bottom + rng.uniform(0, 1) * high
        if rng.random() < 0.3:
            y0 = top + rng.uniform(0.2, 0.6) * high
        points = np.array([[x, y0], [x + thick, y0], [x + thick + lean, y1], [x + lean, y1]])
        shade = tuple(
            float(v) for v in np.clip(rng.integers(0, 230) + rng.normal(0, 15, 3), 0, 255)
        )
        cv2.fillPoly(sample.image, [points.astype(np.int32)], shade, cv2.LINE_AA)


def night(sample: Sample, rng: np.random.Generator) -> None:
    """Darken all but the plates, which throw light back, as at night or under infrared."""
    image = sample.image.astype(np.float32)
    if rng.random() < 0.6:
        image[:] = image.mean(axis=2, keepdims=True)
    dark = image * rng.uniform(0.08, 0.35)
    for left, top, right, bottom in sample.plates.astype(int):
        spot = image[top : bottom + 1, left : right + 1]
        gain = rng.uniform(120, 250) / max(float(spot.mean()), 20.0)
        dark[top : bottom + 1, left : right + 1] = spot * min(gain, 2.0)
    sample.image = np.clip(dark, 0, 255).astype(np.uint8)
