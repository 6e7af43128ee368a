# SPDX-License-Identifier: Apache-2.0
"""Find the plates of a frame: look small first, and again only where it pays.

The policy with its cost model is in ``README.md`` beside this file.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alprcore.finding.corners import quads_of
from alprcore.finding.network import PlateFinder
from alprcore.finding.passes import Boxes, Pass, distinct, looked, meeting, shrunk, whole
from alprcore.records import Detection, Frame

FIRST_SCALE = 0.5  # of the main pass: a quarter of its cost
# Frames of less than this share of the main pass's pixels get it at once: it costs less than what
# the smaller looks would save, and of 283 plates of small street photographs these lost 6.
WORTH_IT = 0.75
SMALLEST_FIRST = 160  # pixels of the long side; a smaller first pass would see nothing
# The coarse pass is for plates that the first one sees in fragments. It is left out where one is
# sure and none is wider than this share of the frame's long side: it costs a quarter of the first.
SETTLED_SCORE, SETTLED_WIDTH = 0.6, 0.25
COARSE_SCALE = 0.67  # of the first pass: a third of the main one
SMALLEST_COARSE = 107  # pixels of its long side; a smaller coarse pass would see nothing
NARROWEST_COARSE = 80.0  # the first pass, with twice the size, places narrower ones better

# A place is sure, or looked at again, or left alone. Of the plates that a main pass finds all but
# one in 350 have this score in the first pass, and 1.5 other places a picture.
SURE = 0.5
DOUBT = 0.15
RIVAL = 0.25  # beside a sure place, one of this score after its second look brings the main pass
MOST_AGAIN = 8  # places of doubt looked at again, the best ones
MOST_PLACES = 64
# A second look is at what the main pass would see there, cut out of it: with this much around a
# place, on the network's grid, score and box are nearly those of the main pass. What is around
# lettering and time stamps distinguishes them from plates, so places of doubt are cut out wider. In
# pixels of the main pass.
AROUND, AROUND_DOUBT, GRID = 64, 112, 32

FINE_BELOW = 0.5  # 1920x1080 is just not searched finely; a plate of 52 pixels is still 26 there
# A plate of 40 pixels is 20 in the fine pass, which places few of them well but gives four of five
# a score; what it suspects is looked at again at full size. Twice the first pass's frame a side.
FINE_SCALE = 0.5
FINE_TILE, FINE_OVERLAP = 1024, 96
FINE_WIDEST = 160.0  # pixels of the frame; wider ones are seen by the main pass
FINE_DOUBT = 0.05
MOST_FINE = 24
LONGEST = 4096  # pixels of a pass's side


def find_plates(
    frame: Frame,
    finder: PlateFinder,
    *,
    min_score: float,
    doubtful_score: float = 1.0,
    sure_score: float = 1.0,
    max_plates: int,
    area: int,
    tiled: bool,
    thorough: bool = True,
) -> tuple[Detection, ...]:
    """Return the plates of a frame in its pixels, best score first.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Blue, green, red; any strides. Not modified.
    finder : PlateFinder
    min_score : float
        Plates below it are dropped, [0, 1].
    doubtful_score, sure_score : float
        Where no plate has `sure_score`, those from `doubtful_score` on are returned as well.
    max_plates : int
        At most so many plates, the best ones.
    area : int
        Pixels of the main pass, which is made where the smaller ones leave no sure plate.
    tiled : bool
        Whether frames of more than about 2 megapixels are searched for small plates as well.
    thorough : bool
        Whether there is a main pass at all.
    """
    if frame.shape[0] < 4 or frame.shape[1] < 4:
        return ()
    lowest = min(min_score, doubtful_score, DOUBT)
    scale = main_scale(frame, area)
    main, unit_x, unit_y = shrunk(frame, scale)
    boxes = _looked_at(main, finder, lowest, min(sure_score, SURE), thorough, area)
    found = [each * np.array([unit_x, unit_y, unit_x, unit_y, 1.0]) for each in boxes]
    if tiled and scale < FINE_BELOW:
        found += _fine(frame, finder, lowest)
    kept = distinct(found, frame, max_plates)
    kept = kept[kept[:, 4] >= min(min_score, doubtful_score)]
    if (kept[:, 4] >= sure_score).any():
        kept = kept[kept[:, 4] >= min_score]
    quads = quads_of(frame, kept, finder)
    return tuple(Detection(quad, float(box[4])) for quad, box in zip(quads, kept, strict=True))


def main_scale(frame: Frame, area: int) -> float:
    """Return how far the main pass shrinks a frame."""
    rows, cols = frame.shape[:2]
    return float(min(1.0, (area / (rows * cols)) ** 0.5, LONGEST / max(rows, cols)))


def _looked_at(
    main: Frame, finder: PlateFinder, lowest: float, sure: float, thorough: bool, area: int
) -> list[Boxes]:
    """Return what is seen of a frame that is shrunk for the main pass, in its pixels."""
    if thorough and main.shape[0] * main.shape[1] < WORTH_IT * area:
        seen = looked(main, finder, whole(main, 1.0), lowest)
        return [seen, *_coarse(main, finder, lowest, COARSE_SCALE * FIRST_SCALE, seen)]
    first = _first(main, finder, lowest)
    boxes = _again(main, finder, first, lowest)
    if thorough and not _one_is_all(boxes, main, sure):
        return [*first[1:], looked(main, finder, whole(main, 1.0), lowest)]
    return boxes


def _coarse(
    frame: Frame, finder: PlateFinder, lowest: float, scale: float, seen: Boxes
) -> list[Boxes]:
    """Return what the coarse pass sees, a list of one or none; `seen` is of the pass before it."""
    if max(frame.shape[:2]) * scale <= SMALLEST_COARSE or _settled(seen, frame):
        return []
    return [looked(frame, finder, whole(frame, scale, NARROWEST_COARSE), lowest)]


def _first(main: Frame, finder: PlateFinder, lowest: float) -> list[Boxes]:
    """Return what the first pass sees, and the coarse one where it is needed."""
    longest = max(main.shape[:2])
    small, unit_x, unit_y = shrunk(main, max(FIRST_SCALE, min(1.0, SMALLEST_FIRST / longest)))
    unit = np.array([unit_x, unit_y, unit_x, unit_y, 1.0])
    seen = looked(small, finder, whole(small, 1.0), lowest)
    found = [seen, *_coarse(small, finder, lowest, COARSE_SCALE, seen)]
    return [boxes * unit for boxes in found]


def _wide(boxes: Boxes, frame: Frame) -> NDArray[np.bool_]:
    """Return which boxes are wide in their frame."""
    return np.asarray(boxes[:, 2] - boxes[:, 0] >= SETTLED_WIDTH * max(frame.shape[:2]))


def _settled(boxes: Boxes, frame: Frame) -> bool:
    """Whether a plate is sure and none is wide: then no plate fills much of the frame."""
    return bool((boxes[:, 4] >= SETTLED_SCORE).any() and not _wide(boxes, frame).any())


def _one_is_all(found: list[Boxes], frame: Frame, sure: float) -> bool:
    """Whether one plate is sure, no other place is nearly one, and it is of usual size.

    Where several may be plates there may be more, far off; a wide one may be a bumper with its
    plate.
    """
    boxes = distinct(found, frame, MOST_PLACES)
    one = np.count_nonzero(boxes[:, 4] >= min(RIVAL, sure)) == 1
    return bool(one and boxes[0, 4] >= sure and not _wide(boxes, frame)[0])


def _again(main: Frame, finder: PlateFinder, found: list[Boxes], lowest: float) -> list[Boxes]:
    """Return the boxes with those places looked at again that are sure or in doubt."""
    places = distinct(found, main, MOST_PLACES)
    sure, rest = places[places[:, 4] >= SURE], places[places[:, 4] < SURE]
    doubtful = rest[rest[:, 4] >= DOUBT][:MOST_AGAIN]
    seen = [_second_look(main, finder, place, lowest) for place in [*sure, *doubtful]]
    return [*seen, rest[len(doubtful) :]]


def _second_look(main: Frame, finder: PlateFinder, place: Boxes, lowest: float) -> Boxes:
    """Return what is at a place; a wide one may be seen better from afar, so it stays besides.

    A place of doubt gets the mean of both looks where the second is the better one: by the second
    alone three time stamps of 151 photographs became results.
    """
    room = AROUND if place[4] >= SURE else AROUND_DOUBT
    seen = looked(main, finder, around(main, place, room), lowest)
    seen = seen[meeting(place, seen)[0] > 0]
    if place[4] < SURE:
        seen[:, 4] = np.minimum(seen[:, 4], (seen[:, 4] + place[4]) / 2)
    return np.concatenate([seen, place[None]]) if _wide(place[None], main)[0] else seen


def around(frame: Frame, place: Boxes, room: int = AROUND) -> Pass:
    """Return the pass over a place and its surroundings, on the network's grid."""
    rows, cols = frame.shape[:2]
    left, top = (max(0, int((low - room) // GRID) * GRID) for low in place[:2])
    right, bottom = (int(-(-(high + room) // GRID) * GRID) for high in place[2:4])
    return Pass(left, top, min(cols, right), min(rows, bottom), 1.0)


def _fine(frame: Frame, finder: PlateFinder, lowest: float) -> list[Boxes]:
    """Return the small plates of a large frame: suspected in fine tiles, settled at full size."""
    suspects = [looked(frame, finder, tile, FINE_DOUBT) for tile in _tiles(frame)]
    places = distinct(suspects, frame, 8 * MOST_FINE)
    places = places[places[:, 2] - places[:, 0] < FINE_WIDEST][:MOST_FINE]
    return [looked(frame, finder, around(frame, place), lowest) for place in places]


def _tiles(frame: Frame) -> list[Pass]:
    """Return the tiles of the fine pass."""
    rows, cols = frame.shape[:2]
    size = round(FINE_TILE / FINE_SCALE)
    return [
        Pass(left, top, min(left + size, cols), min(top + size, rows), FINE_SCALE, 8.0)
        for top in _starts(rows, size)
        for left in _starts(cols, size)
    ]


def _starts(length: int, size: int) -> list[int]:
    """Return where the tiles along one side begin."""
    overlap = round(FINE_OVERLAP / FINE_SCALE)
    count = max(1, -(-(length - overlap) // (size - overlap)))
    return [max(0, round(i * (length - size) / max(1, count - 1))) for i in range(count)]
