# SPDX-License-Identifier: Apache-2.0
"""Turn a picture before it is searched, so that a slanted camera's plates come upright.

The text ``planar,W,H,rx,ry,rz,stretchX,dist,panX,panY`` describes the turn, as OpenALPR's
calibration tool writes it: ``W`` and ``H`` the size in pixels it was tuned at, ``rx``, ``ry`` and
``rz`` angles in radians, ``stretchX`` and ``dist`` factors, ``panX`` and ``panY`` pixels.
``planar,1280,720,0,0,0,1,1,0,0`` changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.geometry import Matrix, has_image


@dataclass(frozen=True, slots=True)
class Prewarp:
    """A turn of the picture; fields in the order of the text."""

    width: float
    height: float
    angle_x: float
    angle_y: float
    angle_z: float
    stretch_x: float
    distance: float
    pan_x: float
    pan_y: float


def parse_prewarp(text: str) -> Prewarp | None:
    """Return the turn that the text describes; None when it describes none.

    Not exactly ten items, a first word other than ``planar``, anything that is not a finite number,
    and a size that is not above 0 all mean "no turn": old installations have such settings.
    """
    word, *items = (item.strip() for item in text.split(","))
    if word != "planar" or len(items) != 9:
        return None
    try:
        numbers = [float(item) for item in items]
    except ValueError:
        return None
    if not all(map(math.isfinite, numbers)) or min(numbers[:2]) <= 0:
        return None
    return Prewarp(*numbers)


def picture_map(prewarp: Prewarp, width: int, height: int) -> Matrix | None:
    """Return where in the picture each point of the turned picture comes from.

    Parameters
    ----------
    prewarp : Prewarp
    width, height : int
        Size of the picture in pixels; the turned one has the same.

    Returns
    -------
    (3, 3) float64 array or None
        Maps (column, row, 1), whole numbers at the *middles* of pixels, from the turned picture to
        the picture. None for a turn that changes nothing, or that no camera could make.

    Notes
    -----
    The picture lies in a plane at depth `distance`, is turned about its middle and seen by a
    camera with a focal length of one pixel, so `angle_x` and `angle_y` are tiny numbers. They
    scale with the width, both of them: texts were tuned with a program that does it so.
    """
    if prewarp.distance <= 0:
        return None
    ratio = prewarp.width / width, prewarp.height / height
    if min(ratio) <= 0:  # so small a number that it comes to nothing
        return None
    angles = prewarp.angle_x * ratio[0], prewarp.angle_y * ratio[0]
    pan = prewarp.pan_x / ratio[0], prewarp.pan_y / ratio[1]
    if not all(map(math.isfinite, (*angles, *pan))):
        return None
    turn = _rotation(*angles, prewarp.angle_z)
    seen = np.column_stack([turn[:, :2], [*pan, 0]])
    seen[0, :2] *= prewarp.stretch_x
    seen[2, 2] = prewarp.distance
    middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = np.asarray(middle @ seen @ np.linalg.inv(middle), np.float64)
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-9:
        return None
    return None if np.abs(matrix - np.eye(3)).max() < 1e-9 else matrix


def turned(image: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    """Return the picture turned; black where it shows nothing of the picture.

    Parameters
    ----------
    image : (rows, cols) or (rows, cols, 3) uint8 array
    matrix : (3, 3) float64 array
        From `picture_map`, for this size.
    """
    rows, cols = image.shape[:2]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    view = np.asarray(cv2.warpPerspective(image, matrix, (cols, rows), flags=flags), np.uint8)
    if not has_image(np.array([[0, 0], [cols, 0], [0, rows], [cols, rows]], np.float64), matrix):
        # Behind the camera the map shows the picture once more, mirrored.
        across, down = matrix[2, 0] * np.arange(cols), matrix[2, 1] * np.arange(rows)
        view[across + down[:, None] + matrix[2, 2] <= 0] = 0
    return view


def between_corners(matrix: Matrix) -> Matrix:
    """Return a map between middles of pixels as one of points, where (0.5, 0.5) is a middle."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    return np.asarray(half @ matrix @ np.linalg.inv(half), np.float64)


def _rotation(a: float, b: float, g: float) -> Matrix:
    """Return the rotation by `g` about z, then `b` about y, then `a` about x; right-handed."""
    about_x = [[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]]
    about_y = [[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]]
    about_z = [[math.cos(g), -math.sin(g), 0], [math.sin(g), math.cos(g), 0], [0, 0, 1]]
    return np.asarray(np.array(about_x) @ np.array(about_y) @ np.array(about_z), np.float64)
