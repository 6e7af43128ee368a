# SPDX-License-Identifier: Apache-2.0
"""What a given region and a format that must be met do to the candidates."""

from __future__ import annotations

from dataclasses import replace

from alprcore.ranking.rank import Ranking, rank_candidates
from alprcore.records import Fit


def fit(country: str = "xx", *regions: str) -> Fit:
    return Fit(country, tuple((code, 5.0) for code in regions), odd_length=False, rare_letters=0)


def ranked(
    texts: list[tuple[str, float]],
    fits: dict[str, list[Fit]],
    *,
    region: str = "",
    must: bool = False,
    topn: int = 10,
) -> Ranking:
    return rank_candidates(
        texts, fits, topn=topn, default_region=region, must_match_pattern=must, only_regions={}
    )


def own_text(ranking: Ranking) -> str:
    return ranking.candidates[ranking.chosen].text


CLEAR = {"7ABC123": [fit()], "1ABC123": [fit("xx", "ca")], "TABC123": [fit("xx", "md")]}
READ = [("7ABC123", 0.7), ("1ABC123", 0.02), ("TABC123", 0.1)]


def test_with_a_region_the_plates_own_text_is_the_first_that_has_its_format() -> None:
    ranking = ranked(READ, CLEAR, region="md")
    assert own_text(ranking) == "TABC123"
    assert ranking.candidates[0].text == "7ABC123"
    shares = [candidate.confidence for candidate in ranking.candidates]
    assert shares == sorted(shares, reverse=True)
    assert [c.text for c in ranking.candidates if c.matches_template] == ["TABC123"]


def test_without_a_region_the_plates_own_text_is_the_first() -> None:
    assert ranked(READ, CLEAR).chosen == 0


def test_a_region_without_a_match_leaves_the_first_text_and_is_kept() -> None:
    for region in ("va", "nowhere"):
        ranking = ranked(READ, CLEAR, region=region)
        assert (own_text(ranking), ranking.region) == ("7ABC123", region)
        assert not any(candidate.matches_template for candidate in ranking.candidates)


def test_a_hopeless_match_does_not_replace_a_clear_reading() -> None:
    for little in (0.0005, 0.02):
        texts = [("7ABC123", 0.9), ("TABC123", little)]
        assert own_text(ranked(texts, CLEAR, region="md")) == "7ABC123"


def test_where_a_format_is_a_must_only_matching_texts_stay() -> None:
    given = ranked(READ, CLEAR, region="md", must=True)
    assert [c.text for c in given.candidates] == ["TABC123"]
    anyone = ranked(READ, CLEAR, must=True)
    assert {c.text for c in anyone.candidates} == {"1ABC123", "TABC123"}
    assert all(c.matches_template for c in anyone.candidates)


def test_where_a_format_is_a_must_and_none_is_met_nothing_stays() -> None:
    assert ranked(READ, CLEAR, region="va", must=True).candidates == ()
    assert ranked([("7ABC123", 0.7)], CLEAR, must=True).candidates == ()
    assert ranked([], {}, must=True).candidates == ()


def test_a_match_far_down_is_found_whatever_the_number_of_candidates() -> None:
    assert [c.text for c in ranked(READ, CLEAR, region="ca", must=True, topn=1).candidates] == [
        "1ABC123"
    ]


def test_a_format_of_any_of_the_countries_will_do() -> None:
    likely = replace(fit("xx"), country_log=2.0)
    fits = {"AB12": [likely, fit("yy")], "A812": [likely, fit("yy", "there")]}
    texts = [("AB12", 0.95), ("A812", 0.03)]
    assert ranked(texts, fits).country == "xx"
    ranking = ranked(texts, fits, must=True)
    assert (ranking.country, [c.text for c in ranking.candidates]) == ("yy", ["A812"])
