# SPDX-License-Identifier: Apache-2.0
"""Two recognizers on the same plates: what one reads and the other does not."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paired:
    """The same plates, each read right or wrong by two.

    Attributes
    ----------
    both, first_only, second_only, neither
        How many are read right by whom.
    """

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def number(self) -> int:
        """How many plates there are."""
        return self.both + self.first_only + self.second_only + self.neither

    def p_value(self) -> float:
        """Return how often chance alone makes a difference this large or larger.

        Notes
        -----
        McNemar's test in its exact form, two-sided: of the plates that only one reads right, each
        is as likely the one's as the other's. Q. McNemar, "Note on the sampling error of the
        difference between correlated proportions or percentages", Psychometrika 12 (1947),
        153-157.
        """
        split, less = self.first_only + self.second_only, min(self.first_only, self.second_only)
        tail = sum(math.comb(split, k) for k in range(less + 1))
        whole: int = 2**split
        return min(1.0, 2 * tail / whole)

    def difference(self, z: float = 1.96) -> tuple[float, float, float]:
        """Return the first's share less the second's, and its 95 % interval for the default `z`.

        Notes
        -----
        Wald's interval after half a plate is added to each of the four counts. A. Agresti, Y. Min,
        "Simple improved confidence intervals for comparing matched proportions", Statistics in
        Medicine 24 (2005), 729-740.
        """
        if not self.number:
            return 0.0, -1.0, 1.0
        number, one, other = self.number + 2, self.first_only + 0.5, self.second_only + 0.5
        middle = (one - other) / number
        half = z * math.sqrt(max(0.0, one + other - (one - other) ** 2 / number)) / number
        share = (self.first_only - self.second_only) / self.number
        return share, max(-1.0, middle - half), min(1.0, middle + half)
