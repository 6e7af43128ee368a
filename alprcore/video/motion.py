# SPDX-License-Identifier: Apache-2.0
"""What changed between frames: where something moved, and where one shot ends."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Box, GrayImage

WIDTH = 160
"""Columns of the small pictures that are compared: a car with a plate of 25 of 1,280 is 12 wide."""

# Brightness steps of 255. Sensor noise of 8 steps is 1 after averaging 64 pixels into one; wind in
# a hedge makes 6 to 10, a car at dusk 15 and more.
CHANGED = 10.0
# A change of fewer cells than this is a leaf or a lamp.
LEAST_CELLS = 3
# Two consecutive frames are of different shots when their small pictures, smoothed, correlate less
# than this. In the recordings of the test data frames of one shot have 0.66 (a shaken camera) and
# more, cuts 0.29 and less; a lamp that floods half of the picture leaves 0.96.
SAME_SHOT = 0.4


class MotionDetector:
    """Compares each frame with the last one that was searched.

    A searched frame is the reference, not the frame before, so that slow motion adds up until it
    counts. Brightness that rises or falls in the whole picture is not motion.
    """

    def __init__(self) -> None:
        self._reference: NDArray[np.float32] | None = None

    def changed(self, luma: GrayImage) -> NDArray[np.bool_]:
        """Return the (rows, cols) cells of a small picture that differ from the reference.

        Everything differs when there is no reference, or one of another size.
        """
        now = luma.astype(np.float32)
        if self._reference is None or self._reference.shape != now.shape:
            return np.ones(now.shape, np.bool_)
        before = self._reference
        # Exposure: the median ratio, which a car does not move.
        gain = float(np.median(now + 8.0) / np.median(before + 8.0))
        difference = cv2.blur(np.abs(now - gain * before), (3, 3))
        moved: NDArray[np.bool_] = difference > CHANGED
        return moved if int(moved.sum()) >= LEAST_CELLS else np.zeros(now.shape, np.bool_)

    def searched(self, luma: GrayImage) -> None:
        """Take a frame for the reference."""
        self._reference = luma.astype(np.float32)


def is_cut(before: GrayImage, after: GrayImage) -> bool:
    """Whether a shot ends between two small pictures of consecutive frames."""
    return before.shape != after.shape or _correlation(before, after) < SAME_SHOT


def moved_in(moved: NDArray[np.bool_], box: Box, width: int, height: int) -> bool:
    """Whether anything moved inside a box given in pixels of the full frame."""
    rows, cols = moved.shape
    x, y = cols / width, rows / height
    left, top = max(0, int(box.left * x)), max(0, int(box.top * y))
    right, bottom = int(np.ceil(box.right * x)), int(np.ceil(box.bottom * y))
    return bool(moved[top : max(bottom, top + 1), left : max(right, left + 1)].any())


def _correlation(one: GrayImage, other: GrayImage) -> float:
    """Return how far the patterns of two pictures agree, -1 to 1; 1 where one is flat."""
    smooth = [cv2.GaussianBlur(each.astype(np.float32), (0, 0), 2.0) for each in (one, other)]
    spread = [each - float(each.mean()) for each in smooth]
    norm = float(np.linalg.norm(spread[0]) * np.linalg.norm(spread[1]))
    return float((spread[0] * spread[1]).sum()) / norm if norm > 1e-6 else 1.0
