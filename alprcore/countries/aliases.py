# SPDX-License-Identifier: Apache-2.0
"""Other names of countries: what people type in place of the codes that formats are kept under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alprcore.countries.fit import load_country
from alprcore.resources import country_codes
from alprcore.settings import Settings

EUROPE = "eu"
# ISO 3166-1 alpha-3, and what is said in place of a code. A code of Europe's regions (`de`, `se`)
# needs no entry.
NAMES = {
    "uk": "gb", "usa": "us", "can": "us", "canada": "us", "gbr": "gb", "rus": "ru", "tur": "tr",
    "deu": "de", "ger": "de", "germany": "de", "aut": "at", "che": "ch", "sui": "ch", "pol": "pl",
    "poland": "pl", "swe": "se", "sweden": "se", "nor": "no", "dnk": "dk", "fin": "fi", "fra": "fr",
    "france": "fr", "esp": "es", "spain": "es", "prt": "pt", "ita": "it", "italy": "it",
    "nld": "nl", "netherlands": "nl", "bel": "be", "lux": "lu", "irl": "ie", "cze": "cz",
    "svk": "sk", "hun": "hu", "rou": "ro", "bgr": "bg", "grc": "gr", "hrv": "hr", "svn": "si",
    "srb": "rs", "ukr": "ua", "ltu": "lt", "lva": "lv", "est": "ee", "europe": "eu",
    "bra": "br", "brazil": "br", "mex": "mx", "mexico": "mx", "arg": "ar", "chl": "cl", "aus": "au",
    "australia": "au", "nzl": "nz", "ind": "in", "india": "in", "jpn": "jp", "japan": "jp",
    "kor": "kr", "korea": "kr", "chn": "cn", "china": "cn", "twn": "tw", "zaf": "za", "isr": "il",
}  # fmt: skip


def without_aliases(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings with every country by its own code, and a line for each that had none.

    A code of the user's own files is never an alias. A region of Europe becomes ``eu``, and
    `default_region` where it stands alone and no other region is set.
    """
    known = set(country_codes(settings.country_dirs)) | {"auto"}
    if known.issuperset(settings.country):
        return settings, ()
    regions = {region.code: region.name for region in load_country(EUROPE)[0].regions}
    alone = len(settings.country) == 1 and not settings.default_region
    codes: list[str] = []
    said: list[str] = []
    region = settings.default_region
    for given in settings.country:
        code = given if given in known else NAMES.get(given, given)
        if code not in known and code in regions:
            kept = f" with region {code}" if alone else ""
            said.append(f"country {given}: {regions[code]} is a part of {EUROPE}, taken{kept}")
            region = code if alone else region
            code = EUROPE
        elif code != given:
            said.append(f"country {given}: taken as {code}")
        codes.append(code)
    return replace(settings, country=unique(codes), default_region=region), tuple(said)


def unique(codes: Sequence[str]) -> tuple[str, ...]:
    """Return the codes, each once, in their order."""
    return tuple(dict.fromkeys(codes))
