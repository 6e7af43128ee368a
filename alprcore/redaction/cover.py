# SPDX-License-Identifier: Apache-2.0
"""Places of a picture covered, so that nothing of what stood there is left."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame, Quad

FILL, BLUR = "fill", "blur"
STYLES = (FILL, BLUR)

# A plate's own height, on each side: corners are off by less, and the strip beside the text that
# names country or state is covered too.
MARGIN = 0.35
FILLING = (0, 0, 0)
# A covered plate becomes so many patches of its mean colour before they are blurred into one
# another: each patch is wider than two characters and as high as half a line, so none has a shape.
PATCHES = (3, 2)


def cover(canvas: Frame, quads: Sequence[Quad], *, style: str = FILL) -> None:
    """Cover places in a picture.

    Parameters
    ----------
    canvas : (rows, cols, 3) uint8 array
        Rows adjacent; changed.
    quads : sequence of Quad
        Corners of the places; `MARGIN` is added on each side.
    style : str
        ``"fill"`` makes them black, ``"blur"`` leaves the mean colours of six patches, blurred.
    """
    for quad in quads:
        corners = grown(quad)
        paint = _filled if style == FILL else _blurred
        paint(canvas, corners)


def grown(quad: Quad) -> NDArray[np.float64]:
    """Return the corners, (4, 2), moved outwards by `MARGIN` of the height on each side."""
    points = quad.to_points()
    right = points[1] + points[2] - points[0] - points[3]
    down = points[2] + points[3] - points[0] - points[1]
    height = max(float(np.linalg.norm(down)) / 2, 4.0)
    along = right / max(float(np.linalg.norm(right)), 1e-9)
    across = down / max(float(np.linalg.norm(down)), 1e-9)
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
    moves = signs[:, :1] * along + signs[:, 1:] * across
    return np.asarray(points + MARGIN * height * moves, np.float64)


def _filled(canvas: Frame, corners: NDArray[np.float64]) -> None:
    cv2.fillConvexPoly(canvas, _hull(corners), FILLING)


def _blurred(canvas: Frame, corners: NDArray[np.float64]) -> None:
    rows, cols = canvas.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (cols, rows))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, (cols, rows))
    if right <= left or bottom <= top:
        return
    part = canvas[top:bottom, left:right]
    # The mean of the upright box around the place: for a slanted plate some of its surroundings.
    patches = cv2.resize(part, PATCHES, interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(patches, part.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, _hull(corners - (left, top)), 255)
    part[mask > 0] = smooth[mask > 0]


def _hull(corners: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the corners as whole pixels in an order that goes round once."""
    return np.asarray(cv2.convexHull(np.round(corners).astype(np.int32)), np.int32)
