# SPDX-License-Identifier: Apache-2.0
"""The 64 bytes of a read that the first step of a search looks at.

A *slot* is a place where a character may stand, from left to right; the lines of a plate follow one
another. Layout, with ``s`` counted from 0 to 11:

=======  ===========================================================================================
byte     meaning
=======  ===========================================================================================
0        number of slots
1        bit 0: the read does not fit into 12 slots, a search looks at its lattice
2        the highest level of the bytes 52 to 63, low half
3        slot that begins the second line, 0 for one line
4 + s    symbol of the most probable character of slot s, 0 for none
16 + s   symbol of the second one
28 + s   symbol of the third one
40 + s   level of the second one (low half) and of the third (high half)
52 + s   level of all other characters together (low half) and of no character (high half)
=======  ===========================================================================================

The symbol of an ASCII character is its code; of any other one 128 + (code point mod 127): two may
share one, which costs a search a closer look. A level k stands for a probability of at most
2^(k-15) and, but for level 0, of more than half of that. The first character has what the rest
leaves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import CaseError
from alprcore.reading.decode import best_stretches
from alprcore.reading.glyphs import slot_distributions
from alprcore.reading.match import Lattice

SIZE = 64
MOST_SLOTS = 12
OVERFLOW = 1
# Stretches beside the best reading's are slots of their own from this probability on: with 0.001 a
# third of the plates had a thirteenth slot, and what lies below it is not worth a closer look.
LEAST_EXTRA = 0.003


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a character: up to three symbols with their probabilities, and what is left.

    Attributes
    ----------
    symbols
        (symbol, probability) pairs, most probable first.
    other
        Probability of all other characters together.
    empty
        Probability of no character.
    """

    symbols: tuple[tuple[int, float], ...]
    other: float
    empty: float


def symbol(character: str) -> int:
    """Return the symbol of a character, 1 to 254."""
    code = ord(character)
    return code if 0 < code < 128 else 128 + code % 127


def slot_bytes(lattices: Sequence[Lattice], texts: Sequence[str], alphabet: str) -> bytes:
    """Return the 64 bytes of a read.

    Parameters
    ----------
    lattices : sequence of Lattice
        Of its lines, top to bottom.
    texts : sequence of str
        The reading of each line, about whose characters the slots are laid.
    alphabet : str
        The character of each class.
    """
    slots: list[Slot] = []
    second = 0
    for number, (lattice, text) in enumerate(zip(lattices, texts, strict=True)):
        if number == 1:
            second = len(slots)
        slots += _line_slots(lattice, text, alphabet)
    if len(slots) > MOST_SLOTS or not slots:
        return _packed((), OVERFLOW, 0)
    return _packed(slots, 0, second)


def read_slots(content: bytes) -> tuple[Slot, ...]:
    """Return the slots of a read, with the highest probabilities that its levels stand for.

    Raises
    ------
    CaseError
        If `content` is not of 64 bytes.

    Examples
    --------
    >>> read_slots(bytes([1, 0, 1, 0, 65]) + bytes(47) + bytes([1]) + bytes(11))[0].other
    6.103515625e-05
    """
    if len(content) != SIZE or content[0] > MOST_SLOTS:
        raise CaseError(f"slots: expected {SIZE} bytes, got {len(content)}")
    found = []
    for s in range(content[0]):
        second, third = _value(content[40 + s] & 15), _value(content[40 + s] >> 4)
        other, empty = _value(content[52 + s] & 15), _value(content[52 + s] >> 4)
        first = max(0.0625, 1.0 - 0.5 * (second + third + other + empty))
        listed = zip((content[4 + s], content[16 + s], content[28 + s]), (first, second, third),
                     strict=True)  # fmt: skip
        found.append(Slot(tuple(each for each in listed if each[0]), other, empty))
    return tuple(found)


def _value(level: int) -> float:
    return math.ldexp(1.0, level - 15)


def _level(probability: float) -> int:
    """Return the lowest level that stands for at least this probability."""
    if probability <= 2.0**-15:
        return 0
    return min(15, 15 + math.ceil(math.log2(probability) - 1e-9))


def _packed(slots: Sequence[Slot], flags: int, second: int) -> bytes:
    content = bytearray(SIZE)
    content[0], content[1], content[3] = len(slots), flags, second
    for s, slot in enumerate(slots):
        for place, (code, _) in enumerate(slot.symbols):
            content[4 + 12 * place + s] = code
        levels = [_level(share) for _, share in slot.symbols[1:]] + [0, 0]
        content[40 + s] = levels[0] | levels[1] << 4
        content[52 + s] = _level(slot.other) | _level(slot.empty) << 4
        content[2] = max(content[2], content[52 + s] & 15)
    return bytes(content)


def _line_slots(lattice: Lattice, text: str, alphabet: str) -> list[Slot]:
    """Return the slots of a line: one a character of its reading, and where else one may stand."""
    path = best_stretches(lattice, text, alphabet)
    if not path:
        return []
    chosen = [*path, *_extra_stretches(lattice, path)]
    order = sorted(chosen, key=lambda i: int(lattice.starts[i] + lattice.ends[i]))
    shares = slot_distributions(lattice, order)
    return [_slot(row, alphabet) for row in shares]


def _extra_stretches(lattice: Lattice, path: Sequence[int]) -> list[int]:
    """Return stretches that stand for none of the path's, likeliest first and apart."""
    chosen = list(path)
    extra: list[int] = []
    for i in np.argsort(-lattice.posteriors, kind="stable").tolist():
        if lattice.posteriors[i] < LEAST_EXTRA / 4:
            break
        if not _covered(lattice, i, chosen) and _weight(lattice, i) >= LEAST_EXTRA:
            chosen.append(i)
            extra.append(i)
    return extra


def _covered(lattice: Lattice, stretch: int, chosen: Sequence[int]) -> bool:
    """Whether a stretch shares more than half of its union with one of the chosen."""
    both = np.minimum(lattice.ends[chosen], lattice.ends[stretch]) - np.maximum(
        lattice.starts[chosen], lattice.starts[stretch]
    )
    either = np.maximum(lattice.ends[chosen], lattice.ends[stretch]) - np.minimum(
        lattice.starts[chosen], lattice.starts[stretch]
    )
    return bool((both * 2 > either).any())


def _weight(lattice: Lattice, stretch: int) -> float:
    """Return the probability of all stretches that stand about where this one does."""
    start, end = int(lattice.starts[stretch]), int(lattice.ends[stretch])
    both = np.minimum(lattice.ends, end) - np.maximum(lattice.starts, start)
    either = np.maximum(lattice.ends, end) - np.minimum(lattice.starts, start)
    return float(lattice.posteriors[both * 2 > either].sum(dtype=np.float64))


def _slot(shares: NDArray[np.float64], alphabet: str) -> Slot:
    """Return the slot of the probabilities of each class; characters of one symbol count as one."""
    merged: dict[int, float] = {}
    for kind in np.argsort(-shares, kind="stable").tolist():
        code = symbol(alphabet[kind])
        merged[code] = merged.get(code, 0.0) + float(shares[kind])
    ranked = sorted(merged.items(), key=lambda item: (-item[1], item[0]))
    listed = [each for each in ranked[:3] if each[1] > 2.0**-16] or ranked[:1]
    other = sum(value for _, value in ranked[len(listed) :])
    return Slot(tuple(listed), other, max(0.0, 1.0 - float(shares.sum())))
