# SPDX-License-Identifier: Apache-2.0
"""Assignment against trying every permutation."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alprcore.video.assign import IMPOSSIBLE, assigned

COST = st.one_of(st.floats(0, 100), st.integers(0, 3).map(float), st.just(IMPOSSIBLE))
TABLES = st.integers(1, 5).flatmap(
    lambda columns: st.lists(
        st.lists(COST, min_size=columns, max_size=columns), min_size=1, max_size=5
    )
)


def by_trying(costs: list[list[float]]) -> tuple[int, float]:
    """The most possible pairs and their least cost."""
    rows, columns = len(costs), len(costs[0])
    best = (0, 0.0)
    for size in range(1, min(rows, columns) + 1):
        for chosen in itertools.combinations(range(rows), size):
            for others in itertools.permutations(range(columns), size):
                total = sum(costs[r][c] for r, c in zip(chosen, others, strict=True))
                if math.isfinite(total) and (best[0] < size or total < best[1]):
                    best = (size, total)
    return best


@given(TABLES)
def test_no_other_assignment_is_cheaper_or_has_more_pairs(costs):
    pairs = assigned(costs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    count, total = by_trying(costs)
    assert len(pairs) == count
    assert sum(costs[row][column] for row, column in pairs) == pytest.approx(total, abs=1e-5)


@pytest.mark.parametrize("costs", [[], [[]], [[], []]])
def test_nothing_is_assigned_to_nothing(costs):
    assert assigned(costs) == []
