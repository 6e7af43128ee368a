# SPDX-License-Identifier: Apache-2.0
"""The four corners of a plate from its box."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.finding.network import PlateFinder
from alprcore.finding.passes import Boxes, meeting
from alprcore.records import Box, Frame, Quad

# Fixed with the network by `alprcore.training.finding.corner_model`.
CORNER_SIZE = (128, 64)  # columns, rows of what the refiner sees
CORNER_MARGIN = (0.2, 0.4)  # of the box's width and height, on each side
REFINEMENTS = 2  # the second look is at a better centred crop
SECOND_LOOK_SCORE = 0.4  # most of what scores less is no plate, and a look costs 0.9 ms


def quads_of(frame: Frame, boxes: Boxes, finder: PlateFinder) -> list[Quad]:
    """Return the corners of each plate: refined, or the box's own where that makes no sense."""
    quads = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    for look in range(REFINEMENTS):
        chosen = np.flatnonzero((look == 0) | (boxes[:, 4] >= SECOND_LOOK_SCORE))
        if not len(chosen):
            break
        bounds = np.hstack([quads[chosen].min(axis=1), quads[chosen].max(axis=1)])
        placed = [corner_crop(frame, box) for box in bounds]
        refined = finder.refined(np.stack([crop for crop, _ in placed]))
        if refined is None:
            break
        for index, box, corners, (_, matrix) in zip(chosen, bounds, refined, placed, strict=True):
            moved = corners.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
            if _sensible(moved, box):
                quads[index] = moved
    return [Quad.from_points(points) for points in quads]


def corners_in(frame: Frame, area: Box, finder: PlateFinder) -> tuple[Quad, Quad]:
    """Return the corners of the plate that an area shows, looked for in two ways.

    The first are those of a plate that fills most of the area, the second those of a smaller one
    in its middle; either may be a box of no meaning.
    """
    whole = np.array([[area.left, area.top, area.right, area.bottom, 1.0]])
    inset = np.array([area.width, area.height, -area.width, -area.height, 0.0]) / 4
    near = quads_of(frame, whole + inset, finder)[0].bounds()
    again = np.array([[near.left, near.top, near.right, near.bottom, 1.0]])
    return quads_of(frame, whole, finder)[0], quads_of(frame, again, finder)[0]


def corner_crop(frame: Frame, box: Boxes) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the grey crop that the refiner looks at, and its 2x3 map to frame pixels."""
    size = box[2:4] - box[:2]
    low = box[:2] - np.array(CORNER_MARGIN) * size
    high = box[2:4] + np.array(CORNER_MARGIN) * size
    unit = (high - low) / np.array(CORNER_SIZE)
    matrix = np.array([[unit[0], 0.0, low[0]], [0.0, unit[1], low[1]]])
    first = np.clip(np.floor(low).astype(int), 0, [frame.shape[1] - 1, frame.shape[0] - 1])
    last = np.ceil(high).astype(int) + 1
    part = np.ascontiguousarray(frame[first[1] : last[1], first[0] : last[0]])
    gray = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    shrink = np.maximum(1.0, unit / 1.5)  # sampled at 1.5 pixels or less, so that nothing aliases
    if (shrink > 1).any():
        small = np.maximum(1, np.round(np.array(gray.shape[::-1]) / shrink)).astype(int)
        shrink = np.array(gray.shape[::-1]) / small
        gray = cv2.resize(gray, (int(small[0]), int(small[1])), interpolation=cv2.INTER_AREA)
    to_part = (matrix - np.pad(first[:, None], ((0, 0), (2, 0)))) / shrink[:, None]
    to_part[:, 2] += 0.5 * np.diag(to_part[:, :2]) - 0.5
    flags, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    crop = cv2.warpAffine(gray, to_part, CORNER_SIZE, flags=flags, borderMode=border)
    return np.asarray(crop, np.uint8), matrix


def _sensible(points: NDArray[np.float64], box: Boxes) -> bool:
    """Return whether the corners turn clockwise and cover about what the box covers."""
    edges = np.roll(points, -1, axis=0) - points
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    bounds = np.concatenate([points.min(axis=0), points.max(axis=0)])
    meet, area, areas = meeting(box, bounds[None])
    return bool((turns > 0).all() and meet[0] > 0.35 * (area + areas[0] - meet[0]))
