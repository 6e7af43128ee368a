# SPDX-License-Identifier: Apache-2.0
"""One picture a plate that shows how it was read: crop, lines, cuts, matched templates, rivals."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.ranking.record import Examination
from alprcore.reading.bank import Bank
from alprcore.reading.decode import best_stretches
from alprcore.reading.glyphs import slot_distributions
from alprcore.reading.match import LineReading
from alprcore.records import Frame
from alprcore.showing.hangul import romanized

WIDTH = 900
ZOOM = 4
INK = (40, 40, 40)
PAPER = 250
CUT = (30, 140, 30)
LINE = (0, 140, 255)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def explained(examination: Examination) -> Frame:
    """Return a picture of how one plate was read.

    From top to bottom: the upright crop with every line that was read framed; for each line the
    normalised line image with the chosen cuts, how probable each cut is, and for each slot the
    matched template's portrait, its number and score, and the slot's rivals; the candidates.

    Parameters
    ----------
    examination : Examination
        One of those of `Engine.examine`.

    Returns
    -------
    (rows, 900, 3) uint8 array
    """
    parts = [_crop_panel(examination)]
    texts = examination.plate.text.split("\n")
    for line, text in zip(examination.reading.lines, texts, strict=False):
        parts.append(_line_panel(line, text, examination.bank))
    parts.append(_candidate_panel(examination))
    return np.vstack(parts)


def _panel(rows: int) -> Frame:
    return np.full((rows, WIDTH, 3), PAPER, np.uint8)


def _write(panel: Frame, text: str, x: int, y: int, *, size: float = 0.45) -> None:
    cv2.putText(panel, romanized(text), (x, y), FONT, size, INK, 1, cv2.LINE_AA)


def _crop_panel(examination: Examination) -> Frame:
    """Return the crop, three times as large, with the lines that were read."""
    crop = examination.crop
    zoom = min(3.0, (WIDTH - 20) / crop.shape[1])
    size = (round(crop.shape[1] * zoom), round(crop.shape[0] * zoom))
    shown = cv2.cvtColor(cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    for line in examination.reading.lines:
        for y in (float(line.line[0]), float(line.line[1])):
            end = y + float(line.line[2]) * crop.shape[1]
            cv2.line(shown, (0, round(y * zoom)), (size[0] - 1, round(end * zoom)), LINE, 2)
    plate = examination.plate
    panel = _panel(size[1] + 40)
    panel[30 : 30 + size[1], 10 : 10 + size[0]] = shown
    title = f"{plate.text} {100 * plate.confidence:.1f} %  {plate.country} {plate.region}"
    _write(panel, title.replace("\n", " / "), 10, 20, size=0.55)
    return panel


def _line_panel(line: LineReading, text: str, bank: Bank) -> Frame:
    """Return a line image with its cuts, and each slot's template, score and rivals below."""
    lattice = line.lattice
    path = best_stretches(lattice, text, bank.alphabet)
    zoom = min(ZOOM, (WIDTH - 20) // line.image.shape[1])
    column = zoom * bank.templates.column_pixels
    rows = line.image.shape[0] * zoom
    panel = _panel(rows + 210)
    image = np.clip(line.image * 48 + 144, 0, 255).astype(np.uint8)
    shown = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    panel[10 : 10 + rows, 10 : 10 + shown.shape[1]] = shown[:, :, None]
    _draw_cut_strip(panel, line, column, rows + 12)
    step = (WIDTH - 20) // max(1, len(path))
    for slot, (character, stretch) in enumerate(zip(text, path, strict=False)):
        left, right = (10 + column * int(v[stretch]) for v in (lattice.starts, lattice.ends))
        cv2.rectangle(panel, (left, 10), (right - 1, 9 + rows), CUT, 1)
        _draw_slot(panel, line, bank, (character, stretch), (10 + slot * step, rows + 50))
    return panel


def _draw_cut_strip(panel: Frame, line: LineReading, width: int, y: int) -> None:
    """Draw, under the line, how probable it is that a character starts or ends at each column."""
    cuts: NDArray[np.float64] = np.zeros(len(line.lattice.gaps) + 1)
    np.add.at(cuts, line.lattice.starts, line.lattice.posteriors)
    np.add.at(cuts, line.lattice.ends, line.lattice.posteriors)
    for column, value in enumerate(np.minimum(cuts, 1.0)):
        if value > 0.02:
            x = 10 + width * column
            cv2.line(panel, (x, y), (x, y + round(18 * float(value))), CUT, 2)


def _draw_slot(
    panel: Frame,
    line: LineReading,
    bank: Bank,
    slot: tuple[str, int],
    place: tuple[int, int],
) -> None:
    """Draw one slot: the pixels, the template's portrait, its number and score, the rivals."""
    x, y = place
    character, stretch = slot
    kind = bank.alphabet.index(character)
    template = int(line.lattice.templates[stretch, kind])
    start, end = (
        bank.templates.column_pixels * int(v[stretch])
        for v in (line.lattice.starts, line.lattice.ends)
    )
    ink = line.image[_native.LINE_MARGIN : -_native.LINE_MARGIN, start:end]
    glyph = np.clip(ink * 48 + 144, 0, 255).astype(np.uint8)
    for i, picture in enumerate((glyph, bank.portraits[template])):
        shown = cv2.resize(picture, (36, 54), interpolation=cv2.INTER_CUBIC)
        left = x + 40 * i
        if left + 36 <= WIDTH:
            panel[y : y + 54, left : left + 36] = shown[:, :, None]
    score = float(line.lattice.scores[stretch, kind])
    _write(panel, f"{character} #{template} {score:+.1f}", x, y + 70, size=0.4)
    shares = slot_distributions(line.lattice, [stretch])[0]
    for rank, other in enumerate(np.argsort(-shares, kind="stable")[:4]):
        if shares[other] >= 0.001:
            _write(
                panel,
                f"{bank.alphabet[other]} {100 * shares[other]:.1f} %",
                x,
                y + 88 + 16 * rank,
                size=0.4,
            )


def _candidate_panel(examination: Examination) -> Frame:
    """Return the candidates with their probabilities."""
    candidates = examination.plate.candidates[:10]
    panel = _panel(30 + 20 * len(candidates))
    for row, candidate in enumerate(candidates):
        mark = "*" if candidate.matches_template else " "
        text = candidate.text.replace("\n", " / ")
        _write(panel, f"{text} {mark}", 10, 22 + 20 * row)
        _write(panel, f"{100 * candidate.confidence:8.3f} %", 220, 22 + 20 * row)
    return panel
