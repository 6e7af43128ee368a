# SPDX-License-Identifier: Apache-2.0
r"""Plate formats: what a pattern admits, and which regions' formats a text has.

A pattern is a row of positions: ``@`` one of the country's letters, ``#`` one of its digits, ``?``
any character, ``[...]`` one of a set with ranges (``[^...]`` one not in it), anything else itself.
A backslash is not a position: ``\d``, ``\w``, ``\s`` and their capitals are classes, before any
other character it takes away its meaning. ``*`` and ``+`` do not exist, and a set without its
bracket is a mistake: such a pattern matches nothing and says why in `Pattern.problem`.

The lines of a text are joined before they are compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from alprcore.countries import Country

plain_ranges = (("0", "9"), ("A", "Z"))
plain_count = 36
_plain_characters = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_escapes = {"d": "0-9", "w": "0-9A-Z_a-z", "s": " \t\n\r\f\v"}


@dataclass(frozen=True, slots=True)
class CharSet:
    """Characters in ranges of first and last, or all others when `negated`."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated

    def information(self) -> float:
        """Return how much it says about a character: ln(36 / admitted of A-Z and 0-9)."""
        listed = sum(
            max(0, ord(min(high, last)) - ord(max(low, first)) + 1)
            for low, high in self.ranges
            for first, last in plain_ranges
        )
        admitted = plain_count - listed if self.negated else listed
        return math.log(plain_count / min(plain_count, max(1, admitted)))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes
    ----------
    source
        As written.
    positions
        What each position admits; empty when there is a problem.
    specificity
        Sum over positions of ln(36 / number of plain characters admitted): 0 for all ``?``.
    problem
        Why the pattern matches nothing, else empty.
    """

    source: str
    positions: tuple[CharSet, ...]
    specificity: float
    problem: str = ""

    def admits(self, position: int, char: str) -> bool:
        """Whether `char` may stand at `position`, counted from 0."""
        return position < len(self.positions) and char in self.positions[position]

    def matches(self, text: str) -> bool:
        """Whether the whole of `text` has this format."""
        return (
            len(text) == len(self.positions)
            and not self.problem
            and all(char in allowed for char, allowed in zip(text, self.positions, strict=True))
        )


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A format that a text has: its region's code, the pattern and how much it says."""

    region: str
    pattern: str
    specificity: float


@dataclass(frozen=True, slots=True)
class CountryPatterns:
    """The compiled formats of a country: pairs of region code and pattern.

    `by_length` holds all of them; `by_start` those that admit a plain first character, by length
    and that character, because Brazil alone has hundreds.
    """

    by_length: Mapping[int, tuple[tuple[str, Pattern], ...]]
    by_start: Mapping[tuple[int, str], tuple[tuple[str, Pattern], ...]]

    def possible(self, text: str) -> tuple[tuple[str, Pattern], ...]:
        """Return the formats of the text's length that admit its first character."""
        if text[:1] in _plain_characters:
            return self.by_start.get((len(text), text[0]), ())
        return self.by_length.get(len(text), ())


def compile_pattern(source: str, *, letters: str = "A-Z", digits: str = "0-9") -> Pattern:
    """Return the compiled form of a pattern.

    Parameters
    ----------
    source
        The pattern; see the module's description.
    letters, digits
        What ``@`` and ``#`` stand for, as the inside of a set.
    """
    positions: list[CharSet] = []
    i = 0
    while i < len(source):
        char = source[i]
        i += 1
        if char == "@":
            positions.append(CharSet(_ranges(letters)))
        elif char == "#":
            positions.append(CharSet(_ranges(digits)))
        elif char == "?":
            positions.append(CharSet((), negated=True))
        elif char in "*+":
            return Pattern(source, (), 0.0, f"pattern {source!r}: {char} is not allowed")
        elif char == "[":
            end = _set_end(source, i)
            if end < 0 or end == i:
                return Pattern(source, (), 0.0, f"pattern {source!r}: the set does not end")
            positions.append(_parse_set(source[i:end]))
            i = end + 1
        elif char == "\\":
            if i == len(source):
                return Pattern(source, (), 0.0, f"pattern {source!r}: ends in a backslash")
            positions.append(_escaped(source[i]))
            i += 1
        else:
            positions.append(CharSet(((char, char),)))
    specificity = sum(position.information() for position in positions)
    return Pattern(source, tuple(positions), specificity)


def compile_patterns(country: Country) -> CountryPatterns:
    """Return the formats of all regions of a country, compiled once for many texts."""
    by_length: dict[int, list[tuple[str, Pattern]]] = {}
    for region in country.regions:
        for source in region.patterns:
            pattern = compile_pattern(source, letters=country.letters, digits=country.digits)
            by_length.setdefault(len(pattern.positions), []).append((region.code, pattern))
    by_start = {
        (length, char): tuple(entry for entry in found if entry[1].admits(0, char))
        for length, found in by_length.items()
        for char in _plain_characters
    }
    return CountryPatterns({n: tuple(found) for n, found in by_length.items()}, by_start)


def match_patterns(text: str, patterns: CountryPatterns) -> tuple[PatternMatch, ...]:
    """Return the formats that `text` has, the most specific first.

    Parameters
    ----------
    text
        Characters of the plate; the newline between two lines is left out of the comparison.
    patterns
        From `compile_patterns`.
    """
    joined = text.replace("\n", "")
    found = [
        PatternMatch(region, pattern.source, pattern.specificity)
        for region, pattern in patterns.possible(joined)
        if pattern.matches(joined)
    ]
    return tuple(sorted(found, key=lambda match: -match.specificity))


def _set_end(source: str, start: int) -> int:
    """Return where the set that opened before `start` closes, or -1."""
    i = start
    while i < len(source):
        if source[i] == "\\":
            i += 1
        elif source[i] == "]":
            return i
        i += 1
    return -1


def _parse_set(inside: str) -> CharSet:
    negated = inside.startswith("^")
    return CharSet(_ranges(inside[negated:]), negated)


def _ranges(inside: str) -> tuple[tuple[str, str], ...]:
    """Return the ranges in the inside of a set."""
    ranges: list[tuple[str, str]] = []
    i = 0
    while i < len(inside):
        low = inside[i]
        if low == "\\" and i + 1 < len(inside):
            low = inside[i + 1]
            i += 2
            ranges += _ranges(_escapes[low]) if low in _escapes else [(low, low)]
        elif inside[i + 1 : i + 2] == "-" and i + 2 < len(inside):
            ranges.append((low, inside[i + 2]))
            i += 3
        else:
            ranges.append((low, low))
            i += 1
    return tuple(ranges)


def _escaped(char: str) -> CharSet:
    """Return what a backslash and `char` admit."""
    if char.lower() in _escapes:
        return CharSet(_ranges(_escapes[char.lower()]), negated=char.isupper())
    return CharSet(((char, char),))
