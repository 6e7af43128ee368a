# SPDX-License-Identifier: Apache-2.0
"""Countries as an engine loads them: shipped ones, a user's own, and what they say of a plate."""

from __future__ import annotations

import math

import pytest

from alprcore import Engine, resources
from alprcore.cli import main
from alprcore.countries.fit import (
    ODD_LINES_WEIGHT,
    CountrySet,
    load_countries,
    load_country,
)
from alprcore.errors import CountryError, SettingsError
from alprcore.records import Quad
from alprcore.resources import country_codes, country_text, sample_path

OWN = """
code = "{code}"
name = "Nowhere"
plate_mm = [520, 110]
min_chars = 6
max_chars = 7
[[regions]]
code = "here"
name = "Here"
patterns = ["@@@####"]
"""
EUROPEAN = Quad((0.0, 0.0), (520.0, 0.0), (520.0, 110.0), (0.0, 110.0))
AMERICAN = Quad((0.0, 0.0), (300.0, 0.0), (300.0, 150.0), (0.0, 150.0))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "zz.toml").write_text(OWN.format(code="zz"))
    (tmp_path / "notes.txt").write_text("no country")
    return tmp_path


def fits_of(codes, text, quad=EUROPEAN):
    return {fit.country: fit for fit in load_countries(codes).fits([text], quad)[text]}


def test_auto_is_every_country_that_can_be_read_and_has_formats_of_its_own():
    codes = {country.code for country, _ in load_countries(("auto",)).entries}
    assert {"us", "eu", "br", "ar", "za", "my", "kr", "kr2", "cn", "eg"} <= codes
    assert not codes & {"jp", "th", "gb", "fr", "ru", "tr"}


def test_codes_beside_auto_add_to_it():
    bare, more = (load_countries(codes) for codes in (("auto",), ("fr", "auto", "us", "gb")))
    assert sorted(country.code for country, _ in more.entries) == sorted(
        [*(country.code for country, _ in bare.entries), "fr", "gb"]
    )
    with pytest.raises(CountryError, match="nowhere"):
        load_countries(("auto", "nowhere"))


def test_a_country_that_auto_leaves_out_is_there_when_named():
    named = load_countries(("gb", "us", "gb"))
    assert [country.code for country, _ in named.entries] == ["gb", "us"]


def test_an_unreadable_script_is_refused_when_named():
    with pytest.raises(CountryError, match="jp: its plates carry Kanji"):
        load_countries(("us", "jp"))


def test_one_unknown_code_refuses_the_whole_list():
    with pytest.raises(CountryError, match="got 'zz'"):
        load_countries(("us", "zz"))


def test_one_file_adds_a_country(folder):
    assert "zz" in country_codes([str(folder)])
    assert "notes" not in country_codes([str(folder)])
    country, _ = load_country("zz", (str(folder),))
    assert country.name == "Nowhere"
    automatic = load_countries(("auto",), (str(folder),))
    assert "zz" in {country.code for country, _ in automatic.entries}


def test_an_engine_reads_with_a_country_of_the_users_own(folder):
    engine = Engine(country="zz", country_dirs=(str(folder),))
    plate = engine.recognize(sample_path("eu.jpg")).plates[0]
    assert (plate.country, plate.region) == ("zz", "here")
    assert plate.matches_template
    assert plate.regions[0].name == "here"
    twin = Engine(country="eu").with_settings(country="zz", country_dirs=(str(folder),))
    assert twin.recognize(sample_path("eu.jpg")).plates[0].region == "here"


def test_an_own_file_takes_the_place_of_a_shipped_one_and_the_last_folder_wins(folder, tmp_path):
    (folder / "us.toml").write_text(OWN.format(code="us"))
    assert load_country("us", (str(folder),))[0].name == "Nowhere"
    assert load_country("us")[0].name == "United States and Canada"
    last = tmp_path / "last"
    last.mkdir()
    (last / "us.toml").write_text(OWN.format(code="us").replace("Nowhere", "Elsewhere"))
    assert load_country("us", (str(folder), str(last)))[0].name == "Elsewhere"
    assert load_country("us", (str(last), str(folder)))[0].name == "Nowhere"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("min_chars = 6", "", "min_chars"),
        ("plate_mm", "plate_cm", "plate_cm"),
        ("min_chars = 6", "min_chars = 6\nlines = 5", "lines: expected 1 to 3"),
        ('"@@@####"', '"[AB"', "region here: patterns: pattern '[AB': the set does not end"),
        ('"@@@####"', '"@*"', "region here: patterns: pattern '@*': * is not allowed"),
        ('code = "zz"', 'code = "yy"', "code: expected 'zz' as the file's, got 'yy'"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(folder, old, new, key):
    (folder / "zz.toml").write_text(OWN.format(code="zz").replace(old, new))
    with pytest.raises(SettingsError) as caught:
        Engine(country="zz", country_dirs=(str(folder),))
    assert str(caught.value).startswith(str(folder / "zz.toml"))
    assert key in str(caught.value)


def test_a_file_that_is_no_text_and_a_folder_that_is_none_are_told(folder):
    (folder / "zz.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CountryError, match=r"zz\.toml: cannot be read"):
        load_country("zz", (str(folder),))
    with pytest.raises(CountryError, match="country_dirs: cannot list"):
        load_countries(("us",), (str(folder / "none"),))


def test_hashes_are_asked_of_shipped_files_alone(folder, monkeypatch):
    monkeypatch.setattr(resources, "source_records", list)
    assert load_country("zz", (str(folder),))[0].code == "zz"
    with pytest.raises(resources.ResourceError, match="not recorded"):
        country_text("us")


def test_the_only_region_counts_as_given_where_the_country_was_named():
    assert load_countries(("gb", "us", "mx")).only_regions == {"gb": "gb", "mx": "mx"}
    assert load_countries(("auto",)).only_regions == {}


def test_a_named_country_of_one_region_always_has_it():
    picture = sample_path("eu.jpg")  # MKV3726, no format of the countries below but gr's
    british = Engine(country="gb", default_region="md").recognize(picture).plates[0]
    assert british.region == "gb"
    german = Engine(country="eu").recognize(picture).plates[0]
    assert german.region == "de"
    assert german.region_confidence == german.regions[0].confidence
    assert sum(label.confidence for label in german.regions) == pytest.approx(1)
    asked = Engine(country="eu", default_region="xx").recognize(picture).plates[0]
    assert (asked.region, asked.region_confidence) == ("xx", 0.0)


def test_a_format_and_a_shape_speak_for_their_country():
    fits = fits_of(("us", "eu"), "RK755AJ")
    assert fits["eu"].country_log > fits["us"].country_log
    fits = fits_of(("us", "eu"), "7ABC123", AMERICAN)
    assert fits["us"].country_log > fits["eu"].country_log
    assert fits["us"].native > 0.9
    assert fits["eu"].native < 0.1


def test_of_two_countries_alike_the_one_with_more_vehicles_is_likelier():
    fits = fits_of(("mx", "us"), "FZRULZ", AMERICAN)
    assert fits["us"].country_log > fits["mx"].country_log


def test_a_line_too_few_speaks_against_a_country_of_two():
    one = fits_of(("br2",), "AYX8803")["br2"]
    two = fits_of(("br2",), "AYX\n8803")["br2"]
    assert two.country_log - one.country_log == pytest.approx(-ODD_LINES_WEIGHT)
    assert one.regions == two.regions


def test_a_country_with_two_line_plates_is_judged_by_their_shape():
    square = Quad((0.0, 0.0), (280.0, 0.0), (280.0, 200.0), (0.0, 200.0))
    assert fits_of(("eu",), "RK\n755AJ", square)["eu"].native == pytest.approx(1)
    assert fits_of(("eu",), "RK755AJ", square)["eu"].native < 0.01


def test_how_likely_a_country_makes_a_text_is_a_sum_over_its_regions():
    countries = load_countries(("br",))
    country, patterns = countries.entries[0]
    fit = fits_of(("br",), "SAV1234")["br"]
    other = fits_of(("br",), "S4V1234")["br"]
    by_hand = sum(patterns.shares[code] * math.exp(value) for code, value in fit.region_logs)
    assert fit.country_log - other.country_log == pytest.approx(math.log(1 + 9 * by_hand))
    assert {code for code, _ in fit.region_logs} == {"sp", "base"}
    assert sum(patterns.shares.values()) == pytest.approx(1)
    assert country.code == "br"


def test_lengths_and_lines_are_those_of_all_countries():
    assert load_countries(("us", "br")).lengths == range(4, 9)
    assert not load_countries(("us", "br")).two_lines
    assert load_countries(("us", "eu")).two_lines
    assert isinstance(load_countries(("us",)), CountrySet)


def test_the_command_lists_countries_and_shows_one(folder, capsys):
    assert main(["countries", "--country-dir", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["zz", "6-7", "1", "region", "Nowhere"] for line in lines)
    assert any(line.startswith("kr ") and "Hangul script" in line for line in lines)
    assert main(["countries", "ZZ", "us", "--country-dir", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "here  Here\n      @@@####" in shown
    assert "California\n" in shown
    assert main(["countries", "atlantis"]) == 1
    assert "atlantis" in capsys.readouterr().err


def test_the_command_reads_with_a_country_of_the_users_own(folder, capsys):
    words = ["recognize", str(sample_path("eu.jpg")), "--country", "zz", "--country-dir"]
    assert main([*words, str(folder)]) == 0
    assert "here" in capsys.readouterr().out


def test_a_region_that_no_country_has_is_known_as_such():
    both, brazil, one = (load_countries(codes) for codes in (("us", "eu"), ("br",), ("fr",)))
    assert not any(both.lacks(region) for region in ("", "va", "VA", "it"))
    assert both.lacks("zz")
    assert brazil.lacks("va")
    assert not one.lacks("zz")  # its only region stands whatever is given


def test_a_line_too_few_makes_a_country_150_times_less_likely():
    one = fits_of(("br2",), "AYX8803")["br2"]
    two = fits_of(("br2",), "AYX\n8803")["br2"]
    assert math.exp(two.country_log - one.country_log) == pytest.approx(148.4, rel=1e-3)


def test_a_country_whose_only_region_is_no_place_is_reported_without_a_probability(tmp_path):
    (tmp_path / "zz.toml").write_text(OWN.format(code="zz") + "weight = 0\n")
    engine = Engine(country="zz", country_dirs=(str(tmp_path),))
    (plate,) = engine.recognize(sample_path("us.jpg")).plates
    assert (plate.text, plate.region, plate.region_confidence) == ("LMR4827", "here", 0.0)
    assert plate.regions == ()


def test_a_pattern_that_no_plate_could_have_is_an_error(tmp_path):
    for count, problem in ((64, None), (65, "more than 64 positions")):
        text = OWN.format(code="zz").replace("@@@####", "?" * count)
        (tmp_path / "zz.toml").write_text(text)
        if problem is None:
            assert load_countries(("zz",), (str(tmp_path),)).fits(["A" * count], EUROPEAN)
        else:
            with pytest.raises(SettingsError, match=problem):
                load_countries(("zz",), (str(tmp_path),))
