# SPDX-License-Identifier: Apache-2.0
"""Whatever a file or an argument says, it has a meaning or is a `SettingsError`."""

from __future__ import annotations

import math
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fuzz.budget import bounded
from fuzz.mutation import damaged
from hypothesis import example, given
from hypothesis import strategies as st

from alprcore import Box, Settings, SettingsError
from alprcore.countries.file import parse_country
from alprcore.countries.formats import compile_patterns, match_patterns
from alprcore.countries.pattern import compile_pattern
from alprcore.countries.series import series_patterns
from alprcore.openalpr.config import parse_config, read_config
from alprcore.picture.areas import clamped_areas
from alprcore.picture.prewarp import parse_prewarp, picture_map, turned
from alprcore.settings import changed

COUNTRIES = Path(__file__).resolve().parents[2] / "runtime_data" / "countries"
SMALL = [
    path.read_bytes() for path in sorted(COUNTRIES.glob("*.toml")) if path.stat().st_size < 900
]
VALUES = [
    "0",
    "-1",
    "1e400",
    "nan",
    "inf",
    '""',
    "[]",
    "{}",
    "true",
    '"A-Z"',
    '["@@#"]',
    "[[1, 2]]",
    "9" * 30,
    "0x" + "f" * 5000,
    "1979-05-27",
    "[" * 2000,
    '"\\u0000"',
    "[1, 0x" + "f" * 5000 + "]",
]
KEYS = [
    "code",
    "name",
    "plate_mm",
    "lines",
    "min_chars",
    "max_chars",
    "letters",
    "digits",
    "regions",
    "script",
    "rare_letters",
    "never_two_lines",
    "vehicles",
    "more_plate_mm",
    "two_line_plate_mm",
    "series_tails",
    "unknown",
]
WORST = [
    b"a = " + b"[" * 100_000,  # deeper than Python's stack
    b"lines = " + b"9" * 5000,  # more digits than Python turns into a number
    b'code = "zz"\nname = "Z"\nplate_mm = [0x' + b"f" * 5000 + b", 1]",
    'code = "zz"\nname = "\U0001f600"'.encode(),
]


def country_or_error(text: str) -> None:
    try:
        country = parse_country(text, "zz.toml")
    except SettingsError as error:
        assert str(error).startswith("zz.toml")
        return
    patterns = compile_patterns(country)
    for length in (0, 1, country.min_chars, 7):
        match_patterns("A" * min(length, 50), patterns)
    assert country.plate_sizes(country.lines)
    assert len(country.text_lengths) > 0


@bounded(120)
@given(damaged(SMALL))
def test_a_damaged_country_file_is_a_country_or_an_error_that_names_it(content):
    country_or_error(content.decode("utf-8", "replace"))


@bounded(120)
@given(st.sampled_from(SMALL), st.sampled_from(KEYS), st.sampled_from(VALUES))
def test_any_value_of_a_country_is_taken_or_an_error_that_names_it(content, key, value):
    lines = [line for line in content.decode().splitlines() if not line.startswith(key)]
    country_or_error("\n".join([f"{key} = {value}", *lines]))


@pytest.mark.parametrize("content", WORST)
def test_the_worst_country_files_are_errors_that_name_them(content):
    with pytest.raises(SettingsError, match=r"^zz\.toml"):
        parse_country(content.decode(), "zz.toml")


@bounded(120)
@given(st.text("@#?[]^-\\*+AZ09dws가 ", max_size=12), st.text("AZ09 ]-\\가", max_size=6))
def test_any_pattern_compiles_or_says_why_not(source, text):
    pattern = compile_pattern(source)
    assert pattern.problem or len(pattern.positions) == len(pattern.plain)
    assert math.isfinite(pattern.specificity)
    assert pattern.specificity >= 0
    if pattern.problem or len(text) != len(pattern.positions):
        assert not pattern.matches(text)
    else:
        slow = all(char in position for char, position in zip(text, pattern.positions, strict=True))
        assert pattern.matches(text) == slow


@bounded(120)
@given(st.text("AMZ-9 a", max_size=8))
def test_a_series_is_ranges_that_rise_or_an_error(series):
    try:
        patterns = series_patterns(series)
    except ValueError:
        return
    first, _, last = series.partition("-")
    for text, inside in ((first, True), (last or first, True)):
        assert any(compile_pattern(pattern).matches(text) for pattern in patterns) == inside


@bounded(120)
@given(
    st.text("AMZ", min_size=3, max_size=3),
    st.text("AMZ", min_size=3, max_size=3),
    st.text("ABLMNYZ", min_size=3, max_size=3),
)
def test_a_series_holds_what_lies_between_its_ends(one, other, text):
    first, last = sorted((one, other))
    patterns = [compile_pattern(pattern) for pattern in series_patterns(f"{first}-{last}")]
    assert any(pattern.matches(text) for pattern in patterns) == (first <= text <= last)


NUMBERS = st.one_of(
    st.floats(),
    st.integers(-(10**400), 10**400).map(str),
    st.sampled_from(["", "x", "1e-320", "\uff11"]),
)


@bounded(120)
@given(
    st.one_of(
        st.lists(NUMBERS, min_size=8, max_size=10),
        st.lists(st.floats(-5, 5), min_size=9, max_size=9),
    )
)
def test_any_prewarp_turns_the_picture_or_leaves_it(items):
    warp = parse_prewarp(",".join(["planar", *map(str, items)]))
    if warp is None:
        return
    picture = np.full((13, 17, 3), 200, np.uint8)
    matrix = picture_map(warp, 17, 13)
    if matrix is not None:
        assert np.isfinite(matrix).all()
        view = turned(picture, matrix)
        assert view.shape == picture.shape
        assert view.dtype == np.uint8


@bounded(120)
@given(st.text(max_size=60))
def test_any_text_is_a_prewarp_or_none(text):
    for words in (text, f"planar,{text}"):
        parse_prewarp(words)


CONF = [
    b"[common]\nruntime_dir = /x\nskip_detection = 0\npostprocess_min_confidence = 65\n",
    "\ufeff; comment\nANALYSIS_COUNT = 3;\n[debug]\na=1\n[]\nprewarp=planar,1,2\n".encode(),
    b"detection_strictness = 3\r\nmax_detection_input_width=1280\r\nmax_plate_width_percent=1e999",
    b"analysis_count = " + b"9" * 6000,
]


@bounded(120)
@given(damaged(CONF))
def test_any_openalpr_conf_gives_valid_settings(tmp_path_factory, content):
    config = parse_config(content.decode("utf-8-sig", "replace"), "a.conf")
    Settings(**config.settings)
    assert "\n" not in config.warning.removeprefix("a.conf: ") or "\n" not in content.decode(
        "latin-1"
    )


def test_a_conf_file_that_cannot_be_read_is_an_error(tmp_path):
    for path in (tmp_path, tmp_path / "missing", Path("a\0b")):
        with pytest.raises(SettingsError):
            read_config(path)


ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=4),
    st.binary(max_size=2),
    st.lists(st.text(max_size=3), max_size=2),
    st.tuples(st.text(max_size=2)),
    st.sampled_from([10**400, -(10**5000), Fraction(1, 3), np.float32(0.5), np.int64(3), 1j]),
)


@bounded(120)
@given(st.sampled_from(sorted(Settings.__dataclass_fields__)), ANY)
@example("min_confidence", 10**400)
@example("topn", 10**5000)
@example("plate_margin", Fraction(10**400))
def test_any_value_of_a_setting_is_taken_or_an_error_that_names_it(name, value):
    try:
        settings = changed(Settings(), {name: value})
    except SettingsError as error:
        assert name in str(error)
        assert len(str(error)) < 500
    else:
        assert hash(settings) == hash(changed(settings, {}))


@bounded(120)
@given(st.dictionaries(st.text(max_size=8), ANY, max_size=3))
def test_any_names_of_settings_are_taken_or_an_error(changes):
    try:
        changed(Settings(), changes)
    except SettingsError as error:
        assert any(name in str(error) for name in changes)


SIDES = st.one_of(
    st.floats(), st.integers(-5000, 5000), st.sampled_from([10**400, None, "1", 1j, np.nan])
)


@bounded(150)
@given(
    st.lists(st.builds(Box, SIDES, SIDES, SIDES, SIDES), max_size=3),
    st.integers(1, 400),
    st.integers(1, 400),
)
def test_any_areas_lie_in_the_picture_or_are_an_error(areas, width, height):
    try:
        clamped = clamped_areas(areas, width, height)
    except SettingsError as error:
        assert "regions_of_interest" in str(error)
        return
    assert len(clamped) == max(1, len(areas))
    for area in clamped:
        assert 0 <= area.left <= area.right <= width
        assert 0 <= area.top <= area.bottom <= height


def test_the_standard_library_still_lets_these_through():
    """When it does no longer, the errors that are caught beside its own can go."""
    with pytest.raises((RecursionError, tomllib.TOMLDecodeError)):
        tomllib.loads(WORST[0].decode())
    with pytest.raises(ValueError, match="digits"):
        tomllib.loads(WORST[1].decode())
