# SPDX-License-Identifier: Apache-2.0
"""Which plates of successive frames are one vehicle's: by where they are and by what they read.

A scene has one to six plates, and a reading is a nearly unique name that general trackers do not
use. Everything is in seconds, so that irregular frame rates and skipped frames change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alprcore.errors import SettingsError
from alprcore.geometry import overlap
from alprcore.records import Box
from alprcore.video.assign import IMPOSSIBLE, assigned
from alprcore.video.text_distance import text_distance

# How far a plate may be from where it is expected, in its own widths, one standard deviation: at
# once, and more for each second since it was last seen, with and without a known speed. A car that
# crosses a picture of 20 plate widths in two seconds moves 10 widths a second.
PLACE_SPREAD, PLACE_GROWTH, PLACE_GROWTH_NEW = 0.35, 2.0, 8.0
SIZE_SPREAD, SIZE_GROWTH = 0.18, 0.8  # the same of the logarithm of its width
# What a text at the largest distance costs, in squared standard deviations, where both readings are
# certain; and what one adds per second since the last sighting: after a pause the place says less.
TEXT_COST, TEXT_COST_PER_S = 6.0, 12.0
MOST_COST = 12.0  # a pair that costs more is two vehicles
# Readings that are certain and this far apart are two vehicles wherever they are.
OTHER_TEXT, CERTAIN = 0.5, 0.85
# Readings this near, both this likely, are one vehicle wherever it is in the picture, at this cost.
SAME_TEXT, LIKELY, SAME_TEXT_COST = 0.15, 0.5, 8.0
# What each second since the last sighting costs where no text supports it: nothing that can be read
# is the same plate after a second.
NO_TEXT_COST_PER_S = 12.0
WEAK_COST = 4.0  # a doubtful detection must be nearer to where a plate is expected
# A track's text counts as certain once several frames agree; one alone may be wrong.
DOUBT = 0.3
MOST_TRACK_TEXTS = 20
RECENT = 6  # sightings that speed is taken from


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """Times after which a vehicle that is not seen has gone, in seconds.

    Attributes
    ----------
    timeout_s
        Of a vehicle that moved: behind a lorry or a post one is hidden for a second or two.
    parked_timeout_s
        Of one that stands: people and other cars hide it for longer.
    cut_timeout_s
        After a cut: long enough to see that the picture was only torn.
    """

    timeout_s: float = 2.5
    parked_timeout_s: float = 30.0
    cut_timeout_s: float = 0.25

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name in ("timeout_s", "parked_timeout_s", "cut_timeout_s"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise SettingsError(f"{name}: expected 0 or more seconds, got {value!r}")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A plate in one frame, as far as tracking needs it.

    Attributes
    ----------
    seconds
        When.
    box
        Bounds in pixels.
    texts
        (text, probability) pairs, best first.
    weak
        Whether it is too doubtful to begin a track.
    content
        What belongs to it; carried along.
    is_read
        Whether its texts are of this frame; else they are what its track reads as.
    """

    seconds: float
    box: Box
    texts: tuple[tuple[str, float], ...]
    weak: bool
    content: Any = None
    is_read: bool = True


@dataclass(slots=True, eq=False)
class Track:
    """One vehicle: what was seen of it last, and how it moves.

    Attributes
    ----------
    number
        From 0, in the order in which they begin.
    sightings
        The last `RECENT` ones.
    texts
        What it reads as so far, best first, with shares of all that was read.
    said
        Sum of the probabilities of each of its texts.
    seen_s
        When it was last seen, or known to be where it was because nothing moved there.
    after_cut
        Whether a shot ended since it was last seen.
    """

    number: int
    sightings: list[Sighting] = field(default_factory=list)
    texts: tuple[tuple[str, float], ...] = ()
    said: dict[str, float] = field(default_factory=dict)
    seen_s: float = 0.0
    after_cut: bool = False
    first_box: Box | None = None
    count: int = 0

    @property
    def box(self) -> Box:
        """Where it was last seen."""
        return self.sightings[-1].box

    @property
    def is_parked(self) -> bool:
        """Whether it has not moved by a third of its width since it was first seen."""
        if self.first_box is None or self.count < 3:
            return False
        return _distance(self.first_box, self.box) < 0.33 * self.box.width

    def add(self, sighting: Sighting) -> None:
        """Take a sighting of this vehicle."""
        if self.first_box is None:
            self.first_box = sighting.box
        self.sightings = [*self.sightings, sighting][-RECENT:]
        self.seen_s, self.after_cut = sighting.seconds, False
        self.count += 1
        for text, value in sighting.texts if sighting.is_read else ():
            self.said[text] = self.said.get(text, 0.0) + value
        self.said = dict(sorted(self.said.items(), key=lambda item: -item[1])[:MOST_TRACK_TEXTS])
        total = sum(self.said.values()) + DOUBT
        self.texts = tuple((text, value / total) for text, value in self.said.items())[:3]

    def expected(self, seconds: float) -> Box:
        """Return where it is at a time if it keeps its speed, in position and size."""
        last, speed = self.sightings[-1], self._speed()
        ahead = min(1.0, max(0.0, seconds - last.seconds))
        shape = _shape(last.box) + ahead * speed
        x, y, width = float(shape[0]), float(shape[1]), math.exp(float(shape[2]))
        height = width * last.box.height / max(last.box.width, 1e-6)
        return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def _speed(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return change per second of centre x, y and logarithm of width, by least squares."""
        times = np.array([each.seconds for each in self.sightings])
        times -= times.mean()
        spread = float((times**2).sum())
        if len(times) < 2 or spread < 1e-6:
            return np.zeros(3)
        shapes = np.array([_shape(each.box) for each in self.sightings])
        speed = times @ shapes / spread
        speed[2] = float(np.clip(speed[2], -1.5, 1.5))
        return np.asarray(speed, np.float64)


class Tracker:
    """Keeps the tracks of one source.

    Parameters
    ----------
    settings : TrackSettings
        When tracks end.
    """

    def __init__(self, settings: TrackSettings) -> None:
        self.settings = settings
        self.open: list[Track] = []
        self._begun = 0

    def update(self, seconds: float, sightings: Sequence[Sighting]) -> list[tuple[Track, Sighting]]:
        """Give each sighting of one frame to a track; return the pairs in the order of sightings.

        Certain ones are assigned first, at the lowest total cost, then doubtful ones to the tracks
        that are left; certain ones without a track begin one, doubtful ones are dropped.
        """
        pairs: list[tuple[Track, Sighting]] = []
        for weak, most in ((False, MOST_COST), (True, WEAK_COST)):
            tracks = [track for track in self.open if all(track is not t for t, _ in pairs)]
            these = [each for each in sightings if each.weak is weak]
            costs = [[_cost(track, each, seconds, most) for each in these] for track in tracks]
            pairs += [(tracks[row], these[column]) for row, column in assigned(costs)]
        for sighting in sightings:
            if not sighting.weak and all(sighting is not each for _, each in pairs):
                pairs.append((self._begin(), sighting))
        for track, sighting in pairs:
            track.add(sighting)
        order = {id(each): i for i, each in enumerate(sightings)}
        return sorted(pairs, key=lambda pair: order[id(pair[1])])

    def keep(self, track: Track, seconds: float) -> None:
        """Take a track for seen: nothing moved where it stands."""
        track.seen_s = max(track.seen_s, seconds)

    def cut(self) -> None:
        """Take note that a shot ended: places say nothing any more."""
        for track in self.open:
            track.after_cut = True

    def ended(self, seconds: float) -> list[Track]:
        """Close and return the tracks that were not seen for the time-out."""
        limits = self.settings

        def is_over(track: Track) -> bool:
            limit = limits.parked_timeout_s if track.is_parked else limits.timeout_s
            limit = limits.cut_timeout_s if track.after_cut else limit
            return seconds - track.seen_s > limit

        over = [track for track in self.open if is_over(track)]
        self.open = [track for track in self.open if not is_over(track)]
        return over

    def close(self) -> list[Track]:
        """Close and return all tracks."""
        over, self.open = self.open, []
        return over

    def _begin(self) -> Track:
        track = Track(self._begun)
        self._begun += 1
        self.open.append(track)
        return track


def _cost(track: Track, sighting: Sighting, seconds: float, most: float) -> float:
    """Return what it costs to take a sighting for a track's, in squared standard deviations."""
    wait = max(0.0, seconds - track.sightings[-1].seconds)
    apart, certainty = text_distance(track.texts, sighting.texts)
    best = min(_likelihood(track.texts), _likelihood(sighting.texts))
    is_same = apart <= SAME_TEXT and best >= LIKELY
    if apart >= OTHER_TEXT and best >= CERTAIN:
        return IMPOSSIBLE
    expected = track.expected(seconds)
    if track.after_cut:
        # The same plate at the same place: a torn frame looked like a cut.
        return 0.0 if is_same and overlap(track.box, sighting.box) > 0.2 else IMPOSSIBLE
    known = len(track.sightings) > 1
    spread = PLACE_SPREAD + wait * (PLACE_GROWTH if known else PLACE_GROWTH_NEW)
    width = math.sqrt(max(expected.width, 1.0) * max(sighting.box.width, 1.0))
    place = min(_distance(expected, sighting.box), _distance(track.box, sighting.box))
    size = abs(math.log(max(sighting.box.width, 1.0) / max(expected.width, 1.0)))
    cost = (place / (spread * width)) ** 2 + (size / (SIZE_SPREAD + SIZE_GROWTH * wait)) ** 2
    cost += (TEXT_COST + TEXT_COST_PER_S * wait) * apart * certainty
    cost += NO_TEXT_COST_PER_S * wait * (1.0 - min(1.0, 2.0 * certainty * (1.0 - apart)))
    if is_same and not sighting.weak:
        cost = min(cost, SAME_TEXT_COST)
    return cost if cost <= most else IMPOSSIBLE


def _likelihood(texts: Sequence[tuple[str, float]]) -> float:
    return texts[0][1] if texts else 0.0


def _shape(box: Box) -> np.ndarray[Any, np.dtype[np.float64]]:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return np.array([x, y, math.log(max(box.width, 1e-6))])


def _distance(one: Box, other: Box) -> float:
    x = (one.left + one.right - other.left - other.right) / 2
    y = (one.top + one.bottom - other.top - other.bottom) / 2
    return math.hypot(x, y)
