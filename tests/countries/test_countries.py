# SPDX-License-Identifier: Apache-2.0
"""Tests of the country files and of the errors of a bad one."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from alprcore.countries.file import Country, parse_country
from alprcore.countries.formats import compile_patterns
from alprcore.countries.pattern import compile_pattern
from alprcore.countries.series import series_patterns
from alprcore.errors import SettingsError

# What OpenALPR assumes: plate, lines, lengths.
assumed = {
    "us": ((304.8, 152.4), 1, (4, 8)),
    "eu": ((520, 110), 1, (5, 8)),
    "gb": ((520, 110), 1, (5, 8)),
    "fr": ((520, 110), 1, (5, 8)),
    "au": ((372, 135), 1, (4, 8)),
    "auwide": ((520, 110), 1, (4, 8)),
    "br": ((400, 130), 1, (7, 7)),
    "br2": ((200, 170), 2, (5, 7)),
    "in": ((600, 130), 1, (10, 20)),
    "kr": ((520, 110), 1, (7, 7)),
    "kr2": ((335, 170), 2, (7, 9)),
    "mx": ((304.8, 152.4), 1, (5, 7)),
    "sg": ((520, 110), 1, (4, 8)),
    "vn2": ((287, 209), 2, (4, 8)),
}
# Lengths that differ, because formats on the road or in OpenALPR's own list need them.
lengths = {"eu": (4, 9), "in": (8, 11), "kr": (7, 8), "vn2": (7, 9)}
more = ["ar", "cl", "cn", "co", "ec", "eg", "hk", "id", "il", "jp", "ke", "my", "nz"]
more += ["pe", "ph", "py", "ru", "sa", "th", "tr", "tw", "uy", "vn", "za"]
codes = sorted([*assumed, *more])
scripts = {
    "cn": "Chinese",
    "eg": "Arabic",
    "jp": "Kanji and Hiragana",
    "kr": "Hangul",
    "kr2": "Hangul",
    "th": "Thai",
}

small = """
code = "xx"
name = "Nowhere"
plate_mm = [520, 110]
lines = 1
min_chars = 5
max_chars = 8
letters = "A-Z"
digits = "0-9"
[[regions]]
code = "a"
name = "Here"
patterns = ["@@@###"]
"""


country_files = Path(__file__).resolve().parents[2] / "runtime_data" / "countries"


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


def test_a_file_names_the_script_that_cannot_be_read(country: Country) -> None:
    assert country.script == scripts.get(country.code, "Latin")


@pytest.mark.parametrize("code", assumed)
def test_numbers_are_what_openalpr_assumes(code: str) -> None:
    country = country_of(code)
    plate, lines, limits = assumed[code]
    assert country.plate_mm == plate
    assert country.lines == lines
    assert (country.min_chars, country.max_chars) == lengths.get(code, limits)


def test_weights_are_of_places(country: Country) -> None:
    for region in country.regions:
        assert (region.weight == 0) == (region.code == "base")
    assert country.vehicles > 0


def test_auto_leaves_out_only_what_another_file_has() -> None:
    europe = country_of("eu")
    for code in codes:
        country = country_of(code)
        if country.only_named:
            assert code in {region.code for region in europe.regions}
            assert [region.code for region in country.regions] == [code]


def test_all_states_provinces_and_brazilian_states_are_there() -> None:
    us, br = country_of("us"), country_of("br")
    assert len(us.regions) == 50 + 1 + 5 + 13 + 1  # the capital, territories, Canada and base
    assert "nb" in {region.code for region in us.regions}
    assert len(br.regions) == 27 + 1
    assert "am" in {region.code for region in br.regions}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "Nowhere"', "", "name"),
        ("lines = 1", "lines = 0", "lines"),
        ("lines = 1", "lines = true", "lines"),
        ("max_chars = 8", "max_chars = 3", "max_chars"),
        ("[520, 110]", "[520]", "plate_mm"),
        ("[520, 110]", '["a", 110]', "plate_mm"),
        ("[520, 110]", "[520, -1]", "plate_mm"),
        ("[520, 110]", "[520, inf]", "plate_mm"),
        ("[520, 110]", "[inf, 110]", "plate_mm"),
        ("[520, 110]", f"[520, 1{'0' * 400}]", "plate_mm"),
        ('digits = "0-9"', "digits = 9", "digits"),
        ('digits = "0-9"', 'digits = "0-9"\ncolour = "red"', "colour"),
        ('["@@@###"]', '["@@@###", 4]', "patterns"),
        ('["@@@###"]', '["@@@###"]\nseries = ["ZZZ-AAA"]', "series"),
        ('name = "Here"', "", "name"),
        ('name = "Here"', 'name = "Here"\nweight = -1', "weight"),
        ('code = "a"', 'code = "A"', "code"),
        ('name = "Here"', 'name = "Here"\nstems = ["AB"]', "tails"),
        ('name = "Here"', 'name = "Here"\ntails = ["##"]', "stems"),
        ("lines = 1", 'lines = 1\nvehicles = "many"', "vehicles"),
        ("lines = 1", "lines = 1\nvehicles = nan", "vehicles"),
        ("lines = 1", f"lines = 1\nvehicles = 1{'0' * 400}", "vehicles"),
        ("lines = 1", "lines = 1\nonly_named = 1", "only_named"),
        ("lines = 1", "lines = 1\nmore_plate_mm = [100, 50]", "more_plate_mm"),
        ("lines = 1", "lines = 1\ntwo_line_plate_mm = 7", "two_line_plate_mm"),
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


def test_a_file_of_five_keys_is_enough() -> None:
    text = 'code = "xx"\nname = "Nowhere"\nplate_mm = [400, 100]\nmin_chars = 4\nmax_chars = 7'
    country = parse_country(text, "xx.toml")
    assert (country.lines, country.letters, country.digits) == (1, "A-Z", "0-9")
    assert country.plate_sizes(1) == ((400, 100),)
    assert country.plate_sizes(2) == ()


def test_sizes_go_with_the_number_of_lines() -> None:
    sizes = "lines = 1\nmore_plate_mm = [[440, 120]]\ntwo_line_plate_mm = [[280, 200]]"
    country = parse_country(small.replace("lines = 1", sizes), "xx.toml")
    assert country.plate_sizes(1) == ((520, 110), (440, 120))
    assert country.plate_sizes(2) == ((280, 200),)


def test_stems_stand_before_every_tail_and_before_the_patterns() -> None:
    stems = 'stems = ["A[BC]", "X"]\ntails = ["##", "###"]\npatterns'
    country = parse_country(small.replace("patterns", stems), "xx.toml")
    assert country.regions[0].formats == (("A[BC]##", "X##"), ("A[BC]###", "X###"), ("@@@###",))
    assert country.regions[0].patterns == ("A[BC]##", "X##", "A[BC]###", "X###", "@@@###")
