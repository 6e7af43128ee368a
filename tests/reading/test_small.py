# SPDX-License-Identifier: Apache-2.0
"""Characters lower than the rest of their line, on drawn plates."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from alprcore.countries.fit import load_countries
from alprcore.reading.bank import Bank, parse_bank
from alprcore.reading.glyphs import read_glyphs
from alprcore.reading.match import Reading
from alprcore.reading.read import read_plate
from alprcore.resources import bank_bytes

FACE = cv2.FONT_HERSHEY_SIMPLEX
NARROW = 0.62


@pytest.fixture(scope="module")
def bank() -> Bank:
    return parse_bank(bank_bytes("latin.npz"))


def put(crop: NDArray[np.uint8], text: str, left: int, base: int, height: int) -> int:
    """Draw a text, return where it ends."""
    scale, thick = height / 22, max(2, round(height / 8))
    cv2.putText(crop, text, (left, base), FACE, scale, 25, thick, cv2.LINE_AA)
    return left + cv2.getTextSize(text, FACE, scale, thick)[0][0]


def narrowed(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a crop as narrow as plates' letters are."""
    return np.asarray(cv2.resize(crop, None, fx=NARROW, fy=1.0, interpolation=cv2.INTER_AREA))


def raised_plate() -> tuple[NDArray[np.uint8], float, float]:
    """Return a plate whose region stands raised in a box above its country, and its columns."""
    crop = np.full((64, 470), 230, np.uint8)
    end = put(crop, "X371HK", 20, 53, 40)
    cv2.line(crop, (end + 14, 0), (end + 14, 63), 25, 3)
    right = put(crop, "96", end + 26, 33, 26)
    put(crop, "RUS", end + 26, 54, 10)
    return narrowed(crop), NARROW * (end + 26), NARROW * right


def stacked_plate() -> NDArray[np.uint8]:
    """Return a plate with two letters above each other between its digits."""
    crop = np.full((64, 440), 230, np.uint8)
    end = put(crop, "57", 20, 53, 40)
    put(crop, "A", end + 12, 30, 18)
    put(crop, "R", end + 12, 53, 18)
    put(crop, "1234", end + 44, 53, 40)
    return narrowed(crop)


def read(crop: NDArray[np.uint8], bank: Bank) -> Reading:
    return read_plate(
        crop, bank, count=5, proposals=3, more_proposals=4, two_lines=False,
        has_format=load_countries(("auto",)).has_format,
    )  # fmt: skip


def test_a_raised_end_is_part_of_the_text(bank: Bank) -> None:
    crop, left, right = raised_plate()
    reading = read(crop, bank)
    text = reading.texts[0][0]
    assert text == "X371HK96"
    boxes = [glyph.quad.bounds() for glyph in read_glyphs(reading, text, bank, np.eye(3))]
    assert all(a.left < b.left for a, b in itertools.pairwise(boxes))
    # The small ones end above the middle of the large ones, and where they were drawn.
    assert all(box.bottom < 44 for box in boxes[-2:])
    assert all(box.bottom > 46 for box in boxes[:-2])
    assert abs(boxes[-2].left - left) < 6
    assert abs(boxes[-1].right - right) < 6


def test_a_stacked_pair_is_part_of_the_text_upper_letter_first(bank: Bank) -> None:
    reading = read(stacked_plate(), bank)
    text = reading.texts[0][0]
    assert text == "57AR1234"
    upper, lower = (
        glyph.quad.bounds() for glyph in read_glyphs(reading, text, bank, np.eye(3))[2:4]
    )
    assert upper.bottom < lower.bottom
    assert abs(upper.left - lower.left) < 6


@pytest.mark.parametrize("text", ["KD48XT", "7EU2961"])
def test_a_line_of_one_height_is_left_as_it_is(bank: Bank, text: str) -> None:
    crop = np.full((64, 42 * len(text) + 60), 230, np.uint8)
    put(crop, text, 25, 53, 40)
    reading = read(narrowed(crop), bank)
    assert reading.texts[0][0] == text
    assert reading.lines[0].pieces == ()


def test_a_format_is_not_given_up_for_a_band(bank: Bank) -> None:
    """Two letters under a round mark beside a whole text are the province of an Italian plate."""
    crop = np.full((64, 520), 230, np.uint8)
    end = put(crop, "BC092ZF", 20, 53, 40)
    cv2.circle(crop, (end + 30, 20), 10, 25, 3)
    put(crop, "TO", end + 12, 56, 18)
    assert read(narrowed(crop), bank).texts[0][0] == "BC092ZF"
