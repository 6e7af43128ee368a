# SPDX-License-Identifier: Apache-2.0
"""Patterns of plates whose letters are written from right to left.

A pattern is in the order in which a text is spoken and written, letters before digits; a lattice is
in the order in which it is seen from left to right: the digits, then the letters backwards (see
`alprcore.reading.order`). Which places of a pattern are letters is open where it has ``?`` or
``*``, so every way to part it is tried.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from alprcore.archive.query import Automaton, Query, explored

# How keyboards write what Egyptian plates show in one form.
FOLDED = str.maketrans("اإآيیئة۰۱۲۳۴۵۶۷۸۹", "أأأىىىه٠١٢٣٤٥٦٧٨٩")

_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")

State = tuple[int, int, int]
"""Where the pattern is parted, or -1 in the letters; the place that is next; edits used."""

States = frozenset[State]


def is_right_to_left(query: Query) -> bool:
    """Return whether a pattern names a character of a script that is written from right to left."""
    return any(
        unicodedata.bidirectional(each) in {"R", "AL", "AN"}
        for place in query.places
        for each in place
    )


def is_letter(character: str) -> bool:
    """Return whether a character is written from right to left; digits are not."""
    return unicodedata.bidirectional(character) in {"R", "AL"}


def with_own_digits(query: Query) -> Query:
    """Return a pattern whose digits also stand for those of Arabic."""
    places = tuple("".join(sorted(set(place + place.translate(_DIGITS)))) for place in query.places)
    return Query(query.text, places, query.runs, query.edits)


def seen_queries(query: Query) -> tuple[Query, ...]:
    """Return the patterns, as seen from left to right, of every way to part one.

    They admit a little more than the pattern does: ``?`` and ``*`` are not kept to letters or to
    digits.
    """
    query = with_own_digits(query)
    size = len(query.places)
    found: dict[tuple[tuple[str, ...], tuple[bool, ...]], Query] = {}
    for part in range(size + 1):
        letters = [_kept(place, letters=True) for place in query.places[:part]]
        digits = [_kept(place, letters=False) for place in query.places[part:]]
        # One named character in the wrong part is what an edit may be about.
        if sum(place is None for place in (*letters, *digits)) > query.edits:
            continue
        places = tuple(
            named if kept is None else kept
            for kept, named in (
                *zip(digits, query.places[part:], strict=True),
                *zip(reversed(letters), reversed(query.places[:part]), strict=True),
            )
        )
        runs = (
            *query.runs[part:size],
            query.runs[size] or query.runs[part],
            *reversed(query.runs[:part]),
        )
        found[places, runs] = Query(query.text, places, runs, query.edits)
    return tuple(found.values())


def _kept(place: str, *, letters: bool) -> str | None:
    """Return the characters of a place that are letters, or are not; None where none is left."""
    kept = "".join(each for each in place if is_letter(each) == letters)
    return kept if kept or not place else None


def seen_automaton(query: Query, alphabet: str) -> Automaton:
    """Return the automaton of the texts, as seen from left to right, that a pattern admits.

    The sets of positions that a text leads to are its states: in the digits, one for each way to
    part the pattern; then in the letters, from the place where it is parted back to the first.

    Raises
    ------
    CaseError
        If it would have more than `query.MOST_STATES` states.
    """
    query = with_own_digits(query)
    kinds = [
        (tuple(not place or each in place for place in query.places), is_letter(each))
        for each in alphabet
    ]

    def after(states: States, kind: tuple[tuple[bool, ...], bool]) -> States | None:
        return _closed(_moved(states, *kind, query), query) or None

    return explored(
        query,
        kinds,
        _closed(((part, part, 0) for part in range(len(query.places) + 1)), query),
        after,
        lambda states: any(part < 0 and place == 0 for part, place, _ in states),
    )


def _moved(
    states: Iterable[State], fits: tuple[bool, ...], letter: bool, query: Query
) -> Iterator[State]:
    """Yield where a character leads to."""
    size = len(query.places)
    for part, place, edits in states:
        if letter != (part < 0):
            continue
        step, there = (1, place) if part >= 0 else (-1, place - 1)
        is_open = 0 <= there < size
        if is_open and fits[there]:
            yield part, place + step, edits
        if query.runs[place]:
            yield part, place, edits
        if edits < query.edits:
            yield part, place, edits + 1  # a character too many
            if is_open:
                yield part, place + step, edits + 1  # another than expected


def _closed(states: Iterable[State], query: Query) -> States:
    """Return states with those that are reached without a character."""
    size = len(query.places)
    found: set[State] = set()
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        if state in found:
            continue
        found.add(state)
        part, place, edits = state
        if part >= 0 and place == size:
            waiting.append((-1, part, edits))  # the letters begin
        missing = place < size if part >= 0 else place > 0
        if missing and edits < query.edits:
            waiting.append((part, place + (1 if part >= 0 else -1), edits + 1))
    return frozenset(found)
