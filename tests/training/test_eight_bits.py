# SPDX-License-Identifier: Apache-2.0
"""From floats to whole numbers: scales, rounding, and the first layer's groups of pixels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

from alprcore.training.finding.graph import Met, rounded_after
from alprcore.training.finding.layers import Layer
from alprcore.training.finding.rounding import LARGEST_WEIGHT, Spread, rounded, scales_for
from alprcore.training.finding.whole import side_by_side


def spread_of(values: np.ndarray) -> Spread:
    spread = Spread()
    spread.add(values.astype(np.float32))
    return spread


def test_scales_of_one_sum_are_powers_of_two_of_one_another() -> None:
    rng = np.random.default_rng(1)
    spreads = [spread_of(size * rng.normal(size=4000)) for size in (0.3, 1.0, 5.0)]
    spreads.append(spread_of(np.abs(rng.normal(size=4000))))
    scales = scales_for(spreads)
    assert all(np.frexp(each.unit / scales[0].unit)[0] == 0.5 for each in scales)
    assert [each.offset > 0 for each in scales] == [True, True, True, False]
    assert scales[0].unit < scales[1].unit < scales[2].unit


def test_a_scale_holds_nearly_all_values() -> None:
    values = np.abs(np.random.default_rng(2).normal(size=20_000))
    (scale,) = scales_for([spread_of(values)])
    back = float(scale.unit) * np.clip(np.round(values / scale.unit), 0, 255)
    assert np.abs(back - values).max() < 0.05


def test_what_rounding_adds_is_taken_from_weights_with_like_inputs() -> None:
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(1, 5000)) + 0.05 * rng.normal(size=(27, 5000))
    moments = inputs @ inputs.T / 5000
    weights = rng.normal(size=(8, 27))
    whole, units = rounded(weights, moments)
    assert np.abs(whole.astype(int)).max() <= LARGEST_WEIGHT
    one_by_one = np.abs(weights).max(axis=1, keepdims=True) / LARGEST_WEIGHT
    plain = np.round(weights / one_by_one) * one_by_one
    errors = [((weights - each) @ inputs).std() for each in (whole * units[:, None], plain)]
    assert errors[0] < 0.5 * errors[1]


def test_a_layer_makes_good_what_rounding_has_changed_before_it() -> None:
    rng = np.random.default_rng(4)
    wanted = rng.normal(size=(12, 20_000)) + 1
    found = (rng.normal(size=(12, 12)) / 30 + np.eye(12)) @ wanted + 0.2
    shape, layer = (
        found.shape[1],
        Layer("Conv", ("a",), "b", None, rng.normal(size=(5, 12, 1, 1)), rng.normal(size=5)),
    )
    products = [each @ found.T / shape for each in (found, wanted)]
    means = [each.mean(axis=1) for each in (wanted, found)]
    met = Met(*(each[None] for each in (*products, *means)))
    whole, units, bias = rounded_after(layer, met, np.full(5, 1e-8))
    plain, steps = rounded(layer.weights[:, :, 0, 0], products[0])
    out = layer.weights[:, :, 0, 0] @ wanted + layer.bias[:, None]
    errors = [
        np.abs(
            each[:, :, None].reshape(5, 12) * unit[:, None] @ found + shift[:, None] - out
        ).mean()
        for each, unit, shift in ((whole, units, bias), (plain, steps, layer.bias))
    ]
    assert np.abs(whole.astype(int)).max() <= LARGEST_WEIGHT
    assert errors[0] < 0.3 * errors[1]


def test_a_channel_that_is_never_used_has_a_bias_that_fits() -> None:
    whole, units = rounded(np.full((2, 4), 1e-20), np.zeros((4, 4)), np.array([0.01, 1e-8]))
    assert not whole.any()
    assert units.tolist() == pytest.approx([0.01, 1e-8])


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("cols", [32, 64])
def test_groups_of_four_pixels_give_the_same_convolution(cols: int, before: int) -> None:
    rng = np.random.default_rng(cols)
    weights = rng.integers(-63, 64, (5, 3, 3, 3)).astype(np.int8)
    image = rng.integers(0, 256, (32, cols, 3))
    border = ((before, 1 - before), (before, 1 - before), (0, 0))
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(image, border), (3, 3), (0, 1))
    expected = np.einsum("rcijk,oijk->rco", seen[::2, ::2], weights.astype(int))
    groups = np.pad(image.reshape(32, cols // 4, 12), border)
    seen = np.lib.stride_tricks.sliding_window_view(groups, (3, 2), (0, 1))[::2]
    wide = side_by_side(weights, before).astype(int)
    found = np.einsum("rcijk,oijk->rco", seen, wide)
    assert np.array_equal(found.reshape(16, cols // 2, 5), expected)
