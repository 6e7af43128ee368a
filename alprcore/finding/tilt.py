# SPDX-License-Identifier: Apache-2.0
"""Turn a frame so that plates that hang at an angle come to lie level."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np

from alprcore.geometry import Matrix
from alprcore.records import Frame

# The detector was trained on plates up to 15 degrees and finds most up to 25: turned by 30 either
# way, it finds what hangs by 10 to 50.
ANGLES = (30.0, -30.0)
MOST_PIXELS = 4_000_000  # more of a turned frame than this is shrunk to it: it is looked at once


def turned_views(frame: Frame) -> Iterator[tuple[Frame, Matrix]]:
    """Yield the frame turned by each of `ANGLES`, whole, and the 3x3 map from it to the frame.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Not modified. What the turned frame has beyond it is grey.
    """
    rows, cols = frame.shape[:2]
    for angle in ANGLES:
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        wide, high = cols * cos + rows * abs(sin), rows * cos + cols * abs(sin)
        scale = min(1.0, (MOST_PIXELS / (wide * high)) ** 0.5)
        size = (math.ceil(wide * scale), math.ceil(high * scale))
        # From the turned frame's pixels, about its middle, to the frame's.
        linear = np.array([[cos, -sin], [sin, cos]]) / scale
        shift = np.array([cols, rows]) / 2 - linear @ (np.array(size) / 2)
        to_frame = np.vstack([np.column_stack([linear, shift]), [0.0, 0.0, 1.0]])
        # OpenCV counts from the middle of the first pixel.
        centred = np.column_stack([linear, shift + linear @ [0.5, 0.5] - 0.5])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        view = cv2.warpAffine(frame, centred, size, flags=flags, borderValue=(114, 114, 114))
        yield np.asarray(view, np.uint8), to_frame
