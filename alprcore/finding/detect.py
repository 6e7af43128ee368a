# SPDX-License-Identifier: Apache-2.0
"""Find the plates of a frame: look small first, and again only where it pays.

The policy with its cost model is in ``README.md`` beside this file.
"""

from __future__ import annotations

import numpy as np

from alprcore.finding.corners import quads_of
from alprcore.finding.network import PlateFinder
from alprcore.finding.passes import Boxes, Pass, distinct, looked, meeting, shrunk, whole
from alprcore.records import Detection, Frame

FIRST_SCALE = 0.5  # of the main pass: a quarter of its cost
SMALLEST_FIRST = 160  # pixels of the long side; a smaller first pass would see nothing
# The coarse pass is for plates that the first one sees in fragments. It is left out where one is
# sure and none is wider than this share of the frame's long side: it costs a quarter of the first.
SETTLED_SCORE, SETTLED_WIDTH = 0.6, 0.25
NARROWEST_COARSE = 80.0  # the first pass, with twice the size, places narrower ones better

# A place is sure, or looked at again, or left alone. Of the plates that a main pass finds all but
# one in 350 have this score in the first pass, and 1.5 other places a picture.
SURE = 0.5
DOUBT = 0.15
MOST_AGAIN = 8  # places of doubt looked at again, the best ones
MOST_PLACES = 64
# What a place looks like is settled at one size of the plate, so that the score no longer jumps
# with the size of the picture. Columns and rows: a twentieth of the main pass's pixels.
AGAIN_WIDTH, AGAIN_HEIGHT = 120.0, 64.0
AGAIN_SIZE = (224, 128)

# Of two looks at a place of doubt the better one counts for so much. The better alone brings a half
# more results on no plate, the mean of both loses 4 of 120 plates of photographs from anywhere.
BETTER_LOOK = 0.75

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
    found = _first(frame, finder, scale, lowest)
    found = _again(frame, finder, found, lowest)
    smaller = first_scale(frame, scale) < scale
    if thorough and smaller and not _one_is_all(found, frame, min(sure_score, SURE)):
        found.append(looked(frame, finder, whole(frame, scale), lowest))
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
    return min(1.0, (area / (rows * cols)) ** 0.5, LONGEST / max(rows, cols))


def first_scale(frame: Frame, scale: float) -> float:
    """Return how far the first pass shrinks a frame."""
    longest = max(frame.shape[:2])
    return max(FIRST_SCALE * scale, min(scale, SMALLEST_FIRST / longest))


def _first(frame: Frame, finder: PlateFinder, scale: float, lowest: float) -> list[Boxes]:
    """Return what the first pass sees, and the coarse one where it is needed."""
    small, unit_x, unit_y = shrunk(frame, first_scale(frame, scale))
    unit = np.array([unit_x, unit_y, unit_x, unit_y, 1.0])
    found = [looked(small, finder, whole(small, 1.0), lowest)]
    longest = max(small.shape[:2])
    if longest > SMALLEST_FIRST and not _settled(found[0], longest):
        found.append(looked(small, finder, whole(small, 0.5, NARROWEST_COARSE), lowest))
    return [boxes * unit for boxes in found]


def _settled(boxes: Boxes, longest: int) -> bool:
    """Whether a plate is sure and none is wide: then no plate fills much of the frame."""
    wide = boxes[:, 2] - boxes[:, 0] >= SETTLED_WIDTH * longest
    return bool((boxes[:, 4] >= SETTLED_SCORE).any() and not wide.any())


def _one_is_all(found: list[Boxes], frame: Frame, sure: float) -> bool:
    """Whether one plate is sure, the only one, and of usual size.

    Where several are sure there may be more, far off; a wide one may be a bumper with its plate.
    """
    boxes = distinct(found, frame, MOST_PLACES)
    boxes = boxes[boxes[:, 4] >= sure]
    wide = boxes[:, 2] - boxes[:, 0] >= SETTLED_WIDTH * max(frame.shape[:2])
    return len(boxes) == 1 and not wide.any()


def _again(frame: Frame, finder: PlateFinder, found: list[Boxes], lowest: float) -> list[Boxes]:
    """Return the boxes with those places looked at again that are sure or in doubt.

    A second look places a plate better than the first pass, whoever of them scores it higher.
    """
    places = distinct(found, frame, MOST_PLACES)
    sure, rest = places[places[:, 4] >= SURE], places[places[:, 4] < SURE]
    doubtful = rest[rest[:, 4] >= DOUBT][:MOST_AGAIN]
    seen = [_second_look(frame, finder, place, lowest) for place in [*sure, *doubtful]]
    return [*seen, rest[len(doubtful) :]]


def _second_look(frame: Frame, finder: PlateFinder, place: Boxes, lowest: float) -> Boxes:
    """Return what is at a place: the place itself where nothing better is seen."""
    seen = looked(frame, finder, around(frame, place), lowest)
    seen = seen[meeting(place, seen)[0] > 0]
    if not len(seen):
        return place[None]
    best = seen[np.argmax(seen[:, 4])]
    low, high = sorted([best[4], place[4]])
    best[4] = high if place[4] >= SURE else BETTER_LOOK * high + (1 - BETTER_LOOK) * low
    return seen


def around(frame: Frame, place: Boxes) -> Pass:
    """Return the pass over a place and its surroundings, at the size that plates are best seen."""
    wide, high = place[2:4] - place[:2]
    scale = min(1.0, AGAIN_WIDTH / wide, AGAIN_HEIGHT / high)
    size = np.ceil(np.array(AGAIN_SIZE) / scale).astype(int)
    room = np.maximum(np.array(frame.shape[1::-1]) - size, 0)
    low = np.clip(((place[:2] + place[2:4] - size) / 2).astype(int), 0, room)
    high_end = np.minimum(low + size, frame.shape[1::-1])
    return Pass(int(low[0]), int(low[1]), int(high_end[0]), int(high_end[1]), scale)


def _fine(frame: Frame, finder: PlateFinder, lowest: float) -> list[Boxes]:
    """Return the small plates of a large frame: suspected in fine tiles, settled at full size."""
    suspects = [looked(frame, finder, tile, FINE_DOUBT) for tile in _tiles(frame)]
    places = distinct(suspects, frame, 8 * MOST_FINE)
    places = places[places[:, 2] - places[:, 0] < FINE_WIDEST][:MOST_FINE]
    return [_second_look(frame, finder, place, lowest) for place in places]


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
