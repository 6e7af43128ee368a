# SPDX-License-Identifier: Apache-2.0
"""Which frames are searched, and where: all of a frame now and then, plates in view more often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore.geometry import clipped
from alprcore.records import Box
from alprcore.video.budget import is_settled
from alprcore.video.motion import moved_in
from alprcore.video.track import Track


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a moving picture is searched.

    Attributes
    ----------
    search_s
        Seconds between two searches of all of a frame.
    look_s
        Seconds between two looks at a plate that is in view.
    settled_look_s
        The same for one that is read for certain.
    """

    search_s: float
    look_s: float
    settled_look_s: float


# A car at 130 km/h that crosses a view of 15 m is in it for 0.4 s; nearly all are for a second or
# more. Frames 40 ms apart say nearly the same thing: of 12 votes a second 9 are worth having.
STEADY = Pace(search_s=0.16, look_s=0.08, settled_look_s=0.16)
BY_MOTION = Pace(search_s=0.3, look_s=0.16, settled_look_s=0.4)
# A plate that stands is looked at so many times, then no more until something moves there.
LOOKS_AT_STANDING = 3
BLURRED = 2.0  # times the wait, for a frame that is not sharp
# What is searched around the place where a plate is expected, in its widths and heights.
AROUND_WIDTHS, AROUND_HEIGHTS = 1.0, 2.0
MOST_OF_FRAME = 0.4  # looks at more of a frame than this cost as much as a search of all of it


@dataclass(slots=True)
class Schedule:
    """Decides for each frame; `pace` None means every `every`-th frame, all of it."""

    pace: Pace | None
    every: int = 1
    _searched_s: float | None = None
    _looked: dict[int, float] | None = None

    def areas(
        self,
        seconds: float,
        number: int,
        moved: NDArray[np.bool_],
        tracks: Sequence[Track],
        size: tuple[int, int],
        is_sharp: Callable[[Track], bool] = lambda _: True,
    ) -> tuple[Box, ...] | None:
        """Return where to search: None nowhere, an empty tuple everywhere.

        Parameters
        ----------
        seconds, number
            Time and number of the frame.
        moved : (rows, cols) bool array
            What changed since the last search of all of a frame.
        tracks
            Those in view.
        size
            Width and height of the frame.
        is_sharp
            Whether it shows a track's plate sharp. One that is not is looked at half as often.
        """
        if self.pace is None:
            return () if number % self.every == 0 else None
        looked = self._looked = self._looked or {}
        due = self._searched_s is None or not 0 <= seconds - self._searched_s < self.pace.search_s
        if due and (moved.any() or self._searched_s is None):
            self._searched_s = seconds
            looked.update({track.number: seconds for track in tracks})
            return ()
        areas: list[Box] = []
        for track in tracks:
            if self._is_due(track, seconds, moved, size, is_sharp=is_sharp(track)):
                areas.append(_around(track.expected(seconds), size))
                looked[track.number] = seconds
        for number_ in set(looked) - {track.number for track in tracks}:
            del looked[number_]
        covered = sum(area.width * area.height for area in areas)
        return () if covered > MOST_OF_FRAME * size[0] * size[1] else tuple(areas) or None

    def _is_due(
        self,
        track: Track,
        seconds: float,
        moved: NDArray[np.bool_],
        size: tuple[int, int],
        *,
        is_sharp: bool,
    ) -> bool:
        if self.pace is None or self._looked is None or track.after_cut:
            return False
        wait = self.pace.settled_look_s if is_settled(track) else self.pace.look_s
        wait = wait if is_sharp else BLURRED * wait
        if 0 <= seconds - self._looked.get(track.number, -1e9) < wait - 1e-3:
            return False
        return track.count < LOOKS_AT_STANDING or stirred(track, moved, size)


def stirred(track: Track, moved: NDArray[np.bool_], size: tuple[int, int]) -> bool:
    """Whether anything changed at a track's plate or around it."""
    return moved_in(moved, _around(track.box, size), *size)


def _around(box: Box, size: tuple[int, int]) -> Box:
    """Return the part of the frame around a plate that a look searches."""
    right, down = AROUND_WIDTHS * box.width, AROUND_HEIGHTS * box.height
    wider = Box(box.left - right, box.top - down, box.right + right, box.bottom + down)
    area = clipped(wider, Box(0, 0, size[0], size[1]))
    if min(area.width, area.height) >= 1:
        return area
    return Box(0, 0, size[0], size[1])
