# SPDX-License-Identifier: Apache-2.0
"""Repainting: cars of strong colours get the colours of which there are no pictures.

A red, blue, yellow, green or pink car shows its paint as the mode of its hues; pixels near that hue
are moved to another hue, saturation and brightness, the rest of the picture stays as it is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame

paints = ("gold-beige", "orange", "purple", "silver-gray", "orange", "gold-beige")
"""What cars are painted with; the order only sets how often."""

strong = frozenset({"blue", "green", "pink", "red", "yellow"})
"""Colours whose pixels can be distinguished from the rest of the picture by hue."""

least_share = 0.12  # of the picture; below it the paint was not found


def repainted(image: Frame, colour: str, paint: str, rng: np.random.Generator) -> Frame | None:
    """Return the car, now of the colour `paint`, or None where its own cannot be seen."""
    if colour not in strong:
        return None
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    hue, saturation, value = hsv[..., 0], hsv[..., 1], hsv[..., 2]
    main = _main_hue(hue, saturation, value)
    away = np.abs((hue - main + 90) % 180 - 90)
    share = np.clip((22 - away) / 8, 0, 1) * np.clip((saturation - 40) / 40, 0, 1)
    share *= np.clip((value - 15) / 25, 0, 1)
    if (share > 0.5).mean() < least_share:
        return None
    target, wanted, gain = _mixed(paint, rng)
    body = share > 0.5
    new = np.empty_like(hsv)
    new[..., 0] = (target + 0.3 * ((hue - main + 90) % 180 - 90)) % 180
    new[..., 1] = np.clip(saturation * wanted / max(saturation[body].mean(), 1), 0, 255)
    # Paint that reflects more is brighter in the mean, yet its highlights stay below white.
    new[..., 2] = 255 * (np.clip(value, 0, 255) / 255) ** (
        np.log(gain) / np.log(np.clip(value[body].mean() / 255, 0.05, 0.95))
    )
    flat = cv2.cvtColor(np.clip(new, 0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR)
    mixed = image + share[..., None] * (flat.astype(np.float32) - image)
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def _main_hue(
    hue: NDArray[np.float32], saturation: NDArray[np.float32], value: NDArray[np.float32]
) -> float:
    """Return the most frequent hue of the picture's middle, 0 to 180."""
    rows, cols = hue.shape
    part = (slice(rows // 5, rows - rows // 5), slice(cols // 6, cols - cols // 6))
    weight = (saturation[part] * (saturation[part] > 70) * (value[part] > 40)).ravel()
    counts = np.bincount(hue[part].ravel().astype(np.intp) % 180, weight, minlength=180)
    smooth = sum(np.roll(counts, shift) for shift in range(-4, 5))
    return float(np.argmax(smooth))


def _mixed(paint: str, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the hue (to 180), the mean saturation (to 255) and the mean brightness (to 1)."""
    if paint == "orange":
        return rng.uniform(6.5, 14), rng.uniform(175, 245), rng.uniform(0.65, 0.92)
    if paint == "purple":
        return rng.uniform(132, 149), rng.uniform(90, 190), rng.uniform(0.25, 0.6)
    if paint == "gold-beige":
        return rng.uniform(12, 22), rng.uniform(38, 100), rng.uniform(0.5, 0.82)
    return rng.uniform(0, 180), rng.uniform(0, 16), rng.uniform(0.28, 0.66)
