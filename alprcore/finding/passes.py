# SPDX-License-Identifier: Apache-2.0
"""One pass of the detector over a frame or a part of it, and what boxes have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.finding.network import PlateFinder
from alprcore.records import Frame

Boxes = NDArray[np.float64]
"""(n, 5) array: left, top, right, bottom in pixels, score."""

# Fixed with the network by `alprcore.training.finding.model`.
PLATE_STRIDE = 8
PLATE_TYPICAL = (80.0, 28.0)  # pixels
WIDEST_PLATE = 400.0  # pixels of a pass: what is wider is found in fragments
NARROWEST_PLATE = 14.0  # narrower ones were not trained


@dataclass(frozen=True, slots=True)
class Pass:
    """How a part of a frame is looked at.

    Attributes
    ----------
    left, top, right, bottom
        The part, in pixels of the frame.
    scale
        How far it is shrunk; it is never enlarged.
    narrowest
        Narrower boxes are left out, in pixels of the pass.
    """

    left: int
    top: int
    right: int
    bottom: int
    scale: float
    narrowest: float = NARROWEST_PLATE


def whole(frame: Frame, scale: float, narrowest: float = NARROWEST_PLATE) -> Pass:
    """Return the pass over all of a frame."""
    return Pass(0, 0, frame.shape[1], frame.shape[0], scale, narrowest)


def looked(frame: Frame, finder: PlateFinder, part: Pass, min_score: float) -> Boxes:
    """Return the boxes that one pass sees, in pixels of the frame, in no order.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Not modified.
    finder : PlateFinder
    part : Pass
    min_score : float
        Boxes of a lower score are left out.
    """
    seen, unit_x, unit_y = shrunk(frame[part.top : part.bottom, part.left : part.right], part.scale)
    boxes = _decoded(finder.heat_map(_padded(seen)), min_score)
    width = boxes[:, 2] - boxes[:, 0]
    boxes = boxes[(width > part.narrowest) & (width < WIDEST_PLATE)]
    unit = np.array([unit_x, unit_y, unit_x, unit_y, 1.0])
    shift = [part.left, part.top, part.left, part.top, 0.0]
    return np.asarray(boxes * unit + shift, np.float64)


def shrunk(image: Frame, scale: float) -> tuple[Frame, float, float]:
    """Return the picture resized, and how many of its old pixels each new one spans."""
    rows, cols = image.shape[:2]
    if scale >= 1:
        return image, 1.0, 1.0
    size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
    # Linear interpolation aliases below half the size. Area averaging by a whole factor first costs
    # 1 ms where averaging by a broken one costs 8.
    factor = int(1.0 / scale + 0.01)
    if factor > 1 and min(rows, cols) >= factor:
        whole = image[: rows - rows % factor, : cols - cols % factor]
        part = (whole.shape[1] // factor, whole.shape[0] // factor)
        image = np.asarray(cv2.resize(whole, part, interpolation=cv2.INTER_AREA), np.uint8)
        cols, rows = whole.shape[1], whole.shape[0]
        if factor * scale > 0.99:
            return image, float(factor), float(factor)
    small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8), cols / size[0], rows / size[1]


def _padded(image: Frame) -> Frame:
    """Return the picture with grey added on the right and below to multiples of 32."""
    rows, cols = image.shape[:2]
    canvas = np.empty((-(-rows // 32) * 32, -(-cols // 32) * 32, 3), np.uint8)
    canvas[:rows, :cols] = image
    canvas[rows:] = 114
    canvas[:rows, cols:] = 114
    return canvas


def _decoded(found: NDArray[np.float32], min_score: float) -> Boxes:
    """Return the boxes of a map's cells above the score, in pixels of the pass."""
    rows, cols = np.nonzero(found[0] >= max(min_score, 1e-3))
    score, x, y, wide, high = found[:, rows, cols].astype(np.float64)
    x, y = (x + cols + 0.5) * PLATE_STRIDE, (y + rows + 0.5) * PLATE_STRIDE
    wide, high = np.exp(np.clip([wide, high], -4.0, 4.0)) * np.array(PLATE_TYPICAL)[:, None] / 2
    # Exponentials differ in their last bits from processor to processor; rounded they do not.
    edges = np.round(np.stack([x - wide, y - high, x + wide, y + high], axis=1), 6)
    return np.hstack([edges, score[:, None]])


def distinct(found: list[Boxes], frame: Frame, most: int) -> Boxes:
    """Return the best boxes, cut to the frame, such that none is mostly another or inside it."""
    boxes = np.concatenate(found)
    rows, cols = frame.shape[:2]
    boxes[:, :4] = np.clip(boxes[:, :4], 0.0, [cols, rows, cols, rows])
    boxes = boxes[((boxes[:, 2:4] - boxes[:, :2]) >= 2.0).all(axis=1)]
    boxes = boxes[np.lexsort((boxes[:, 1], boxes[:, 0], -boxes[:, 4]))]
    kept: list[Boxes] = []
    while len(boxes) and len(kept) < most:
        best, boxes = boxes[0], boxes[1:]
        kept.append(best)
        meet, area, areas = meeting(best, boxes)
        same = (meet > 0.3 * (area + areas - meet)) | (meet > 0.6 * np.minimum(area, areas))
        boxes = boxes[~same]
    return np.array(kept).reshape(-1, 5)


def meeting(box: Boxes, others: Boxes) -> tuple[Any, Any, Any]:
    """Return the area that a box shares with each of the others, its own, and theirs."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    area, areas = (np.prod(b[..., 2:4] - b[..., :2], axis=-1) for b in (box, others))
    return np.prod(np.clip(high - low, 0, None), axis=1), area, areas
