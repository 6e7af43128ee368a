# SPDX-License-Identifier: Apache-2.0
"""What countries and formats may and may not do to a reading."""

from __future__ import annotations

from alprcore.ranking.rank import Ranking, rank_candidates
from alprcore.records import Fit


def fit(
    country: str = "xx",
    *regions: tuple[str, float],
    odd: bool = False,
    rare: int = 0,
    log: float = 0.0,
    native: float = 1.0,
) -> Fit:
    return Fit(country, regions, odd, rare, log, native, region_logs=regions)


def ranked(
    texts: list[tuple[str, float]], fits: dict[str, list[Fit]], **changes: object
) -> Ranking:
    options: dict[str, object] = {
        "topn": 10,
        "default_region": "",
        "must_match_pattern": False,
        "only_regions": {},
        "unread": 0.0,
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
    assert [c.matches_template for c in result.candidates] == [False, True]


def test_an_unknown_default_region_is_echoed_and_matches_nothing() -> None:
    result = ranked([("A", 0.6)], {"A": [fit("xx", ("r", 1.0))]}, default_region="nowhere")
    assert result.region == "nowhere"
    assert not result.candidates[0].matches_template


def test_the_only_region_of_a_country_counts_as_given_whatever_the_default_is() -> None:
    fits = {"A": [fit("gb", ("gb", 1.0))], "B": [fit("gb")]}
    texts = [("A", 0.6), ("B", 0.4)]
    result = ranked(texts, fits, default_region="md", only_regions={"gb": "gb"})
    assert result.region == "gb"
    assert [c.matches_template for c in result.candidates] == [True, False]
    assert ranked(texts, fits, only_regions={"fr": "fr"}).region == ""


def test_the_country_follows_what_its_formats_and_plates_say() -> None:
    assert ranked([("A", 0.9)], {"A": [fit("us"), fit("eu", log=2.0)]}).country == "eu"
    assert ranked([("A", 0.9)], {"A": [fit("us"), fit("eu")]}).country == "us"
    fits = {"A": [fit("us"), fit("eu", log=1.0)], "B": [fit("us", log=2.0), fit("eu")]}
    assert ranked([("A", 0.9), ("B", 0.1)], fits).country == "eu"
    assert ranked([("A", 0.3), ("B", 0.7)], fits).country == "us"


def test_a_lookalike_does_not_speak_for_another_country() -> None:
    fits = {
        "OKL1235": [fit("br", log=3.0), fit("eu", log=1.0)],
        "OKLI235": [fit("br"), fit("eu", log=2.0)],
    }
    assert ranked([("OKLI235", 0.6), ("OKL1235", 0.2)], fits).country == "br"


def test_a_country_says_little_about_a_plate_that_is_not_its_own() -> None:
    texts = [("TVG399", 0.78), ("TVG1399", 0.2)]

    def best(native: float) -> str:
        fits = {
            "TVG399": [fit("br", odd=True, native=native)],
            "TVG1399": [fit("br", ("base", 6.0), native=native)],
        }
        return ranked(texts, fits).candidates[0].text

    assert best(native=1.0) == "TVG1399"
    assert best(native=0.35) == "TVG399"


def test_nothing_read_gives_no_candidates() -> None:
    assert ranked([], {}).candidates == ()


def test_what_was_not_read_weighs_on_odd_texts_more_than_on_well_formed_ones() -> None:
    stated = {
        name: ranked([("AB12", 0.99)], {"AB12": [how]}, unread=0.05).candidates[0].confidence
        for name, how in (
            ("formed", fit("xx", ("r", 6.0))),
            ("plain", fit()),
            ("odd", fit(odd=True)),
        )
    }
    assert 0.98 < stated["formed"] < 1.0
    assert 0.9 < stated["plain"] < 0.96
    assert 0.8 < stated["odd"] < 0.9


def test_lookalikes_go_to_the_commoner_of_two_formats() -> None:
    # Brazil: AAA#### and AAA#A## say about the same, but the first is on five times as many plates.
    grey = Fit("br", (("se", 6.1),), False, 0, region_logs=(("se", 5.9),))
    newer = Fit("br", (("se", 5.1),), False, 0, region_logs=(("se", 3.5),))
    fits = {"OZP8I26": [newer], "OZP8126": [grey]}
    result = ranked([("OZP8I26", 0.7), ("OZP8126", 0.25)], fits)
    assert result.candidates[0].text == "OZP8126"


def test_shares_hold_every_text_whatever_is_wanted() -> None:
    fits = {text: [fit()] for text in "ABC"}
    texts = [("A", 0.5), ("B", 0.3), ("C", 0.1)]
    one, ten = ranked(texts, fits, topn=1), ranked(texts, fits)
    assert one.shares == ten.shares
    assert len(one.candidates) == 1
    assert [text for text, _ in one.shares] == ["A", "B", "C"]


def test_rare_letters_speak_against_a_country_too() -> None:
    fits = {"QO5": [fit("aa", rare=2), fit("bb")]}
    result = ranked([("QO5", 0.9)], fits)
    assert result.country == "bb"
    assert result.country_share > 0.9
