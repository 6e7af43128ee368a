# SPDX-License-Identifier: Apache-2.0
"""Which doubtful detections are read."""

from __future__ import annotations

from itertools import pairwise

from alprcore.geometry import box_quad
from alprcore.records import Box, Detection
from alprcore.video.doubts import AGAIN_S, MEMORY_S, Doubts
from alprcore.video.track import Sighting, Tracker, TrackSettings

STEP = 0.16


def found(left: float, *, score: float = 0.2, width: float = 40.0) -> Detection:
    return Detection(box_quad(Box(left, 100.0, left + width, 110.0)), score)


def test_what_the_finder_is_sure_of_is_always_read():
    doubts = Doubts(0.3)
    assert all(doubts.is_worth(found(100, score=0.3), STEP * i, ()) for i in range(5))


def test_a_doubtful_box_is_read_when_it_is_there_again():
    doubts = Doubts(0.3)
    assert not doubts.is_worth(found(100), 0.0, ())
    assert doubts.is_worth(found(160), STEP, ())  # one and a half widths further


def test_what_comes_and_goes_is_never_read():
    doubts = Doubts(0.3)
    for i in range(20):
        assert not doubts.is_worth(found(500.0 * (i % 3)), i * (MEMORY_S / 2), ())


def test_two_boxes_of_one_frame_are_two_places():
    doubts = Doubts(0.3)
    assert [doubts.is_worth(found(x), 0.0, ()) for x in (100, 120)] == [False, False]
    assert [doubts.is_worth(found(x), STEP, ()) for x in (100, 120)] == [True, True]


def test_what_read_as_nothing_is_read_again_after_a_while():
    doubts = Doubts(0.3)
    read = [i for i in range(12) if doubts.is_worth(found(100 + i), STEP * i, ())]
    assert read[0] == 1
    assert all(STEP * (b - a) >= AGAIN_S for a, b in pairwise(read))
    assert len(read) == 3


def test_what_can_be_read_is_read_whenever_it_is_found():
    doubts = Doubts(0.3)
    for i in range(6):
        assert doubts.is_worth(found(100), STEP * i, ()) == (i > 0)
        doubts.reads(Box(100, 100, 140, 110))


def test_near_a_plate_in_view_everything_is_read():
    tracker = Tracker(TrackSettings())
    box = Box(100, 100, 140, 110)
    tracker.update(0.0, [Sighting(0.0, box, (("AB12", 0.9),), False)])
    doubts = Doubts(0.3)
    assert doubts.is_worth(found(110), STEP, tracker.open)
    assert not doubts.is_worth(found(400), STEP, tracker.open)
