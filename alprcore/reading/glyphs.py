# SPDX-License-Identifier: Apache-2.0
"""Where the characters of a reading stand, and what else each of them could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.reading.bank import Bank
from alprcore.reading.decode import best_stretches
from alprcore.reading.match import Lattice, LineReading, Piece, Reading
from alprcore.records import Glyph, Points, Quad

# Alternatives less probable than this are not listed.
LEAST_SHARE = 1e-4
UNSURE = "?"


def read_glyphs(reading: Reading, text: str, bank: Bank, matrix: Points) -> tuple[Glyph, ...]:
    """Return where the characters of `text` stand and the evidence for each.

    Parameters
    ----------
    reading : Reading
    text : str
        One of ``reading.texts``; newlines separate lines.
    bank : Bank
    matrix : (3, 3) float64 array
        Maps crop pixels to picture pixels.
    """
    glyphs: list[Glyph] = []
    for line, part in zip(reading.lines, text.split("\n"), strict=False):
        lattice = line.lattice
        path = best_stretches(lattice, part, bank.alphabet)
        shares = slot_distributions(lattice, path)
        quads = _stretch_quads(line, path, bank, matrix)
        for slot, (character, stretch) in enumerate(zip(part, path, strict=False)):
            kind = bank.alphabet.index(character)
            order = np.argsort(-shares[slot], kind="stable")[:10]
            glyphs.append(
                Glyph(
                    text=character,
                    quad=Quad.from_points(quads[slot].tolist()),
                    confidence=float(shares[slot, kind]),
                    alternatives=tuple(
                        (bank.alphabet[k], float(shares[slot, k]))
                        for k in order
                        if shares[slot, k] >= LEAST_SHARE
                    ),
                    template=int(lattice.templates[stretch, kind]),
                    score=float(lattice.scores[stretch, kind]),
                )
            )
    return tuple(glyphs)


def settled_glyphs(
    glyphs: Sequence[Glyph], text: str, shares: Sequence[tuple[str, float]]
) -> tuple[Glyph, ...]:
    """Return the glyphs of `text` with the confidence that all readings of the plate give them.

    A character is as probable as the readings together that have it where it stands; of what they
    leave over, it has the share that its slot alone gives it.

    Parameters
    ----------
    glyphs : sequence of Glyph
        From `read_glyphs`, of `text`.
    text : str
    shares : sequence of (str, float)
        All readings of the plate with their probabilities, formats counted.

    Notes
    -----
    On 859 held-back crops the expected calibration error of a character is 0.3 % so, against 2.1 %
    of the slot alone, which knows of no format.
    """
    plain = text.replace("\n", "")
    unlisted = max(0.0, 1.0 - sum(share for _, share in shares))
    having = np.zeros(len(plain))
    for other, share in shares:
        having += share * _kept(plain, other.replace("\n", ""))
    return tuple(
        replace(glyph, confidence=min(1.0, float(value) + unlisted * glyph.confidence))
        for glyph, value in zip(glyphs, having, strict=False)
    )


def _kept(text: str, other: str) -> NDArray[np.float64]:
    """Return 1 for each character of `text` that `other` has in its place, else 0.

    Where the lengths differ, places are counted from the left up to the first difference and from
    the right down to the last one; what lies between is not kept.
    """
    if len(text) == len(other):
        return np.array([a == b for a, b in zip(text, other, strict=True)], np.float64)
    shorter = min(len(text), len(other))
    head = next((i for i in range(shorter) if text[i] != other[i]), shorter)
    tail = next((i for i in range(shorter - head) if text[-1 - i] != other[-1 - i]), shorter - head)
    kept = np.zeros(len(text))
    kept[:head] = 1.0
    kept[len(text) - tail :] = 1.0
    return kept


def mask_unsure(text: str, glyphs: Sequence[Glyph], below: float) -> str:
    """Return `text` with ``?`` for each character less probable than `below`, in [0, 1].

    Newlines between the lines of a plate stay. A text without a path through its lattice has no
    glyphs and stays as it is.
    """
    confidences = iter([glyph.confidence for glyph in glyphs])
    return "".join(
        UNSURE if character != "\n" and next(confidences, 1.0) < below else character
        for character in text
    )


def slot_distributions(lattice: Lattice, stretches: list[int]) -> NDArray[np.float64]:
    """Return (slots, classes) probabilities of each character where each stretch stands.

    Sums over all stretches that share more than half of their union with it; what is missing to 1
    is the probability of no character, or of another cut.
    """
    starts, ends = lattice.starts[stretches, None], lattice.ends[stretches, None]
    both = np.minimum(lattice.ends, ends) - np.maximum(lattice.starts, starts)
    either = np.maximum(lattice.ends, ends) - np.minimum(lattice.starts, starts)
    weights = np.exp(lattice.scores - lattice.scores.max(axis=1, keepdims=True)).astype(np.float64)
    weights *= (lattice.posteriors / weights.sum(axis=1))[:, None]
    shares = (both * 2 > either).astype(np.float64) @ weights
    return np.asarray(shares / np.maximum(1.0, shares.sum(axis=1, keepdims=True)), np.float64)


def _stretch_quads(
    line: LineReading, stretches: list[int], bank: Bank, matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (n, 4, 2) corners of stretches in picture pixels."""
    x0, y0, ux, uy, vx, vy = (float(value) for value in line.placement)
    width = float(bank.templates.column_pixels)
    left, right = width * line.lattice.starts[stretches], width * line.lattice.ends[stretches]
    margin, rows = float(_native.LINE_MARGIN), float(line.image.shape[0])
    u = np.stack([left, right, right, left], axis=1)
    v = np.broadcast_to([margin, margin, rows - margin, rows - margin], u.shape)
    u, v = _moved_back(u, v, line.pieces)
    crop = np.stack([x0 + u * ux + v * vx, y0 + u * uy + v * vy, np.ones_like(u)], axis=2)
    mapped = crop @ matrix.T
    return np.asarray(mapped[..., :2] / mapped[..., 2:], np.float64)


def _moved_back(
    u: NDArray[np.float64], v: NDArray[np.float64], pieces: Sequence[Piece]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (n, 4) columns and rows of a line image where they were before pieces were moved."""
    middle = u.mean(axis=1, keepdims=True)
    for piece in pieces:
        inside = (middle >= piece.start) & (middle < piece.end)
        u = np.where(inside, piece.left + (u - piece.start) / piece.factor, u)
        v = np.where(inside, piece.top + v / piece.factor, v)
    return u, v
