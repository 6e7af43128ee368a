# SPDX-License-Identifier: Apache-2.0
"""Points, quads and boxes under a projective map."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from alprcore.records import Box, Points, Quad

T = TypeVar("T")
Matrix = NDArray[np.float64]
"""(3, 3) map of (x, y, 1); points whose third coordinate comes out at 0 or less have no image."""


def mapped(points: Points, matrix: Matrix) -> Points:
    """Return the (n, 2) points after the map."""
    full = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(full[:, :2] / full[:, 2:], np.float64)


def has_image(points: Points, matrix: Matrix) -> bool:
    """Whether every point lies in front of the camera that the map describes."""
    return bool((points @ matrix[2, :2] + matrix[2, 2] > 1e-6).all())


def mapped_quad(quad: Quad, matrix: Matrix) -> Quad | None:
    """Return the quad after the map; None when a corner has no image."""
    points = quad.to_points()
    return Quad.from_points(mapped(points, matrix)) if has_image(points, matrix) else None


def mapped_box(box: Box, matrix: Matrix) -> Box | None:
    """Return the upright bounds of the box after the map; None when a corner has no image."""
    quad = mapped_quad(box_quad(box), matrix)
    return None if quad is None else quad.bounds()


def box_quad(box: Box) -> Quad:
    """Return the corners of the box."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    return Quad((left, top), (right, top), (right, bottom), (left, bottom))


def sides(points: Points) -> tuple[float, float]:
    """Return the mean length of a quad's horizontal and of its vertical sides, at least 1.

    `points` are its (4, 2) corners, clockwise from the top-left one.
    """
    edge = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    return max(1.0, float(edge[0] + edge[2]) / 2), max(1.0, float(edge[1] + edge[3]) / 2)


def tilt(quad: Quad) -> float:
    """Return by how many degrees the quad's text falls to the right, -180 to 180."""
    points = quad.to_points()
    across, down = points[1] - points[0] + points[2] - points[3]
    return math.degrees(math.atan2(down, across))


def clipped(box: Box, other: Box) -> Box:
    """Return what the box shares with another; empty at its own nearest edge when nothing."""
    left, right = (min(max(x, other.left), other.right) for x in (box.left, box.right))
    top, bottom = (min(max(y, other.top), other.bottom) for y in (box.top, box.bottom))
    return Box(left, top, right, bottom)


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes, [0, 1]."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    both = one.width * one.height + other.width * other.height
    return width * height / (both - width * height)


def distinct(items: Iterable[T], same: Callable[[T, T], bool]) -> list[T]:
    """Return the items, in their order, without those that are the same as an earlier one kept."""
    kept: list[T] = []
    for item in items:
        if not any(same(item, other) for other in kept):
            kept.append(item)
    return kept


def holds_middle(area: Box, box: Box) -> bool:
    """Return whether the middle of a box lies in an area, its right and lower border left out."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return area.left <= x < area.right and area.top <= y < area.bottom


def cover(a: Box, b: Box) -> float:
    """Return the share of the smaller box that the other one covers."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / min(a.width * a.height, b.width * b.height)
