# SPDX-License-Identifier: Apache-2.0
"""Which plates of successive frames are one vehicle's."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from alprcore.errors import SettingsError
from alprcore.records import Box
from alprcore.video.text_distance import text_distance
from alprcore.video.track import Sighting, Tracker, TrackSettings

Way = Callable[[float], tuple[float, float, float]]  # time to centre x, y and width


def seen(at: float, way: Way, text: str, *, sure: float = 0.9, weak: bool = False) -> Sighting:
    x, y, width = way(at)
    box = Box(x - width / 2, y - width / 8, x + width / 2, y + width / 8)
    return Sighting(at, box, ((text, sure),), weak, text)


def tracks_of(frames: list[tuple[float, list[Sighting]]], **limits: float) -> list[list[str]]:
    """The contents of each track, in the order in which tracks begin."""
    tracker = Tracker(TrackSettings(**limits))
    found: dict[int, list[str]] = {}
    for at, sightings in frames:
        tracker.ended(at)
        for track, sighting in tracker.update(at, sightings):
            found.setdefault(track.number, []).append(sighting.content)
    return list(found.values())


def steps(count: int, step: float = 0.08, start: float = 0.0) -> list[float]:
    return [start + i * step for i in range(count)]


def right(at: float) -> tuple[float, float, float]:
    return 100 + 400 * at, 300, 80


def left(at: float) -> tuple[float, float, float]:
    return 900 - 400 * at, 310, 80


def standing(_: float) -> tuple[float, float, float]:
    return 500, 500, 90


def test_a_car_that_passes_is_one_track_whatever_is_read():
    texts = ["ABC123", "A8C123", "BC12", "", "ABC123"]
    frames = [(t, [seen(t, right, texts[i % 5], sure=0.3)]) for i, t in enumerate(steps(25))]
    assert len(tracks_of(frames)) == 1


def test_irregular_steps_change_nothing():
    rng = random.Random(4)
    at, frames = 0.0, []
    for _ in range(20):
        frames.append((at, [seen(at, right, "ABC123", sure=0.4)]))
        at += rng.choice([0.02, 0.04, 0.12, 0.3])
    assert len(tracks_of(frames)) == 1


def test_two_cars_that_cross_keep_their_tracks():
    frames = [(t, [seen(t, right, "ABC123"), seen(t, left, "XYZ789")]) for t in steps(25)]
    assert tracks_of(frames) == [["ABC123"] * 25, ["XYZ789"] * 25]


def test_crossing_cars_that_cannot_be_read_keep_their_way():
    frames = [
        (t, [seen(t, right, "1", sure=0.02), seen(t, left, "7", sure=0.02)])
        for t in steps(60, 0.04)
    ]
    assert tracks_of(frames) == [["1"] * 60, ["7"] * 60]


def test_a_plate_that_is_lost_for_some_frames_goes_on():
    frames = [
        (t, [] if 8 <= i < 18 else [seen(t, right, "ABC123")]) for i, t in enumerate(steps(30))
    ]
    assert len(tracks_of(frames)) == 1


def test_a_plate_that_comes_back_after_the_time_out_is_a_new_row():
    frames = [(t, [seen(t, right, "ABC123")]) for t in (*steps(10), *steps(10, start=5.0))]
    assert len(tracks_of(frames, timeout_s=2.5)) == 2
    assert len(tracks_of(frames, timeout_s=6.0)) == 1


def test_a_parked_car_that_is_hidden_makes_no_new_row():
    times = (*steps(10), *steps(10, start=15.0), *steps(3, start=40.0))
    frames = [(t, [seen(t, standing, "ABC123")]) for t in times]
    assert len(tracks_of(frames)) == 1
    assert len(tracks_of(frames, parked_timeout_s=5.0)) == 3


def test_another_car_at_the_same_place_is_a_new_row():
    frames = [(t, [seen(t, standing, "ABC123")]) for t in steps(6)]
    frames += [(t, [seen(t, standing, "XYZ789")]) for t in steps(6, start=0.8)]
    assert tracks_of(frames) == [["ABC123"] * 6, ["XYZ789"] * 6]


def test_a_doubtful_detection_goes_on_but_begins_nothing():
    assert tracks_of([(0.0, [seen(0.0, right, "ABC123", weak=True)])]) == []
    frames = [(t, [seen(t, right, "ABC123", weak=2 <= i < 5)]) for i, t in enumerate(steps(8))]
    assert [len(track) for track in tracks_of(frames)] == [8]


def test_after_a_cut_a_plate_elsewhere_is_a_new_row_and_at_its_place_it_is_not():
    tracker = Tracker(TrackSettings())
    for t in steps(5):
        tracker.update(t, [seen(t, standing, "ABC123")])
    tracker.cut()
    ((torn, _),) = tracker.update(0.44, [seen(0.44, standing, "ABC123")])
    assert torn.number == 0
    tracker.cut()
    ((new, _),) = tracker.update(0.5, [seen(0.5, right, "ABC123")])
    assert new.number == 1


def test_times_that_step_back_do_no_harm():
    frames = [(t, [seen(t, standing, "ABC123")]) for t in (0.0, 0.08, 0.08, 0.04, 0.12)]
    assert len(tracks_of(frames)) == 1


def test_it_is_expected_where_its_speed_takes_it():
    tracker = Tracker(TrackSettings())
    for t in (0.0, 0.05, 0.2, 0.3):
        tracker.update(t, [seen(t, lambda at: (100 + 300 * at, 50 + 60 * at, 40), "ABC123")])
    box = tracker.open[0].expected(0.5)
    assert (box.left + box.right) / 2 == pytest.approx(250)
    assert (box.top + box.bottom) / 2 == pytest.approx(80)


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), "2"])
def test_a_time_out_must_be_a_time(value):
    with pytest.raises(SettingsError, match="timeout_s"):
        TrackSettings(timeout_s=value)


def test_distance_of_readings_counts_edits_and_takes_a_part_for_near():
    def apart(one: str, other: str) -> float:
        return text_distance([(one, 1.0)], [(other, 1.0)])[0]

    assert apart("ABC123", "ABC123") == 0
    assert apart("AB0123", "ABO1Z3") == pytest.approx(1 / 6)
    assert apart("ABC\n123", "ABC123") == 0
    assert apart("C123", "ABC123") == pytest.approx(1 / 6)
    assert apart("XYZ789", "ABC123") == 1
    assert text_distance([], [("A", 1.0)]) == (0.5, 0.0)
