# SPDX-License-Identifier: Apache-2.0
"""Probabilities of texts and patterns, against an enumeration of all paths."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprcore import _native
from alprcore.reading.decode import (
    best_stretches,
    decode,
    log_pattern_probability,
    log_probability,
)
from alprcore.reading.match import Lattice

ALPHABET = "AB8"
IMPOSSIBLE = -math.inf


def text_sums(lattice: Lattice, alphabet: str, at: int = 0) -> dict[str, float]:
    """Return the sum over all paths from column `at` on, by text: the definition, written out."""
    if at == len(lattice.gaps):
        return {"": 1.0}
    found = {
        text: math.exp(float(lattice.gaps[at])) * value
        for text, value in text_sums(lattice, alphabet, at + 1).items()
    }
    for k in np.flatnonzero(lattice.starts == at):
        for text, value in text_sums(lattice, alphabet, int(lattice.ends[k])).items():
            for letter, score in zip(alphabet, lattice.scores[k], strict=True):
                longer = letter + text
                found[longer] = found.get(longer, 0.0) + math.exp(float(score)) * value
    return found


@st.composite
def lattices(draw: st.DrawFn) -> Lattice:
    """Any stretches, in any order and twice too, over up to five columns."""
    columns = draw(st.integers(1, 5))
    pairs = [(s, e) for s in range(columns) for e in range(s + 1, columns + 1)]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    starts, ends = (np.array([pair[i] for pair in chosen], np.int32) for i in (0, 1))
    scores = rng.normal(0, 3, (len(chosen), len(ALPHABET))).astype(np.float32)
    gaps = rng.normal(0, 2, columns).astype(np.float32)
    bare = Lattice(
        starts, ends, scores, np.zeros_like(scores, np.int32), np.ones(len(chosen), np.float32),
        gaps, 0.0,
    )  # fmt: skip
    return replace(bare, log_total=math.log(sum(text_sums(bare, ALPHABET).values())))


def as_expression(pattern: str) -> str:
    return pattern.replace("?", ".").replace("*", ".*")


def expected(sums: dict[str, float], total: float, pattern: str) -> float:
    matching = [value for text, value in sums.items() if re.fullmatch(as_expression(pattern), text)]
    return math.log(sum(matching)) - total if matching else IMPOSSIBLE


@given(lattices(), st.text(ALPHABET + "X", max_size=4))
def test_a_texts_probability_is_the_sum_over_its_paths(lattice: Lattice, text: str) -> None:
    sums = text_sums(lattice, ALPHABET)
    got = log_probability(lattice, text, ALPHABET)
    if text in sums:
        assert got == pytest.approx(math.log(sums[text]) - lattice.log_total, abs=1e-9)
    else:
        assert got == IMPOSSIBLE


@given(lattices())
def test_the_probabilities_of_all_texts_sum_to_one(lattice: Lattice) -> None:
    texts = text_sums(lattice, ALPHABET)
    values = [math.exp(log_probability(lattice, text, ALPHABET)) for text in texts]
    assert sum(values) == pytest.approx(1.0, abs=1e-9)


pieces = st.sampled_from(["A", "B", "8", "?", "*", "[AB]", "[8]", "[AB8]", "X", "[X8]", "[A-B]"])


@settings(max_examples=200)
@given(lattices(), st.lists(pieces, max_size=7).map("".join))
def test_a_patterns_probability_is_the_sum_over_the_texts_that_have_it(
    lattice: Lattice, pattern: str
) -> None:
    sums = text_sums(lattice, ALPHABET)
    got = log_pattern_probability(lattice, pattern, ALPHABET)
    wanted = expected(sums, lattice.log_total, pattern)
    assert got == (wanted if wanted == IMPOSSIBLE else pytest.approx(wanted, abs=1e-9))


def full_lattice(columns: int, classes: int, seed: int = 0) -> Lattice:
    """Every stretch of 1-3 columns; its texts are of up to `columns` characters."""
    rng = np.random.default_rng(seed)
    pairs = [(s, s + w) for s in range(columns) for w in (1, 2, 3) if s + w <= columns]
    starts, ends = (np.array(side, np.int32) for side in zip(*pairs, strict=True))
    scores = rng.normal(0, 2, (len(pairs), classes)).astype(np.float32)
    gaps = rng.normal(0, 1, columns).astype(np.float32)
    every = np.logaddexp.reduce(scores.astype(np.float64), axis=1)
    totals = [0.0]
    for x in range(1, columns + 1):
        arriving = [totals[starts[k]] + every[k] for k in np.flatnonzero(ends == x)]
        totals.append(float(np.logaddexp.reduce([totals[-1] + float(gaps[x - 1]), *arriving])))
    return Lattice(
        starts, ends, scores, np.zeros_like(scores, np.int32), np.ones(len(pairs), np.float32),
        gaps, totals[-1],
    )  # fmt: skip


@pytest.mark.parametrize(
    "middle", ["*A?B*", "*A?[AB]?B*", "*AA*A*", "*?A?*?B?*", "*A*A??*", "A*B?*8"]
)
def test_texts_that_a_pattern_fits_in_several_ways_count_once(middle: str) -> None:
    lattice = full_lattice(7, len(ALPHABET))
    sums = text_sums(lattice, ALPHABET)
    got = log_pattern_probability(lattice, middle, ALPHABET)
    assert got == pytest.approx(expected(sums, lattice.log_total, middle), abs=1e-9)


def test_a_pattern_of_stars_is_certain_and_costs_no_more_than_one() -> None:
    lattice = full_lattice(112, 36)
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert log_pattern_probability(lattice, "*" * 16, alphabet) == pytest.approx(0.0, abs=1e-6)
    spread = log_pattern_probability(lattice, "*" + "A*" * 15, alphabet)
    assert IMPOSSIBLE < spread < 0.0
    # What may stand anywhere before an end of a known length is no choice of sets.
    assert log_pattern_probability(lattice, "*A" + "?" * 30, alphabet) > IMPOSSIBLE
    assert log_pattern_probability(lattice, "*A" + "?" * 30 + "*", alphabet) > IMPOSSIBLE


def test_a_pattern_with_too_many_ways_is_refused_in_time() -> None:
    lattice = full_lattice(40, len(ALPHABET))
    with pytest.raises(ValueError, match="too many ways"):
        log_pattern_probability(lattice, "*A" + "?" * 25 + "B*", ALPHABET)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("A[B", "set"), ("A[]", "set"), ("A]", "before"), ("A" * 63, "62"), ("[", "set")],
)
def test_a_malformed_pattern_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        log_pattern_probability(full_lattice(3, 3), pattern, ALPHABET)


def test_an_alphabet_of_another_bank_is_refused() -> None:
    lattice = full_lattice(3, 3)
    for call in (log_probability, log_pattern_probability):
        with pytest.raises(ValueError, match="alphabet: expected the 3"):
            call(lattice, "A", "AB")


def wrong_lattices() -> list[Lattice]:
    good = full_lattice(4, 3)
    after, before = good.ends.copy(), good.starts.copy()
    after[2], before[1] = 5, -1
    return [
        replace(good, ends=after),
        replace(good, ends=good.starts),
        replace(good, starts=before),
        replace(good, starts=good.starts[:-1]),
        replace(good, scores=good.scores[:-1]),
        replace(good, scores=np.full_like(good.scores, np.nan)),
        replace(good, gaps=good.gaps[:2]),
        replace(good, gaps=np.full_like(good.gaps, np.inf)),
    ]


@pytest.mark.parametrize("lattice", wrong_lattices())
def test_a_lattice_that_does_not_fit_itself_is_refused(lattice: Lattice) -> None:
    for call, what in itertools.product(
        (log_probability, log_pattern_probability), ("", "A", "B8")
    ):
        with pytest.raises(ValueError, match="lattice: "):
            call(lattice, what, ALPHABET)


@pytest.mark.parametrize("lattice", wrong_lattices())
def test_a_search_through_a_lattice_that_does_not_fit_itself_is_refused(lattice: Lattice) -> None:
    with pytest.raises(ValueError, match="lattice: "):
        decode(lattice, ALPHABET, count=3, beam=8)
    with pytest.raises(ValueError, match="lattice: "):
        best_stretches(lattice, "A", ALPHABET)


def test_a_search_needs_posteriors_and_limits() -> None:
    good = full_lattice(4, 3)
    with pytest.raises(ValueError, match="posteriors"):
        decode(replace(good, posteriors=good.posteriors[:-1]), ALPHABET, count=3, beam=8)
    for limits in ({"count": 0, "beam": 8}, {"count": 3, "beam": 0}):
        with pytest.raises(ValueError, match="decode: "):
            decode(good, ALPHABET, **limits)
    with pytest.raises(ValueError, match="decode: "):
        decode(good, ALPHABET, count=3, beam=8, least=math.nan)
    with pytest.raises(TypeError):
        decode(replace(good, ends=good.ends.astype(np.int64)), ALPHABET, count=3, beam=8)
    with pytest.raises(ValueError, match="ends: expected 1-D"):
        decode(replace(good, ends=good.ends[:, None]), ALPHABET, count=3, beam=8)


def test_a_character_is_followed_by_its_own_probability_and_its_stretchs() -> None:
    scores = np.log(np.array([[0.9, 0.1, 1e-9]], np.float32))
    lattice = Lattice(
        np.zeros(1, np.int32), np.ones(1, np.int32), scores, np.zeros((1, 3), np.int32),
        np.ones(1, np.float32), np.full(1, -20, np.float32), 0.0,
    )  # fmt: skip

    def texts(posterior: float, least: float) -> list[str]:
        seen = replace(lattice, posteriors=np.array([posterior], np.float32))
        return [text for text, _ in decode(seen, ALPHABET, count=9, beam=9, least=least)]

    assert texts(1.0, 0.05) == ["A", "B", ""]
    assert texts(0.6, 0.05) == ["A", "B", ""]
    assert texts(0.4, 0.05) == ["A", ""]
    assert texts(0.01, 0.05) == [""]


def test_classes_and_sets_of_other_sizes_are_refused() -> None:
    good = full_lattice(4, 3)
    arrays = (good.starts, good.ends, good.scores, good.gaps, good.log_total)
    with pytest.raises(ValueError, match="text: "):
        _native.log_probability(*arrays, np.array([3], np.int32))
    with pytest.raises(ValueError, match="text: "):
        _native.log_probability(*arrays, np.array([[0]], np.int32))
    with pytest.raises(ValueError, match="pattern: "):
        _native.log_pattern_probability(*arrays, np.ones((2, 3), np.uint8), np.ones(2, np.uint8))
    with pytest.raises(ValueError, match="pattern: "):
        _native.log_pattern_probability(*arrays, np.ones((0, 3), np.uint8), np.ones(0, np.uint8))
