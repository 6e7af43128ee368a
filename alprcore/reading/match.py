# SPDX-License-Identifier: Apache-2.0
"""What reading a plate comes to before texts are ranked: lines with their lattices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Lattice:
    """What `_native.TemplateBank.lattice` returns; see ``template_bank.hpp``."""

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    scores: NDArray[np.float32]
    templates: NDArray[np.int32]
    posteriors: NDArray[np.float32]
    gaps: NDArray[np.float32]
    log_total: float


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
    """

    texts: tuple[tuple[str, float], ...]
    line: NDArray[np.float32]
    image: NDArray[np.float32]
    placement: NDArray[np.float32]
    lattice: Lattice
    evidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A plate, read: its lines from top to bottom, and its texts with their probabilities."""

    lines: tuple[LineReading, ...]
    texts: tuple[tuple[str, float], ...]
