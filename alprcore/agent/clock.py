# SPDX-License-Identifier: Apache-2.0
"""When a frame was taken, by the clock of this machine, through reconnections and odd times.

Within a connection the stream's own times tell more than those of arrival, which jitter. They are
tied to the wall clock at the first frame, and again when both have drifted apart.
"""

from __future__ import annotations

MOST_APART_MS = 2000
"""A stream whose times are further from the wall clock is tied to it again."""

SLEW = 0.1
"""Times that are ahead of the wall clock go so much slower until they are not.

Frames that FFmpeg held back while it opened the stream come all at once.
"""


class Clock:
    """Gives each frame of a camera its time; times rise by at least a millisecond.

    Parameters
    ----------
    live : bool
        Whether frames arrive as they are taken; else only their own times count.
    """

    def __init__(self, *, live: bool = True) -> None:
        self._live = live
        self._zero_ms: float | None = None
        self._last_s = 0.0
        self._last_ms = -1

    def connected(self) -> None:
        """Tie the next frame to the wall clock: it is of another connection."""
        self._zero_ms = None

    def epoch_ms(self, seconds: float, now_ms: int) -> int:
        """Return when a frame was taken.

        Parameters
        ----------
        seconds : float
            Its time in the stream.
        now_ms : int
            The wall clock, milliseconds since 1970.
        """
        step_back = seconds < self._last_s
        passed_ms = 1000 * (seconds - self._last_s)
        self._last_s = seconds
        if self._zero_ms is None:
            self._zero_ms = now_ms - 1000 * seconds
        wanted = self._zero_ms + 1000 * seconds
        if (self._live and abs(wanted - now_ms) > MOST_APART_MS) or (not self._live and step_back):
            at = now_ms if self._live else max(wanted, self._last_ms + 1)
            self._zero_ms = at - 1000 * seconds
            wanted = at
        elif self._live and wanted > now_ms and passed_ms > 0:
            late = min(wanted - now_ms, SLEW * passed_ms)
            self._zero_ms, wanted = self._zero_ms - late, wanted - late
        self._last_ms = max(self._last_ms + 1, round(wanted))
        return self._last_ms
