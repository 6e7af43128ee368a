# SPDX-License-Identifier: Apache-2.0
"""How sure each character is, and `?` for those that are not sure enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alprcore.reading.glyphs import mask_unsure, settled_glyphs
from alprcore.records import Glyph, Quad

NOWHERE = Quad((0, 0), (1, 0), (1, 1), (0, 1))


def glyphs(text: str, *confidences: float) -> tuple[Glyph, ...]:
    plain = text.replace("\n", "")
    values = confidences or (0.5,) * len(plain)
    return tuple(
        Glyph(character, NOWHERE, value, (), 0, 0.0)
        for character, value in zip(plain, values, strict=True)
    )


def settled(text: str, shares: list[tuple[str, float]], *confidences: float) -> list[float]:
    found = settled_glyphs(glyphs(text, *confidences), text, shares)
    return [round(glyph.confidence, 6) for glyph in found]


def test_a_character_is_as_probable_as_the_readings_that_have_it() -> None:
    assert settled("AB1", [("AB1", 0.7), ("AB7", 0.3)], 0.1, 0.1, 0.1) == [1.0, 1.0, 0.7]


def test_what_the_readings_leave_over_is_judged_by_the_slot_alone() -> None:
    assert settled("AB", [("AB", 0.6)], 0.5, 1.0) == [0.8, 1.0]


def test_a_format_that_settles_a_character_makes_it_sure() -> None:
    # The slot says O, the format 0: the ranked readings are for 0.
    assert settled("10", [("10", 0.98), ("1O", 0.02)], 1.0, 0.2)[1] == pytest.approx(0.98)


@pytest.mark.parametrize(("text", "other"), [("KV37", "1KV37"), ("KV37", "KV371"), ("KV", "K")])
def test_a_character_more_or_less_at_an_end_leaves_the_others_alone(text: str, other: str) -> None:
    both = min(len(text), len(other))
    found = settled(text, [(text, 0.6), (other, 0.4)], *[0.0] * len(text))
    assert found == [1.0] * both + [0.6] * (len(text) - both)


def test_a_reading_of_another_length_doubts_what_lies_between() -> None:
    found = settled("AB12", [("AB12", 0.7), ("AX92Q2", 0.3)], 0, 0, 0, 0)
    assert found == [1.0, 0.7, 0.7, 1.0]


def test_two_lines_are_counted_through() -> None:
    assert settled("AB\n12", [("AB\n12", 0.9), ("AB\n17", 0.1)]) == [1.0, 1.0, 1.0, 0.9]


readings = st.lists(
    st.tuples(st.text("AB01\n", min_size=1, max_size=6), st.floats(0, 0.2)), max_size=5
)


@given(text=st.text("AB01", min_size=1, max_size=6), shares=readings)
def test_confidences_are_probabilities(text: str, shares: list[tuple[str, float]]) -> None:
    for glyph in settled_glyphs(glyphs(text), text, shares):
        assert 0.0 <= glyph.confidence <= 1.0


def test_unsure_characters_are_masked_and_newlines_stay() -> None:
    seen = glyphs("AB\n12", 0.9, 0.59, 0.6, 0.1)
    assert mask_unsure("AB\n12", seen, 0.6) == "A?\n1?"


def test_nothing_is_masked_below_zero_and_without_glyphs() -> None:
    assert mask_unsure("AB", glyphs("AB", 0.0, 0.0), 0.0) == "AB"
    assert mask_unsure("AB", (), 0.6) == "AB"


@given(text=st.text("AB01\n", max_size=8), below=st.floats(0, 1))
def test_a_masked_text_has_the_same_length(text: str, below: float) -> None:
    masked = mask_unsure(text, glyphs(text), below)
    assert len(masked) == len(text)
    assert all(a in {b, "?"} for a, b in zip(masked, text, strict=True))
