# SPDX-License-Identifier: Apache-2.0
"""Countries by the names that people type."""

from __future__ import annotations

import pytest

from alprcore import CountryError, Engine, Settings
from alprcore.cli import main
from alprcore.countries.aliases import EUROPE, NAMES, without_aliases
from alprcore.countries.fit import load_country
from alprcore.resources import country_codes


@pytest.mark.parametrize(
    ("given", "codes", "region"),
    [
        (("de",), ("eu",), "de"),
        (("se",), ("eu",), "se"),
        (("pol",), ("eu",), "pl"),
        (("uk",), ("gb",), ""),
        (("usa",), ("us",), ""),
        (("de", "pl", "us"), ("eu", "us"), ""),
        (("gb", "uk"), ("gb",), ""),
    ],
)
def test_other_names_become_codes(given, codes, region):
    settings, said = without_aliases(Settings(country=given))
    assert (settings.country, settings.default_region) == (codes, region)
    assert len(said) == sum(code not in country_codes() for code in given)


def test_codes_are_left_alone_and_unknown_names_are_unknown():
    for codes in (("us", "eu"), ("auto",), ("fr",), ("atlantis",)):
        assert without_aliases(Settings(country=codes)) == (Settings(country=codes), ())
    with pytest.raises(CountryError, match="atlantis"):
        Engine(country="atlantis")


def test_a_region_that_is_set_stays():
    settings, _ = without_aliases(Settings(country=("de",), default_region="at"))
    assert settings.default_region == "at"


def test_a_country_of_ones_own_is_no_alias(tmp_path):
    (tmp_path / "se.toml").write_text("")
    mine = Settings(country=("se",), country_dirs=(str(tmp_path),))
    assert without_aliases(mine) == (mine, ())


def test_every_name_leads_to_a_country():
    regions = {region.code for region in load_country(EUROPE)[0].regions}
    assert set(NAMES.values()) <= set(country_codes()) | regions
    assert not set(NAMES) & set(country_codes())


def test_python_warns_and_the_command_line_says_so(capsys):
    with pytest.warns(UserWarning, match="country de: Germany is a part of eu, taken with region"):
        engine = Engine(country="de")
    assert engine.settings.country == ("eu",)
    assert engine.settings.default_region == "de"
    main(["recognize", "nothing.jpg", "--country", "uk"])
    assert "alprcore: country uk: taken as gb\n" in capsys.readouterr().err
