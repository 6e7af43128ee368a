# SPDX-License-Identifier: Apache-2.0
"""A line matched against a bank's templates, and what reading a plate comes to before ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore.reading.bank import Bank

# Stretches less probable than this are dropped from the lattice; all of them together hold less
# than 1 % of a line.
LEAST_POSTERIOR = 1e-4


@dataclass(frozen=True, slots=True)
class Lattice:
    """Every way to cut a line into characters, in n stretches over t columns; see csrc/README.md.

    Attributes
    ----------
    starts, ends : (n,) int32 arrays
        Stretches that may be a character: half-open, in columns, by start, then end.
    scores : (n, classes) float32 array
        Natural-log score of "this stretch is the class".
    templates : (n, classes) int32 array
        The template of the class that matched best.
    posteriors : (n,) float32 array
        Probability that the stretch is a character of some class.
    gaps : (t,) float32 array
        Score of "no character here".
    log_total : float
        Log of the sum over all paths, those through stretches that were dropped included.
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    scores: NDArray[np.float32]
    templates: NDArray[np.int32]
    posteriors: NDArray[np.float32]
    gaps: NDArray[np.float32]
    log_total: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line that was moved: its columns `start` to `end` show an older image of it.

    They show that from column `left` and row `top` on, `factor` times as large.
    """

    start: int
    end: int
    left: int
    top: int
    factor: float


@dataclass(frozen=True, slots=True)
class LineReading:
    """One text line, read.

    Attributes
    ----------
    texts
        (text, log-probability) pairs, most probable first; the empty text may be among them.
    line
        (5,) float32: top, bottom, slope, slant, score of the proposal, in crop pixels.
    image
        (32, w) float32 normalised line.
    placement
        (6,) float32 map from line pixels to crop pixels: x0, y0, ux, uy, vx, vy.
    lattice
        The stretches and their scores.
    evidence
        Log-odds of the best text against "no text here".
    pieces
        Parts of `image` that are not where `placement` has them; see `reading.small`.
    """

    texts: tuple[tuple[str, float], ...]
    line: NDArray[np.float32]
    image: NDArray[np.float32]
    placement: NDArray[np.float32]
    lattice: Lattice
    evidence: float
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A plate, read: its lines from top to bottom, and its texts with their probabilities."""

    lines: tuple[LineReading, ...]
    texts: tuple[tuple[str, float], ...]


def match(image: NDArray[np.float32], bank: Bank, least: float = LEAST_POSTERIOR) -> Lattice:
    """Return the lattice of a line: every stretch against every template.

    Parameters
    ----------
    image : (32, w) float32 array
        Normalised line, from `_native.line_image`.
    bank : Bank
    least : float
        Stretches less probable than this are dropped.
    """
    return Lattice(*bank.templates.match(image, least))
