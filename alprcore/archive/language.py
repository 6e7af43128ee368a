# SPDX-License-Identifier: Apache-2.0
"""What a search asks for: patterns with unknown characters, and with one that may be wrong.

``?`` is one character, ``*`` any run of them (also none), ``[B8]`` one of a set, in which ``A-F``
is a range; ``~1`` at the end admits one character too many, missing or another. Anything else is
itself; letters are taken as capitals, spaces and dashes are left out, and the end of a line of a
two-line plate is not a character. Arabic is written as it is spoken, as in `Read.plate`: letters,
then digits, of either form.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alprcore.archive.query import MOST_PLACES, Automaton, Query, explored
from alprcore.archive.right_to_left import (
    FOLDED,
    is_right_to_left,
    seen_automaton,
    seen_queries,
)
from alprcore.archive.slots import symbol
from alprcore.errors import CaseError

_ANY = ""  # the set of a place that any character may take


def parse_query(text: str) -> Query:
    """Return a pattern, taken apart.

    Raises
    ------
    CaseError
        If it is malformed, too long, or names no character.

    Examples
    --------
    >>> parse_query("ab?[1I]*~1").places
    ('A', 'B', '', '1I')
    """
    body, edits = _edits(text)
    places, runs = _parts(body.upper().translate(FOLDED), text)
    if not any(places):
        raise CaseError(f"pattern: {text!r} names no character: every read would match it")
    if len(places) > MOST_PLACES:
        raise CaseError(f"pattern: expected at most {MOST_PLACES} places, got {len(places)}")
    return Query(text, places, runs, edits)


def _edits(text: str) -> tuple[str, int]:
    body, mark, number = text.partition("~")
    if not mark:
        return body, 0
    if number.strip() not in {"0", "1"}:
        raise CaseError(f"pattern: expected ~1 at the end at most, got {text!r}")
    return body, int(number)


def _parts(body: str, text: str) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """Return the sets of the places, and before which of them runs may stand."""
    places: list[str] = []
    runs = [False]
    at = 0
    while at < len(body):
        character = body[at]
        at += 1
        if character == "*":
            runs[-1] = True
            continue
        if character.isspace() or character == "-":
            continue
        if character == "[":
            end = body.find("]", at)
            if end <= at:
                raise CaseError(f"pattern: expected a set and its ], got {text!r}")
            places.append(_expanded(body[at:end]))
            at = end + 1
        elif character == "]":
            raise CaseError(f"pattern: expected [ before ], got {text!r}")
        else:
            places.append(_ANY if character == "?" else character)
        runs.append(False)
    return tuple(places), tuple(runs)


def _expanded(inside: str) -> str:
    """Return the characters of a set, its ranges written out."""
    found: set[str] = set()
    at = 0
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            low, high = ord(inside[at]), ord(inside[at + 2])
            if not low <= high <= low + 200:
                raise CaseError(f"pattern: {inside[at : at + 3]!r} is not a range")
            found |= {chr(code) for code in range(low, high + 1)}
            at += 3
        else:
            found.add(inside[at])
            at += 1
    return "".join(sorted(found))


def first_queries(query: Query) -> tuple[Query, ...]:
    """Return the patterns, as seen from left to right, that `_native.scan` looks for."""
    return seen_queries(query) if is_right_to_left(query) else (query,)


def scan_places(query: Query) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what `_native.scan` takes of a query: (places, 256) and (places + 1,) uint8 arrays."""
    places = np.zeros((len(query.places), 256), np.uint8)
    for row, characters in zip(places, query.places, strict=True):
        if characters:
            row[[symbol(each) for each in characters]] = 1
        else:
            row[1:] = 1
    return places, np.array(query.runs, np.uint8)


@lru_cache(maxsize=64)
def automaton(query: Query, alphabet: str) -> Automaton:
    """Return the automaton of the texts that a query admits.

    Positions between places are bits of two words, those reached without an edit and those reached
    with one (Wu and Manber 1992), and each pair of words that a text leads to is a state.

    Raises
    ------
    CaseError
        If it would have more than `query.MOST_STATES` states.
    """
    if is_right_to_left(query):
        return seen_automaton(query, alphabet)
    runs = sum(1 << place for place, is_run in enumerate(query.runs) if is_run)
    size = len(query.places)

    def after(state: tuple[int, int], mask: int) -> tuple[int, int] | None:
        moved = _moved(state, mask, runs, query.edits, size)
        return None if moved == (0, 0) else moved

    return explored(
        query,
        [_mask(query, character) for character in alphabet],
        _closed(1, 0, runs, query.edits, size),
        after,
        lambda state: bool((state[0] | state[1]) >> size & 1),
    )


def _mask(query: Query, character: str) -> int:
    """Return the places that a character may take, as bits."""
    return sum(1 << i for i, each in enumerate(query.places) if not each or character in each)


def _moved(state: tuple[int, int], mask: int, runs: int, edits: int, size: int) -> tuple[int, int]:
    """Return the state that a character leads to, given the places that it may take."""
    free, used = state
    next_free = ((free & mask) << 1) | (free & runs)
    next_used = ((used & mask) << 1) | (used & runs)
    if edits:
        next_used |= free | free << 1  # a character too many, and another than expected
    return _closed(next_free, next_used, runs, edits, size)


def _closed(free: int, used: int, runs: int, edits: int, size: int) -> tuple[int, int]:
    """Return a state with missing characters followed, and without what another makes superfluous.

    Whatever may still be read from before a run may be read from the run too.
    """
    whole = (1 << (size + 1)) - 1
    if edits:
        used |= free << 1
    free, used = free & whole, used & whole
    if free & runs:
        last = (free & runs).bit_length() - 1
        free, used = free >> last << last, used >> last << last
    if used & runs:
        last = (used & runs).bit_length() - 1
        used = used >> last << last
    return free, used & ~free
