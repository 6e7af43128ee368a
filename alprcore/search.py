# SPDX-License-Identifier: Apache-2.0
"""What is searched of a picture, and the way back: its turn, its mask, its areas."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from alprcore.errors import ImageError, SettingsError
from alprcore.finder import PlateFinder
from alprcore.geometry import Matrix, box_quad, clipped, mapped_box, mapped_quad, tilt
from alprcore.image import load_frame
from alprcore.records import Box, Detection, Frame, GrayImage, Plate, Quad, VehicleBox
from alprcore.settings import Settings
from alprcore.stages.areas import WHITE_SHARE, fitted_mask, masked, white_bounds, white_share
from alprcore.stages.border import meets_border, surroundings
from alprcore.stages.detect import find_plates
from alprcore.stages.prewarp import Prewarp, between_corners, picture_map, turned
from alprcore.stages.select import distinct_plates
from alprcore.stages.tilt import turned_views
from alprcore.stages.vehicles import find_vehicles
from alprcore.vehicle_finder import VehicleFinder

NARROWEST_TURNED = 64  # pixels; a smaller part is no place for a tilted plate
MOST_VEHICLES = 64  # boxed in a picture; more is not a street
STEEP = 20.0  # degrees; a plate that hangs by more is found, but its corners are poor


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


def search(view: View, finder: PlateFinder, settings: Settings) -> tuple[Detection, ...]:
    """Return the plates of the view's areas, in pixels of its frame.

    Areas are searched one by one, and results keep their order: what two areas share is found
    twice. With `settings.skip_detection` each area is taken for a plate.
    """
    if settings.skip_detection:
        filled = [area for area in view.areas if min(area.width, area.height) >= 4]
        return tuple(Detection(box_quad(area), 1.0) for area in filled)
    found = [_search_area(view, area, finder, settings) for area in view.areas]
    plates = [plate for some in found for plate in some]
    best = sorted(range(len(plates)), key=lambda i: -plates[i].score)[: settings.max_plates]
    return tuple(plates[i] for i in sorted(best))


def _search_area(
    view: View, area: Box, finder: PlateFinder, settings: Settings
) -> tuple[Detection, ...]:
    left, top, right, bottom = (int(v) for v in (area.left, area.top, area.right, area.bottom))
    part = view.frame[top:bottom, left:right]
    plates = _found(part, finder, settings, doubtful=True, tiled=settings.tiled)
    sure = [plate for plate in plates if plate.score >= settings.sure_plate_score]
    wanted = not sure or any(map(_is_steep, sure))
    if settings.tilted and wanted and min(part.shape[:2]) >= NARROWEST_TURNED:
        likely = [plate for plate in plates if plate.score >= settings.min_plate_score]
        doubtful = plates[len(likely) :]
        level = [plate for plate in likely if not _is_steep(plate)]
        turned_up = _tilted_plates(part, finder, settings)
        steep = list(filter(_is_steep, likely))
        plates = distinct_plates([*level, *turned_up], steep, [] if turned_up else doubtful)
    plates = tuple(plate for plate in plates if _small_enough(plate.quad, area, settings))
    if left or top:
        plates = tuple(replace(p, quad=_shifted(p.quad, left, top)) for p in plates)
    if (mask := view.mask) is not None:
        plates = tuple(p for p in plates if white_share(mask, p.quad) >= WHITE_SHARE)
    return plates


def _found(
    frame: Frame, finder: PlateFinder, settings: Settings, *, doubtful: bool, tiled: bool
) -> tuple[Detection, ...]:
    return find_plates(
        frame,
        finder,
        min_score=settings.min_plate_score,
        doubtful_score=settings.doubtful_plate_score if doubtful else 1.0,
        sure_score=settings.sure_plate_score,
        max_plates=settings.max_plates,
        area=settings.detection_pixels,
        tiled=tiled,
    )


def _tilted_plates(frame: Frame, finder: PlateFinder, settings: Settings) -> list[Detection]:
    """Return the plates that the network is sure of once the frame is turned, and that lie level.

    What is steep in the turned frame lies level in the frame itself, or in the other turned one.
    """
    found: list[Detection] = []
    for turned_frame, to_frame in turned_views(frame):
        for plate in _found(turned_frame, finder, settings, doubtful=False, tiled=False):
            quad = mapped_quad(plate.quad, to_frame)
            sure = plate.score >= settings.sure_plate_score
            if quad is not None and sure and not _is_steep(plate):
                found.append(Detection(quad, plate.score))
    return found


def _is_steep(plate: Detection) -> bool:
    return abs(tilt(plate.quad)) > STEEP


def _small_enough(quad: Quad, area: Box, settings: Settings) -> bool:
    """Whether what shows of a plate, in pixels of its area, is no larger than is allowed."""
    shown = clipped(quad.bounds(), Box(0, 0, area.width, area.height))
    return (
        100 * shown.width <= settings.max_plate_width_percent * area.width
        and 100 * shown.height <= settings.max_plate_height_percent * area.height
    )


def _shifted(quad: Quad, right: int, down: int) -> Quad:
    return Quad.from_points(quad.to_points() + [right, down])


def plate_in_picture(view: View, plate: Plate, *, whole: bool) -> Plate | None:
    """Return a plate of the view where it is in the picture; None when the map has no such place.

    Parameters
    ----------
    view : View
    plate : Plate
        Its corners and characters are in pixels of the view's frame.
    whole : bool
        Whether the plate is known not to go on beyond the border of what was searched.
    """
    truncated = not whole and _cut_off(view, plate.quad)
    if view.to_picture is None:
        return replace(plate, truncated=truncated)
    quad = mapped_quad(plate.quad, view.to_picture)
    outlines = [mapped_quad(glyph.quad, view.to_picture) for glyph in plate.glyphs]
    glyphs = tuple(
        replace(glyph, quad=outline)
        for glyph, outline in zip(plate.glyphs, outlines, strict=True)
        if outline is not None
    )
    if quad is None or len(glyphs) < len(outlines):
        return None
    rows, cols = view.frame.shape[:2]
    truncated = truncated or (not whole and meets_border(quad, Box(0, 0, cols, rows)))
    return replace(plate, quad=quad, glyphs=glyphs, truncated=truncated)


def quads_in_picture(view: View, plates: tuple[Detection, ...], min_score: float) -> list[Quad]:
    """Return the corners of the view's plates of that score where they are in the picture."""
    likely = [plate.quad for plate in plates if plate.score >= min_score]
    if view.to_picture is None:
        return likely
    quads = [mapped_quad(quad, view.to_picture) for quad in likely]
    return [quad for quad in quads if quad is not None]


def _cut_off(view: View, quad: Quad) -> bool:
    """Whether the plate may go on beyond what was searched: in each of its areas, or the mask."""
    if all(meets_border(quad, area) for area in view.areas):
        return True
    return view.mask is not None and white_share(view.mask, surroundings(quad)) < WHITE_SHARE


def search_vehicles(
    view: View, finder: VehicleFinder, settings: Settings
) -> tuple[VehicleBox, ...]:
    """Return the vehicles of the picture whose middle lies in the view's areas."""
    found = find_vehicles(
        view.frame, finder, min_score=settings.min_vehicle_score, most=MOST_VEHICLES
    )
    seen = tuple(v for v in found if any(_holds_middle(area, v.box) for area in view.areas))
    return vehicles_in_picture(view, seen)


def _holds_middle(area: Box, box: Box) -> bool:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return area.left <= x < area.right and area.top <= y < area.bottom


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
