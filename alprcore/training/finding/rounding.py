# SPDX-License-Identifier: Apache-2.0
"""Numbers of a network to whole numbers: scales for what flows, rounding for the weights.

Weights get seven bits, -63 to 63. Processors without instructions for eight bits add two products
of an unsigned byte and a weight in 16 bits with a sign: 2 * 255 * 63 = 32,130 fits, so that no sum
saturates and all processors get the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LARGEST_WEIGHT = 63
LARGEST_VALUE = 255
# Errors count by this power. Large values are rare and make the plates: with the square they are
# cut off, and logits of training photographs are off by 0.11 in place of 0.05 (root mean square).
ERROR_POWER = 3.0
FINEST, COARSEST = -7, -2  # powers of two that a scale may have
STEPS = 8  # scales tried between two powers of two
OFFSETS = range(64, 193, 4)  # tried for what has negative values
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)  # of the largest weight that is not cut off
DAMPING = 0.01

Real = NDArray[np.float64]


@dataclass(slots=True)
class Spread:
    """How often a tensor has which value."""

    limit: float = 40.0
    counts: Real = field(default_factory=lambda: np.zeros(20_000))

    def add(self, values: NDArray[np.float32]) -> None:
        """Count some more values."""
        edges = np.linspace(-self.limit, self.limit, len(self.counts) + 1)
        inside = np.clip(values, edges[1], edges[-2])
        self.counts += np.histogram(inside, edges)[0]

    def values(self) -> tuple[Real, Real]:
        """Return the values that occur, and how often each does."""
        step = 2 * self.limit / len(self.counts)
        middles = np.asarray((np.arange(len(self.counts)) + 0.5) * step - self.limit, np.float64)
        seen = self.counts > 0
        return middles[seen], self.counts[seen]


@dataclass(frozen=True, slots=True)
class Scale:
    """A tensor's bytes: ``value = unit * (byte - offset)``."""

    unit: np.float32
    offset: int


def scales_for(spreads: Sequence[Spread]) -> list[Scale]:
    """Return the scales of tensors that are added to one another.

    Their units are powers of two of one another, so that the terms of a sum are exact in 32-bit
    floats and it is the same with a fused multiply-add and without.
    """
    choices = [_best_of_all(spreads, 2.0 ** (step / STEPS)) for step in range(STEPS)]
    return min(choices, key=lambda choice: choice[0])[1]


def _best_of_all(spreads: Sequence[Spread], base: float) -> tuple[float, list[Scale]]:
    """Return the error, and the best scale of each tensor, a power of two times `base`."""
    found = [_best_scale(spread, base) for spread in spreads]
    return sum(error for error, _ in found), [scale for _, scale in found]


def _best_scale(spread: Spread, base: float) -> tuple[float, Scale]:
    """Return the error of a tensor, as a share of its values, and its scale."""
    values, counts = spread.values()
    offsets = OFFSETS if values.min() < -0.01 else (0,)
    whole = max(float((np.abs(values) ** ERROR_POWER * counts).sum()), 1e-9)
    best = (np.inf, Scale(np.float32(1), 0))
    for power in range(FINEST, COARSEST + 1):
        unit = np.float32(base) * np.float32(2.0**power)
        steps = np.round(values / unit)
        for offset in offsets:
            back = unit * np.clip(steps, -offset, LARGEST_VALUE - offset)
            error = float((np.abs(back - values) ** ERROR_POWER * counts).sum()) / whole
            best = min(best, (error, Scale(unit, offset)), key=lambda pair: pair[0])
    return best


def rounded(
    weights: Real, moments: Real, least: Real | float = 1e-8
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the weights as whole numbers and the unit of each row.

    Parameters
    ----------
    weights : (n, k) array
        A row for each channel that comes out.
    moments : (k, k) array
        Mean products of what the weights are multiplied with. What rounding one weight adds to the
        sum is taken from the weights after it, as far as their inputs go along with its own;
        neighbouring pixels do. Rounded each by itself, those of the first layer alone put logits
        off by 0.05; so, by 0.007.
    least : (n,) array, optional
        What the units are at least.
    """
    mean = max(float(np.mean(np.diag(moments))), 1e-9)  # 0 where a channel is never used
    damped = moments + DAMPING * mean * np.eye(len(moments))
    factor = np.linalg.cholesky(np.linalg.inv(damped)).T
    best_error, best, units = (
        np.full(len(weights), np.inf),
        np.zeros_like(weights),
        np.ones(len(weights)),
    )
    for share in SHARES:
        unit = np.maximum(np.abs(weights).max(axis=1) * share / LARGEST_WEIGHT, least)
        unit = unit.astype(np.float32).astype(np.float64)
        whole = _passed_on(weights, unit, factor)
        left = weights - whole * unit[:, None]
        error = np.einsum("ok,kl,ol->o", left, moments, left)
        better = error < best_error
        best_error[better], best[better], units[better] = error[better], whole[better], unit[better]
    return best.astype(np.int8), units.astype(np.float32)


def _passed_on(weights: Real, unit: Real, factor: Real) -> Real:
    """Return whole numbers for the weights, the error of each passed on to those after it."""
    left, whole = weights.copy(), np.zeros_like(weights)
    for place in range(weights.shape[1]):
        steps = np.round(left[:, place] / unit)
        whole[:, place] = np.clip(steps, -LARGEST_WEIGHT, LARGEST_WEIGHT)
        error = (left[:, place] - whole[:, place] * unit) / factor[place, place]
        left[:, place + 1 :] -= error[:, None] * factor[place, place + 1 :]
    return whole
