# SPDX-License-Identifier: Apache-2.0
"""How probable one frame makes a text when it may lose, mistake and add characters.

A blurred frame is sure of the wrong text, and mostly of one that is too short. So a text is not
looked up among what a frame reads: it is scored against the frame's whole lattice, where each of
its characters may also be missing or read as another one, and where there may be strokes that are
none of it. All paths and all errors are summed, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore import _channel
from alprcore.reading.match import Lattice

IMPOSSIBLE = -1e30


@dataclass(frozen=True, slots=True)
class Channel:
    """What a frame does to the characters of a plate, as probabilities.

    Attributes
    ----------
    mistaken
        That a character is read as any one of the alphabet.
    lost
        That it is not read at all.
    stray
        Weight of each stretch that is read but is not a character of the plate.
    """

    mistaken: float
    lost: float
    stray: float


EXACT = Channel(0.0, 0.0, 0.0)
"""No errors: `line_log_sums` is then the exact probability of the text."""


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """One line of one frame, ready to be asked about texts.

    Attributes
    ----------
    lattice
        Its stretches and their scores.
    totals
        (n,) float64: for each stretch the log of the sum over its classes.
    """

    lattice: Lattice
    totals: NDArray[np.float64]


def line_evidence(lattice: Lattice) -> LineEvidence:
    """Return a line ready to be asked."""
    totals = np.array(_channel.stretch_totals(lattice.scores), np.float64)
    return LineEvidence(lattice, totals)


def line_log_sums(
    line: LineEvidence, texts: Sequence[str], alphabet: str, channel: Channel
) -> NDArray[np.float64]:
    """Return the natural log of how probable a line makes each text, under a channel.

    Parameters
    ----------
    line : LineEvidence
    texts : sequence of str
        Without newlines; the empty text is allowed. One with a character outside the alphabet is
        impossible (`IMPOSSIBLE`).
    alphabet : str
        The character of each class of the lattice.
    channel : Channel

    Notes
    -----
    Forward sums over (columns, characters of the text) as in a semi-Markov model (Sarawagi and
    Cohen 2004), with transitions for the three errors as in a stochastic edit distance (Ristad and
    Yianilos 1998).
    """
    lattice = line.lattice
    found = np.full(len(texts), IMPOSSIBLE)
    classes = {character: i for i, character in enumerate(alphabet)}
    known = [i for i, text in enumerate(texts) if all(c in classes for c in text)]
    sums = _channel.channel_log_sums(
        lattice.starts,
        lattice.ends,
        lattice.scores,
        line.totals,
        lattice.gaps,
        [[classes[c] for c in texts[i]] for i in known],
        _log((1.0 - channel.mistaken) * (1.0 - channel.lost)),
        _log(channel.mistaken * (1.0 - channel.lost)),
        _log(channel.lost),
        _log(channel.stray),
    )
    for i, value in zip(known, sums, strict=True):
        found[i] = max(IMPOSSIBLE, value - lattice.log_total)
    return found


def _log(value: float) -> float:
    return math.log(value) if value > 0 else IMPOSSIBLE
