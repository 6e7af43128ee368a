# SPDX-License-Identifier: Apache-2.0
"""Plates and vehicles drawn into a copy of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.errors import AlprError
from alprcore.records import Frame, Plate, Points, VehicleBox
from alprcore.showing.hangul import romanized

_PLATE = (0, 220, 0)
_VEHICLE = (255, 160, 0)
_INK = (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_PIXELS = 22  # height of a capital of this font at scale 1


def annotated(frame: Frame, plates: Sequence[Plate], vehicles: Sequence[VehicleBox] = ()) -> Frame:
    """Return a copy of `frame` with the vehicles, the plates and their readings drawn.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        The picture; not modified.
    plates, vehicles
        What was recognized in it.

    Returns
    -------
    (rows, cols, 3) uint8 array
        Plates green with their text above (Hangul in Latin letters), vehicles blue.
    """
    canvas = np.array(frame, dtype=np.uint8, order="C")
    thickness = max(1, round(max(canvas.shape[:2]) / 600))
    for vehicle in vehicles:
        box = vehicle.box
        corners = (int(box.left), int(box.top)), (int(box.right), int(box.bottom))
        cv2.rectangle(canvas, *corners, _VEHICLE, thickness)
    for plate in plates:
        draw_plate(canvas, plate.quad.to_points(), plate.text, plate.confidence)
    return canvas


def draw_plate(canvas: Frame, corners: Points, text: str, confidence: float) -> None:
    """Draw one plate with its reading into a picture.

    Parameters
    ----------
    canvas : (rows, cols, 3) uint8 array
        Rows adjacent; drawn into.
    corners : (4, 2) float64 array
    text : str
        Lines joined by newlines.
    confidence : float
        [0, 1].
    """
    thickness = max(1, round(max(canvas.shape[:2]) / 600))
    points = np.round(corners).astype(np.int32)
    cv2.polylines(canvas, [points], isClosed=True, color=_PLATE, thickness=thickness)
    label = f"{text} {100 * confidence:.0f}%".replace("\n", "-")
    _draw_label(canvas, romanized(label), points, thickness)


def write_picture(path: Path, frame: Frame) -> None:
    """Write `frame` to `path`, in the format of its suffix.

    Raises
    ------
    AlprError
        If the suffix is not that of a picture.
    OSError
        If the file cannot be written.
    """
    try:
        done, content = cv2.imencode(path.suffix, frame)
    except cv2.error:
        done = False
    if not done:
        raise AlprError(f"{path}: cannot write a picture with the suffix {path.suffix!r}")
    path.write_bytes(content.tobytes())


def _draw_label(canvas: Frame, label: str, points: NDArray[np.int32], thickness: int) -> None:
    """Write `label` on a filled strip above the quad, or below it at the upper rim."""
    scale = max(14, 9 * thickness) / _FONT_PIXELS
    (width, height), drop = cv2.getTextSize(label, _FONT, scale, thickness)
    left = int(np.clip(points[:, 0].min(), 0, max(0, canvas.shape[1] - width)))
    bottom = int(points[:, 1].min()) - thickness
    if bottom - height - drop < 0:
        bottom = int(points[:, 1].max()) + thickness + height + drop
    cv2.rectangle(
        canvas, (left, bottom - height - drop), (left + width, bottom), _PLATE, cv2.FILLED
    )
    cv2.putText(
        canvas, label, (left, bottom - drop // 2), _FONT, scale, _INK, thickness, cv2.LINE_AA
    )
