# SPDX-License-Identifier: Apache-2.0
"""The region codes and format shapes that OpenALPR's users know, against the country files.

Shapes: ``3L`` three letters of the country, ``2-4D`` two to four digits, ``*`` any character,
``{A-HJ}`` one of these, ``{TA}x2`` two of them; ``;`` between alternatives.
"""

from __future__ import annotations

import random
import re
from functools import cache
from itertools import product

import pytest

from alprcore.countries.fit import load_country
from alprcore.countries.formats import match_patterns

SHAPES = {
    "us": {
        "al": "1D 2L 4D; 2D 2L 3D; 1D 1L 2D 1L 2D; 2D 1L 2D 1L 1D; 2L 5D; 5D 2L; 1D 1L 4D 1L;"
        "2D 1L 3D 1L; 2D 1L 1D 1L 1D 1L",
        "ak": "3L 3D", "as": "4D", "az": "3L 4D; 3D 3L", "ar": "3D 3L; 3L 3D",
        "ca": "1D 3L 3D; 1D 1L 5D; 5D 1L 1D; 3D 3L", "co": "3D 3L; 2-3L 4D; 3L 3D",
        "ct": "1D 4L 1D; 3D 3L; 5-6D; 1-2L 3D; 2L 4D", "de": "3-6D", "dc": "2L 4D; 6D",
        "fl": "4L 2D; 4D {GH} 1L; 3D {H-Y} 2L; 1L 3D 2L; 1L 2D 3L",
        "ga": "3L 4D; 4D 2-3L; 5D {Q} 1L; 3D 3L", "gu": "2-3L 4D; 3L 3D 1L",
        "hi": "{A-HJKNMPR-Z} 2L 3D",
        "id": "1L 6D; 1D 1L 5D; 1D 2L 4D; 1D 3L 3D; {A} 5D {T}; {A} 1L 4D {T}; 1D {A} 4D {T};"
        "1D {A} 1L 3D {T}; {BU} 4D; 4D {BEFGHIJKLMNPRSTUXYZ}; 2D {S} {A} {S}; 1D 2L 1D {S};"
        "{J} 1L 3D; 5D {BCS}; 3D 1L {E}; 2D 2L {E}; 5D",
        "il": "1L 5-6D; 5-7D; 2L 4D; 3L 3D; 4-5D 1L", "in": "3D 1-3L; 4D",
        "ia": "3L 3D; 3D 3L; 4D 2L", "ks": "3D 3L; 3L 3D", "ky": "3D 3L", "la": "3L 3D",
        "me": "2-4D 2L; 3D 3L", "ms": "5L 1D; 3L 3D; 2D {W} 2D",
        "md": "1D 3L 2D; 1D {AB} 4D; 3L 3D; {A} 6D; 5D; 3D {AB} {A-N} {A-MY};"
        "{AB} {A-E} {A-Y} 2D 1L; 1L 5D",
        "ma": "3D 2L 1D; 1D 2L 3D; 1D 3L 2D; 6D; 3D 3L; 4D 2L; 2D 2L 2D", "mi": "3L 4D; 1D 3L 2D",
        "mn": "3D 3L; 3L 3D", "mo": "2L 1D 1L 1D 1L; 3D 3L; 1D 2L 2D 1L", "mt": "6D {A}; 4-5D 1L",
        "ne": "1D 1L 4D; 1D 2L 3D; 2D 1L 3D; 2D 2L 2D", "nv": "3D 3L; 1L 5D; 2L 4D; 3L 3D",
        "nh": "6-7D; 3L 3D", "nj": "1L 2D 3L; 3L 2D 1L; 2L 3D 1L; 3L 4D", "nm": "1-3L 3D; 3D 3L",
        "ny": "3L 3-4D; 1D 2L 3D; 1L 1D 1L 3D; 1L 3D 2L; 2L 3D 1L", "nc": "3L 4D", "nd": "3L 3D",
        "mp": "3L 3D", "oh": "3L 4D; 2L 2D 2L", "ok": "3D 3L", "or": "3D 3L; 3L 3D",
        "pa": "3L 4D", "pr": "3L 3D", "ri": "2L 3D; 5-6D", "sc": "3L 3D; 4D 2L",
        "sd": "1D 2L 3D; 2D 1L 3D; 2D 2L 2D; 2D 3L 1D", "tn": "3D 3L",
        "tx": "3L 3-4D; 1L 2D 3L; 3D 3L; 2L 1D 1L 3D", "ut": "1L 3D 2L; 3D 1L 1D; 3D 3L; 3L 3D",
        "vt": "3L 3D; 3D 1L 3D; 2D {B} 2D", "vi": "3L 3D",
        "va": "3L 3-4D; {J-Z} 2L 4D; 2L 4D; 4D 2L; 5D {JY}", "wa": "3D 3L; 3L 4D; 1L 5D 1L",
        "wi": "3D 3L; 3L 3D", "wv": "{1-9DON} 2L 3D; {1-9DON} 1L 4D",
        "wy": "5-7D; 4D 1L; 3D 2L; 2D 3L", "ab": "3L 3-4D",
        "bc": "2L 3D 1L; 2L 4D; 3L 3D; 4D 2L; 3D 3L", "mb": "3L 3D", "nb": "3L 3D", "nl": "3L 3D",
        "ns": "3L 3D", "nt": "3L 3D", "nu": "{M} {L} {A} 3D; 3L 3D",
        "on": "3-4L 3D; 2L 5D; {G} {V} 2L 3D; 3D 3L", "pe": "2L 3D",
        "qc": "1L 2D 3L; 3D 1L 3D; 3L 3D; 3D 3L", "sk": "3D 3L; 3L 3D", "yt": "3L 2D",
        "base": "3L 3-4D; 3D 3L",
    },
    "eu": {
        "ad": "1L 4D", "al": "2L 3D 2L", "am": "2-3D 2L 2-3D", "at": "1-2L 3-6*", "az": "2D 2L 3D",
        "ba": "{AEJKMOT} 2D {AEJKMOT} 3D; {T} {A} 6D; {T}x2 6D; 6D {AEJKT}",
        "be": "3-4L 3D; 1D 3L 3D; 3D 3L", "bg": "1-2L 4D 2L", "by": "4D 2L 1D",
        "ch": "2L 1-6D; {APM} 1-6D", "cy": "3L 3D", "cz": "1D 1L 5D; 1D 2L 4D",
        "de": "2-4L 1-4D; 3-4L 2-4D {HE}; 3L 1D {HE}", "dk": "2L 5D", "ee": "3D 3L",
        "es": "4D 3L; 1L 4D 3L", "fi": "3L 3D", "fr": "2L 3D 2L; 3D 3L 2D; 4D 2L 2D",
        "gb": "2L 2D 3L", "ge": "2L 3D 2L", "gi": "{G} 4D 1L", "gr": "3L 4D", "hr": "2L 3-4D 1-2L",
        "hu": "3L 3D; 4L 3D",
        "ie": "2D {12} {CDGLTW} 3-6D; 2D {12} {CDGKLMORSTW} {DEHKLMNOSWXY} 3-6D;"
        "2D {CDGLTW} 3-6D; 2D {CDGKLMORSTW} {DEHKLMNOSWXY} 3-6D",
        "is": "3L 2D", "it": "2L 3D 2L", "kz": "3D 3L", "li": "2L 3-5D", "lt": "3L 3D",
        "lu": "4-5D; 2L 3-4D; 1L 4D", "lv": "1-2L 3-4D",
        "mc": "4D; 3D 1L; 1D 1L 2D; 2D 1L 1D; 1L 3D",
        "md": "4L 1-3D; {CK} 2L 1-3D", "me": "4L 3D", "mk": "2L 3-4D 2L", "mt": "3L 3D",
        "nl": "2L 4D; 4D 2L; 2D 2L 2D; 2L 2D 2L; 4L 2D; 2D 4L; 2D 3L 1D; 1D 3L 2D; 2L 3D 1L;"
        "1L 3D 2L; 3L 2D 1L; 1L 2D 3L; 1D 2L 3D; 3D 2L 1D",
        "no": "2L 5D; 5D",
        "pl": "2-3L 5D; 2-3L 4D 1L; 2-3L 3D 2L; 2L 1D 1L 3D; 2L 1D 2L 2D; 4L 3D; 3L 2D 2L;"
        "3L 1D 1L 2D; 3L 2D 1L 1D; 3L 1D 2L 1D; 5L 2D",
        "pt": "2L 4D; 4D 2L; 2D 2L 2D", "ro": "2L 2D 3L; {B} 2-3D 3L", "rs": "2L 3D 2L",
        "ru": "1L 3D 2L 2-3D", "se": "3L 3D", "si": "4L 3D", "sk": "2L 3D 2L", "sm": "1L 3-4D",
        "tr": "2D 1L 4-5D; 2D 2L 3-4D; 2D 3L 2D", "ua": "2L 4D 2L",
        "va": "{S} {C} {V} 5D; {C} {V} 5D",
    },
    "au": {
        "act": "{Y} 2L 2D 1L; {T} 5D", "nsw": "2L 2D 2L; 3L 2D 1L; {T} {AR} 2D 2L",
        "nt": "2L 2D 2L; {T} 1L 4D", "qld": "3D 3L", "sa": "{S} 3D 3L", "tas": "1L 2D 2L",
        "vic": "3L 3D; 1D 2L 1D 2L; 1L 5D", "wa": "{1} 3L 3D",
    },
    "mx": {"mx": "3L 4D; 1L 2D 3L; 3L 3D 1L; 2L 5D; 4D 2L"},
    "in": {"in": "2L 1-2D 1-2L 4D; 2D {B} {H} 4D 1-2L"},
    "kr": {"kr": "2D 1L 4D; 3D 1L 4D"},
    "sg": {"sg": "1L {A-HJ-NP-Z}x2 4D {A-EGHJ-MPR-UX-Z}"},
    "gb": {"gb": "2L 2D 3L"},
    "fr": {"fr": "2L 3D 2L"},
    "ar": {"ar": "2L 3D 2L; 3L 3D"},
}  # fmt: skip

# Series of the Brazilian states. OpenALPR gives Amapá the series of Amazonas, JWF to JXY, has no
# Amazonas, and gives ODI to ODT, Espírito Santo's, to Piauí as well.
SERIES = {
    "ac": "MZN-NAG NXR-NXT OVG OXP QLU-QLZ", "al": "MUA-MVK NLV-NMO OHB-OHK ORD-ORM OXN QLA-QLM",
    "am": "JWF-JXY", "ap": "QLN-QLT",
    "ba": "JKS-JSZ NTD-NTW NYH-NZZ OKI-OLG OUF-OVD OZC-OZV PJA-PLZ",
    "ce": "HTX-HZA NQL-NRE NUM-NVF OCB-OCU OHX-OIQ ORN-OSV OZA PMA-POZ",
    "df": "JDP-JKR OVM-OVV OZW-PBZ", "es": "MOX-MTZ OCV-ODT OVE-OVF OVH-OVL OYD-OYK PPA-PPZ",
    "go": "KAV-KFC NFC-NGZ NJX-NLU NVO-NWR OGH-OHA OMI-OOF PQA-PRZ QRC-QTX",
    "ma": "HOL-HQE NHA-NHT NMP-NNI NWS-NXQ OIR-OJQ OXQ-OXZ PSA-PTZ",
    "mt": "JXZ-KAU NIY-NJW NPC-NPQ NTX-NUG OAA-OAP OBA-OBS QBA-QCZ",
    "ms": "HQF-HTW NRF-NSD OOG-OOU QAA-QAZ",
    "mg": "GKJ-HOK NXX-NYG OLO-OMG OOV-OOZ ORA-ORC OWH-OXK PUA-PZZ QMQ-QQZ",
    "pa": "JTA-JWE NSE-NTC OBT-OCA OFI-OFW OSW-OSZ OTZ QDA-QEZ RLA-RMZ",
    "pb": "MMN-MOW NPR-NQK OET-OFH OFX-OGG OXO QFA-QFZ", "pr": "AAA-BEZ",
    "pe": "KFD-KME NXU-NXW OYL-OYZ PEE-PGZ",
    "pi": "LVF-LWQ NHU-NIX ODU-OEI OUA-OUE OVW-OVY PIA-PIZ", "rj": "KMF-LVE RIO-RKZ",
    "rn": "MXH-MZM NNJ-NOH OJR-OKC OVZ-OWG QGA-QGZ", "rs": "IAQ-JDO",
    "ro": "NBB-NEH OHL-OHW OXL QRA", "rr": "NAH-NBA NUH-NUL QRB", "sc": "LWR-MMM OKD-OKH QHA-QJZ",
    "sp": "BFA-GKI SAV", "se": "HZB-IAP NVG-NVN OEJ-OES OZB QKN-QKZ QMA-QMP",
    "to": "MVL-MXG OLH-OLN OYA-OYC QKA-QKM",
}  # fmt: skip

SAMPLES = 5
REGIONS = [(country, region) for country, regions in SHAPES.items() for region in regions]
loaded = cache(load_country)


def country_of(code):
    return loaded(code)[0]


def regions_with(code, text):
    return {match.region for match in match_patterns(text, loaded(code)[1])}


def spread(inside):
    """All characters of the inside of a set."""
    for low, high in re.findall(r"(.)-(.)", inside):
        between = "".join(map(chr, range(ord(low), ord(high) + 1)))
        inside = inside.replace(f"{low}-{high}", between)
    return inside


def alternatives(shape, letters):
    """One list a text, of the characters that each of its positions may have."""
    kinds = {"L": spread(letters), "D": "0123456789", "*": "A1BZ90"}
    found = []
    for one in shape.split(";"):
        runs = []
        for token in one.split():
            counted = re.fullmatch(r"(\d+)(?:-(\d+))?([LD*])", token)
            if counted:
                low, high, kind = counted.groups()
                counts = range(int(low), int(high or low) + 1)
                runs.append([[kinds[kind]] * n for n in counts])
            else:
                inside, times = re.fullmatch(r"\{(.+)\}(?:x(\d))?", token).groups()
                runs.append([[spread(inside)] * int(times or 1)])
        found += [[position for part in parts for position in part] for parts in product(*runs)]
    return found


def test_the_shapes_are_taken_apart_right():
    found = alternatives("1-2L {AB}x2 1D; 2*", "A-C")
    assert found == [
        ["ABC", "AB", "AB", "0123456789"],
        ["ABC", "ABC", "AB", "AB", "0123456789"],
        ["A1BZ90", "A1BZ90"],
    ]


@pytest.mark.parametrize(("code", "region"), REGIONS)
def test_every_known_shape_of_a_region_has_a_format(code, region):
    country = country_of(code)
    draw = random.Random(f"{code} {region}")
    tried = 0
    for positions in alternatives(SHAPES[code][region], country.letters):
        if country.min_chars <= len(positions) <= country.max_chars:
            for _ in range(SAMPLES):
                text = "".join(draw.choice(characters) for characters in positions)
                assert region in regions_with(code, text), text
                tried += 1
    assert tried


def test_few_known_shapes_are_out_of_reach():
    beyond = {}
    for code, region in REGIONS:
        country = country_of(code)
        for positions in alternatives(SHAPES[code][region], country.letters):
            if not country.min_chars <= len(positions) <= country.max_chars:
                beyond.setdefault((code, region), set()).add(len(positions))
    # Three characters are fewer than any of these countries' usual plates have; no Irish number has
    # more than six digits with a year of three, or five with a county of two letters.
    assert beyond == {
        ("us", "de"): {3},
        ("eu", "ch"): {2, 3},
        ("eu", "de"): {3},
        ("eu", "ie"): {10, 11},
    }


@pytest.mark.parametrize("state", SERIES)
def test_every_brazilian_series_has_its_state(state):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    every = ["".join(series) for series in product(letters, repeat=3)]
    for series in SERIES[state].split():
        first, _, last = series.partition("-")
        inside = [each for each in every if first <= each <= (last or first)]
        for each in {*inside[::97], inside[0], inside[-1]}:
            for number in ("1234", "1A34"):
                assert regions_with("br", each + number) - {"base"} == {state}, each


def test_one_and_two_line_files_of_a_country_agree():
    assert country_of("br2").regions == country_of("br").regions
    assert country_of("auwide").regions == country_of("au").regions
