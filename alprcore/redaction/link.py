# SPDX-License-Identifier: Apache-2.0
"""Places of neighbouring frames joined, so that no frame between shows what the others cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from alprcore.records import Quad

# A place is joined with one so many of its widths away, and at most so many times as wide.
REACH, GROWTH = 1.0, 1.6
# Between two joined places that far apart in time every frame is covered; before the first and
# after the last one so long.
LONGEST_GAP_S, AROUND_S = 1.0, 0.25


@dataclass(frozen=True, slots=True)
class Seen:
    """A place found in a frame, and the finder's score."""

    quad: Quad
    score: float


@dataclass(frozen=True, slots=True)
class Track:
    """Places that belong together, by the number of their frame."""

    seen: dict[int, Seen]


def linked(frames: Sequence[Sequence[Seen]], times: Sequence[float]) -> list[Track]:
    """Return the places of all frames, joined over time, nearest first.

    Parameters
    ----------
    frames
        The places found in each frame.
    times
        Seconds of each frame, rising.
    """
    tracks: list[Track] = []
    open_tracks: list[Track] = []
    for number, places in enumerate(frames):
        open_tracks = [
            track
            for track in open_tracks
            if times[number] - times[max(track.seen)] <= LONGEST_GAP_S
        ]
        pairs = sorted(
            (distance, i, k)
            for i, track in enumerate(open_tracks)
            for k, place in enumerate(places)
            if (distance := _apart(track.seen[max(track.seen)].quad, place.quad)) <= REACH
        )
        taken: set[int] = set()
        used: set[int] = set()
        for _, i, k in pairs:
            if i not in used and k not in taken:
                open_tracks[i].seen[number] = places[k]
                used.add(i)
                taken.add(k)
        new = [Track({number: each}) for k, each in enumerate(places) if k not in taken]
        tracks += new
        open_tracks += new
    return tracks


def filled(tracks: Sequence[Track], times: Sequence[float]) -> list[list[Quad]]:
    """Return what to cover in each frame: places found, those between them, and just around."""
    covered: list[list[Quad]] = [[] for _ in times]
    for track in tracks:
        numbers = sorted(track.seen)
        for number in numbers:
            covered[number].append(track.seen[number].quad)
        for before, after in pairwise(numbers):
            begin, end = (track.seen[i].quad.to_points() for i in (before, after))
            span = max(times[after] - times[before], 1e-9)
            for number in range(before + 1, after):
                share = (times[number] - times[before]) / span
                covered[number].append(Quad.from_points(begin + share * (end - begin)))
        first, last = numbers[0], numbers[-1]
        for number, time in enumerate(times):
            if number < first and times[first] - time <= AROUND_S:
                covered[number].append(track.seen[first].quad)
            elif number > last and time - times[last] <= AROUND_S:
                covered[number].append(track.seen[last].quad)
    return covered


def _apart(one: Quad, other: Quad) -> float:
    """Return how far apart two places are, in widths of the wider; infinite for other sizes."""
    a, b = one.to_points(), other.to_points()
    wide, narrow = sorted((float(np.ptp(a[:, 0])), float(np.ptp(b[:, 0]))), reverse=True)
    if wide > GROWTH * max(narrow, 1.0):
        return float("inf")
    return float(np.linalg.norm(a.mean(axis=0) - b.mean(axis=0))) / max(wide, 1.0)
