# SPDX-License-Identifier: Apache-2.0
"""Which areas of a picture are searched: regions of interest and a black-and-white mask."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from numbers import Real
from typing import Any, cast

import cv2
import numpy as np

from alprcore.errors import SettingsError, shown
from alprcore.records import Box, Frame, GrayImage, Quad

# A plate is kept when this share of it is white in the mask: 248 of 255, as OpenALPR has it.
WHITE_SHARE = 248 / 255


def clamped_areas(regions: Sequence[Box], width: int, height: int) -> tuple[Box, ...]:
    """Return the regions as they lie in a picture; all of it when there is none.

    Parameters
    ----------
    regions : sequence of Box
        In pixels; they may reach beyond the picture, as "everything" is often written 10000 wide.
    width, height : int
        Size of the picture.

    Returns
    -------
    tuple of Box
        A region that begins left of the picture is moved to its edge with its width unchanged,
        likewise above; then it is cut at the right and lower edge. One that lies beyond these is
        empty.

    Raises
    ------
    SettingsError
        If a region is no `Box` of finite numbers with a width and a height above 0.
    """
    for region in regions:
        _check(region)
    return tuple(_clamped(region, width, height) for region in regions) or (
        Box(0, 0, width, height),
    )


def _check(region: Box) -> None:
    if not isinstance(region, Box):
        raise SettingsError(f"regions_of_interest: expected a Box, got {shown(region)}")
    sides = (region.left, region.top, region.right, region.bottom)
    if not all(map(_is_finite, sides)) or region.width <= 0 or region.height <= 0:
        raise SettingsError(
            "regions_of_interest: expected finite numbers, a width and a height above 0, got"
            f" {shown(region)}"
        )


def _is_finite(side: Any) -> bool:
    return isinstance(side, Real) and bool(abs(cast(Any, side)) <= sys.float_info.max)


def _clamped(region: Box, width: int, height: int) -> Box:
    left, top = min(max(region.left, 0), width), min(max(region.top, 0), height)
    return Box(left, top, min(left + region.width, width), min(top + region.height, height))


def fitted_mask(mask: GrayImage, width: int, height: int) -> GrayImage:
    """Return the mask in the size of a picture, each pixel 0 or 255."""
    flags = cv2.INTER_AREA if mask.shape[0] > height else cv2.INTER_LINEAR
    fitted = cv2.resize(mask, (width, height), interpolation=flags)
    return np.asarray(cv2.threshold(fitted, 127, 255, cv2.THRESH_BINARY)[1], np.uint8)


def masked(frame: Frame, mask: GrayImage) -> Frame:
    """Return the picture, black where the mask is."""
    return np.asarray(cv2.bitwise_and(frame, frame, mask=mask), np.uint8)


def white_bounds(mask: GrayImage) -> Box:
    """Return the smallest box that holds all white of the mask; empty when there is none."""
    left, top, width, height = cv2.boundingRect(mask)
    return Box(left, top, left + width, top + height)


def white_share(mask: GrayImage, quad: Quad) -> float:
    """Return the share of the quad that is white in the mask; what lies outside has no say."""
    points = quad.to_points()
    limit = np.array(mask.shape[::-1])
    first = np.clip(np.floor(points.min(axis=0)).astype(int), 0, limit - 1)
    last = np.clip(np.ceil(points.max(axis=0)).astype(int), first + 1, limit)
    part = mask[first[1] : last[1], first[0] : last[0]]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(points - first - 0.5).astype(np.int32), 1)
    return float(part[inside > 0].mean() / 255) if inside.any() else float(part.mean() / 255)
