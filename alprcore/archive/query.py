# SPDX-License-Identifier: Apache-2.0
"""A pattern taken apart, and as an automaton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_PLACES = 40
MOST_STATES = 4096


@dataclass(frozen=True, slots=True)
class Query:
    """A pattern, taken apart.

    Attributes
    ----------
    text
        As it was given.
    places
        The characters that may stand at each place; the empty text is any.
    runs
        One more than places: whether any run may stand before a place, or at the end.
    edits
        Edits admitted, 0 or 1.
    """

    text: str
    places: tuple[str, ...]
    runs: tuple[bool, ...]
    edits: int = 0

    @property
    def known(self) -> int:
        """How many places name their character."""
        return sum(len(place) == 1 for place in self.places)


@dataclass(frozen=True, slots=True)
class Automaton:
    """A query as a deterministic automaton over the classes of a bank; see `_native.log_accepted`.

    Attributes
    ----------
    steps
        (states, groups) int32; -1 leads nowhere.
    groups
        (classes,) int32: between classes of a group the query sees no difference.
    accepting
        (states,) uint8.
    """

    steps: NDArray[np.int32]
    groups: NDArray[np.int32]
    accepting: NDArray[np.uint8]
