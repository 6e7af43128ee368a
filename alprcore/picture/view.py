# SPDX-License-Identifier: Apache-2.0
"""What is searched of a picture, and the way back: its turn, its mask, its areas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from alprcore.errors import ImageError, SettingsError
from alprcore.geometry import Matrix, clipped, mapped_box, mapped_quad
from alprcore.picture.areas import WHITE_SHARE, fitted_mask, masked, white_bounds, white_share
from alprcore.picture.border import meets_border, surroundings
from alprcore.picture.load import load_frame
from alprcore.picture.prewarp import Prewarp, between_corners, picture_map, turned
from alprcore.records import Box, Detection, Frame, GrayImage, Quad, VehicleBox


@dataclass(frozen=True, slots=True)
class View:
    """A picture as it is searched: turned and masked.

    Attributes
    ----------
    frame
        (rows, cols, 3) uint8, of the picture's size; the picture itself when nothing is asked.
    areas
        What to search, in pixels of `frame`; whole numbers, inside it, some may be empty.
    mask
        (rows, cols) uint8, 0 or 255; None when all is searched.
    to_picture
        Map from `frame` to the picture; None when it is not turned.
    picture
        The picture as it came, black where it is not to be searched: what is hidden from the search
        is hidden from all else, too.
    """

    frame: Frame
    areas: tuple[Box, ...]
    mask: GrayImage | None
    to_picture: Matrix | None
    picture: Frame


def load_mask(path: str, max_pixels: int) -> GrayImage | None:
    """Return the mask of that path, (rows, cols) uint8; None for ``""``.

    Raises
    ------
    SettingsError
        If the file cannot be read or has no white part. A camera whose mask is lost would report
        what must not be looked at.
    """
    if not path:
        return None
    try:
        frame = load_frame(path, max_pixels=max_pixels)
    except ImageError as error:
        raise SettingsError(f"detection_mask: {str(error).removeprefix('image: ')}") from error
    mask = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
    if not (mask > 127).any():
        raise SettingsError(f"detection_mask: {path!r} has no white part, so nothing to search")
    return mask


def view_of(
    frame: Frame, areas: tuple[Box, ...], prewarp: Prewarp | None, mask: GrayImage | None
) -> View:
    """Return the picture as it is searched.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Not modified.
    areas : tuple of Box
        Areas of the picture, inside it. In a turned picture their bounds are searched.
    prewarp : Prewarp or None
    mask : (any, any) uint8 array or None
        White where to search; resized to the picture and turned with it.
    """
    height, width = frame.shape[:2]
    matrix = None if prewarp is None else picture_map(prewarp, width, height)
    fitted = None if mask is None else fitted_mask(mask, width, height)
    picture = frame if fitted is None else masked(frame, fitted)
    back: Matrix | None = None
    if matrix is not None:
        back = between_corners(matrix)
        frame = turned(frame, matrix)
        areas = tuple(_seen(area, back, width, height) for area in areas)
        fitted = None if fitted is None else fitted_mask(turned(fitted, matrix), width, height)
    if fitted is not None:
        frame = picture if matrix is None else masked(frame, fitted)
        white = white_bounds(fitted)
        areas = tuple(clipped(area, white) for area in areas)
    return View(frame, tuple(map(_whole, areas)), fitted, back, picture)


def _seen(area: Box, to_picture: Matrix, width: int, height: int) -> Box:
    """Return the bounds of an area of the picture in the turned one."""
    whole = Box(0, 0, width, height)
    if area.width <= 0 or area.height <= 0:
        return Box(0, 0, 0, 0)
    seen = mapped_box(area, np.asarray(np.linalg.inv(to_picture), np.float64))
    return whole if seen is None else clipped(seen, whole)


def _whole(area: Box) -> Box:
    """Return the area with all pixels that it touches."""
    left, top = math.floor(area.left), math.floor(area.top)
    if area.width <= 0 or area.height <= 0:
        return Box(left, top, left, top)
    return Box(left, top, math.ceil(area.right), math.ceil(area.bottom))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plate of a view is in the picture.

    Attributes
    ----------
    quad
        Its corners.
    glyphs
        The outline of each character.
    truncated
        Whether the plate may go on beyond the border of what was searched.
    """

    quad: Quad
    glyphs: tuple[Quad, ...]
    truncated: bool


def place_in_picture(
    view: View, quad: Quad, glyphs: Sequence[Quad], *, whole: bool
) -> Place | None:
    """Return where a plate of the view is in the picture; None when the map has no such place.

    Parameters
    ----------
    view : View
    quad : Quad
        Corners in pixels of the view's frame.
    glyphs : sequence of Quad
        Outlines of its characters, likewise.
    whole : bool
        Whether the plate is known not to go on beyond the border of what was searched.
    """
    truncated = not whole and _cut_off(view, quad)
    if view.to_picture is None:
        return Place(quad, tuple(glyphs), truncated)
    placed = mapped_quad(quad, view.to_picture)
    outlines = [mapped_quad(glyph, view.to_picture) for glyph in glyphs]
    known = tuple(outline for outline in outlines if outline is not None)
    if placed is None or len(known) < len(outlines):
        return None
    rows, cols = view.frame.shape[:2]
    truncated = truncated or (not whole and meets_border(placed, Box(0, 0, cols, rows)))
    return Place(placed, known, truncated)


def detections_in_picture(view: View, plates: Sequence[Detection]) -> tuple[Detection, ...]:
    """Return the view's plates where they are in the picture, those that are in it."""
    if view.to_picture is None:
        return tuple(plates)
    placed = [(plate, mapped_quad(plate.quad, view.to_picture)) for plate in plates]
    return tuple(replace(plate, quad=quad) for plate, quad in placed if quad is not None)


def quads_in_picture(view: View, plates: Sequence[Detection], min_score: float) -> list[Quad]:
    """Return the corners of the view's plates of that score where they are in the picture."""
    likely = [plate for plate in plates if plate.score >= min_score]
    return [plate.quad for plate in detections_in_picture(view, likely)]


def _cut_off(view: View, quad: Quad) -> bool:
    """Whether the plate may go on beyond what was searched: in each of its areas, or the mask."""
    if all(meets_border(quad, area) for area in view.areas):
        return True
    return view.mask is not None and white_share(view.mask, surroundings(quad)) < WHITE_SHARE


def vehicles_in_picture(view: View, vehicles: tuple[VehicleBox, ...]) -> tuple[VehicleBox, ...]:
    """Return the vehicles of the view where they are in the picture."""
    if view.to_picture is None:
        return vehicles
    rows, cols = view.frame.shape[:2]
    boxes = [mapped_box(vehicle.box, view.to_picture) for vehicle in vehicles]
    cut = [None if box is None else clipped(box, Box(0, 0, cols, rows)) for box in boxes]
    return tuple(
        replace(vehicle, box=box)
        for vehicle, box in zip(vehicles, cut, strict=True)
        if box is not None and min(box.width, box.height) >= 2
    )
