# SPDX-License-Identifier: Apache-2.0
"""What countries and formats may and may not do to a reading."""

from __future__ import annotations

import pytest

from alprcore.records import Fit
from alprcore.stages.rank import Ranking, rank_candidates


def fit(country: str = "xx", *regions: tuple[str, float], odd: bool = False, rare: int = 0) -> Fit:
    return Fit(country, regions, odd, rare)


def ranked(
    texts: list[tuple[str, float]], fits: dict[str, list[Fit]], **changes: object
) -> Ranking:
    options: dict[str, object] = {
        "aspect_misfit": {f.country: 0.0 for f in next(iter(fits.values()))}
        if fits
        else {"xx": 0.0},
        "topn": 10,
        "default_region": "",
        "must_match_pattern": False,
    }
    return rank_candidates(texts, fits, **{**options, **changes})  # type: ignore[arg-type]


def test_a_format_settles_what_the_glyphs_leave_open() -> None:
    fits = {"AB1O": [fit()], "AB10": [fit("xx", ("r", 5.0))]}
    result = ranked([("AB1O", 0.5), ("AB10", 0.48)], fits)
    assert [c.text for c in result.candidates] == ["AB10", "AB1O"]
    assert result.candidates[0].matches_template
    assert not result.candidates[1].matches_template


def test_a_format_never_overrules_clear_glyphs() -> None:
    fits = {"FOREIGN": [fit()], "F8REYGN": [fit("xx", ("r", 9.0))]}
    assert ranked([("FOREIGN", 0.9), ("F8REYGN", 0.05)], fits).candidates[0].text == "FOREIGN"


def test_lookalikes_give_way_to_the_format_that_says_more() -> None:
    fits = {
        "BB135B0": [fit("eu", ("any", 0.6))],
        "BB135BO": [fit("eu", ("sk", 5.1))],
        "BB135BQ": [fit("eu", ("sk", 5.1))],
    }
    result = ranked([("BB135B0", 0.9), ("BB135BO", 0.06), ("BB135BQ", 0.02)], fits)
    assert result.candidates[0].text == "BB135BO"


def test_rare_letters_and_odd_lengths_count_against_a_text() -> None:
    fits = {"5O0": [fit(rare=1)], "500": [fit()], "5001111111": [fit(odd=True)]}
    result = ranked([("5O0", 0.4), ("500", 0.3), ("5001111111", 0.3)], fits)
    assert result.candidates[0].text == "500"
    assert result.candidates[-1].text in {"5O0", "5001111111"}


def test_probabilities_sum_to_at_most_one() -> None:
    fits = {"A": [fit("xx", ("r", 1.0))], "B": [fit()], "C": [fit(odd=True)]}
    total = sum(c.confidence for c in ranked([("A", 0.5), ("B", 0.3), ("C", 0.1)], fits).candidates)
    assert 0.0 < total <= 1.0


def test_must_match_drops_the_rest() -> None:
    fits = {"A": [fit()], "B": [fit("xx", ("r", 1.0))]}
    result = ranked([("A", 0.7), ("B", 0.3)], fits, must_match_pattern=True)
    assert [c.text for c in result.candidates] == ["B"]
    assert not ranked([("A", 0.7)], {"A": [fit()]}, must_match_pattern=True).candidates


def test_the_default_region_is_echoed_and_matched() -> None:
    fits = {"A": [fit("xx", ("r", 1.0))], "B": [fit("xx", ("s", 1.0))]}
    result = ranked([("A", 0.6), ("B", 0.4)], fits, default_region="s")
    assert result.region == "s"
    assert result.region_confidence == 0.0
    assert [c.matches_template for c in result.candidates] == [False, True]


def test_the_region_is_the_one_its_format_points_to() -> None:
    one = ranked([("A", 1.0)], {"A": [fit("xx", ("r", 6.0), ("s", 1.0))]})
    assert one.region == "r"
    assert one.region_confidence == pytest.approx(1.0, abs=0.01)
    several = ranked([("A", 1.0)], {"A": [fit("xx", ("r", 6.0), ("s", 6.0), ("t", 6.0))]})
    assert several.region == ""


def test_the_country_follows_format_and_shape() -> None:
    fits = {"A": [fit("us"), fit("eu", ("de", 3.0))]}
    assert ranked([("A", 0.9)], fits).country == "eu"
    tall = ranked([("A", 0.9)], fits, aspect_misfit={"us": 0.0, "eu": -0.9})
    assert tall.country == "us"


def test_nothing_read_gives_no_candidates() -> None:
    assert ranked([], {}).candidates == ()
