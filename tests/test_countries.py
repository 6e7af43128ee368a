# SPDX-License-Identifier: Apache-2.0
"""Tests of the country files and of the errors of a bad one."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from alprcore.countries import Country, parse_country, series_patterns
from alprcore.errors import SettingsError
from alprcore.stages.patterns import compile_pattern, compile_patterns

codes = ["au", "auwide", "br", "br2", "eu", "fr", "gb", "in", "kr", "kr2", "mx", "sg", "us", "vn2"]

small = """
code = "xx"
name = "Nowhere"
plate_mm = [520, 110]
char_mm = [[53, 80]]
lines = 1
min_chars = 5
max_chars = 8
letters = "A-Z"
digits = "0-9"
min_plate_px = [65, 18]
[[regions]]
code = "a"
name = "Here"
patterns = ["@@@###"]
"""


country_files = Path(__file__).resolve().parent.parent / "runtime_data" / "countries"


def country_of(code: str) -> Country:
    path = country_files / f"{code}.toml"
    return parse_country(path.read_text(encoding="utf-8"), path.name)


@pytest.fixture(params=codes)
def country(request: pytest.FixtureRequest) -> Country:
    return country_of(request.param)


def test_every_country_is_there() -> None:
    assert sorted(path.stem for path in country_files.glob("*.toml")) == codes


def test_every_region_has_formats(country: Country) -> None:
    assert country.regions
    assert all(region.patterns for region in country.regions)


def test_every_pattern_is_sound_and_can_be_reached(country: Country) -> None:
    for region in country.regions:
        for source in region.patterns:
            pattern = compile_pattern(source, letters=country.letters, digits=country.digits)
            assert not pattern.problem
            assert country.min_chars <= len(pattern.positions) <= country.max_chars, source


def test_no_region_repeats_a_pattern(country: Country) -> None:
    for region in country.regions:
        assert len(set(region.patterns)) == len(region.patterns), region.code


def test_every_allowed_length_of_a_one_format_country_has_a_pattern() -> None:
    patterns = compile_patterns(country_of("br"))
    assert set(patterns.by_length) == {7}


def test_korean_files_name_the_script_that_cannot_be_read() -> None:
    for code in codes:
        country = country_of(code)
        assert country.unreadable_script == ("Hangul" if code.startswith("kr") else "")


def test_numbers_are_what_openalpr_assumes() -> None:
    us = country_of("us")
    assert (us.plate_mm, us.char_mm, us.min_plate_px) == ((304.8, 152.4), ((35, 70),), (70, 35))
    assert (us.min_chars, us.max_chars, us.invert) == (4, 8, "auto")


def test_all_states_provinces_and_brazilian_states_are_there() -> None:
    us = country_of("us")
    br = country_of("br")
    assert len(us.regions) == 70
    assert len(br.regions) == 27 + 1


def test_a_region_is_found_by_its_code() -> None:
    country = parse_country(small, "xx.toml")
    region = country.region("a")
    assert region is not None
    assert region.name == "Here"
    assert country.region("b") is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "Nowhere"', "", "name"),
        ("lines = 1", "lines = 2", "char_mm"),
        ("lines = 1", "lines = 0", "lines"),
        ("lines = 1", "lines = true", "lines"),
        ("max_chars = 8", "max_chars = 3", "max_chars"),
        ("[520, 110]", "[520]", "plate_mm"),
        ("[520, 110]", '["a", 110]', "plate_mm"),
        ("[520, 110]", "[520, -1]", "plate_mm"),
        ('digits = "0-9"', "digits = 9", "digits"),
        ('digits = "0-9"', 'digits = "0-9"\ninvert = "maybe"', "invert"),
        ('digits = "0-9"', 'digits = "0-9"\ncolour = "red"', "colour"),
        ('["@@@###"]', '["@@@###", 4]', "patterns"),
        ('["@@@###"]', '["@@@###"]\nseries = ["ZZZ-AAA"]', "series"),
        ('name = "Here"', "", "name"),
        ("[[regions]]", "[[regions]]\nformats = []", "formats"),
    ],
)
def test_an_error_names_file_and_key(old: str, new: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_country(small.replace(old, new, 1), "xx.toml")
    assert "xx.toml" in str(caught.value)
    assert key in str(caught.value)


def test_what_is_not_toml_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"xx\.toml: not TOML"):
        parse_country("code = ", "xx.toml")


def test_a_repeated_region_is_an_error() -> None:
    with pytest.raises(SettingsError, match="different codes"):
        parse_country(small + small[small.index("[[regions]]") :], "xx.toml")


@pytest.mark.parametrize("series", ["OVG", "MZN-NAG", "AAA-BEZ", "BFA-GKI", "AAA-ZZZ", "ABY-ACB"])
def test_a_series_stands_for_every_text_of_its_range(series: str) -> None:
    first, _, last = series.partition("-")
    patterns = [compile_pattern(source) for source in series_patterns(series)]
    for letters in product("ABCDEFGHIJKLMNOPQRSTUVWXYZ", repeat=3):
        text = "".join(letters)
        hits = sum(pattern.matches(text) for pattern in patterns)
        assert hits == (first <= text <= (last or first)), text


@pytest.mark.parametrize("series", ["", "AB", "AB1", "abc", "BBB-AAA", "AAA-", "AAA-BB"])
def test_a_series_that_is_no_range_is_refused(series: str) -> None:
    if series == "AAA-":
        assert series_patterns(series) == ("AAA",)
        return
    with pytest.raises(ValueError, match=f"^{re.escape(series)}$"):
        series_patterns(series)
