# SPDX-License-Identifier: Apache-2.0
"""Which detections of plates in view are read."""

from __future__ import annotations

import cv2
import numpy as np

from alprcore.geometry import box_quad
from alprcore.records import Box, Detection
from alprcore.video.budget import Budget, is_settled, sharpness
from alprcore.video.track import Sighting, Track, Tracker, TrackSettings

PLACE = Box(40, 40, 120, 60)
ELSEWHERE = Box(200, 120, 280, 140)


def stripes(blur: float) -> np.ndarray:
    """A grey frame of upright strokes."""
    frame = np.tile(np.where(np.arange(320) % 8 < 4, 40, 200).astype(np.uint8), (180, 1))
    return cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame


SHARP, BLURRED = stripes(0), stripes(3)


def tracker_with(*texts: tuple[tuple[str, float], ...]) -> tuple[Tracker, Track]:
    """A plate that stands at `PLACE` and was read so, every 0.1 s."""
    tracker = Tracker(TrackSettings())
    for number, each in enumerate(texts):
        tracker.update(number / 10, [Sighting(number / 10, PLACE, each, weak=False)])
    (track,) = tracker.open
    return tracker, track


def detection(box: Box) -> Detection:
    return Detection(box_quad(box), 0.9)


def read_three_times(budget: Budget, track: Track) -> None:
    for number in range(3):
        budget.watch([track], number / 10, lambda: SHARP)
        budget.reads(track, number / 10)


def test_upright_strokes_are_sharper_than_blurred_ones_and_a_place_outside_is_not():
    assert sharpness(SHARP, PLACE) > 2 * sharpness(BLURRED, PLACE) > 0
    assert sharpness(SHARP, Box(400, 10, 420, 20)) == 0.0


def test_a_text_is_settled_when_several_frames_agree():
    assert not is_settled(tracker_with((("AB123", 0.9),))[1])
    assert is_settled(tracker_with(*[(("AB123", 0.95),)] * 5)[1])
    assert not is_settled(tracker_with(*[(("AB123", 0.5),), (("AB128", 0.5),)] * 3)[1])


def test_the_first_readings_and_a_plate_elsewhere_are_always_wanted():
    _, track = tracker_with((("AB123", 0.3),))
    budget = Budget()
    budget.watch([track], 0.0, lambda: BLURRED)
    assert budget.is_worth(detection(PLACE), 0.04, [track])
    read_three_times(budget, track)
    budget.watch([track], 0.3, lambda: BLURRED)
    assert budget.is_worth(detection(ELSEWHERE), 0.3, [track])


def test_a_blurred_frame_is_not_read_until_some_time_has_passed():
    _, track = tracker_with((("AB123", 0.3),))
    budget = Budget()
    read_three_times(budget, track)
    budget.watch([track], 0.3, lambda: BLURRED)
    assert not budget.is_sharp(track)
    assert not budget.is_worth(detection(PLACE), 0.3, [track])
    (kept,) = budget.unread()
    assert (kept.box, kept.is_read) == (PLACE, False)
    assert budget.unread() == []
    assert budget.is_worth(detection(PLACE), 0.6, [track])


def test_a_settled_plate_is_read_now_and_then():
    _, track = tracker_with(*[(("AB123", 0.95),)] * 5)
    budget = Budget()
    read_three_times(budget, track)
    budget.watch([track], 0.4, lambda: SHARP)
    assert not budget.is_worth(detection(PLACE), 0.4, [track])
    assert budget.is_worth(detection(PLACE), 0.7, [track])
    assert Budget(all_read=True).is_worth(detection(PLACE), 0.4, [track])


def test_what_was_not_read_keeps_its_track_in_view_and_says_nothing_new():
    tracker, track = tracker_with(*[(("AB123", 0.95),)] * 5)
    said = dict(track.said)
    sighting = Sighting(0.6, PLACE, track.texts, weak=True, is_read=False)
    ((same, kept),) = tracker.update(0.6, [sighting])
    assert same is track
    assert kept is sighting
    assert track.said == said
    assert track.seen_s == 0.6


def test_a_track_that_ended_is_forgotten():
    _, track = tracker_with((("AB123", 0.3),))
    budget = Budget()
    read_three_times(budget, track)
    budget.ended(track)
    assert budget.is_sharp(track)
    assert budget.is_worth(detection(PLACE), 0.25, [track])
