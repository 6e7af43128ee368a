# SPDX-License-Identifier: Apache-2.0
"""How far two readings of plates are apart."""

from __future__ import annotations

from collections.abc import Sequence

from alprcore.countries.pattern import LOOKALIKES

MOST_TEXTS = 3  # of each reading; what comes after them has a tenth of the probability at most

Texts = Sequence[tuple[str, float]]


def text_distance(one: Texts, other: Texts) -> tuple[float, float]:
    """Return the expected distance of two readings, 0 to 1, and how certain both are, 0 to 1.

    Parameters
    ----------
    one, other
        (text, probability) pairs, best first. Lines are joined by newlines, which do not count.

    Notes
    -----
    The distance of two texts is their edit distance over the longer length, but where one is a
    part of the other half of that: what covers a plate, or blurs it, takes characters away.
    """
    pairs = [
        (_distance(plain(a), plain(b)), p * q)
        for a, p in one[:MOST_TEXTS]
        for b, q in other[:MOST_TEXTS]
    ]
    total = sum(weight for _, weight in pairs)
    if total <= 0:
        return 0.5, 0.0
    return sum(apart * weight for apart, weight in pairs) / total, min(1.0, total)


def edits(one: str, other: str) -> int:
    """Return the Levenshtein distance of two texts."""
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b)))
        last = row
    return last[-1]


def _distance(one: str, other: str) -> float:
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    if not shorter:
        return 1.0
    apart = edits(one, other)
    return apart / longer * (0.5 if apart == longer - shorter else 1.0)


def plain(text: str) -> str:
    """Return a text in one line, with its lookalikes as one."""
    return text.replace("\n", "").translate(LOOKALIKES)
