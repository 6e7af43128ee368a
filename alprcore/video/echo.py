# SPDX-License-Identifier: Apache-2.0
"""Rows that read the same at the same time: one plate, boxed twice."""

from __future__ import annotations

from collections.abc import Iterable

from alprcore.video.collect import Collected
from alprcore.video.group import Group
from alprcore.video.text_distance import text_distance
from alprcore.video.track import SAME_TEXT, Track

# Two rows are of one plate when their readings agree and are this likely together; rows that ended
# are remembered for so many seconds.
ECHO, MEMORY_S = 0.3, 60.0


class Echoes:
    """Remembers the rows that ended of late."""

    def __init__(self) -> None:
        self._recent: list[tuple[str, float, float]] = []

    def has(self, group: Group, in_view: Iterable[tuple[Track, Collected]]) -> bool:
        """Return whether another row reads the same at the same time, and remember this one.

        The row with more readings stays; of two that ended, the first.
        """
        plate = (group.text, group.confidence)
        for track, others in in_view:
            overlaps = others.first is not None and others.first.seconds <= group.last.seconds
            apart, certainty = text_distance([plate], track.texts)
            same = apart <= SAME_TEXT and certainty >= ECHO
            if overlaps and same and len(others.votes) > len(group.votes):
                return True
        start = group.first.seconds
        self._recent = [each for each in self._recent if each[2] >= start - MEMORY_S]
        known = any(
            text_distance([plate], [(text, 1.0)])[0] <= SAME_TEXT and first <= start <= last
            for text, first, last in self._recent
        )
        self._recent.append((group.text, start, group.last.seconds))
        return known
