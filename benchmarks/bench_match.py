# SPDX-License-Identifier: Apache-2.0
"""Template matching beside OpenCV's and scikit-image's, per comparison with one template.

``python -m pytest benchmarks/bench_match.py``. Each group is one line image and one bank; the extra
column ``ns_per_comparison`` is what to compare. The two others slide glyph-sized pictures over the
line by normalised correlation; ours scores every stretch of every width by learned features and
also sums over all segmentations.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.feature import match_template

from alprcore.reading.bank import Bank, parse_bank
from alprcore.resources import bank_bytes

Line = NDArray[np.float32]
WIDTHS = range(2, 17)
COLUMNS = 60


@pytest.fixture(scope="module")
def bank() -> Bank:
    """Return the shipped bank."""
    return parse_bank(bank_bytes("latin.npz"))


@pytest.fixture(scope="module")
def line() -> Line:
    """Return a line image of bars and noise, 60 columns long."""
    rng = np.random.default_rng(1)
    picture = rng.normal(0, 0.3, (32, 2 * COLUMNS)).astype(np.float32)
    for x in range(8, 2 * COLUMNS - 8, 14):
        picture[4:-4, x : x + 4] -= 1.5
    return picture


def resized_portraits(bank: Bank) -> list[list[Line]]:
    """Return the portraits of all templates at each width, in line pixels."""
    return [
        [cv2.resize(p, (2 * w, 24)).astype(np.float32) for p in bank.portraits[:8]] for w in WIDTHS
    ]


def note(benchmark: Any, comparisons: int) -> None:
    """Record the time of one comparison."""
    if benchmark.stats:
        benchmark.extra_info["ns_per_comparison"] = round(
            1e9 * benchmark.stats["median"] / comparisons, 1
        )


@pytest.mark.benchmark(group="match")
def bench_alprcore(benchmark: Any, bank: Bank, line: Line) -> None:
    """Every stretch against every template, and the lattice."""
    starts, ends, _, _, posteriors, _, _ = benchmark(bank.templates.match, line, 1e-4)
    note(benchmark, sum(COLUMNS - w + 1 for w in WIDTHS) * len(bank.portraits))
    covered = np.zeros(COLUMNS)
    for start, end, posterior in zip(starts, ends, posteriors, strict=True):
        covered[start:end] += posterior
    bars = np.arange(4, COLUMNS - 4, 7)
    assert covered[bars].min() > 0.7  # a character at every bar
    assert covered[bars + 3].max() < 0.1  # none between them


@pytest.mark.benchmark(group="match")
def bench_opencv(benchmark: Any, bank: Bank, line: Line) -> None:
    """``cv2.matchTemplate``, normalised correlation, eight templates of each width."""
    cv2.setNumThreads(1)
    strip, pictures = line[4:-4], resized_portraits(bank)

    def slide() -> int:
        return sum(
            cv2.matchTemplate(strip, p, cv2.TM_CCOEFF_NORMED).size
            for group in pictures
            for p in group
        )

    note(benchmark, benchmark(slide))


@pytest.mark.benchmark(group="match")
def bench_skimage(benchmark: Any, bank: Bank, line: Line) -> None:
    """``skimage.feature.match_template``, eight templates of each width."""
    strip, pictures = line[4:-4], resized_portraits(bank)

    def slide() -> int:
        return sum(match_template(strip, p).size for group in pictures for p in group)

    note(benchmark, benchmark(slide))
