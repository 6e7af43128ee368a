# SPDX-License-Identifier: Apache-2.0
"""Which doubtful detections are worth reading: what is there again, and did not read as nothing.

The finder's doubtful boxes are mostly grilles, signs, windows and noise. In a clip of a street with
57 searches 83 of 91 boxes were doubtful, 3 of these legible, and reading them took 4.7 of 7.5
seconds. A plate is found in one search after another; most of the others are gone in the next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from alprcore.geometry import overlap
from alprcore.records import Box, Detection
from alprcore.video.track import Track

AGAIN_S = 0.6  # what read as nothing is read again after so long: a car may come nearer
MEMORY_S = 0.5  # a place where nothing was found for longer is a new one
NEAR_TRACK = 0.1  # overlap with the place where a plate in view is expected
# A plate between two searches, a sixth of a second apart: it has gone less than so many of its
# widths, and its width has changed by less than this factor.
WAY, GROWTH = 2.0, 1.6


@dataclass(frozen=True, slots=True)
class Place:
    """Where something doubtful was found last: when, and when it was read, -inf for never."""

    box: Box
    seen_s: float
    read_s: float = -math.inf


class Doubts:
    """Decides which detections are read.

    Parameters
    ----------
    sure_score : float
        Detections from this score on always are.
    """

    def __init__(self, sure_score: float) -> None:
        self._sure_score = sure_score
        self._places: list[Place] = []

    def is_worth(self, detection: Detection, seconds: float, tracks: Sequence[Track]) -> bool:
        """Whether a detection should be read; a doubtful one is remembered.

        Parameters
        ----------
        detection
            In pixels of the frame.
        seconds
            Of the frame.
        tracks
            Plates in view: what may be one of them is worth reading.
        """
        if detection.score >= self._sure_score:
            return True
        box = detection.quad.bounds()
        if any(overlap(box, track.expected(seconds)) >= NEAR_TRACK for track in tracks):
            return True
        self._places = [each for each in self._places if 0 <= seconds - each.seen_s <= MEMORY_S]
        for i, place in enumerate(self._places):
            if place.seen_s < seconds and _is_same(box, place.box):
                read = seconds - place.read_s >= AGAIN_S
                read_s = seconds if read else place.read_s
                self._places[i] = replace(place, box=box, seen_s=seconds, read_s=read_s)
                return read
        self._places.append(Place(box, seconds))
        return False

    def reads(self, box: Box) -> None:
        """Take note that something can be read at a place: it is read again when it is found."""
        self._places = [
            replace(each, read_s=-math.inf) if overlap(each.box, box) >= NEAR_TRACK else each
            for each in self._places
        ]


def _is_same(box: Box, before: Box) -> bool:
    """Whether two boxes of two searches may be of one thing."""
    wider = max(box.width, before.width)
    if wider > GROWTH * min(box.width, before.width):
        return False
    across = (box.left + box.right - before.left - before.right) / 2
    down = (box.top + box.bottom - before.top - before.bottom) / 2
    return math.hypot(across, down) <= WAY * wider
