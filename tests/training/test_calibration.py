# SPDX-License-Identifier: Apache-2.0
"""The measures of how far probabilities can be believed, on made-up readings."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from alprcore.countries.fit import load_countries
from alprcore.reading.bank import parse_bank
from alprcore.resources import bank_bytes
from alprcore.training.bank.calibration import (
    calibration_error,
    chance_error,
    cross_validated,
    is_fitted_on,
    kept_characters,
    markdown,
    reliability,
    report,
)
from alprcore.training.bank.data import Crop
from alprcore.training.bank.held_back import is_right, read_crop


def test_honest_probabilities_have_no_error() -> None:
    stated = [(0.75, True)] * 3 + [(0.75, False)] + [(1.0, True)] * 5
    assert calibration_error(reliability(stated)) == pytest.approx(0.0)


def test_the_error_is_the_mean_gap() -> None:
    stated = [(0.95, True)] * 5 + [(0.95, False)] * 5 + [(0.05, False)] * 10
    # Half of the readings are off by 45 %, the other half by 5 %.
    assert calibration_error(reliability(stated)) == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)


def test_bins_hold_every_reading_once() -> None:
    stated = [(k / 100, k % 2 == 0) for k in range(101)]
    table = reliability(stated)
    assert sum(row.count for row in table) == 101
    assert len(table) == 10
    assert all(abs(row.stated - (0.05 + 0.1 * k)) < 0.02 for k, row in enumerate(table))


def test_no_readings_are_no_error() -> None:
    assert reliability([]) == []
    assert calibration_error([]) == 0.0


def test_perfect_probabilities_show_some_error_by_chance() -> None:
    rng = np.random.default_rng(3)
    few = [(float(p), True) for p in rng.random(50)]
    assert 0.02 < chance_error(few * 10) < chance_error(few)


@pytest.mark.parametrize(
    ("text", "label", "kept"),
    [
        ("ABC", "ABC", "111"),
        ("ABX", "ABC", "110"),
        ("1KV37", "KV37", "01111"),
        ("KV3", "KV37", "111"),
        ("AXBC", "ABC", "1011"),
        ("", "ABC", ""),
        ("ABC", "", "000"),
    ],
)
def test_characters_are_right_where_the_label_has_them(text: str, label: str, kept: str) -> None:
    assert kept_characters(text, label) == [flag == "1" for flag in kept]


@given(text=st.text("AB1", max_size=7), label=st.text("AB1", max_size=7))
def test_no_more_characters_are_right_than_the_label_holds(text: str, label: str) -> None:
    kept = kept_characters(text, label)
    assert len(kept) == len(text)
    for character in "AB1":
        right = sum(k for k, c in zip(kept, text, strict=True) if c == character)
        assert right <= label.count(character)


def test_a_label_may_leave_lookalikes_open() -> None:
    assert is_right("AB0", "ABo", fold=False)
    assert is_right("ABO", "ABo", fold=False)
    assert not is_right("AB8", "ABo", fold=False)
    assert not is_right("ABO", "AB0", fold=False)
    assert is_right("ABO", "AB0", fold=True)


def test_each_half_is_stated_with_the_others_weight_and_the_report_has_no_nan() -> None:
    bank, countries = parse_bank(bank_bytes("latin.npz")), load_countries(("br",))
    rng = np.random.default_rng(1)
    crops = [
        Crop(rng.integers(0, 256, (40, 120)).astype(np.uint8), "ABC1234", "br", np.empty((0, 4)))
        for _ in range(6)
    ] + [Crop(np.full((40, 120), 90, np.uint8), "ABC1234", "br", np.empty((0, 4)))]
    assert len({is_fitted_on(crop) for crop in crops}) == 2
    readings = [read_crop(crop.image, bank, countries) for crop in crops]
    assert readings[-1].text == ""
    stated, weights = cross_validated(crops, readings)
    assert len(stated) == sum(reading.text != "" for reading in readings)
    assert all(0.0 <= p <= 1.0 for p, _ in stated)
    assert all(weight > 0 for weight in weights)
    assert "nan" not in report(crops, bank)
    assert markdown(reliability(stated), "plates").startswith("| stated | plates |")
