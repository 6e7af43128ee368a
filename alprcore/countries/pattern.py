# SPDX-License-Identifier: Apache-2.0
r"""The language of plate formats: what a pattern admits, position by position.

A pattern is a row of positions: ``@`` one of the country's letters, ``#`` one of its digits, ``?``
any character, ``[...]`` one of a set with ranges (``[^...]`` one not in it), anything else itself.
A backslash is not a position: ``\d``, ``\w``, ``\s`` and their capitals are classes, before any
other character it takes away its meaning. ``*`` and ``+`` do not exist, and a set without its
bracket is a mistake: such a pattern matches nothing and says why in `Pattern.problem`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from alprcore import _readings

_ordered = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
plain_characters = frozenset(_ordered)
# Of one shape on many plates: a text with O for 0 or I for 1 may be the same text.
LOOKALIKES = str.maketrans("OI", "01")
MOST_POSITIONS = 64  # no plate has a third; the number of texts must stay a float
_escapes = {"d": "0-9", "w": "0-9A-Z_a-z", "s": " \t\n\r\f\v"}


@dataclass(frozen=True, slots=True)
class CharSet:
    """Characters in ranges of first and last, or all others when `negated`."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated

    def others(self) -> int:
        """Return how many characters it admits that are not plain; of those not listed none."""
        if self.negated:
            return 0
        return sum(
            ord(high) - ord(low) + 1 - sum(low <= char <= high for char in _ordered)
            for low, high in self.ranges
            if low <= high
        )

    def plain(self) -> frozenset[str]:
        """Return the plain characters that it admits."""
        listed = frozenset(
            char
            for low, high in self.ranges
            for char in _ordered[bisect_left(_ordered, low) : bisect_right(_ordered, high)]
        )
        return plain_characters - listed if self.negated else listed


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes
    ----------
    source
        As written.
    positions
        What each position admits; empty when there is a problem.
    plain
        The plain characters among these, for speed.
    specificity
        Sum over positions of ln(36 / number of characters admitted), no less than 0: 0 for ``?``.
    problem
        Why the pattern matches nothing, else empty.
    """

    source: str
    positions: tuple[CharSet, ...]
    plain: tuple[frozenset[str], ...]
    specificity: float
    problem: str = ""

    def matches(self, text: str) -> bool:
        """Whether the whole of `text` has this format."""
        return not self.problem and _readings.admits(self.plain, self.positions, text)


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
            return Pattern(source, (), (), 0.0, f"pattern {source!r}: {char} is not allowed")
        elif char == "[":
            end = _set_end(source, i)
            if end < 0 or end == i:
                return Pattern(source, (), (), 0.0, f"pattern {source!r}: the set does not end")
            positions.append(_parse_set(source[i:end]))
            i = end + 1
        elif char == "\\":
            if i == len(source):
                return Pattern(source, (), (), 0.0, f"pattern {source!r}: ends in a backslash")
            positions.append(_escaped(source[i]))
            i += 1
        else:
            positions.append(CharSet(((char, char),)))
    if len(positions) > MOST_POSITIONS:
        problem = f"pattern {source[:20]!r}...: more than {MOST_POSITIONS} positions"
        return Pattern(source, (), (), 0.0, problem)
    plain = tuple(position.plain() for position in positions)
    admitted = [
        len(each) + position.others() for each, position in zip(plain, positions, strict=True)
    ]
    specificity = sum(max(0.0, math.log(len(plain_characters) / max(1, n))) for n in admitted)
    return Pattern(source, tuple(positions), plain, specificity)


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
