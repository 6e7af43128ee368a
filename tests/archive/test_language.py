# SPDX-License-Identifier: Apache-2.0
"""Patterns: what they admit, exactly, against going through every text."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from archive_tools import ALPHABET, random_lattice, text_probabilities

from alprcore import _native
from alprcore.archive.language import automaton, parse_query
from alprcore.archive.lattices import joined, lattice_bytes, read_lattices
from alprcore.archive.search import match_probability
from alprcore.errors import CaseError
from alprcore.reading.decode import log_pattern_probability

PATTERNS = (
    "A?1", "*A*", "AB*1?*", "[AB]1?", "?A*", "*1?", "*A*B?1*", "AB1~1", "[AB]1?~1", "A*1~1",
    "*A?B*~1", "1~1",
)  # fmt: skip
WHOLE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def near(text):
    """Every text one edit away, and the text."""
    yield text
    for i in range(len(text) + 1):
        for character in ALPHABET:
            yield text[:i] + character + text[i:]
        if i < len(text):
            yield text[:i] + text[i + 1 :]
            for character in ALPHABET:
                yield text[:i] + character + text[i + 1 :]


def admitted(query, text):
    """Whether a query admits a text, by a regular expression."""
    parts = ["." if not place else f"[{place}]" for place in query.places]
    body = "".join((".*" if run else "") + part
                   for run, part in zip(query.runs, [*parts, ""], strict=True))  # fmt: skip
    texts = near(text) if query.edits else [text]
    return any(re.fullmatch(body, each) for each in texts)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_probability_of_a_pattern_is_that_of_all_its_texts(pattern):
    generator = np.random.default_rng(5)
    query = parse_query(pattern)
    wanted = automaton(query, ALPHABET)
    for _ in range(12):
        lattice = random_lattice(generator)
        texts = text_probabilities(lattice)
        assert sum(texts.values()) == pytest.approx(1, abs=1e-6)
        expected = sum(value for text, value in texts.items() if admitted(query, text))
        assert match_probability((lattice,), wanted) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("pattern", [each for each in PATTERNS if "~" not in each])
def test_it_is_what_the_core_says_of_patterns_without_edits(pattern):
    lattice = random_lattice(np.random.default_rng(8))
    expected = math.exp(log_pattern_probability(lattice, pattern, ALPHABET))
    found = match_probability((lattice,), automaton(parse_query(pattern), ALPHABET))
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_a_pattern_may_go_across_the_end_of_a_line():
    generator = np.random.default_rng(3)
    first, second = random_lattice(generator, 4), random_lattice(generator, 5)
    query = parse_query("A?*1")
    expected = sum(
        one * other
        for text, one in text_probabilities(first).items()
        for more, other in text_probabilities(second).items()
        if admitted(query, text + more)
    )
    found = match_probability((first, second), automaton(query, ALPHABET))
    assert found == pytest.approx(expected, abs=1e-6)
    assert joined((first, second)).log_total == first.log_total + second.log_total


def test_case_spaces_and_dashes_make_no_difference():
    assert parse_query("ab-1 2?").places == parse_query("AB12?").places


def test_a_pattern_without_a_character_is_refused():
    for pattern in ("*" * 16, "???", "", "~1", "-"):
        with pytest.raises(CaseError, match="names no character"):
            parse_query(pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("A[BC", "expected a set and its ]"),
        ("A[]", "expected a set and its ]"),
        ("A]", r"expected \[ before \]"),
        ("AB~2", "expected ~1 at the end"),
        ("A[Z-A]", "is not a range"),
        ("A" * 41, "at most 40 places, got 41"),
    ],
)
def test_a_malformed_pattern_is_told(pattern, words):
    with pytest.raises(CaseError, match=words):
        parse_query(pattern)


def test_a_pattern_that_fits_in_too_many_ways_is_told():
    with pytest.raises(CaseError, match="too many ways"):
        automaton(parse_query("*A" + "?" * 14 + "*B~1"), WHOLE)


def test_a_lattice_comes_back_from_its_bytes():
    generator = np.random.default_rng(1)
    lattices = tuple(random_lattice(generator, columns, 36) for columns in (20, 9))
    back = read_lattices(lattice_bytes(lattices))
    for lattice, other in zip(lattices, back, strict=True):
        np.testing.assert_array_equal(lattice.starts, other.starts)
        np.testing.assert_array_equal(lattice.ends, other.ends)
        np.testing.assert_array_equal(lattice.gaps, other.gaps)
        assert lattice.log_total == other.log_total
        below = lattice.scores.max(axis=1, keepdims=True) - lattice.scores
        near_enough = np.where(below < 15.9, 1 / 8192 + 1e-5, 20)
        assert (np.abs(lattice.scores - other.scores) <= near_enough).all()


def test_a_damaged_lattice_is_told():
    content = lattice_bytes((random_lattice(np.random.default_rng(1)),))
    for damaged in (content[:-4], b"\x02" + content[1:], b"", content[:2] + b"zzzz"):
        with pytest.raises(CaseError, match="lattice"):
            read_lattices(damaged)


def test_the_core_refuses_an_automaton_that_does_not_fit():
    lattice = random_lattice(np.random.default_rng(1))
    wanted = automaton(parse_query("AB"), ALPHABET)
    arrays = (lattice.starts, lattice.ends, lattice.scores, lattice.gaps, lattice.log_total)
    with pytest.raises(ValueError, match="a group for each class"):
        _native.log_accepted(*arrays, wanted.steps, wanted.groups[:2], wanted.accepting)
    with pytest.raises(ValueError, match="leads to no state"):
        _native.log_accepted(*arrays, wanted.steps + 99, wanted.groups, wanted.accepting)
