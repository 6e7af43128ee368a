# SPDX-License-Identifier: Apache-2.0
"""Times of frames, and what becomes of frames that come too fast."""

from __future__ import annotations

import threading
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alprcore.agent.buffer import Buffer
from alprcore.agent.clock import MOST_APART_MS, Clock
from alprcore.agent.waits import Waits
from alprcore.video.source import FrameTime, VideoFrame

NOW = 1_718_000_000_000


def frame(number: int) -> VideoFrame:
    time = FrameTime(0, number, Fraction(1, 25), 0, number)
    return VideoFrame(time, False, True, np.zeros((4, 4, 3), np.uint8), 0)


def test_the_times_of_the_stream_count_not_those_of_arrival():
    clock = Clock()
    late = [0, 30, -10, 25, 5]
    at = [clock.epoch_ms(0.04 * i, NOW + 40 * i + 500 + late[i]) for i in range(5)]
    assert np.abs(np.diff(at) - 40).max() <= 4  # no more than a tenth


def test_a_stream_that_begins_anew_goes_on_in_real_time():
    clock = Clock()
    before = clock.epoch_ms(3600.0, NOW)
    assert clock.epoch_ms(0.0, NOW + 5000) == before + 5000
    clock.connected()
    assert clock.epoch_ms(77.0, NOW + 9000) == NOW + 9000


def test_frames_that_were_held_back_come_into_line_again():
    clock = Clock()
    held = [clock.epoch_ms(0.04 * i, NOW) for i in range(25)]  # a second's frames at once
    assert held[-1] - held[0] > 800
    now = [NOW + 40 * (i - 24) for i in range(25, 500)]
    at = [clock.epoch_ms(0.04 * i, now[i - 25]) for i in range(25, 500)]
    assert at[0] - now[0] > 700
    assert abs(at[-1] - now[-1]) <= 5


def test_a_file_keeps_its_own_times():
    clock = Clock(live=False)
    assert [clock.epoch_ms(s, NOW) - NOW for s in (0.0, 10.0, 100.0, 5.0, 6.0)] == [
        0,
        10_000,
        100_000,
        100_001,
        101_001,
    ]


@given(
    st.booleans(),
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 10**7)), min_size=1, max_size=30),
)
def test_whatever_a_stream_says_times_rise_and_stay_near_the_clock(live, steps):
    clock, last, now = Clock(live=live), -1, NOW
    for seconds, passed in steps:
        now += passed
        at = clock.epoch_ms(seconds, now)
        assert at > last
        last = at
        if live:
            assert abs(at - now) <= MOST_APART_MS + len(steps)


def test_the_oldest_frames_are_dropped_and_counted():
    buffer = Buffer(3)
    assert sum(buffer.put(frame(i)) for i in range(10)) == 7
    assert [buffer.get(0.0).time.ordinal for _ in range(3)] == [7, 8, 9]
    assert buffer.get(0.0) is None
    assert not buffer.ended


def test_of_a_file_nothing_is_dropped():
    buffer = Buffer(3)
    writer = threading.Thread(
        target=lambda: [*(buffer.put(frame(i), wait=True) for i in range(50)), buffer.close()]
    )
    writer.start()
    seen = []
    while not buffer.ended:
        if (got := buffer.get(1.0)) is not None:
            seen.append(got.time.ordinal)
    writer.join()
    assert seen == list(range(50))


def test_waits_double_up_to_the_longest_and_begin_anew():
    waits = Waits(60.0)
    assert [waits.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    waits.reset()
    assert waits.next() == 1
