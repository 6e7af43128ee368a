# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF001 - letters and digits of Arabic
"""Patterns of Arabic plates, in the order in which they are spoken, against every text."""

from __future__ import annotations

import re

import numpy as np
import pytest
from archive_tools import random_lattice, text_probabilities
from hypothesis import given
from hypothesis import strategies as st

from alprcore import _native
from alprcore.archive import query
from alprcore.archive.language import automaton, first_queries, parse_query
from alprcore.archive.right_to_left import seen_automaton
from alprcore.archive.search import _scanned, match_probability
from alprcore.archive.slots import SIZE, Slot, _packed, slot_bytes, symbol
from alprcore.errors import CaseError
from alprcore.reading.order import as_seen, as_spoken

ALPHABET = "أب١"  # two letters and a digit
PATTERNS = (
    "أب١", "أ?١", "?أ*", "*ب*", "*١", "أ*١", "??١", "[أب]?١", "?١*", "*أ?*", "١*", "أ١~1", "?ب١~1",
    "*أ١~1", "ب?~1",
)  # fmt: skip


def admitted(query, text):
    """Whether a pattern admits a text as it is spoken, by a regular expression."""
    body = "".join((".*" if run else "") + part for run, part in zip(
        query.runs, [*(f"[{place}]" if place else "." for place in query.places), ""], strict=True
    ))  # fmt: skip
    return any(re.fullmatch(body, each) for each in (near(text) if query.edits else [text]))


def near(text):
    yield text
    for i in range(len(text) + 1):
        for character in ALPHABET:
            yield text[:i] + character + text[i:]
            yield text[:i] + character + text[i + 1 :]
        yield text[:i] + text[i + 1 :]


def spoken_order_alone(text):
    """Whether a text as seen has its digits before its letters, as plates do."""
    return as_seen(as_spoken(text)) == text


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_probability_of_a_pattern_is_that_of_its_texts_as_they_are_spoken(pattern):
    generator = np.random.default_rng(6)
    query = parse_query(pattern)
    wanted = automaton(query, ALPHABET)
    for _ in range(4):
        lattice = random_lattice(generator)
        expected = sum(
            value
            for text, value in text_probabilities(lattice, ALPHABET).items()
            if spoken_order_alone(text) and admitted(query, as_spoken(text))
        )
        assert match_probability((lattice,), wanted) == pytest.approx(expected, abs=1e-6)


def scanned(text, pattern):
    """The score of the first step for a read that spells a text."""
    slots = [Slot(((symbol(each), 0.97),), 0.01, 0.0) for each in as_seen(text)]
    records = np.frombuffer(_packed(slots, 0, 0), np.uint8).reshape(1, SIZE)
    _, scores = _scanned(records, _native.sketches(records), parse_query(pattern))
    return float(scores[0]) if len(scores) else 0.0


TEXT = st.tuples(st.text("أبجدر", min_size=1, max_size=4), st.text("٠١٢٣", min_size=1, max_size=4))


@given(parts=TEXT, at=st.integers(0, 7))
def test_the_first_step_finds_any_text_with_a_character_unknown(parts, at):
    text = "".join(parts)
    at %= len(text)
    pattern = text[:at] + "?" + text[at + 1 :]
    assert scanned(text, pattern) > 0.5
    assert scanned(text, text) > 0.5
    assert scanned(text, text[:at] + "ى" + text[at + 1 :] + "~1") > 0.5
    assert scanned(text, text[:at] + text[at + 1 :] + "~1") > 0.5
    assert scanned(text, text[:1] + "*") > 0.5
    assert scanned(text, "*" + text[-1:]) > 0.5


def test_the_first_step_leaves_out_what_reads_otherwise():
    assert scanned("أب١٢", "بأ١٢") < 0.1
    assert scanned("أب١٢", "١٢أب") == 0.0
    assert scanned("أب١٢", "أب٢١") < 0.1


def test_of_random_lattices_the_first_step_loses_little():
    generator = np.random.default_rng(4)
    kept = whole = 0.0
    for _ in range(25):
        lattice = random_lattice(generator)
        texts = text_probabilities(lattice, ALPHABET)
        best = max((text for text in texts if text), key=lambda text: texts[text])
        content = slot_bytes((lattice,), (best,), ALPHABET)
        records = np.frombuffer(content, np.uint8).reshape(1, SIZE)
        for text, value in texts.items():
            if len(text) > 1 and spoken_order_alone(text):
                whole += value
                query = parse_query(as_spoken(text))
                found, _ = _scanned(records, _native.sketches(records), query)
                kept += value if len(found) else 0.0
    assert kept / whole > 0.97


def test_digits_of_either_form_and_letters_of_any_keyboard_are_the_same():
    expected = parse_query("أىه١٢")
    for text in ("ايه١٢", "أية۱۲", "إىه ١٢", "آيه-١٢"):
        assert parse_query(text).places == expected.places
    alphabet = "أىه١٢"
    wanted = automaton(parse_query("ايه12"), alphabet)
    expected_steps = automaton(expected, alphabet)
    assert np.array_equal(wanted.steps, expected_steps.steps)
    # Without a letter of Arabic, digits are those of other plates.
    assert parse_query("12").places == ("1", "2")
    assert first_queries(parse_query("12")) == (parse_query("12"),)


def test_a_pattern_in_too_many_ways_is_an_error(monkeypatch):
    monkeypatch.setattr(query, "MOST_STATES", 10)
    with pytest.raises(CaseError, match="too many ways"):
        seen_automaton(parse_query("*أ???ب~1"), ALPHABET)
