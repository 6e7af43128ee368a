# SPDX-License-Identifier: Apache-2.0
"""Texts scored in lattices with errors, against adding up every path; and frames fused."""

from __future__ import annotations

import itertools
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprcore.reading.decode import log_probability
from alprcore.reading.match import Lattice
from alprcore.video.channel import EXACT, IMPOSSIBLE, Channel, line_evidence, line_log_sums
from alprcore.video.fuse import FITTED, FrameEvidence, fuse, pool, quality_of

ALPHABET = "ABC"


def lattice_of(columns: int, stretches: list[tuple[int, int]], seed: int) -> Lattice:
    rng = np.random.default_rng(seed)
    kept = sorted({(s, min(e, columns)) for s, e in stretches if s < min(e, columns)})
    scores = rng.normal(0, 2, (len(kept), len(ALPHABET))).astype(np.float32)
    gaps = rng.normal(-1, 1, columns).astype(np.float32)
    starts, ends = (np.array([s[i] for s in kept], np.int32) for i in (0, 1))
    empty = Lattice(
        starts,
        ends,
        scores,
        np.zeros_like(scores, np.int32),
        np.ones(len(kept), np.float32),
        gaps,
        0.0,
    )
    total = math.log(sum(math.exp(value) for _, _, value in paths(empty)))
    return replace(empty, log_total=total)


def paths(lattice: Lattice) -> list[tuple[str, tuple[int, ...], float]]:
    """Every path: its text, the stretches, and its score."""
    done: list[tuple[str, tuple[int, ...], float]] = []

    def go(column: int, text: str, used: tuple[int, ...], score: float) -> None:
        if column == len(lattice.gaps):
            done.append((text, used, score))
            return
        go(column + 1, text, used, score + float(lattice.gaps[column]))
        for i in np.flatnonzero(lattice.starts == column):
            for c, character in enumerate(ALPHABET):
                value = score + float(lattice.scores[i, c])
                go(int(lattice.ends[i]), text + character, (*used, int(i)), value)

    go(0, "", (), 0.0)
    return done


def weight_of(read: str, text: str, channel: Channel) -> float:
    """Sum over all alignments of a text with what is read: each character lost, right or mistaken,
    each read one of a character or stray; what is lost is lost after the last one that was read."""
    shown = (1 - channel.mistaken) * (1 - channel.lost)
    any_of = channel.mistaken * (1 - channel.lost) / len(ALPHABET)
    total = 0.0
    for count in range(min(len(read), len(text)) + 1):
        for mine in itertools.combinations(range(len(read)), count):
            for theirs in itertools.combinations(range(len(text)), count):
                pairs = zip(mine, theirs, strict=True)
                matched = math.prod(shown * (read[i] == text[j]) + any_of for i, j in pairs)
                # A lost run may stand before or behind stray ones: the sum keeps one order of them
                # only if nothing stray is between; count the places.
                total += matched * places(mine, theirs, len(read), len(text), channel)
    return total


def places(mine, theirs, read: int, text: int, channel: Channel) -> float:
    """The weight of all orders of stray and lost ones between the matched ones.

    Every read character, stray or matched, may be followed by a run of lost ones: between two
    matched ones with s stray and l lost there are ``C(l + s, s)`` ways to spread the lost ones.
    """
    total = 1.0
    edges = zip((-1, *mine), (-1, *theirs), (*mine, read), (*theirs, text), strict=True)
    for i, j, to_i, to_j in edges:
        stray, lost = to_i - i - 1, to_j - j - 1
        total *= channel.stray**stray * channel.lost**lost * math.comb(lost + stray, stray)
    return total


LATTICES = st.builds(
    lattice_of,
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=5),
    st.integers(0, 1000),
).filter(lambda lattice: len(lattice.starts) > 0)
TEXTS = st.text(ALPHABET, max_size=3)


@given(LATTICES, TEXTS)
@settings(deadline=None)
def test_without_errors_it_is_the_exact_probability(lattice, text):
    (value,) = line_log_sums(line_evidence(lattice), [text], ALPHABET, EXACT)
    want = log_probability(lattice, text, ALPHABET)
    assert value == (IMPOSSIBLE if want == -math.inf else pytest.approx(want, abs=1e-5))


@given(LATTICES, TEXTS, st.tuples(*[st.sampled_from([0.0, 0.05, 0.3])] * 3))
@settings(deadline=None, max_examples=60)
def test_with_errors_it_is_the_sum_over_paths_and_alignments(lattice, text, shares):
    channel = Channel(*shares)
    (value,) = line_log_sums(line_evidence(lattice), [text], ALPHABET, channel)
    total = sum(
        math.exp(score - lattice.log_total) * weight_of(read, text, channel)
        for read, _, score in paths(lattice)
    )
    if total > 1e-12:
        assert value == pytest.approx(math.log(total), abs=1e-4)


def test_a_character_outside_the_alphabet_is_impossible():
    lattice = lattice_of(3, [(0, 1), (1, 3)], 1)
    values = line_log_sums(line_evidence(lattice), ["A", "Ä"], ALPHABET, Channel(0.1, 0.1, 0.1))
    assert values[0] > IMPOSSIBLE / 2
    assert values[1] == IMPOSSIBLE


def reads(text: str, sure: float = 3.0, quality: float = 0.0) -> FrameEvidence:
    """A frame that reads a text, each character `sure` above the others."""
    letters = sorted(set("ABCDEFGH123456"))
    alphabet = "".join(letters)
    n = len(text)
    starts = np.arange(n, dtype=np.int32)
    scores = np.full((n, len(alphabet)), -sure, np.float32)
    for i, character in enumerate(text):
        scores[i, alphabet.index(character)] = sure
    gaps = np.full(n, -sure, np.float32)
    empty = Lattice(
        starts,
        starts + 1,
        scores,
        np.zeros_like(scores, np.int32),
        np.ones(n, np.float32),
        gaps,
        0.0,
    )
    per = np.logaddexp.reduce(np.concatenate([scores, gaps[:, None]], axis=1), axis=1)
    lattice = replace(empty, log_total=float(per.sum()))
    exact = math.exp(log_probability(lattice, text, alphabet))
    return FrameEvidence((line_evidence(lattice),), ((text, exact),), alphabet, quality)


def test_frames_that_agree_are_surer_than_one():
    one, three = (fuse([reads("ABC123", 2.5)] * n).texts[0] for n in (1, 3))
    assert one[0] == three[0] == "ABC123"
    assert three[1] > one[1]


def test_a_frame_that_shows_something_else_does_not_decide():
    texts = fuse([reads("ABC123")] * 3 + [reads("H6", 4.0)]).texts
    assert texts[0][0] == "ABC123"
    assert texts[0][1] > 0.5


def test_blurred_frames_that_lose_a_character_do_not_outvote_a_sharp_one():
    frames = [reads("ABC13", 1.5)] * 3 + [reads("ABC123", 4.0)] * 2
    assert fuse(frames).texts[0][0] == "ABC123"


def test_probabilities_are_a_share_of_one_and_in_order():
    texts = fuse([reads("ABC123"), reads("ABC126", 1.0), reads("A8C123".replace("8", "B"))]).texts
    values = [value for _, value in texts]
    assert values == sorted(values, reverse=True)
    assert 0 < sum(values) <= 1 + 1e-9


def test_the_order_of_frames_does_not_matter():
    frames = [reads("ABC123"), reads("ABC13", 1.0), reads("ABD123", 0.8)]
    assert dict(fuse(frames).texts) == pytest.approx(dict(fuse(frames[::-1]).texts))


def test_a_line_too_few_and_one_too_many_are_errors_not_impossible():
    upper, lower = reads("ABC"), reads("123")
    both = FrameEvidence((*upper.lines, *lower.lines), (("ABC\n123", 0.9),), upper.alphabet, 0.0)
    texts = fuse([both, both, lower]).texts
    assert texts[0][0] == "ABC\n123"


def test_nothing_read_is_no_text():
    assert fuse([]).texts == ()
    assert fuse([FrameEvidence((), (), ALPHABET, 0.0)]).texts == ()


def test_the_pool_has_the_most_probable_texts_first():
    assert pool([reads("ABC123"), reads("ABC126", 1.0)]) == ["ABC123", "ABC126"]


def test_quality_is_in_octaves_of_the_height():
    assert [quality_of(h) for h in (12, 24, 6, 1, 500)] == [0, 1, -1, -2, 2]


def test_what_is_fused_can_be_pickled():
    frame = pickle.loads(pickle.dumps(reads("ABC123")))
    assert fuse([frame], FITTED).texts == fuse([reads("ABC123")]).texts
