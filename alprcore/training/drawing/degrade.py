# SPDX-License-Identifier: Apache-2.0
"""Make a drawn picture look photographed: optics, light, sensor, processing, compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame
from alprcore.training.drawing.plate_art import smooth_noise


def motion_blur(rng: np.random.Generator, image: Frame, length: float) -> Frame:
    """Return the picture smeared along a random direction by `length` pixels."""
    size = max(3, int(length) | 1)
    kernel = np.zeros((size, size), np.float32)
    angle = float(rng.normal(0, 0.35)) if rng.random() < 0.6 else float(rng.uniform(0, np.pi))
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    centre = size // 2
    for t in np.linspace(-1, 1, 4 * size):
        x, y = np.clip(centre + t * reach, 0, size - 1)
        kernel[round(y), round(x)] += 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def blur(rng: np.random.Generator, image: Frame, strength: float) -> Frame:
    """Return the picture out of focus or moved."""
    scale = min(image.shape[:2]) / 40.0
    if rng.random() < 0.6:
        sigma = float(rng.gamma(1.6, 0.4)) * strength * scale
        if sigma > 0.25:
            # 1.9 of 40 rows: characters of a plate are just readable.
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), min(sigma, 1.9 * scale)), np.uint8)
    if rng.random() < 0.25:
        length = float(rng.uniform(1.5, 4.5)) * strength * scale
        if length > 1.5:
            image = motion_blur(rng, image, min(length, 25))
    return image


def relight(rng: np.random.Generator, image: Frame, strength: float) -> Frame:
    """Return the picture under another light: exposure, gamma, cast, gradient, glare, fog."""
    levels = np.arange(256, dtype=np.float32) / 255.0
    gamma = float(np.exp(rng.normal(0, 0.35 * strength)))
    # Where black and white come to lie; the darkest pictures keep 14 % of the range.
    black = float(rng.beta(1, 3)) * 0.55 * strength
    white = 1 - float(rng.beta(1, 2.2)) * 0.75 * strength
    white = max(white, black + 0.14)
    if rng.random() < 0.12 * strength:
        white += float(rng.uniform(0, 0.5))
    spread = 0.05 if rng.random() < 0.75 else 0.15
    cast = np.exp(rng.normal(0, spread * strength, 3))
    tables = []
    for channel in range(3):
        curve = (levels**gamma * (white - black) + black) * float(cast[channel])
        tables.append(np.clip(curve * 255, 0, 255))
    if rng.random() < 0.22:
        return flatten(image, tables, rng)
    table = np.stack(tables, axis=1).astype(np.uint8)[None]
    lit = np.asarray(cv2.LUT(image, table), np.uint8)
    if rng.random() < 0.35 * strength:
        lit = gradient_light(rng, lit, strength)
    return lit


def flatten(image: Frame, tables: list[NDArray[np.float64]], rng: np.random.Generator) -> Frame:
    """Return a grey or weakly coloured picture, as infra-red and cheap cameras give."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    keep = float(rng.choice([0.0, 0.0, 0.3]))
    mixed = cv2.addWeighted(image, keep, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), 1 - keep, 0)
    table = np.mean(tables, axis=0).astype(np.uint8)
    return np.asarray(cv2.LUT(mixed, table), np.uint8)


def gradient_light(rng: np.random.Generator, image: Frame, strength: float) -> Frame:
    """Return the picture with uneven light: a slow gradient, a shadow edge or a glare spot."""
    rows, columns = image.shape[:2]
    picture = image.astype(np.float32)
    kind = int(rng.integers(3))
    if kind == 0:
        field = smooth_noise(rng, (rows, columns), max(8, max(rows, columns) // 2))
        picture *= (1 + 0.5 * strength * field)[..., None]
    elif kind == 1:
        angle = float(rng.uniform(0, 2 * np.pi))
        along = np.cos(angle) * np.arange(columns)[None] + np.sin(angle) * np.arange(rows)[:, None]
        place = float(rng.uniform(along.min(), along.max()))
        side = 1 / (1 + np.exp(np.clip((along - place) / rng.uniform(0.6, 6), -30, 30)))
        picture *= (1 - float(rng.uniform(0.2, 0.65)) * strength * side)[..., None]
    else:
        spot = rng.uniform(0, 1, 2) * (columns, rows)
        far = np.hypot(np.arange(columns)[None] - spot[0], np.arange(rows)[:, None] - spot[1])
        glow = np.exp(-((far / (rng.uniform(0.15, 0.6) * columns)) ** 2))
        picture += (float(rng.uniform(40, 150)) * strength * glow)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def sensor(rng: np.random.Generator, image: Frame, strength: float) -> Frame:
    """Return the picture with noise, sharpening halos and interlacing."""
    picture = image
    if rng.random() < 0.6:
        sigma = float(rng.gamma(1.3, 3.5)) * strength
        level = max(0.5, min(sigma, 18))
        noise = (rng.standard_normal(image.shape, np.float32) * level).astype(np.int16)
        if rng.random() < 0.4:
            noise[:] = noise[..., :1]
        if rng.random() < 0.35:
            noise = np.asarray(cv2.blur(noise, (2, 2)), np.int16)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        amount = float(rng.uniform(0.3, 2.2)) * strength
        soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.7, 2.0)))
        picture = np.asarray(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), np.uint8)
    if rng.random() < 0.05 * strength:
        shift = int(rng.integers(1, 3))
        picture = picture.copy()
        picture[::2] = np.roll(picture[::2], shift, axis=1)
    return picture


def compress(rng: np.random.Generator, image: Frame, strength: float) -> Frame:
    """Return the picture after JPEG compression, half of the time."""
    if rng.random() > 0.25 + 0.45 * strength:
        return image
    quality = int(np.clip(rng.normal(56, 22), 12 + 20 * (1 - min(strength, 1)), 96))
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return image if unpacked is None else np.asarray(unpacked, np.uint8)


def rezoom(rng: np.random.Generator, image: Frame, strength: float) -> Frame:
    """Return the picture as a digital zoom shows it: taken smaller, compressed, enlarged."""
    if min(image.shape[:2]) < 24 or rng.random() > 0.2 * strength:
        return image
    factor = float(rng.uniform(0.5, 0.9))
    size = (max(8, round(image.shape[1] * factor)), max(8, round(image.shape[0] * factor)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    small = compress(rng, small, strength)
    back = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, image.shape[1::-1], interpolation=back), np.uint8)


def degrade(rng: np.random.Generator, image: Frame, *, strength: float = 1.0) -> Frame:
    """Return the picture as a camera might have taken it; size and geometry do not change.

    Parameters
    ----------
    rng
        Source of every choice.
    image
        (h, w, 3) uint8, already at the resolution of the camera. Blur scales with the shorter
        side, so pass a plate or a line, not a whole street.
    strength
        0 leaves the picture nearly as it is, 1 is the mixture of real street pictures, above 1 is
        worse.
    """
    picture = relight(rng, blur(rng, image, strength), strength)
    return compress(rng, rezoom(rng, sensor(rng, picture, strength), strength), strength)
