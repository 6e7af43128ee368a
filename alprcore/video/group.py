# SPDX-License-Identifier: Apache-2.0
"""One vehicle's passing: what is known of it when it has gone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from alprcore.records import Box, Candidate, Frame, Plate, Quad, VehicleLook
from alprcore.video.source import FrameTime
from alprcore.wire.group import group_dict
from alprcore.wire.pieces import compact
from alprcore.wire.rows import row_dict
from alprcore.wire.sender import Sender

# A plate that ends less than this share of its width from where it began has no direction.
LEAST_WAY = 0.15


@dataclass(frozen=True, slots=True)
class Vote:
    """What one frame said of a plate.

    Attributes
    ----------
    time
        Which frame.
    text, confidence
        What it reads as by this frame alone, and how probable that is, [0, 1].
    quad
        Where it is, in pixels of the frame.
    legibility
        Probability that it shows a text at all; see `Plate.legibility`.
    plate_index
        Its number among the plates of the frame.
    """

    time: FrameTime
    text: str
    confidence: float
    quad: Quad
    legibility: float
    plate_index: int


@dataclass(frozen=True, slots=True)
class Group:
    """One row per vehicle.

    Attributes
    ----------
    number
        From 0, in the order in which the vehicles of a source appear.
    text, confidence, matches_template
        The fused reading; lines of a two-line plate are joined by a newline. `confidence` is the
        calibrated probability that it is right, [0, 1].
    candidates
        Fused readings, best first.
    country, region, region_confidence
        As of a `Plate`; the region is what the frames say together.
    votes
        Every reading that counted, in the order of time.
    first, last, best
        Frames in which it was first and last seen, and of the best single reading. `last` may be
        later than the last vote: a car that stands still is not read again.
    best_plate
        The best single reading.
    width, height
        Of the frames, in pixels.
    is_parked
        Whether it stood where it was first seen.
    is_preview
        Whether it may still be in view.
    plate_image
        (rows, cols, 3) uint8: the plate and a little around it, in the best frame.
    frame_image
        The best frame, where that was asked for.
    vehicle, vehicle_region
        Look and place of its vehicle in the best frame, where that was asked for.
    epoch_ms
        Milliseconds since 1970 of the first frame of the source; 0 where nobody knows.
    elapsed_ms
        Time that reading its plates took.
    """

    number: int
    text: str
    confidence: float
    matches_template: bool
    candidates: tuple[Candidate, ...]
    country: str
    region: str
    region_confidence: float
    votes: tuple[Vote, ...]
    first: FrameTime
    last: FrameTime
    best: FrameTime
    best_plate: Plate
    width: int
    height: int
    is_parked: bool = False
    is_preview: bool = False
    plate_image: Frame | None = field(default=None, compare=False, repr=False)
    frame_image: Frame | None = field(default=None, compare=False, repr=False)
    vehicle: VehicleLook | None = None
    vehicle_region: Box | None = None
    epoch_ms: int = 0
    elapsed_ms: float = field(default=0.0, compare=False)

    @property
    def path(self) -> tuple[tuple[FrameTime, Box], ...]:
        """Where the plate was: a frame and its bounds for each vote."""
        return tuple((vote.time, vote.quad.bounds()) for vote in self.votes)

    @property
    def direction(self) -> float | None:
        """Degrees of its way in the picture, 0 up, 90 right, 180 down; None when it stood."""
        return direction_of(self.path)

    def to_json(self, sender: Sender | None = None, *, version: int = 3) -> str:
        """Return the group as one line of JSON: `alpr_group`, as an agent sends it.

        Parameters
        ----------
        sender : Sender, optional
            Who sends it: camera, agent, company, place.
        version : int
            3, or 2 as agents 2.5 to 2.8 wrote it.

        Raises
        ------
        SettingsError
            If the version is neither.
        """
        return compact(group_dict(self, sender or Sender(), version=version))

    def to_row(self, source: str = "") -> str:
        """Return the group as one line of JSON: a row of ``alprcore video --json``."""
        row = row_dict(self)
        return compact({"source": source, **row} if source else row)


def direction_of(path: Sequence[tuple[FrameTime, Box]]) -> float | None:
    """Return the direction of a straight line fitted to a path over time; None without a way.

    Degrees, 0 up the picture, clockwise, in [0, 360).
    """
    if len(path) < 2:
        return None
    times = np.array([time.seconds for time, _ in path])
    places = np.array([((b.left + b.right) / 2, (b.top + b.bottom) / 2) for _, b in path])
    times -= times.mean()
    spread = float((times**2).sum())
    if spread <= 0:
        return None
    speed = times @ (places - places.mean(axis=0)) / spread
    way = speed * float(np.ptp(times))
    width = float(np.mean([box.width for _, box in path]))
    if math.hypot(*way) < LEAST_WAY * width:
        return None
    return math.degrees(math.atan2(float(way[0]), -float(way[1]))) % 360.0


def sorted_rows(groups: Sequence[Group]) -> list[Group]:
    """Return groups in the order in which their vehicles appeared."""
    return sorted(groups, key=lambda group: (group.first.seconds, group.number))
