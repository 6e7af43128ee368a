# SPDX-License-Identifier: Apache-2.0
"""Where a plate is pasted into a training picture, and how it hangs there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alprcore.training.finding.data import Boxes

Corners = NDArray[np.float64]
"""(4, 2) array of x, y, clockwise from the top-left."""


def random_corners(
    rng: np.random.Generator,
    centre: NDArray[np.float64],
    width: float,
    aspect: float,
    tilt: float = 1,
) -> Corners:
    """Return a plate's corners seen from a random direction, bounds about `width` wide."""
    yaw, pitch, roll = np.deg2rad(rng.normal(0, 1, 3) * np.array([22.0, 12.0, 5.0]) * tilt)
    yaw, pitch = np.clip(yaw, -1.0, 1.0), np.clip(pitch, -0.7, 0.7)
    half = np.array([0.5, 0.5 / aspect])
    flat = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    x = flat[:, 0] * np.cos(yaw)
    depth = flat[:, 0] * np.sin(yaw) + flat[:, 1] * np.sin(pitch)
    y = flat[:, 1] * np.cos(pitch) + flat[:, 0] * np.sin(yaw) * np.sin(pitch) * 0.5
    near = 1.0 / (1.0 + depth / rng.uniform(2.0, 8.0))
    points = np.stack([x, y], 1) * near[:, None]
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    points = points @ turn.T
    points *= width / np.ptp(points[:, 0])
    middle = (points.min(0) + points.max(0)) / 2
    return np.asarray(points - middle + centre, np.float64)


def beside(other: Boxes, aspect: float, rng: np.random.Generator) -> Corners:
    """Return corners of a plate straight above or below another, as imported cars carry them."""
    left, top, right, bottom = (float(side) for side in other)
    width = (right - left) * rng.uniform(0.8, 1.2)
    gap = (bottom - top) * rng.uniform(0, 0.5) + 1
    corners = random_corners(rng, np.zeros(2), width, aspect, tilt=0.1)
    centre = np.array([(left + right) / 2 + rng.normal(0, 0.04) * width, 0.0])
    if rng.random() < 0.5:
        centre[1] = top - gap - corners[:, 1].max()
    else:
        centre[1] = bottom + gap - corners[:, 1].min()
    return corners + centre
