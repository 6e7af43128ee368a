# SPDX-License-Identifier: Apache-2.0
"""Korean plates: their syllables drawn, their bank, and the shipped sample read with it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from alprcore import Engine
from alprcore.countries.file import BANKS
from alprcore.countries.fit import load_countries, load_country
from alprcore.evaluation.scoring import clean
from alprcore.reading.bank import parse_bank
from alprcore.resources import bank_bytes, sample_path
from alprcore.showing.hangul import romanized
from alprcore.training.drawing.faces import Face, cap_rows, margin, stroke_face
from alprcore.training.drawing.hangul_faces import (
    HangulFace,
    places,
    stroke_syllables,
    syllables,
    use_letters,
    with_hangul,
)
from alprcore.training.drawing.hangul_strokes import letters_of, random_syllables, syllable_mask


@pytest.fixture(scope="module")
def hangul() -> HangulFace:
    return stroke_syllables(0)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="kr,kr2")


def sample_plates() -> set[str]:
    with sample_path("kr/kr.jpg").with_name("truth.csv").open(encoding="utf-8") as file:
        return {row["plate"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("syllable", "letters"),
    [("가", "ㄱㅏ"), ("원", "ㅇㅝㄴ"), ("충", "ㅊㅜㅇ"), ("합", "ㅎㅏㅂ"), ("제", "ㅈㅔ")],
)
def test_a_syllable_is_its_letters(syllable: str, letters: str) -> None:
    assert "".join(letters_of(syllable)) == letters


@pytest.mark.parametrize("char", ["A", "7", "ㄱ", "中"])
def test_what_is_no_syllable_is_refused(char: str) -> None:
    with pytest.raises(ValueError, match="expected a Hangul syllable"):
        letters_of(char)
    with pytest.raises(ValueError, match="expected a Hangul syllable"):
        syllable_mask(char, random_syllables(np.random.default_rng(0)), 40)


def test_no_two_syllables_are_drawn_alike(hangul: HangulFace) -> None:
    assert set(hangul.masks) == set(syllables)
    inks = {s: mask > 127 for s, mask in hangul.masks.items()}
    for i, first in enumerate(syllables):
        assert inks[first].shape[0] == cap_rows
        assert 0.05 < inks[first].mean() < 0.6
        for second in syllables[i + 1 :]:
            a, b = inks[first], inks[second]
            assert a.shape == b.shape
            assert (a & b).sum() < 0.93 * (a | b).sum(), (first, second)


def test_a_face_gets_hangul_of_the_height_and_place_that_is_asked_for(hangul: HangulFace) -> None:
    digits = stroke_face(3)

    def ink_rows(down: float) -> tuple[int, int]:
        mixed = with_hangul(digits, hangul, "12가34", height=0.7, stretch=1.0, down=down)
        assert isinstance(mixed, Face)
        assert set(mixed.fields) == {*digits.fields, "가"}
        rows = np.flatnonzero((mixed.fields["가"] > 128).any(axis=1))
        return int(rows[0]) - margin, int(rows[-1]) + 1 - margin

    assert ink_rows(0.0) == pytest.approx((0, 0.7 * cap_rows), abs=2)
    assert ink_rows(1.0) == pytest.approx((0.3 * cap_rows, cap_rows), abs=2)


def test_the_bank_reads_every_character_of_the_countries() -> None:
    alphabet = parse_bank(bank_bytes("hangul.npz")).alphabet
    assert alphabet.startswith(parse_bank(bank_bytes("latin.npz")).alphabet)
    for code in ("kr", "kr2"):
        country, _ = load_country(code)
        assert set(country.letters) <= set(alphabet)
        assert set(country.letters) == set(use_letters)
        for region in country.regions:
            assert set("".join(region.patterns)) <= {*alphabet, "@", "#"}
    assert set("".join(places)) <= set(alphabet)


@pytest.mark.parametrize(
    ("codes", "banks"),
    [
        (("us", "eu"), ["latin.npz"]),
        (("kr",), ["hangul.npz"]),
        (("eu", "kr2"), ["latin.npz", "hangul.npz"]),
    ],
)
def test_the_countries_say_which_banks_read_them(codes: tuple[str, ...], banks: list[str]) -> None:
    assert [BANKS[script] for script in load_countries(codes).scripts] == banks


@pytest.mark.parametrize(
    ("text", "country", "known"),
    [
        ("12가3456", "kr", True),
        ("123허4567", "kr", True),
        ("12A3456", "kr", False),
        ("12뷁3456", "kr", False),
        ("서울12\n바3456", "kr2", True),
        ("경남1\n자3456", "kr2", True),
        ("34누\n5678", "kr2", True),
        ("울서12\n바3456", "kr2", False),
    ],
)
def test_formats_of_korean_plates(engine: Engine, text: str, country: str, known: bool) -> None:
    quad = engine.recognize(str(sample_path("kr/kr.jpg"))).plates[0].quad
    (fit,) = load_countries((country,)).fits([text], quad)[text]
    assert bool(fit.regions) is known


def test_the_sample_is_read(engine: Engine) -> None:
    plates = engine.recognize(str(sample_path("kr/kr.jpg"))).plates
    assert {plate.text.replace("\n", "") for plate in plates} == sample_plates()
    two_line = next(plate for plate in plates if "\n" in plate.text)
    assert two_line.country == "kr2"
    assert len(two_line.text.split("\n")) == 2
    for plate in plates:
        assert plate.matches_template
        assert plate.region == "kr"
        assert "".join(glyph.text for glyph in plate.glyphs) == plate.text.replace("\n", "")


def test_latin_plates_are_read_beside_korean_ones() -> None:
    mixed = Engine(country="eu,kr")
    alone = Engine(country="eu").recognize(str(sample_path("eu.jpg"))).plates
    assert [p.text for p in mixed.recognize(str(sample_path("eu.jpg"))).plates] == [
        p.text for p in alone
    ]
    texts = {p.text for p in mixed.recognize(str(sample_path("kr/kr.jpg"))).plates}
    assert texts & sample_plates()


def test_another_country_brings_its_bank() -> None:
    latin = Engine(country="eu")
    korean = latin.with_settings(country="kr,kr2")
    back = korean.with_settings(country="eu")
    picture = str(sample_path("kr/kr.jpg"))
    assert {p.text.replace("\n", "") for p in korean.recognize(picture).plates} == sample_plates()
    for engine in (latin, back):
        assert not any(set(p.text) & set(syllables) for p in engine.recognize(picture).plates)


def test_the_command_prints_hangul_as_it_is() -> None:
    command = [sys.executable, "-m", "alprcore.cli.alpr.command", "-c", "kr2", "-j"]
    done = subprocess.run(
        [*command, str(sample_path("kr/kr.jpg"))], capture_output=True, check=True, timeout=120
    )
    found = json.loads(done.stdout.decode("utf-8"))
    plates = {result["plate"].replace("\n", "") for result in found["results"]}
    assert plates & sample_plates()
    assert "\\u" not in done.stdout.decode("utf-8")


def test_pictures_have_hangul_in_latin_letters() -> None:
    assert romanized("서울12-가3456 97%") == "seoul12-ga3456 97%"
    assert romanized("ABC-123") == "ABC-123"


def test_hangul_counts_when_texts_are_compared() -> None:
    assert clean("12가 3456") == "12가3456"
    assert clean("12나 3456") != clean("12가 3456")
