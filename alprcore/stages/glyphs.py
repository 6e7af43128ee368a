# SPDX-License-Identifier: Apache-2.0
"""Where the characters of a reading stand, and what else each of them could be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alprcore import _readings
from alprcore.bank import Bank
from alprcore.lattice import Lattice, LineReading, Reading
from alprcore.records import Glyph, Points, Quad

# Alternatives less probable than this are not listed.
LEAST_SHARE = 1e-4


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
        path = _readings.best_stretches(
            lattice.starts, lattice.ends, lattice.scores, lattice.gaps, bank.alphabet, part
        )
        shares = slot_distributions(lattice, path)
        quads = _stretch_quads(line, path, matrix)
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
    line: LineReading, stretches: list[int], matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (n, 4, 2) corners of stretches in picture pixels; a column is two line pixels."""
    x0, y0, ux, uy, vx, vy = (float(value) for value in line.placement)
    left, right = 2.0 * line.lattice.starts[stretches], 2.0 * line.lattice.ends[stretches]
    margin, rows = 4.0, float(line.image.shape[0])
    u = np.stack([left, right, right, left], axis=1)
    v = np.array([margin, margin, rows - margin, rows - margin])
    crop = np.stack([x0 + u * ux + v * vx, y0 + u * uy + v * vy, np.ones_like(u)], axis=2)
    mapped = crop @ matrix.T
    return np.asarray(mapped[..., :2] / mapped[..., 2:], np.float64)
