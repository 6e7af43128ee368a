# SPDX-License-Identifier: Apache-2.0
"""Segmentation: text lines, line images and stretches, each against its definition in NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alprcore import _native

ROWS = 48  # a crop of so many rows is not resized before its profiles are taken
Floats = NDArray[np.float64]


def edges(crop: NDArray[np.uint8]) -> Floats:
    """Horizontal differences, clipped at their 90th percentile, tapered at the sides."""
    grey = crop.astype(np.float64)
    found = np.zeros_like(grey)
    found[:, 1:-1] = np.abs(grey[:, 2:] - grey[:, :-2])
    inner = np.sort(found[:, 1:-1].ravel())
    clip = max(inner[int(np.float32(0.9) * np.float32(inner.size - 1))], 1.0)
    columns = np.arange(crop.shape[1])
    from_side = np.minimum(columns, crop.shape[1] - 1 - columns) / crop.shape[1]
    return np.minimum(1.0, 0.25 + 6.0 * from_side) * np.minimum(found, clip) / clip


def profile(found: Floats, slope: float) -> Floats:
    """Mean edge along lines of a slope, by their row in the middle column."""
    rows, columns = found.shape
    shifts = [round_half_away(slope * (x + 0.5 - columns / 2)) for x in range(columns)]
    means = []
    for y in range(rows):
        inside = [found[y + s, x] for x, s in enumerate(shifts) if 0 <= y + s < rows]
        means.append(sum(inside) / len(inside) if inside else 0.0)
    return np.array(means)


def round_half_away(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def bands(means: Floats) -> Iterator[tuple[int, int, float]]:
    """Every band of nine rows or more and its contrast."""
    for top in range(ROWS - 8):
        for bottom in range(top + 9, ROWS + 1):
            strip = max(2, (bottom - top) // 7)
            inside = means[top:bottom].mean()
            above = means[max(0, top - strip) : top].mean() if top else inside / 2
            below = means[bottom : bottom + strip].mean() if bottom < ROWS else inside / 2
            rim = min(means[top : top + 2].mean(), means[bottom - 2 : bottom].mean())
            contrast = inside - (above + below) / 2 + (rim - inside) / 2
            yield top, bottom, contrast * math.sqrt((bottom - top) / ROWS)


def best_band(crop: NDArray[np.uint8], steepest: float) -> tuple[float, float, float, float]:
    """Top and bottom at the left side, slope and score of the band of the highest score."""
    found, columns = edges(crop), crop.shape[1]
    reach = math.ceil(np.float32(steepest) / np.float32(0.02))
    every = []
    for k in range(-reach, reach + 1):
        share = k / reach if reach else 0.0
        slope = steepest * share
        for top, bottom, score in bands(profile(found, slope)):
            left = -slope * columns / 2
            every.append((score * (1 - share**2 / 4), top + left, bottom + left, slope))
    score, top, bottom, slope = max(every, key=lambda band: band[0])
    return top, bottom, slope, score


def striped(columns: int, top: int, bottom: int, slope: float, seed: int) -> NDArray[np.uint8]:
    """Noise with strokes in a band."""
    rng = np.random.default_rng(seed)
    crop = rng.integers(150, 190, (ROWS, columns)).astype(np.uint8)
    for x in range(10, columns - 12, 8):
        for y in range(top, bottom):
            row = y + round_half_away(slope * (x - columns / 2))
            if 0 <= row < ROWS:
                crop[row, x : x + 3] = rng.integers(0, 40)
    return crop


@settings(max_examples=12, deadline=None)
@given(
    st.integers(60, 150), st.integers(0, 20), st.integers(12, 26), st.sampled_from([-0.1, 0, 0.06]),
    st.integers(0, 2**16),
)  # fmt: skip
def test_the_first_text_line_is_the_band_of_the_highest_score(
    columns: int, top: int, height: int, slope: float, seed: int
) -> None:
    crop = striped(columns, top, top + height, slope, seed)
    expected = best_band(crop, 0.1)
    got = _native.text_lines(crop, 1, 0.1)[0]
    assert got[4] == pytest.approx(expected[3], abs=1e-5)
    assert [got[0], got[1], got[2]] == pytest.approx(expected[:3], abs=1e-3)


@pytest.mark.parametrize("slope", [-0.1, 0.1])
def test_the_steepest_line_counts_a_quarter_less(slope: float) -> None:
    crop = striped(140, 12, 34, slope, 1)
    steepest, half_as_steep = (_native.text_lines(crop, 1, each)[0] for each in (0.1, 0.2))
    assert steepest[2] == half_as_steep[2] == pytest.approx(slope)
    assert steepest[4] / half_as_steep[4] == pytest.approx((1 - 1 / 4) / (1 - 1 / 16), rel=1e-5)


def sampled(crop: NDArray[np.uint8], x: Floats, y: Floats) -> Floats:
    """Linear samples in pixel-corner coordinates, the border repeated."""
    rows, columns = crop.shape
    fx, fy = np.clip(x - 0.5, 0, columns - 1), np.clip(y - 0.5, 0, rows - 1)
    x0, y0 = fx.astype(int), fy.astype(int)
    x1, y1 = np.minimum(x0 + 1, columns - 1), np.minimum(y0 + 1, rows - 1)
    ax, ay = fx - x0, fy - y0
    upper = (1 - ax) * crop[y0, x0] + ax * crop[y0, x1]
    lower = (1 - ax) * crop[y1, x0] + ax * crop[y1, x1]
    return np.asarray((1 - ay) * upper + ay * lower)


def evened(grey: Floats) -> Floats:
    """Contrast against the 29 x 29 pixels around each."""
    out = np.empty_like(grey)
    for v, u in np.ndindex(grey.shape):
        around = grey[max(0, v - 14) : v + 15, max(0, u - 14) : u + 15]
        out[v, u] = (grey[v, u] - around.mean()) / (around.std() + 6.0)
    return np.clip(out, -4, 4)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(24, 60).map(lambda half: 2 * half), st.integers(30, 70), st.floats(-10, 50),
    st.floats(-0.1, 0.1), st.floats(-0.24, 0.24), st.integers(0, 2**16),
)  # fmt: skip
def test_a_line_image_is_the_line_sampled_and_evened_out(
    columns: int, rows: int, top: float, slope: float, slant: float, seed: int
) -> None:
    # 24 rows are cut at their own scale: nothing is resized before.
    crop = np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)
    image, placement, inverted = _native.line_image(crop, top, top + 24, slope, slant)
    u, v = np.meshgrid(np.arange(columns) + 0.5, np.arange(32) + 0.5)
    x = u + slant * (v - 16)
    y = top - 4 + v + slope * u
    expected = evened(sampled(crop, x, y))
    np.testing.assert_allclose(image, -expected if inverted else expected, atol=2e-3)
    assert inverted == ((expected[4:-4] ** 3).sum() > 0)
    x0, y0, ux, uy, vx, vy = placement
    np.testing.assert_allclose(x0 + u * ux + v * vx, x, atol=1e-3)
    np.testing.assert_allclose(y0 + u * uy + v * vy, y, atol=1e-3)


def cuts(columns: int, widths: range, at: int = 0) -> Iterator[list[tuple[int, int]]]:
    """Every way to cut a line from a column on, as the stretches used."""
    if at == columns:
        yield []
        return
    yield from cuts(columns, widths, at + 1)
    for width in widths:
        if at + width <= columns:
            for rest in cuts(columns, widths, at + width):
                yield [(at, at + width), *rest]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 8), st.integers(1, 3), st.integers(1, 3), st.floats(0, 0.3),
    st.integers(0, 2**16),
)  # fmt: skip
def test_a_stretch_is_as_probable_as_the_cuts_that_have_it(
    columns: int, narrowest: int, count: int, least: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, (columns, count)).astype(np.float32)
    gaps = rng.normal(0, 2, columns).astype(np.float32)
    shares: dict[tuple[int, int], float] = {}
    total = 0.0
    for used in cuts(columns, range(narrowest, narrowest + count)):
        covered = {x for start, end in used for x in range(start, end)}
        log = sum(float(gaps[x]) for x in range(columns) if x not in covered)
        log += sum(float(scores[start, end - start - narrowest]) for start, end in used)
        total += math.exp(log)
        for stretch in used:
            shares[stretch] = shares.get(stretch, 0.0) + math.exp(log)
    starts, ends, posteriors, log_total = _native.segment(scores, gaps, narrowest, least)
    assert log_total == pytest.approx(math.log(total), abs=1e-6)
    expected = {key: value / total for key, value in sorted(shares.items())}
    kept = [key for key, value in expected.items() if value > least + 1e-6]
    got = dict(zip(zip(starts.tolist(), ends.tolist(), strict=True), posteriors, strict=True))
    assert list(got) == sorted(got)
    assert (
        set(kept) <= got.keys() <= {key for key, value in expected.items() if value > least - 1e-6}
    )
    for key, value in got.items():
        assert value == pytest.approx(expected[key], abs=1e-5)


def test_sizes_that_do_not_fit_are_refused() -> None:
    scores, gaps = np.zeros((4, 2), np.float32), np.zeros(4, np.float32)
    for wrong in (
        (scores, gaps[:3], 1, 0.0),
        (scores[:, :0], gaps, 1, 0.0),
        (scores, gaps, 0, 0.0),
        (scores[0], gaps, 1, 0.0),
    ):
        with pytest.raises(ValueError, match=r"segment: |scores: "):
            _native.segment(*wrong)
