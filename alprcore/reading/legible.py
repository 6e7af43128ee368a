# SPDX-License-Identifier: Apache-2.0
"""Whether something is text at all, whatever it says."""

from __future__ import annotations

from collections.abc import Sequence

from alprcore.countries.pattern import LOOKALIKES


def legibility(shares: Sequence[tuple[str, float]], lengths: range) -> float:
    """Return the probability that a plate shows a text of a length that plates have.

    Parameters
    ----------
    shares : sequence of (str, float)
        Texts with their probabilities; the same number of them whatever is asked for, or what is
        reported would depend on it.
    lengths : range
        Text lengths that the countries in use have.

    Notes
    -----
    One character repeated is not text: windows, bars and grilles read as ``IIIII``.
    """
    return min(1.0, sum(share for text, share in shares if _is_text(text, lengths)))


def _is_text(text: str, lengths: range) -> bool:
    plain = text.replace("\n", "")
    return len(plain) in lengths and len(set(plain.translate(LOOKALIKES))) > 1
