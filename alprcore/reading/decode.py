# SPDX-License-Identifier: Apache-2.0
"""A line's most probable texts, and how probable it is that it reads as a text or a pattern.

A text's probability is the sum over all paths of the lattice that spell it: every way to cut the
line into characters and gaps counts (semi-Markov models, Sarawagi and Cohen 2004). `decode`
searches with a beam; `log_probability` and `log_pattern_probability` are exact. What was dropped
from the lattice as improbable is missing from all of them: `Lattice.log_total` counts it.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alprcore import _native, _readings
from alprcore.reading.match import Lattice

# Characters less probable than this are not spelt out: a text with one is not a rival.
LEAST_CHARACTER = 1e-4
# Places for characters that a pattern may have, ``*`` not counted; a line has 56 at most.
MOST_POSITIONS = 62


def decode(
    lattice: Lattice, alphabet: str, *, count: int, beam: int, least: float | None = None
) -> tuple[tuple[str, float], ...]:
    """Return the most probable texts of a line.

    Parameters
    ----------
    lattice : Lattice
        Of one line.
    alphabet : str
        The character of each class, `Bank.alphabet`.
    count : int
        Texts wanted.
    beam : int
        Texts kept at each column.
    least : float, optional
        A character of a stretch is followed when it is at least so probable. By default 1e-4, for
        more than 100 texts 1e-6.

    Returns
    -------
    tuple of (str, float)
        Up to `count` texts with the natural logarithms of their probabilities, most probable first;
        the empty text may be among them. Texts of more than twelve characters are left out.

    Raises
    ------
    ValueError
        If the sizes of the lattice and the alphabet disagree.
    """
    _check_alphabet(lattice, alphabet)
    if least is None:
        least = LEAST_CHARACTER if count <= 100 else 0.01 * LEAST_CHARACTER
    texts = _native.decode(
        lattice.starts, lattice.ends, lattice.scores, lattice.posteriors, lattice.gaps,
        lattice.log_total, count, beam, least,
    )  # fmt: skip
    return _readings.spelled(*texts, alphabet)


def best_stretches(lattice: Lattice, text: str, alphabet: str) -> list[int]:
    """Return the index of the stretch of each character of `text` on its best path.

    Empty when the text has no path through the lattice.

    Raises
    ------
    ValueError
        If a character is not of the alphabet, or sizes disagree.
    """
    _check_alphabet(lattice, alphabet)
    return _native.best_stretches(
        lattice.starts, lattice.ends, lattice.scores, lattice.gaps, _classes(text, alphabet)
    )


def log_probability(lattice: Lattice, text: str, alphabet: str) -> float:
    """Return the natural logarithm of the probability that a line reads as `text`.

    Parameters
    ----------
    lattice : Lattice
        Of one line.
    text : str
        May be empty: the line is not text.
    alphabet : str
        The character of each class, `Bank.alphabet`.

    Returns
    -------
    float
        Not above 0; minus infinity when no path spells the text.

    Raises
    ------
    ValueError
        If the sizes of the lattice and the alphabet disagree.
    """
    _check_alphabet(lattice, alphabet)
    if not set(text) <= set(alphabet):
        return -math.inf
    return _native.log_probability(
        lattice.starts, lattice.ends, lattice.scores, lattice.gaps, lattice.log_total,
        _classes(text, alphabet),
    )  # fmt: skip


def log_pattern_probability(lattice: Lattice, pattern: str, alphabet: str) -> float:
    """Return the natural logarithm of the probability that a line reads as some text of a pattern.

    Parameters
    ----------
    lattice : Lattice
        Of one line.
    pattern : str
        ``?`` is one character, ``*`` any run of them (also none), ``[AB8]`` one of a set, in which
        ``A-F`` is a range; anything else is itself.
    alphabet : str
        The character of each class, `Bank.alphabet`.

    Returns
    -------
    float
        Not above 0; minus infinity when no path spells such a text. Texts that the pattern fits in
        several ways count once.

    Raises
    ------
    ValueError
        If the pattern is malformed, has more than `MOST_POSITIONS` places or fits texts in so many
        ways that following them all would take more than a second; if sizes disagree.
    """
    _check_alphabet(lattice, alphabet)
    admits, runs = parsed_pattern(pattern, alphabet)
    return _native.log_pattern_probability(
        lattice.starts, lattice.ends, lattice.scores, lattice.gaps, lattice.log_total, admits, runs
    )


@lru_cache(maxsize=256)
def parsed_pattern(pattern: str, alphabet: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what a pattern admits, by position.

    Returns
    -------
    admits : (positions, classes) uint8 array
        1 where the position may be the class.
    runs : (positions + 1,) uint8 array
        1 where a run may stand before the position, the last one for the end.

    Raises
    ------
    ValueError
        As for `log_pattern_probability`.
    """
    rows: list[list[bool]] = []
    runs = [False]
    i = 0
    while i < len(pattern):
        character = pattern[i]
        i += 1
        if character == "*":
            runs[-1] = True
            continue
        if character == "[":
            end = pattern.find("]", i)
            if end <= i:
                raise ValueError(f"pattern: expected a set and its ], got {pattern!r}")
            rows.append(_set_row(pattern[i:end], alphabet))
            i = end + 1
        elif character == "]":
            raise ValueError(f"pattern: expected [ before ], got {pattern!r}")
        else:
            rows.append([character in ("?", each) for each in alphabet])
        runs.append(False)
    if len(rows) > MOST_POSITIONS:
        raise ValueError(f"pattern: expected at most {MOST_POSITIONS} positions, got {len(rows)}")
    admits = np.array(rows, np.uint8).reshape(len(rows), len(alphabet))
    flags = np.array(runs, np.uint8)
    admits.flags.writeable = flags.flags.writeable = False  # they are shared by the cache
    return admits, flags


def _set_row(inside: str, alphabet: str) -> list[bool]:
    """Return which characters of the alphabet the inside of a set admits."""
    ranges = []
    i = 0
    while i < len(inside):
        is_range = inside[i + 1 : i + 2] == "-" and i + 2 < len(inside)
        ranges.append((inside[i], inside[i + 2] if is_range else inside[i]))
        i += 3 if is_range else 1
    return [any(low <= each <= high for low, high in ranges) for each in alphabet]


def _classes(text: str, alphabet: str) -> NDArray[np.int32]:
    return np.array([alphabet.index(character) for character in text], np.int32)


def _check_alphabet(lattice: Lattice, alphabet: str) -> None:
    if lattice.scores.ndim != 2 or len(alphabet) != lattice.scores.shape[1]:
        raise ValueError(
            f"alphabet: expected the {lattice.scores.shape[-1]} characters of the lattice, "
            f"got {len(alphabet)}"
        )
