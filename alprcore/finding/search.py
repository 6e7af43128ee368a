# SPDX-License-Identifier: Apache-2.0
"""The plates of a view: which areas, tiles and turns are searched, and in what order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alprcore.finding.corners import corners_in
from alprcore.finding.detect import find_plates
from alprcore.finding.network import PlateFinder
from alprcore.finding.tilt import turned_views
from alprcore.geometry import box_quad, clipped, cover, distinct, mapped_quad, tilt
from alprcore.picture.areas import WHITE_SHARE, white_share
from alprcore.picture.view import View
from alprcore.records import Box, Detection, Frame, Quad
from alprcore.settings import Settings

NARROWEST_TURNED = 64  # pixels; a smaller part is not a place for a tilted plate
STEEP = 20.0  # degrees; a plate that hangs by more is found, but its corners are poor
# Of two plates that cover each other by more than this share of the smaller one, one is a fragment
# or an echo of the other.
SAME_PLATE = 0.5
# A picture of a plate and nothing else: wider than the widest of screens and photographs, or small
# and of a plate's shape. Cars cut out for a reader are larger or squarer.
PLATE_ASPECT = 2.4
SMALL_CROP, SMALL_ASPECT = 320, 1.1  # pixels of the longer side


def search(view: View, finder: PlateFinder, settings: Settings) -> tuple[Detection, ...]:
    """Return the plates of the view's areas, in pixels of its frame.

    Areas are searched one by one, and results keep their order: what two areas share is found
    twice. With `settings.skip_detection` each area is taken for a plate.
    """
    if settings.skip_detection:
        taken = (_as_plate(view.frame, area, 1.0, finder) for area in view.areas)
        return tuple(plate for plate in taken if plate is not None)
    found = [_search_area(view, area, finder, settings) for area in view.areas]
    plates = [plate for some in found for plate in some]
    best = sorted(range(len(plates)), key=lambda i: -plates[i].score)[: settings.max_plates]
    return tuple(plates[i] for i in sorted(best))


def _search_area(
    view: View, area: Box, finder: PlateFinder, settings: Settings
) -> tuple[Detection, ...]:
    left, top, right, bottom = (int(v) for v in (area.left, area.top, area.right, area.bottom))
    part = view.frame[top:bottom, left:right]
    plates = _found(part, finder, settings, turned=False)
    sure = [plate for plate in plates if plate.score >= settings.sure_plate_score]
    wanted = not sure or any(map(_is_steep, sure))
    if settings.tilted and wanted and min(part.shape[:2]) >= NARROWEST_TURNED:
        likely = [plate for plate in plates if plate.score >= settings.min_plate_score]
        doubtful = plates[len(likely) :]
        level = [plate for plate in likely if not _is_steep(plate)]
        turned_up = _tilted_plates(part, finder, settings)
        steep = list(filter(_is_steep, likely))
        plates = distinct_plates([*level, *turned_up], steep, [] if turned_up else doubtful)
    if part.shape == view.frame.shape and may_be_a_plate(part.shape):
        filling = _filling(part, plates, finder, settings)
        plates = plates if filling is None else (*plates, filling)
    plates = tuple(plate for plate in plates if _small_enough(plate.quad, area, settings))
    if left or top:
        plates = tuple(replace(p, quad=_shifted(p.quad, left, top)) for p in plates)
    if (mask := view.mask) is not None:
        plates = tuple(p for p in plates if white_share(mask, p.quad) >= WHITE_SHARE)
    return plates


def may_be_a_plate(shape: tuple[int, ...]) -> bool:
    """Whether a picture of (rows, columns, ...) has the shape of a plate, and little else on it."""
    rows, cols = shape[:2]
    small = cols <= SMALL_CROP and cols >= SMALL_ASPECT * rows
    return small or cols >= PLATE_ASPECT * rows


def _filling(
    part: Frame, plates: Sequence[Detection], finder: PlateFinder, settings: Settings
) -> Detection | None:
    """Return the picture itself as a doubtful plate where the network finds none on it.

    The network learned from plates on cars: of 53 Chinese crops it finds 13. A doubtful place is
    reported only if it reads as a plate does (`ranking.select`).
    """
    doubtful, least = settings.doubtful_plate_score, settings.min_plate_score
    if doubtful >= least or any(plate.score >= least for plate in plates):
        return None  # no doubtful places are wanted, or none is needed
    rows, cols = part.shape[:2]
    return _as_plate(part, Box(0, 0, cols, rows), doubtful, finder)


def _as_plate(frame: Frame, area: Box, score: float, finder: PlateFinder) -> Detection | None:
    """Return an area taken for a plate; None where it has no pixels to speak of."""
    if min(area.width, area.height) < 4:
        return None
    return Detection(box_quad(area), score, corners_in(frame, area, finder))


def _found(
    frame: Frame, finder: PlateFinder, settings: Settings, *, turned: bool
) -> tuple[Detection, ...]:
    return find_plates(
        frame,
        finder,
        min_score=settings.min_plate_score,
        doubtful_score=1.0 if turned else settings.doubtful_plate_score,
        sure_score=settings.sure_plate_score,
        max_plates=settings.max_plates,
        area=settings.detection_pixels,
        tiled=settings.tiled and not turned,
        thorough=not turned,
    )


def _tilted_plates(frame: Frame, finder: PlateFinder, settings: Settings) -> list[Detection]:
    """Return the plates that the network is sure of once the frame is turned, and that lie level.

    What is steep in the turned frame lies level in the frame itself, or in the other turned one.
    """
    found: list[Detection] = []
    for turned_frame, to_frame in turned_views(frame):
        for plate in _found(turned_frame, finder, settings, turned=True):
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


def distinct_plates(*groups: Sequence[Detection]) -> tuple[Detection, ...]:
    """Return the plates, best first, without those that a better one mostly covers.

    A plate of an earlier group is better than any of a later one.
    """
    ordered = (p for plates in groups for p in sorted(plates, key=lambda each: -each.score))
    return tuple(sorted(distinct(ordered, _same), key=lambda each: -each.score))


def _same(one: Detection, other: Detection) -> bool:
    return cover(one.quad.bounds(), other.quad.bounds()) > SAME_PLATE
