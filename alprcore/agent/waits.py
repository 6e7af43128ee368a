# SPDX-License-Identifier: Apache-2.0
"""Waits that double: after a failure soon again, after many seldom."""

from __future__ import annotations

FIRST_S = 1.0


class Waits:
    """How long to wait after each failure in a row.

    Parameters
    ----------
    most_s : float
        The longest, in seconds.

    Examples
    --------
    >>> waits = Waits(5.0)
    >>> [waits.next() for _ in range(4)]
    [1.0, 2.0, 4.0, 5.0]
    """

    def __init__(self, most_s: float) -> None:
        self._most_s, self._next_s = most_s, min(FIRST_S, most_s)

    def next(self) -> float:
        """Return the wait after one more failure, in seconds."""
        wait, self._next_s = self._next_s, min(2 * self._next_s, self._most_s)
        return wait

    def reset(self) -> None:
        """Begin again: it worked."""
        self._next_s = min(FIRST_S, self._most_s)
