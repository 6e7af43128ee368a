# SPDX-License-Identifier: Apache-2.0
"""Turn a plate's quad into an upright crop, grey or in colour, and back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.geometry import mapped, sides
from alprcore.records import Frame, GrayImage, Quad

wide_height = 64  # rows of the crop of a one-line plate, margin included
tall_height = 96  # rows where the plate is at most twice as wide as high: two lines, or US art
width_limits = (48, 512)  # columns of the crop


def rectify(
    frame: Frame, quad: Quad, *, margin: float, stretch: float = 1.0
) -> tuple[GrayImage, NDArray[np.float64]]:
    """Return the plate upright and grey, with a margin around it.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Blue, green, red; any strides. Not modified.
    quad : Quad
        The plate's corners in frame pixels; they may lie outside the frame.
    margin : float
        What to add on each of the four sides, in heights of the plate.
    stretch : float
        How many times wider than it is seen the plate shall be: from the side it looks narrower.

    Returns
    -------
    crop : (h, w) uint8 array
        64 rows for plates at least three times as wide as high, up to 96 for squarer ones; the
        aspect is that of the quad's sides, times `stretch`. Pixels beyond the frame repeat its
        border.
    matrix : (3, 3) float64 array
        Maps crop pixels to frame pixels; `geometry.mapped` applies it.

    Notes
    -----
    Where the crop is more than 1.5 times smaller than the plate, the frame's part is first shrunk
    by area averaging, since `warpPerspective` would alias.
    """
    corners = quad.to_points()
    width, height = sides(corners)
    aspect = np.clip(stretch * width / height, 0.5, 12.0)
    inner = np.interp(aspect, [2.0, 3.0], [tall_height, wide_height]) / (1 + 2 * margin)
    border = margin * inner
    cols = int(np.clip(round(inner * aspect + 2 * border), *width_limits))
    rows = max(8, round(inner + 2 * border))
    inset = np.array([border, border])
    size = np.array([cols, rows], np.float64)
    target = np.array([inset, [cols - border, border], size - inset, [border, rows - border]])
    matrix = np.asarray(
        cv2.getPerspectiveTransform(target.astype(np.float32), corners.astype(np.float32)),
        np.float64,
    )
    return _sampled(frame, matrix, (cols, rows), color=False), matrix


def rectify_color(frame: Frame, quad: Quad, *, size: tuple[int, int]) -> Frame:
    """Return the plate upright, in colour, stretched to a size whatever its aspect.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Blue, green, red; any strides. Not modified.
    quad : Quad
        The plate's corners in frame pixels; they may lie outside the frame.
    size : (int, int)
        Columns and rows of the crop.

    Returns
    -------
    crop : (rows, cols, 3) uint8 array
    """
    return _sampled(frame, _stretching(quad, size), size, color=True)


def rectify_grey(frame: Frame, quad: Quad, *, size: tuple[int, int]) -> GrayImage:
    """Return what `rectify_color` returns in grey, (rows, cols) uint8, in two thirds of the time.

    Parameters
    ----------
    frame, quad, size
        As for `rectify_color`.
    """
    return _sampled(frame, _stretching(quad, size), size, color=False)


def _stretching(quad: Quad, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the (3, 3) map from a crop of that size, (columns, rows), to the frame."""
    cols, rows = size
    target = [[0, 0], [cols, 0], [cols, rows], [0, rows]]
    matrix = cv2.getPerspectiveTransform(
        np.array(target, np.float32), quad.to_points().astype(np.float32)
    )
    return np.asarray(matrix, np.float64)


def _sampled(
    frame: Frame, matrix: NDArray[np.float64], size: tuple[int, int], *, color: bool
) -> NDArray[np.uint8]:
    """Return the crop that the matrix describes, grey or in colour."""
    cols, rows = size
    outline = mapped(np.array([[0, 0], [cols, 0], [cols, rows], [0, rows]], np.float64), matrix)
    limit = np.array([frame.shape[1], frame.shape[0]])
    first = np.clip(np.floor(outline.min(axis=0)).astype(int) - 2, 0, limit - 1)
    last = np.clip(np.ceil(outline.max(axis=0)).astype(int) + 2, first + 1, limit)
    part = np.ascontiguousarray(frame[first[1] : last[1], first[0] : last[0]])
    seen = part if color else np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)
    width, height = sides(outline)
    factor = min(width / cols, height / rows) / 1.5
    unit = np.array([1.0, 1.0])
    if factor > 1:
        small = np.maximum(1, np.round(np.array(seen.shape[1::-1]) / factor)).astype(int)
        unit = np.array(seen.shape[1::-1]) / small
        shape = (int(small[0]), int(small[1]))
        seen = np.asarray(cv2.resize(seen, shape, interpolation=cv2.INTER_AREA), np.uint8)
    # Pixel centres lie half a pixel off the corner coordinates in crop and part alike.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    to_part = np.array([[1, 0, -first[0]], [0, 1, -first[1]], [0, 0, 1]], np.float64)
    to_small = np.array([[1 / unit[0], 0, -0.5], [0, 1 / unit[1], -0.5], [0, 0, 1]])
    crop = cv2.warpPerspective(
        seen,
        to_small @ to_part @ matrix @ half,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(crop, np.uint8)
