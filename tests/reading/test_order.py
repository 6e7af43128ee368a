# SPDX-License-Identifier: Apache-2.0
"""The order of characters: as seen and as spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alprcore.reading.order import as_seen, as_spoken, spoken_order

LETTERS, DIGITS = "أبجدرسصطعفقلمنهوى", "٠١٢٣٤٥٦٧٨٩"


def test_arabic_letters_come_first_from_the_right() -> None:
    seen = DIGITS[3] + DIGITS[2] + DIGITS[1] + LETTERS[2] + LETTERS[1] + LETTERS[0]
    assert as_spoken(seen) == LETTERS[:3] + DIGITS[3] + DIGITS[2] + DIGITS[1]
    assert spoken_order(seen) == [5, 4, 3, 0, 1, 2]


@pytest.mark.parametrize("text", ["", "AB12CD", "12가3456", "皖A12345", "29B1\n25662"])
def test_texts_from_left_to_right_stay(text: str) -> None:
    assert as_spoken(text) == as_seen(text) == text


@given(st.text(DIGITS, max_size=4), st.text(LETTERS, max_size=3))
def test_what_is_seen_comes_back(digits: str, letters: str) -> None:
    seen = digits + letters
    assert as_seen(as_spoken(seen)) == seen
    assert as_spoken(seen) == letters[::-1] + digits
