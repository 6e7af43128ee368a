# SPDX-License-Identifier: Apache-2.0
"""The mean of the sharpest cut-outs of a plate, one laid over the other: less noise than a frame.

Noise and what a codec leaves out differ from frame to frame, strokes do not. The sharpest cut-outs
of a plate are turned upright, moved by parts of a pixel onto the sharpest of them, and averaged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.geometry import mapped, sides
from alprcore.picture.rectify import rectify_color
from alprcore.reading.repeat import parallelogram
from alprcore.records import Frame, Quad

# In heights of the plate: what a cut-out shows around it, and what the mean shows.
AROUND, MARGIN = 1.0, 0.5
ROWS = 48  # of the plate in the mean; the reader takes 64 with its margin
NARROWEST, WIDEST = 0.8, 7.0  # columns for each row
COMPARED = (96, 24)  # columns and rows at which cut-outs are compared
NOISE = 1.0  # pixels of these: the blur before a step from pixel to pixel counts as a stroke
# Registration, coarse and then fine: the blur in pixels of the mean; the most steps, and the growth
# of the correlation that ends them; what counts around the plate, in its heights.
REGISTERED_BLURS, STEPS, SETTLED, COUNTED = (3.0, 1.5), 40, 1e-4, 0.15
# What correlates less with the sharpest one is covered, or was not found again. In hard clips one
# cut-out of thirty is; another plate of the same make may have 0.92, tracks keep these apart.
ALIKE = 0.85
# The mean has little noise and is blurred as each cut-out is, and by what registration leaves: what
# it has beyond its blur by so many pixels is added once more. Of 83 unsure rows 27 are read right
# so from the mean alone, 23 with half as much.
BLUR, ADDED = 3.0, 1.0


@dataclass(frozen=True, slots=True)
class CutOut:
    """A plate and a little around it, from one frame.

    Attributes
    ----------
    image
        (rows, cols, 3) uint8, a copy.
    quad
        The plate, in pixels of the image.
    sharpness
        Of `sharpness`.
    """

    image: Frame
    quad: Quad
    sharpness: float


def part_around(image: Frame, quad: Quad, around: float) -> tuple[Frame, tuple[int, int]]:
    """Return a copy of the plate and what is around it, and the place of its first pixel.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 array
    quad : Quad
        In its pixels.
    around : float
        What is added on each side, in heights of the plate.
    """
    box = quad.bounds()
    margin = around * box.height
    rows, cols = image.shape[:2]
    left = int(min(max(0, box.left - margin), cols - 1))
    top = int(min(max(0, box.top - margin), rows - 1))
    right, bottom = int(min(cols, box.right + margin)), int(min(rows, box.bottom + margin))
    part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
    return np.array(part, order="C"), (left, top)


def cut_out_of(image: Frame, quad: Quad) -> CutOut:
    """Return the cut-out of a plate of a frame, (rows, cols, 3) uint8."""
    part, corner = part_around(image, quad, AROUND)
    moved = Quad.from_points(quad.to_points() - corner)
    return CutOut(part, moved, sharpness(part, moved))


def sharpness(image: Frame, quad: Quad) -> float:
    """Return how much a frame shows of a plate's strokes.

    It is the mean step from pixel to pixel along a row once the plate has a common size and noise
    is blurred, times the square root of its width: a wide blurred one has small steps there.
    """
    grey = cv2.cvtColor(rectify_color(image, quad, size=COMPARED), cv2.COLOR_BGR2GRAY)
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), NOISE)
    width, _ = sides(quad.to_points())
    return float(np.abs(np.diff(smooth, axis=1)).mean()) * math.sqrt(width)


def sharpest(cuts: Sequence[CutOut], most: int) -> list[CutOut]:
    """Return the sharpest cut-outs, at most so many, in the order in which they are given."""
    order = sorted(range(len(cuts)), key=lambda i: -cuts[i].sharpness)[:most]
    return [cuts[i] for i in sorted(order)]


def mean_picture(cuts: Sequence[CutOut], most: int) -> tuple[Frame, int] | None:
    """Return the mean of the sharpest cut-outs and how many it is of; None if fewer than two agree.

    Parameters
    ----------
    cuts : sequence of CutOut
        Of one plate.
    most : int
        How many of them are laid over one another.

    Returns
    -------
    picture : (rows, cols, 3) uint8 array
        The plate upright, as wide for its height as the sharpest one shows it, `ROWS` high, with
        `MARGIN` of its height on each side.
    count : int
        Cut-outs in it.

    Notes
    -----
    Each is moved by an affine map that maximises the correlation with the sharpest one (Evangelidis
    and Psarakis 2008). What does not correlate is left out, and brightness and contrast are made
    those of the sharpest one: exposure flickers.
    """
    order = sorted(cuts, key=lambda cut: -cut.sharpness)[:most]
    if len(order) < 2:
        return None
    width, height = sides(order[0].quad.to_points())
    cols = round(ROWS * float(np.clip(width / height, NARROWEST, WIDEST)))
    upright = [_upright(cut, cols).astype(np.float32) for cut in order]
    first = upright[0]
    moved = [_registered(each, first) for each in upright[1:]]
    kept = [first, *(_as_bright(each, first) for each in moved if each is not None)]
    if len(kept) < 2:
        return None
    return _crisp(np.mean(kept, axis=0)), len(kept)


def _upright(cut: CutOut, cols: int) -> Frame:
    """Return the plate upright with a margin around it."""
    margin = round(MARGIN * ROWS)
    x, y = margin / cols, margin / ROWS
    # The corners of four frames differ by a pixel or two each, what frames see by an affine map.
    corners = parallelogram(cut.quad).to_points().astype(np.float32)
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(unit, corners), np.float64)
    outline = np.array([[-x, -y], [1 + x, -y], [1 + x, 1 + y], [-x, 1 + y]])
    wider = Quad.from_points(mapped(outline, matrix))
    return rectify_color(cut.image, wider, size=(cols + 2 * margin, ROWS + 2 * margin))


def _registered(
    image: NDArray[np.float32], onto: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    """Return a picture moved onto another one of its size; None where they do not correlate."""
    greys = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in (onto, image)]
    counted = np.zeros(greys[0].shape, np.uint8)
    edge = round((MARGIN - COUNTED) * ROWS)
    counted[edge:-edge, edge:-edge] = 1
    ends = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, SETTLED)
    move, alike = np.eye(2, 3, dtype=np.float32), 0.0
    try:
        for blur in REGISTERED_BLURS:
            first, other = (cv2.GaussianBlur(grey, (0, 0), blur) for grey in greys)
            alike, found = cv2.findTransformECC(
                first, other, move, cv2.MOTION_AFFINE, ends, counted, 1
            )
            move = np.asarray(found, np.float32)
    except cv2.error:  # flat pictures, and such that drift apart
        return None
    if alike < ALIKE:
        return None
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = image.shape[1::-1]
    moved = cv2.warpAffine(image, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _as_bright(image: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture with the brightness and contrast of another one."""
    gain = float(other.std()) / max(1.0, float(image.std()))
    return np.asarray((image - image.mean()) * gain + other.mean(), np.float32)


def _crisp(image: NDArray[np.float32]) -> Frame:
    """Return a picture with its edges steeper."""
    beyond = image - cv2.GaussianBlur(image, (0, 0), BLUR)
    return np.asarray(np.clip(image + ADDED * beyond + 0.5, 0, 255), np.uint8)
