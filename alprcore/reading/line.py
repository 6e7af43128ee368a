# SPDX-License-Identifier: Apache-2.0
"""One proposed line of a crop to its reading, its small characters included."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.reading.bank import Bank
from alprcore.reading.decode import decode
from alprcore.reading.match import Lattice, LineReading, match
from alprcore.reading.small import spread_out
from alprcore.records import GrayImage

# To choose between lines, so many hypotheses a column give the best text and its probability.
SCOUT_BEAM = 8
# A line whose best text is more probable than this has no small characters, or none that show, and
# one that is so many times likelier than none at most is hardly text: half of all tries. What is
# longer with them, and so many times likelier than none (as a logarithm), stays: a character has
# about 8. Where the text without them has a format and that with them none, it must be so many
# times more: the province in the band of an Italian plate came to 17, two digits of a region to 24.
WELL_READ = 0.95
TEXT_EVIDENCE = 25.0
LIKELIER = 8.0
FORMAT_LOST = 10.0


def read_line(crop: GrayImage, line: NDArray[np.float32], bank: Bank) -> LineReading:
    """Return the reading of one proposed line of an upright crop, with its first texts only.

    Parameters
    ----------
    crop : (h, w) uint8 array
        Pixels of a row adjacent.
    line : (5,) float32 array
        From `_native.text_lines`.
    bank : Bank
    """
    top, bottom, slope, slant = (float(value) for value in line[:4])
    image, placement, _ = _native.line_image(crop, top, bottom, slope, slant)
    texts, lattice, evidence = _scouted(image, bank)
    return LineReading(texts, line, image, placement, lattice, evidence)


def _scouted(
    image: NDArray[np.float32], bank: Bank
) -> tuple[tuple[tuple[str, float], ...], Lattice, float]:
    """Return the first texts of a line image, its lattice, and `LineReading.evidence`."""
    lattice = match(image, bank)
    texts = decode(lattice, bank.alphabet, count=2, beam=SCOUT_BEAM)
    nothing = float(lattice.gaps.sum(dtype=np.float64))
    best = next((value for text, value in texts if text), -1e3)
    return texts, lattice, best + lattice.log_total - nothing


def with_small(line: LineReading, bank: Bank, has_format: Callable[[str], bool]) -> LineReading:
    """Return the line with its small characters read, if it has any."""
    known = line.texts[0][0]
    if probability(line) >= WELL_READ or line.evidence < TEXT_EVIDENCE:
        return line
    spread = spread_out(line, bank)
    if spread is None:
        return line
    image, pieces = spread
    texts, lattice, evidence = _scouted(image, bank)
    text = texts[0][0]
    lost = FORMAT_LOST * (has_format(known) and not has_format(text))
    if len(text) <= len(known) or evidence <= line.evidence + LIKELIER + lost:
        return line
    return replace(
        line, texts=texts, image=image, lattice=lattice, evidence=evidence, pieces=pieces
    )


def probability(reading: LineReading) -> float:
    """Return the probability of a line's best text, 0 when that is empty."""
    text, value = reading.texts[0]
    return math.exp(value) if text else 0.0
