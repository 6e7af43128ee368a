# SPDX-License-Identifier: Apache-2.0
"""Tests of the pattern language, with the regular expression module as the oracle."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alprcore.countries.file import Country, parse_country
from alprcore.countries.formats import CountryPatterns, compile_patterns, match_patterns
from alprcore.countries.pattern import compile_pattern

country_files = Path(__file__).resolve().parents[2] / "runtime_data" / "countries"


def country_of(code: str) -> Country:
    path = country_files / f"{code}.toml"
    return parse_country(path.read_text(encoding="utf-8"), path.name)


@cache
def compiled(code: str) -> CountryPatterns:
    return compile_patterns(country_of(code))


def as_expression(symbols: list[str]) -> str:
    plain = {"@": "[A-Z]", "#": "[0-9]", "?": "."}
    return "".join(plain.get(symbol, symbol) for symbol in symbols)


symbols = st.lists(
    st.sampled_from(["@", "#", "?", "A", "7", "[A-HJ-NP-Z]", "[12]", "[^A-M]", "\\d", "\\D"]),
    min_size=1,
    max_size=8,
)


@given(symbols, st.data())
def test_a_pattern_matches_what_its_regular_expression_matches(
    parts: list[str], data: st.DataObject
) -> None:
    text = data.draw(st.text("ABMNZ0179", min_size=len(parts), max_size=len(parts)))
    pattern = compile_pattern("".join(parts))
    assert pattern.matches(text) == bool(re.fullmatch(as_expression(parts), text))


@given(symbols, st.text("AZ09", max_size=9))
def test_a_text_of_another_length_never_matches(parts: list[str], text: str) -> None:
    if len(text) != len(parts):
        assert not compile_pattern("".join(parts)).matches(text)


@pytest.mark.parametrize("source", ["@@*##", "@+#", "[AB", "A[]", "AB\\"])
def test_a_malformed_pattern_matches_nothing_and_says_why(source: str) -> None:
    pattern = compile_pattern(source)
    assert pattern.problem
    assert not pattern.matches("")
    assert not any(pattern.matches(text) for text in ("A", "AA", "AAA", "AB00", source))


def test_matching_is_case_sensitive() -> None:
    assert not compile_pattern("@@").matches("Ab")


def test_letters_and_digits_are_the_countrys() -> None:
    pattern = compile_pattern("##@####", letters="가-힣")
    assert pattern.matches("12가3456")
    assert not pattern.matches("12A3456")


def test_an_escaped_symbol_stands_for_itself() -> None:
    assert compile_pattern("\\@\\?").matches("@?")
    assert not compile_pattern("\\?").matches("A")


def test_a_fixed_character_says_more_than_a_letter_and_a_letter_than_anything() -> None:
    fixed, letter, anything = (compile_pattern(s).specificity for s in ("A", "@", "?"))
    assert fixed == pytest.approx(math.log(36))
    assert fixed > letter > anything == 0


def test_the_most_specific_match_comes_first() -> None:
    matches = match_patterns("12345GA", compile_patterns(country_of("us")))
    assert [m.specificity for m in matches] == sorted(
        (m.specificity for m in matches), reverse=True
    )


@pytest.mark.parametrize(
    ("code", "text", "region"),
    [
        ("us", "6DZG261", "ca"),
        ("us", "LMR4827", "ny"),
        ("us", "ABC123", "nb"),
        ("eu", "MKV3726", "de"),
        ("eu", "A123BC777", "ru"),
        ("eu", "131D12345", "ie"),
        ("gb", "AB12CDE", "gb"),
        ("fr", "AB123CD", "fr"),
        ("au", "S123ABC", "sa"),
        ("br", "SAV1234", "sp"),
        ("br", "JWG1C34", "am"),
        ("br2", "QTB\n4F73", "go"),
        ("in", "22BH1234AB", "in"),
        ("in", "DL1C1234", "in"),
        ("mx", "ABC1234", "mx"),
        ("sg", "SBA1234G", "sg"),
        ("vn2", "29X1\n12345", "vn"),
        ("kr", "123가4567", "kr"),
    ],
)
def test_a_real_format_is_known(code: str, text: str, region: str) -> None:
    found = match_patterns(text, compile_patterns(country_of(code)))
    assert region in {match.region for match in found}


def test_no_brazilian_series_belongs_to_two_states() -> None:
    patterns = compile_patterns(country_of("br"))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for first in letters:
        for second in letters:
            for third in letters:
                found = match_patterns(f"{first}{second}{third}1234", patterns)
                assert len({match.region for match in found} - {"base"}) <= 1, (
                    first + second + third
                )


@pytest.mark.parametrize("code", ["us", "eu", "br", "sg", "kr"])
@given(text=st.text("ABGHKOQTZ0178가", min_size=3, max_size=9))
def test_no_format_is_missed_by_looking_at_the_kinds_of_characters_first(
    code: str, text: str
) -> None:
    patterns = compiled(code)
    every = patterns.by_length.get(len(text), ())
    found = {(known.region, known.pattern.source) for known in every if known.pattern.matches(text)}
    assert {(m.region, m.pattern) for m in match_patterns(text, patterns)} == found


@pytest.mark.parametrize("code", ["us", "eu", "br", "au", "my", "za", "in"])
def test_the_shares_of_a_regions_patterns_sum_to_one(code: str) -> None:
    totals: dict[str, float] = {}
    for found in compiled(code).by_length.values():
        for known in found:
            share = math.exp(known.log_share)
            totals[known.region] = totals.get(known.region, 0.0) + share
    assert all(total == pytest.approx(1) for total in totals.values())


def test_the_texts_of_a_format_are_equally_likely_whichever_pattern_admits_them() -> None:
    logs = {
        match.log_share + match.specificity
        for text in ("NEI1234", "NEZ1234", "NFB1234", "QLN9999")
        for match in match_patterns(text, compiled("br"))
        if match.region == "ap"
    }
    assert max(logs) == pytest.approx(min(logs))


def test_former_formats_are_rarer_than_the_commonest_and_listed_ones_rarer_still() -> None:
    def log_of(text: str) -> float:
        found = match_patterns(text, compiled("eu"))
        return max(match.log_share for match in found if match.region == "it")

    assert log_of("AB123CD") > log_of("ZZ123ZZ") + 4


def test_an_open_pattern_of_any_length_is_known_without_listing_its_texts() -> None:
    head = 'code = "xx"\nname = "X"\nplate_mm = [400, 100]\nmin_chars = 4\nmax_chars = 40\n'
    region = '[[regions]]\ncode = "a"\nname = "A"\npatterns = ["{}", "A##"]\n'
    patterns = compile_patterns(parse_country(head + region.format("?" * 40), "xx.toml"))
    assert len(patterns.by_start) < 100
    assert [match.pattern for match in match_patterns("A1" * 20, patterns)] == ["?" * 40]
    assert [match.pattern for match in match_patterns("A12", patterns)] == ["A##"]
    assert match_patterns("A1" * 19, patterns) == ()
