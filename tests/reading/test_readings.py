# SPDX-License-Identifier: Apache-2.0
"""Texts out of a lattice, against an enumeration of all of its paths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from alprcore.reading.decode import best_stretches, decode
from alprcore.reading.glyphs import slot_distributions
from alprcore.reading.match import Lattice

ALPHABET = "ABC"
EVERYTHING = 10_000


def random_lattice(seed: int, columns: int = 8) -> Lattice:
    """Return every stretch of 2-3 columns with random scores, and its true posteriors."""
    rng = np.random.default_rng(seed)
    pairs = [(s, s + w) for s in range(columns) for w in (2, 3) if s + w <= columns]
    starts, ends = (np.array(side, np.int32) for side in zip(*pairs, strict=True))
    scores = rng.normal(0, 2, (len(pairs), len(ALPHABET))).astype(np.float32)
    gaps = rng.normal(0, 1, columns).astype(np.float32)
    bare = Lattice(
        starts, ends, scores, np.zeros_like(scores, np.int32), np.zeros(0, np.float32), gaps, 0.0
    )
    total, posteriors = path_sums(bare)
    return Lattice(starts, ends, scores, bare.templates, posteriors, gaps, total)


def paths(lattice: Lattice, at: int = 0) -> list[tuple[str, tuple[int, ...], float]]:
    """Return every path from column `at` on: its text, its stretches and its score."""
    if at == len(lattice.gaps):
        return [("", (), 0.0)]
    found = [
        (text, used, score + float(lattice.gaps[at]))
        for text, used, score in paths(lattice, at + 1)
    ]
    for k in np.flatnonzero(lattice.starts == at):
        for text, used, score in paths(lattice, int(lattice.ends[k])):
            for c, letter in enumerate(ALPHABET):
                found.append((letter + text, (int(k), *used), score + float(lattice.scores[k, c])))
    return found


def path_sums(lattice: Lattice) -> tuple[float, NDArray[np.float32]]:
    """Return the log-sum over all paths and each stretch's share of it."""
    every = paths(lattice)
    total = math.log(sum(math.exp(score) for _, _, score in every))
    shares = np.zeros(len(lattice.starts))
    for _, used, score in every:
        for k in used:
            shares[k] += math.exp(score - total)
    return total, shares.astype(np.float32)


def spelt(
    lattice: Lattice, count: int, beam: int = EVERYTHING, least: float = 0.0
) -> list[tuple[str, float]]:
    return list(decode(lattice, ALPHABET, count=count, beam=beam, least=least))


@pytest.mark.parametrize("seed", range(5))
def test_probabilities_are_sums_over_segmentations(seed: int) -> None:
    lattice = random_lattice(seed)
    expected: dict[str, float] = {}
    for text, _, score in paths(lattice):
        expected[text] = expected.get(text, 0.0) + math.exp(score - lattice.log_total)
    got = dict(spelt(lattice, EVERYTHING))
    assert set(got) == set(expected)
    for text, value in got.items():
        assert math.exp(value) == pytest.approx(expected[text], rel=1e-4)
    assert sum(math.exp(value) for value in got.values()) == pytest.approx(1.0, rel=1e-4)


def test_texts_are_ordered_and_counted() -> None:
    lattice = random_lattice(7)
    every = spelt(lattice, EVERYTHING)
    assert [value for _, value in every] == sorted((value for _, value in every), reverse=True)
    assert spelt(lattice, 5) == every[:5]
    assert len({text for text, _ in every}) == len(every)


def test_a_beam_of_32_finds_the_best_ten() -> None:
    lattice = random_lattice(8)
    exact, beamed = spelt(lattice, 10), spelt(lattice, 10, beam=32)
    assert [text for text, _ in beamed][:5] == [text for text, _ in exact][:5]


@pytest.mark.parametrize("seed", range(3))
def test_best_stretches_are_the_best_path_of_the_text(seed: int) -> None:
    lattice = random_lattice(seed)
    for text in ("AB", "CCC", "B"):
        best = max((p for p in paths(lattice) if p[0] == text), key=lambda p: p[2])
        assert tuple(best_stretches(lattice, text, ALPHABET)) == best[1]


def test_a_text_without_a_path_has_no_stretches() -> None:
    lattice = random_lattice(1, columns=4)
    assert best_stretches(lattice, "AAA", ALPHABET) == []


def test_slots_are_distributions() -> None:
    lattice = random_lattice(3)
    shares = slot_distributions(lattice, list(range(len(lattice.starts))))
    assert shares.shape == (len(lattice.starts), len(ALPHABET))
    assert (shares >= 0).all()
    assert (shares.sum(axis=1) <= 1.0 + 1e-6).all()


def test_texts_too_long_to_hold_are_left_out() -> None:
    columns = 60
    starts = np.arange(0, columns, 2, dtype=np.int32)
    ends = starts + np.int32(2)
    scores = np.full((len(starts), 36), -20.0, np.float32)
    scores[:, 10] = 5.0
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    lattice = Lattice(
        starts, ends, scores, np.zeros_like(scores, np.int32), np.ones(len(starts), np.float32),
        np.zeros(columns, np.float32), 0.0,
    )  # fmt: skip
    got = decode(lattice, alphabet, count=3, beam=32)
    assert all(len(text) <= 13 for text, _ in got)


def test_stretches_are_one_slot_when_they_share_more_than_half() -> None:
    """Of the first, the second shares 0.5 of their union, the third 0.6; the last stands apart."""
    starts, ends = np.array([[0, 10], [5, 10], [0, 6], [12, 20]], np.int32).T
    scores = np.full((4, 3), -40.0, np.float32)  # each is one letter for certain
    scores[[0, 1, 2, 3], [0, 1, 2, 0]] = 0.0
    posteriors = np.array([0.5, 0.25, 0.125, 1.0], np.float32)
    lattice = Lattice(
        starts, ends, scores, np.zeros_like(scores, np.int32), posteriors, np.zeros(20), 0.0
    )
    found = slot_distributions(lattice, [0, 3])
    assert found == pytest.approx(np.array([[0.5, 0.0, 0.125], [1.0, 0.0, 0.0]]))


def test_a_character_is_followed_from_its_probability_on() -> None:
    """A stretch that is hardly there: its characters are less probable than their share of it."""
    starts, ends = np.array([[0, 2]], np.int32).T
    scores = np.log(np.array([[0.6, 0.3, 0.1]], np.float32))
    for posterior, least, letters in (
        (1.0, 0.2, ["A", "B"]),
        (0.5, 0.2, ["A"]),
        (0.5, 0.14, ["A", "B"]),
        (0.01, 0.2, []),
    ):
        lattice = Lattice(
            starts,
            ends,
            scores,
            np.zeros_like(scores, np.int32),
            np.array([posterior], np.float32),
            np.zeros(2, np.float32),
            0.0,
        )
        assert sorted(text for text, _ in spelt(lattice, 9, least=least) if text) == letters
