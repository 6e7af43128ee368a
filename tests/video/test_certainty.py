# SPDX-License-Identifier: Apache-2.0
"""Stated confidence of rows: more with more support, in the same order, never above one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprcore.ranking.rank import Ranking
from alprcore.records import Candidate
from alprcore.training.certainty import Row, calibration, crossed, fit, log_loss
from alprcore.video.certainty import (
    AS_SHARED,
    FITTED,
    CertaintyWeights,
    certain,
    certainty,
    support_of,
)
from alprcore.video.fuse import FrameEvidence

TEXTS = ["OAB12", "0AB12", "0A812", "QAB12", "AB12", "0AB1"]


def frame(*texts: tuple[str, float], lines: bool = True) -> FrameEvidence:
    return FrameEvidence((None,) if lines else (), texts, "", 0.0)  # type: ignore[arg-type]


def ranking_of(shares: list[float], topn: int = 10) -> Ranking:
    pairs = tuple(zip(TEXTS, sorted(shares, reverse=True), strict=False))
    candidates = tuple(Candidate(text, share, True) for text, share in pairs[:topn])
    return Ranking(candidates, "us", "", 0, pairs)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6),
    st.floats(0.0, 0.99),
    st.floats(0.0, 30.0),
    st.booleans(),
    st.integers(1, 6),
)
@settings(deadline=None)
def test_order_stays_and_all_are_a_share_of_one(parts, listed, support, well_formed, topn):
    total = sum(parts)
    ranking = ranking_of([listed * part / total if total else 0.0 for part in parts], topn)
    found = certain(ranking, [frame(("0AB12", support))], well_formed=well_formed)
    assert [text for text, _ in found.shares] == [text for text, _ in ranking.shares]
    values = [share for _, share in found.shares]
    assert values == sorted(values, reverse=True)
    assert all(0.0 <= value <= 1.0 for value in values)
    assert sum(values) <= 1.0 + 1e-9
    assert [c.confidence for c in found.candidates] == values[:topn]


def test_lookalikes_have_the_certainty_together():
    ranking = ranking_of([0.4, 0.3, 0.1])
    found = certain(ranking, [frame(("0AB12", 0.8))], well_formed=True)
    whole = certainty(0.7, 0.8, well_formed=True)
    assert found.shares[0][1] + found.shares[1][1] == pytest.approx(whole)
    assert found.shares[0][1] / found.shares[1][1] == pytest.approx(4 / 3)


def test_more_frames_a_format_and_a_greater_share_are_surer():
    plain = certainty(0.5, 1.0, well_formed=False)
    assert certainty(0.5, 4.0, well_formed=False) > plain
    assert certainty(0.5, 1.0, well_formed=True) > plain
    assert certainty(0.6, 1.0, well_formed=False) > plain
    assert certainty(1.0, 30.0, well_formed=True) <= 1.0 - FITTED.alike


def test_support_is_of_frames_with_lines_and_of_lookalikes():
    frames = [
        frame(("OAB12", 0.5), ("0AB12", 0.2), ("AB12", 0.1)),
        frame(("0A\nB12", 0.1)),
        frame(("0AB12", 0.9), lines=False),
    ]
    assert support_of(frames, "0AB12") == pytest.approx(0.8)


def test_no_text_stays_none_and_plain_weights_change_nothing():
    empty = Ranking((), "", "")
    assert certain(empty, [], well_formed=False) is empty
    ranking = ranking_of([0.4, 0.3, 0.1])
    same = certain(ranking, [], well_formed=False, weights=AS_SHARED)
    assert [s for _, s in same.shares] == pytest.approx([s for _, s in ranking.shares])


def drawn(count: int, truth: CertaintyWeights) -> list[Row]:
    rng = np.random.default_rng(3)
    rows = []
    for i in range(count):
        share, support, formed = rng.random(), 8 * rng.random(), bool(rng.random() < 0.7)
        sure = certainty(share, support, well_formed=formed, weights=truth)
        rows.append(Row(f"AB{i % 97}", share, support, formed, bool(rng.random() < sure)))
    return rows


def test_the_fit_finds_the_weights_that_rows_were_drawn_with():
    truth = CertaintyWeights(-0.5, 1.0, 0.8, 0.7, 0.04)
    rows = drawn(3000, truth)
    found = fit(rows)
    assert log_loss(rows, found) <= log_loss(rows, truth) + 1e-3
    for name in ("base", "well_formed", "support", "share"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), abs=0.3)


def test_rows_measured_by_other_plates_are_calibrated():
    rows = drawn(600, CertaintyWeights(-0.5, 1.0, 0.8, 0.7, 0.04))
    error, chance = calibration(crossed(rows), np.array([row.is_right for row in rows]))
    assert error < 2 * chance
