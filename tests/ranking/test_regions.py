# SPDX-License-Identifier: Apache-2.0
"""Which region a text speaks for, with and without the plate's look."""

from __future__ import annotations

import math

import pytest

from alprcore import Engine
from alprcore.countries.fit import load_countries
from alprcore.ranking.region import (
    REGION_SHARE,
    UNLISTED_FORMATS,
    named_region,
    region_probabilities,
)
from alprcore.records import Fit, Label, Quad
from alprcore.resources import sample_path

QUAD = Quad((0.0, 0.0), (200.0, 0.0), (200.0, 100.0), (0.0, 100.0))


def fit(**logs):
    return Fit("xx", tuple((code, 1.0) for code in logs), False, 0, region_logs=tuple(logs.items()))


def said(labels):
    return {label.name: label.confidence for label in labels}


def regions_of(country, *texts, look=None):
    countries = load_countries((country,))
    fits = {text: fits[0] for text, fits in countries.fits(dict(texts), QUAD).items()}
    return region_probabilities(texts, fits, countries.weights(country), look=look)


def test_a_region_is_no_surer_than_its_country():
    fits, weights = {"T": fit(a=2.0, b=4.0)}, {"a": 3, "b": 1}
    sure = said(region_probabilities([("T", 1.0)], fits, weights))
    half = said(region_probabilities([("T", 1.0)], fits, weights, country_share=0.5))
    assert half == pytest.approx({code: value / 2 for code, value in sure.items()})


def test_a_plate_of_two_countries_names_a_region_of_neither():
    # A German plate's text, which the Brazilian state of Santa Catarina gives out as well.
    plates = [
        Engine(country=country).recognize(sample_path("eu.jpg")).plates[0]
        for country in ("br", "auto")
    ]
    alone, among = (sum(region.confidence for region in plate.regions) for plate in plates)
    assert alone == pytest.approx(1)
    assert among < 0.6
    assert (plates[0].region, plates[1].region) == ("sc", "")


def test_the_rule_of_bayes_by_hand():
    weights = {"a": 3.0, "b": 1.0}
    found = said(region_probabilities([("T", 1.0)], {"T": fit(a=2.0, b=4.0)}, weights))
    u = UNLISTED_FORMATS
    a, b = 0.75 * (u + (1 - u) * math.exp(2)), 0.25 * (u + (1 - u) * math.exp(4))
    assert found["a"] == pytest.approx(a / (a + b))
    assert sum(found.values()) == pytest.approx(1)


def test_a_text_without_a_format_leaves_what_was_known_before():
    found = said(region_probabilities([("T", 0.6)], {"T": fit()}, {"a": 3, "b": 1}))
    assert found == {"a": pytest.approx(0.75), "b": pytest.approx(0.25)}


def test_readings_count_by_their_probability():
    fits = {"A": fit(a=20.0), "B": fit(b=20.0)}
    found = said(region_probabilities([("A", 0.7), ("B", 0.2)], fits, {"a": 1, "b": 1}))
    assert found["a"] == pytest.approx(0.7 + 0.05, abs=1e-6)


def test_the_look_multiplies_in_up_to_a_constant():
    fits, weights = {"T": fit(a=1.0, b=1.0)}, {"a": 1, "b": 1, "c": 1}
    look = {"a": -1.0, "b": -3.0, "c": -700.0}
    with_look = region_probabilities([("T", 1.0)], fits, weights, look=look)
    shifted = {code: value - 800 for code, value in look.items()}
    assert with_look == region_probabilities([("T", 1.0)], fits, weights, look=shifted)
    found = said(with_look)
    assert found["a"] / found["b"] == pytest.approx(math.exp(2))
    assert found["c"] < 1e-200


def test_a_region_that_the_look_lacks_is_as_unlikely_as_the_least_likely():
    fits, weights = {"T": fit()}, {"a": 1, "b": 1, "c": 1}
    found = said(region_probabilities([("T", 1.0)], fits, weights, look={"a": 0.0, "b": -2.0}))
    assert found["c"] == pytest.approx(found["b"])


def test_what_is_no_place_is_left_out():
    assert region_probabilities([("T", 1.0)], {"T": fit(base=9.0)}, {"base": 0.0}) == ()
    found = region_probabilities([("T", 1.0)], {"T": fit(base=9.0, a=1.0)}, {"base": 0.0, "a": 2.0})
    assert found == (Label("a", 1.0),)


def test_equal_regions_keep_their_order():
    found = region_probabilities([("T", 1.0)], {"T": fit()}, {"b": 1, "a": 1})
    assert [label.name for label in found] == ["b", "a"]


def test_a_region_is_named_from_its_share_on_and_when_something_speaks():
    sure = (Label("a", REGION_SHARE), Label("b", 1 - REGION_SHARE))
    assert named_region(sure, speaks=True) == ("a", REGION_SHARE)
    assert named_region(sure, speaks=False) == ("", 0.0)
    assert named_region((Label("a", REGION_SHARE - 0.01),), speaks=True) == ("", 0.0)
    assert named_region((), speaks=True) == ("", 0.0)


@pytest.mark.parametrize(
    ("country", "text", "region"),
    [
        ("us", "6DZG261", "ca"),
        ("us", "GVAB123", "on"),
        ("us", "AB12345", "il"),
        ("br", "SAV1234", "sp"),
        ("br", "JWG1C34", "am"),
        ("eu", "RK755AJ", "sk"),  # Rimavska; no Italian or French plate begins with R
        ("eu", "BA738DE", "it"),  # Italy has 17 times as many cars as Slovakia
        ("eu", "82KNT6", "nl"),
        ("eu", "1B25790", "cz"),
        ("eu", "1234BCD", "es"),
        ("eu", "A123BC777", "ru"),
        ("eu", "131D12345", "ie"),
        ("eu", "34ABC123", "tr"),
        ("eu", "ZH123456", "ch"),
        ("za", "CA123456", "wc"),
        ("za", "AB12CDGP", "gp"),
        ("my", "WXY1234", "kul"),
        ("uy", "SBC1234", "mo"),
        ("au", "S123ABC", "sa"),
    ],
)
def test_the_likeliest_region_of_a_real_format(country, text, region):
    assert regions_of(country, (text, 1.0))[0].name == region


def test_a_format_of_many_states_is_left_open_and_the_large_ones_come_first():
    labels = regions_of("us", ("ABC1234", 1.0))
    assert labels[0].confidence < REGION_SHARE
    assert {"tx", "ny", "pa"} <= {label.name for label in labels[:6]}


def test_a_look_settles_what_the_format_leaves_open():
    even = dict.fromkeys(load_countries(("us",)).weights("us"), -9.0)
    labels = regions_of("us", ("ABC1234", 0.99), look={**even, "nc": -0.1})
    assert labels[0].name == "nc"
    assert labels[0].confidence > 0.9


@pytest.mark.parametrize("country", ["us", "eu", "br", "au", "za", "my", "uy"])
def test_probabilities_sum_to_one(country):
    for text in ("ABC1234", "XX00XX", "0"):
        assert sum(said(regions_of(country, (text, 0.8))).values()) == pytest.approx(1)


def test_a_region_that_is_as_likely_as_not_is_named_and_a_less_likely_one_is_not():
    assert named_region((Label("a", 0.5),), speaks=True) == ("a", 0.5)
    assert named_region((Label("a", 0.49),), speaks=True) == ("", 0.0)
