# SPDX-License-Identifier: Apache-2.0
"""Characters lower than the rest of their line: pairs that are stacked, and ends that are raised.

A line is matched at one height, so two letters above each other (Maryland, Nevada, Costa Rica) are
no character of it, and a region that stands raised in a box of its own (Russia, Kyrgyzstan) is
read wrongly or not at all. Where a stretch of the line has ink, then an empty row, the parts are
enlarged to the line's height and put beside each other, so that the lattice sees them as it sees
the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.reading.bank import Bank
from alprcore.reading.decode import best_stretches
from alprcore.reading.match import LineReading, Piece

LineImage = NDArray[np.float32]

FEWEST = 2  # characters of the line's own height that must be left
MOST_TAKEN = 3  # characters that may have been read across the box of raised ones
NARROWEST = 8  # line pixels
PAIR = 18  # and so many that a stacked pair takes; next to emblems there is more room than that
# What parts small characters is looked for between these shares of the text's height, as its row of
# least ink: between raised ones and what is below them, and in the middle between stacked ones.
RAISED_ROWS, STACKED_ROWS = (0.35, 0.78), (0.35, 0.65)
# The parts have at least so much of the ink of the line's characters, and that row at most so much
# of theirs: a stem crosses every row of a character of full height. Badges and dashes are not
# parted: of 328 gaps on 76 photographs 181 have ink in both halves, of these 29 a row like this.
INKED = 0.35
RAISED_EMPTY, STACKED_EMPTY = 0.5, 0.7
EDGE = 2  # rows around the parting one that go with both parts: the line's margin
LINE_AROUND = 5  # columns that an upright line may wander


def spread_out(line: LineReading, bank: Bank) -> tuple[LineImage, tuple[Piece, ...]] | None:
    """Return the line with small characters enlarged where a row is the emptiest, if any is empty.

    Parameters
    ----------
    line : LineReading
        As it was read at one height.
    bank : Bank

    Returns
    -------
    image : (32, w) float32 array
    pieces : tuple of Piece
        What was enlarged.
    """
    text = next((text for text, _ in line.texts if text), "")
    path = best_stretches(line.lattice, text, bank.alphabet)
    if len(path) <= FEWEST:
        return None
    width = bank.templates.column_pixels
    starts = [int(width * line.lattice.starts[i]) for i in path]
    ends = [int(width * line.lattice.ends[i]) for i in path]
    ink = _ink(line.image)
    usual = float(np.mean([ink[:, a:b].mean() for a, b in zip(starts, ends, strict=True)]))
    parted = []
    for left, right, raised in _places(starts, ends, line.image.shape[1]):
        if right - left >= NARROWEST:
            row, share = _parting_row(ink[:, left:right].mean(axis=1), usual, raised=raised)
            parted.append((share, left, right, row, raised))
    share, left, right, row, raised = min(parted, default=(np.inf, 0, 0, 0, False))
    if share > (RAISED_EMPTY if raised else STACKED_EMPTY):
        return None
    return _enlarged(line.image, left, right, row, raised=raised)


def _ink(image: LineImage) -> NDArray[np.float32]:
    """Return (32, w) change from column to column, without that of the plate's upright lines.

    These go on through the margins above and below the text, characters do not.
    """
    change = np.abs(np.diff(image, axis=1, prepend=image[:, :1]))
    around = cv2.dilate(change, np.ones((1, LINE_AROUND), np.uint8))
    lines = np.asarray(around, np.float32).min(axis=0)
    return np.asarray(np.maximum(change - lines, 0.0), np.float32)


def _places(starts: list[int], ends: list[int], width: int) -> Iterator[tuple[int, int, bool]]:
    """Yield columns that may hold small characters, and whether these are raised, not stacked."""
    for left, right in zip([0, *ends], [*starts, width], strict=True):
        if right - left <= 1.5 * PAIR:
            yield left, right, False
        else:  # beside one of its neighbours
            yield right - PAIR, right, False
            yield left, left + PAIR, False
    taken = min(MOST_TAKEN, len(starts) - FEWEST)
    for left in [ends[-1], *starts[: -taken - 1 : -1]]:
        yield left, width, True
    for right in [starts[0], *ends[:taken]]:
        yield 0, right, True


def _parting_row(ink: NDArray[np.float32], usual: float, *, raised: bool) -> tuple[int, float]:
    """Return the row between small characters and what is below them, and its share of their ink.

    `ink` is that of each row of a stretch, `usual` what the line's characters have. The share is
    infinite where the parts hardly have any.
    """
    margin = _native.LINE_MARGIN
    tall = len(ink) - 2 * margin
    first, last = (
        margin + round(share * tall) for share in (RAISED_ROWS if raised else STACKED_ROWS)
    )
    row = first + int(np.argmin(ink[first:last]))
    parts = [ink[margin : row - 1]] if raised else [ink[margin : row - 1], ink[row + 2 : -margin]]
    least = min(float(part.mean()) for part in parts)
    return row, float(ink[row]) / least if least >= INKED * usual else np.inf


def _enlarged(
    image: LineImage, left: int, right: int, row: int, *, raised: bool
) -> tuple[LineImage, tuple[Piece, ...]]:
    """Return a line with a stretch's part above a row, and below it if not `raised`, enlarged."""
    tall = image.shape[0]
    bands = [(0, row + EDGE)] if raised else [(0, row + EDGE), (row - EDGE, tall)]
    parts, pieces, at = [image[:, :left]], [], left
    for top, bottom in bands:
        factor = tall / (bottom - top)
        size = (max(1, round(factor * (right - left))), tall)
        part = cv2.resize(image[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR)
        parts.append(np.asarray(part, np.float32))
        pieces.append(Piece(at, at + size[0], left, top, factor))
        at += size[0]
    rest = Piece(at, at + image.shape[1] - right, right, 0, 1.0)
    return np.ascontiguousarray(np.hstack([*parts, image[:, right:]])), (*pieces, rest)
