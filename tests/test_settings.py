# SPDX-License-Identifier: Apache-2.0
"""Ranges of the settings."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest

from alprcore.errors import SettingsError
from alprcore.settings import Changes, CountryChanges, Settings, documented

DEFAULTS = {field.name: getattr(Settings(), field.name) for field in fields(Settings)}
NUMBERS = [
    name
    for name, value in DEFAULTS.items()
    if isinstance(value, int | float) and not isinstance(value, bool)
]
FLAGS = [name for name, value in DEFAULTS.items() if isinstance(value, bool)]


def test_every_setting_is_described():
    described = Settings.__doc__ or ""
    assert all(name in described for name in DEFAULTS)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("wrong", [-1, 2**40, math.nan, "3", None])
def test_numbers_out_of_range_are_refused_by_name(name, wrong):
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: wrong})


@pytest.mark.parametrize("name", [n for n in NUMBERS if isinstance(DEFAULTS[n], int)])
def test_counts_are_whole_numbers(name):
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: DEFAULTS[name] + 0.5})
    assert Settings(**{name: np.int32(DEFAULTS[name])}) == Settings()


@pytest.mark.parametrize("name", ["default_region", "prewarp", "detection_mask"])
def test_texts_are_texts(name):
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: None})


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("wrong", ["no", 0, 1, None])
def test_flags_are_true_or_false(name, wrong):
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: wrong})


@pytest.mark.parametrize("wrong", [(), "us", None])
def test_countries_are_a_tuple_with_at_least_one_code(wrong):
    with pytest.raises(SettingsError, match="country"):
        Settings(country=wrong)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("topn", 1000),
        ("analysis_count", 64),
        ("min_confidence", 1.0),
        ("min_character_confidence", 1.0),
        ("max_plate_width_percent", 100.0),
        ("unsure_line_proposals", 8),
    ],
)
def test_the_limit_itself_is_allowed(name, limit):
    assert getattr(Settings(**{name: limit}), name) == limit
    with pytest.raises(SettingsError):
        Settings(**{name: limit + 1})


def test_the_typed_keywords_are_the_settings() -> None:
    assert get_type_hints(CountryChanges).keys() == {knob.name for knob in fields(Settings)}
    for knob in fields(Settings):
        if knob.name not in {"country", "country_dirs"}:
            assert get_type_hints(Changes)[knob.name].__name__ == knob.type


def test_each_setting_says_what_it_is() -> None:
    for knob in fields(Settings):
        assert knob.name in (Settings.__doc__ or "")
        assert knob.metadata["meaning"] in (Settings.__doc__ or "")
        assert f"| `{knob.name}` |" in documented()
