# SPDX-License-Identifier: Apache-2.0
"""Upright crop to readings: lines, lattice, most probable texts.

Segmentation proposes (`segment`), matching scores (`match`), decoding decides (`decode`), jointly:
every proposed line becomes a lattice of stretches with a score for each class, and a text's
probability is the sum over all paths that spell it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.reading.bank import Bank
from alprcore.reading.decode import decode
from alprcore.reading.line import probability, read_line, with_small
from alprcore.reading.match import LineReading, Reading
from alprcore.reading.segment import beside, likeliest_first, may_be_second, off_middle
from alprcore.records import GrayImage

# After rectification a text line is off the level by less than this: 5.7 degrees.
STEEPEST = 0.1
# When the best line so far reads so well, the lines after it are not tried: on 777 plates of one
# line none of these was the better one, and 1.4 lines a plate were read in place of 3.
SETTLED_LENGTH = 5
SETTLED_PROBABILITY = 0.5
# When the first proposals leave no text of this probability, more are tried; nor is one less than
# so many times (as a logarithm) likelier than none legible. A line has about 8 a character; four
# characters read across a slanting line had 14 in all, and the line itself, not yet tried, 35.
LEGIBLE = 0.4
LEGIBLE_EVIDENCE = 15.0
# The second line of a two-line plate is legible or, by the logarithm of how many times likelier its
# best text is than none, text for certain. What it says may be open: of a "WCI" read as WCT or WCI
# neither had half of the probability, at 25. An "APR" of a sticker came to 4.5, true second lines
# of two or three characters begin at 11.
SECOND_LINE_PROBABILITY = 0.5
SECOND_LINE_EVIDENCE = 8.0
# A line whose middle is this near to the crop's, as a share of the height, has no second one: on
# two-line plates the middles are at 0.3 and 0.7.
CENTRED = 0.1
# A plate wider than this many times its height has one line: European two-line plates are 1.2-1.6.
TWO_LINE_ASPECT = 2.3
# And one wider than this has two lines at most: motorcycles' plates of three are 0.9-1.3.
THREE_LINE_ASPECT = 1.6


def read_plate(
    crop: GrayImage,
    bank: Bank,
    *,
    count: int,
    proposals: int,
    more_proposals: int = 0,
    two_lines: bool,
    steepest: float = STEEPEST,
    has_format: Callable[[str], bool] = bool,
) -> Reading:
    """Return the texts of a plate.

    Parameters
    ----------
    crop : (h, w) uint8 array
        Upright plate, with or without a margin; at least 6 rows and 8 columns.
    bank : Bank
    count : int
        Texts wanted.
    proposals : int
        Lines tried.
    more_proposals : int
        Lines tried on top of these where none of them is legible, or a second line is missing.
    two_lines : bool
        Whether a second line is looked for on plates of two-line shape: among the proposals, and
        where none is one and more are allowed, above and below the first (`text_lines.beside`).
    steepest : float
        Slope (dy / dx) up to which lines are looked for.
    has_format : callable
        Whether plates have texts like one: small characters beside such a text must lead to another
        such text.

    Returns
    -------
    Reading
        No lines and no texts when the crop shows nothing that could be a line.
    """
    crop = np.ascontiguousarray(crop)
    two_lines = two_lines and has_two_line_shape(crop.shape)
    readings = _first_lines(
        crop, _native.text_lines(crop, proposals, steepest), bank, two_lines=two_lines
    )
    if more_proposals > 0 and readings and not _done(readings, crop.shape, two_lines=two_lines):
        # The same lines and more; asked for only now, since most plates do without.
        later = _native.text_lines(crop, proposals + more_proposals, steepest)[proposals:]
        readings = _later_lines(crop, later, bank, readings, two_lines=two_lines)
    if more_proposals > 0 and two_lines and readings and not _complete(readings, crop.shape):
        best = _best_lines(readings, two_lines=False)[0]
        readings += [read_line(crop, line, bank) for line in beside(best.line, crop.shape)]
    chosen = _best_lines(readings, two_lines=two_lines)
    if len(chosen) == 2 and crop.shape[1] <= THREE_LINE_ASPECT * crop.shape[0]:
        every = _native.text_lines(crop, proposals + more_proposals, steepest)
        chosen = _with_third(crop, chosen, every if more_proposals > 0 else every[:0], bank)
    if not chosen:
        return Reading((), ())
    if len(chosen) == 1:
        chosen = [with_small(chosen[0], bank, has_format)]
    lines = [
        replace(
            line,
            texts=decode(line.lattice, bank.alphabet, count=count, beam=max(32, 3 * count)),
        )
        for line in chosen
    ]
    return Reading(tuple(lines), _joined_texts(lines, count))


def has_two_line_shape(shape: tuple[int, ...]) -> bool:
    """Whether a crop of (rows, columns) may be of a plate with two lines or three."""
    return shape[1] <= TWO_LINE_ASPECT * shape[0]


def _first_lines(
    crop: GrayImage, proposed: NDArray[np.float32], bank: Bank, *, two_lines: bool
) -> list[LineReading]:
    """Return the readings of proposed lines, up to one that settles the plate."""
    readings: list[LineReading] = []
    for line in likeliest_first(crop.shape, proposed):
        readings.append(read_line(crop, line, bank))
        if _settled(readings, crop.shape, two_lines=two_lines):
            break
    return readings


def _later_lines(
    crop: GrayImage,
    proposed: NDArray[np.float32],
    bank: Bank,
    readings: list[LineReading],
    *,
    two_lines: bool,
) -> list[LineReading]:
    """Return `readings` and those of later proposals, until the plate is legible.

    Where a line is legible already, the later ones may be its second line only: they are short
    bands more often than not.
    """
    readings = list(readings)
    for line in proposed:
        if _done(readings, crop.shape, two_lines=two_lines):
            break
        best = _best_lines(readings, two_lines=False)[0]
        if _legible(readings) and not may_be_second(best.line, line):
            continue
        readings.append(read_line(crop, line, bank))
    return readings


def _legible(readings: list[LineReading]) -> bool:
    return any(
        probability(reading) >= LEGIBLE and reading.evidence >= LEGIBLE_EVIDENCE
        for reading in readings
    )


def _done(readings: list[LineReading], shape: tuple[int, ...], *, two_lines: bool) -> bool:
    """Whether the lines read so far will do.

    A plate of two-line shape is not done before it has both: with three proposals one of them was
    missing on half of such plates, with seven on one in twenty.
    """
    return _legible(readings) and (not two_lines or _complete(readings, shape))


def _complete(readings: list[LineReading], shape: tuple[int, ...]) -> bool:
    """Whether a plate of two-line shape has both of its lines, or one for certain."""
    both = len(_best_lines(readings, two_lines=True)) == 2
    return both or _settled(readings, shape, two_lines=True)


def _best_lines(readings: list[LineReading], *, two_lines: bool) -> list[LineReading]:
    """Return the best-read line, and above or below it the second one when there is any."""
    if not readings:
        return []
    best = max(readings, key=lambda reading: reading.evidence)
    second = _second_line(best, readings) if two_lines else None
    if second is None:
        return [best]
    return sorted([best, second], key=lambda reading: float(reading.line[0]))


def _with_third(
    crop: GrayImage, pair: list[LineReading], proposed: NDArray[np.float32], bank: Bank
) -> list[LineReading]:
    """Return the two lines of a plate with its third one, where it has one: above, below, between.

    It is looked for among the proposals, of which the two may have been read first, and on the far
    sides of the two.
    """
    places = [*proposed, *(place for each in pair for place in beside(each.line, crop.shape))]
    readings = [
        read_line(crop, place, bank)
        for place in places
        if all(may_be_second(each.line, place) for each in pair)
    ]
    third = max(filter(_is_text, readings), key=lambda reading: reading.evidence, default=None)
    lines = pair if third is None else [*pair, third]
    return sorted(lines, key=lambda reading: float(reading.line[0]))


def _settled(readings: list[LineReading], shape: tuple[int, ...], *, two_lines: bool) -> bool:
    """Whether no line that is not read yet can be the better one, or another one."""
    best = max(readings, key=lambda reading: reading.evidence)
    if len(best.texts[0][0]) < SETTLED_LENGTH or probability(best) < SETTLED_PROBABILITY:
        return False
    return not two_lines or bool(off_middle(best.line, shape) <= CENTRED)


def _second_line(best: LineReading, readings: list[LineReading]) -> LineReading | None:
    """Return the other line of a two-line plate, text too; None when there is none."""
    found = [
        other for other in readings if may_be_second(best.line, other.line) and _is_text(other)
    ]
    return max(found, key=lambda reading: reading.evidence, default=None)


def _is_text(reading: LineReading) -> bool:
    """Whether a line beside one of text is text, too."""
    return (
        probability(reading) >= SECOND_LINE_PROBABILITY or reading.evidence >= SECOND_LINE_EVIDENCE
    )


def _joined_texts(lines: list[LineReading], count: int) -> tuple[tuple[str, float], ...]:
    """Return the non-empty texts of the plate, lines joined by newlines, most probable first."""
    joined: list[tuple[str, float]] = [("", 0.0)]
    for i, line in enumerate(lines):
        texts = [(text, value) for text, value in line.texts if text]
        joined = [
            (f"{before}\n{text}" if i else text, sum_before + value)
            for before, sum_before in joined
            for text, value in texts
        ]
        joined = sorted(joined, key=lambda item: (-item[1], item[0]))[:count]
    return tuple((text, min(1.0, float(np.exp(value)))) for text, value in joined)
