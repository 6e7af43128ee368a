# SPDX-License-Identifier: Apache-2.0
"""A pattern taken apart, and as an automaton."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import CaseError

MOST_PLACES = 40
MOST_STATES = 4096

State = TypeVar("State", bound=Hashable)
Kind = TypeVar("Kind", bound=Hashable)


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


def explored(
    query: Query,
    kinds: Sequence[Kind],
    start: State,
    after: Callable[[State, Kind], State | None],
    accepts: Callable[[State], bool],
) -> Automaton:
    """Return the automaton of all states that characters may lead to from the first one.

    Parameters
    ----------
    query
        Named in the error.
    kinds
        What the query sees of the character of each class.
    start
        Where a text begins.
    after
        Returns where a kind of character leads to, or None.
    accepts
        Whether a text may end in a state.

    Raises
    ------
    CaseError
        If there are more than `MOST_STATES` states.
    """
    groups = list(dict.fromkeys(kinds))
    numbers = {start: 0}
    states = [start]
    steps: list[list[int]] = []
    while len(steps) < len(states):
        row = []
        for kind in groups:
            state = after(states[len(steps)], kind)
            if state is None:
                row.append(-1)
                continue
            if state not in numbers:
                if len(states) == MOST_STATES:
                    raise CaseError(f"pattern: {query.text!r} fits texts in too many ways")
                numbers[state] = len(states)
                states.append(state)
            row.append(numbers[state])
        steps.append(row)
    return Automaton(
        steps=np.array(steps, np.int32).reshape(len(states), len(groups)),
        groups=np.array([groups.index(kind) for kind in kinds], np.int32),
        accepting=np.array([accepts(state) for state in states], np.uint8),
    )
