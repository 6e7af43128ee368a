# SPDX-License-Identifier: Apache-2.0
"""Exact assignment of a few rows to columns at the lowest cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

IMPOSSIBLE = math.inf
_FORBIDDEN = 1e9  # stands for `IMPOSSIBLE` inside; above any sum of possible costs


def assigned(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return (row, column) pairs of the cheapest assignment, rows ascending.

    Parameters
    ----------
    costs
        ``costs[row][column]``, at least 0; `IMPOSSIBLE` pairs are never made, and as many possible
        ones as there can be.

    Notes
    -----
    The Hungarian method with potentials (Kuhn 1955; Jonker and Volgenant 1987), O(rows^2 columns).
    A scene has one to six plates; SciPy, which has the same, would be the largest dependency.
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        pairs = assigned([list(column) for column in zip(*costs, strict=True)])
        return sorted((row, column) for column, row in pairs)
    matched = _matched([[min(cost, _FORBIDDEN) for cost in row] for row in costs])
    pairs = [(row, column) for column, row in enumerate(matched) if row >= 0]
    return sorted((row, column) for row, column in pairs if costs[row][column] < _FORBIDDEN)


def _matched(costs: list[list[float]]) -> list[int]:
    """Return the row of each column, -1 for none; rows are at most as many as columns."""
    rows, columns = len(costs), len(costs[0])
    row_potential, column_potential = [0.0] * (rows + 1), [0.0] * (columns + 1)
    match, way = [rows] * (columns + 1), [0] * (columns + 1)  # column `columns` is the root
    for row in range(rows):
        match[columns] = row
        column = columns
        slack, done = [math.inf] * columns, [False] * (columns + 1)
        while match[column] != rows:
            done[column] = True
            here, nearest, step = match[column], -1, math.inf
            for other in range(columns):
                if done[other]:
                    continue
                value = costs[here][other] - row_potential[here] - column_potential[other]
                if value < slack[other]:
                    slack[other], way[other] = value, column
                if slack[other] < step:
                    step, nearest = slack[other], other
            for other in range(columns + 1):
                if done[other]:
                    row_potential[match[other]] += step
                    column_potential[other] -= step
                elif other < columns:
                    slack[other] -= step
            column = nearest
        while column != columns:
            match[column] = match[way[column]]
            column = way[column]
    return [-1 if row == rows else row for row in match[:columns]]
