# SPDX-License-Identifier: Apache-2.0
"""Find the vehicles of a frame: one pass of a small network over the whole of it, shrunk."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.geometry import distinct, holds_middle, overlap
from alprcore.picture.view import View, vehicles_in_picture
from alprcore.records import Box, Frame, VehicleBox
from alprcore.settings import Settings
from alprcore.vehicles.networks import VehicleFinder

# 256x152 for 16:9. At 320x192, with which it was trained, it takes 1.8 times as long, finds as many
# main vehicles of held-back photographs and 81.6 for 78.9 % of those wider than an eighth.
AREA = 256 * 152  # pixels
HALVES = 3  # while so much is to be shrunk, sides are halved: it takes half of the time
STRIDE = 16  # of the map; fixed with the network by `alprcore.training.vehicles.box_net`
MOST_VEHICLES = 64  # boxed in a picture; more is not a street
SAME = 0.5  # overlap (IoU) from which two boxes are one vehicle


def find_vehicles(
    frame: Frame, finder: VehicleFinder, *, min_score: float, most: int
) -> tuple[VehicleBox, ...]:
    """Return the cars, vans, buses and lorries of a frame, the surest first.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Blue, green, red; any strides. Not modified.
    finder : VehicleFinder
    min_score : float
        Vehicles below it are dropped, [0, 1].
    most : int
        At most so many.
    """
    rows, cols = frame.shape[:2]
    if rows < 4 or cols < 4:
        return ()
    small, unit_x, unit_y = shrunk(frame)
    boxes = _decoded(finder.heat_map(small), min_score)
    boxes[:, [0, 2]] = np.clip(boxes[:, [0, 2]] * unit_x, 0, cols)
    boxes[:, [1, 3]] = np.clip(boxes[:, [1, 3]] * unit_y, 0, rows)
    boxes = boxes[(boxes[:, 2:4] - boxes[:, :2]).min(axis=1) >= 2]
    boxes = boxes[np.lexsort((boxes[:, 1], boxes[:, 0], -boxes[:, 4]))]
    vehicles = [VehicleBox(Box(*sides), score) for *sides, score in boxes.tolist()]
    return tuple(distinct(vehicles, _same)[:most])


def shrunk(frame: Frame) -> tuple[Frame, float, float]:
    """Return the frame at `AREA` pixels, padded, and how many frame pixels each of its spans."""
    rows, cols = frame.shape[:2]
    scale = min((AREA / (rows * cols)) ** 0.5, 1024 / max(rows, cols))
    size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
    while min(frame.shape[1] / size[0], frame.shape[0] / size[1]) >= HALVES:
        half = (frame.shape[1] // 2, frame.shape[0] // 2)
        even = frame[: 2 * half[1], : 2 * half[0]]
        frame = np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.full((-(-size[1] // 32) * 32, -(-size[0] // 32) * 32, 3), 114, np.uint8)
    canvas[: size[1], : size[0]] = small
    return canvas, cols / size[0], rows / size[1]


def _decoded(found: NDArray[np.float32], min_score: float) -> NDArray[np.float64]:
    """Return left, top, right, bottom, score of the cells that no neighbour outdoes."""
    heat = np.ascontiguousarray(found[0])
    peaks = heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, cols = np.nonzero(peaks & (heat >= max(min_score, 1e-3)))
    score, x, y, wide, high = found[:, rows, cols].astype(np.float64)
    x, y = (x + cols + 0.5) * STRIDE, (y + rows + 0.5) * STRIDE
    wide, high = np.exp(np.clip([wide, high], -3.0, 5.0)) * STRIDE / 2
    return np.stack([x - wide, y - high, x + wide, y + high, score], axis=1)


def _same(one: VehicleBox, other: VehicleBox) -> bool:
    return overlap(one.box, other.box) >= SAME


def search_vehicles(
    view: View, finder: VehicleFinder, settings: Settings
) -> tuple[VehicleBox, ...]:
    """Return the vehicles of the picture whose middle lies in the view's areas."""
    found = find_vehicles(
        view.frame, finder, min_score=settings.min_vehicle_score, most=MOST_VEHICLES
    )
    seen = tuple(v for v in found if any(holds_middle(area, v.box) for area in view.areas))
    return vehicles_in_picture(view, seen)
