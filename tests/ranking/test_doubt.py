# SPDX-License-Identifier: Apache-2.0
"""Which script a plate is read in, and what a cover does to it, with looks that are given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.countries.fit import load_countries
from alprcore.ranking.doubt import (
    DOUBTED,
    HALF,
    LETTERING,
    TRUST,
    as_covered,
    as_half,
    as_lettering,
    of_likeliest_script,
)
from alprcore.ranking.examine import read_detection
from alprcore.ranking.record import Read
from alprcore.reading.attempts import Reader, load_reader
from alprcore.reading.looks import Looks, grown
from alprcore.records import Candidate, Detection, Quad
from alprcore.settings import Settings

FRAME = np.zeros((80, 200, 3), np.uint8)
QUAD = Quad.from_points([(40, 20), (160, 20), (160, 60), (40, 60)])


@dataclass(frozen=True)
class Given:
    """Stands for a network."""

    answer: dict[str, float]

    def shares(self, *_: object) -> dict[str, float]:
        return self.answer


def read(text: str, confidence: float) -> Read:
    return Read(
        text=text,
        confidence=confidence,
        matches_template=True,
        country="xx",
        region="",
        region_confidence=0.0,
        regions=(),
        detection=Detection(QUAD, 0.8),
        candidates=(Candidate(text, confidence),),
        glyphs=(),
        index=0,
        elapsed_ms=1.0,
        text_with_unsure=text,
        legibility=confidence,
        crop=np.zeros((32, 128), np.uint8),
        reading=cast(Any, None),
        bank=cast(Any, None),
    )


@dataclass(frozen=True)
class GivenShare:
    """Stands for the network that tells plates from other lettering."""

    answer: float

    def share(self, *_: object) -> float:
        return self.answer


def looks(
    script: dict[str, float] | None = None,
    cover: dict[str, float] | None = None,
    plate: float = 1.0,
) -> Looks:
    given = Given(script or {}), Given(cover or {}), GivenShare(plate)
    return Looks(*cast(Any, given))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader(Settings(), load_countries(("us", "kr", "cn", "eg")), {})


def chinese(text: str, confidence: float) -> Read:
    return replace(read(text, confidence), country="cn")


READS = {"Latin": read("PAF71017", 0.9), "Chinese": chinese("沪AF71017", 0.95)}


def chosen(
    reader: Reader, shares: dict[str, float], other: Read | None = READS["Chinese"]
) -> tuple[Read | None, list[str]]:
    tried: list[str] = []

    def read_by(one: Reader) -> Read | None:
        tried.append(one.script)
        found = {"Latin": READS["Latin"], "Chinese": other}.get(one.script)
        return None if found is None else replace(found, bank=one.bank)

    full = {"Latin": 0.0, "Hangul": 0.0, "Chinese": 0.0, "Arabic": 0.0} | shares
    with_looks = replace(reader, looks=looks(full))
    return of_likeliest_script(FRAME, QUAD, with_looks, read_by), tried


def test_a_plate_that_looks_latin_is_read_once_and_as_sure_as_before(reader: Reader) -> None:
    found, tried = chosen(reader, {"Latin": 0.9, "Chinese": 0.1})
    assert found == replace(READS["Latin"], bank=reader.bank)
    assert tried == ["Latin"]


def test_what_may_be_of_another_script_is_read_in_both_and_the_likelier_stands(
    reader: Reader,
) -> None:
    found, tried = chosen(reader, {"Latin": 0.52, "Chinese": 0.48})
    assert tried == ["Latin", "Chinese"]
    assert found is not None
    assert found.text == "PAF71017"
    share = 0.52 * 0.9 / (0.52 * 0.9 + 0.48 * 0.95)
    assert found.confidence == pytest.approx(share * 0.9)
    sure, _ = chosen(reader, {"Latin": 0.8, "Chinese": 0.2}, chinese("沪AF71017", 0.2))
    assert sure is not None
    assert (sure.text, sure.confidence) == ("PAF71017", 0.9)


def test_the_script_of_the_look_stands_and_is_less_sure_for_the_other(reader: Reader) -> None:
    found, tried = chosen(reader, {"Latin": 0.3, "Chinese": 0.7})
    assert found is not None
    assert found.text == "沪AF71017"
    assert tried == ["Latin", "Chinese"]
    share = 0.7 * 0.95 / (0.7 * 0.95 + 0.3 * 0.9)
    assert found.confidence == pytest.approx(TRUST["Chinese"] * share * 0.95)
    assert found.candidates[0].confidence == found.confidence


def test_a_bank_is_not_trusted_beyond_what_it_learned(reader: Reader) -> None:
    found, _ = chosen(reader, {"Chinese": 1.0})
    assert found is not None
    assert found.confidence == pytest.approx(TRUST["Chinese"] * 0.95)


@pytest.mark.parametrize(
    "other",
    [
        chinese("沪AF71017", 0.2),
        replace(chinese("沪AF7101", 0.95), matches_template=False),
        chinese("PAF71O17", 0.95),  # a province that its own bank does not see either
        None,
    ],
)
def test_without_a_reading_that_counts_the_first_stands_less_sure(
    reader: Reader, other: Read | None
) -> None:
    found, _ = chosen(reader, {"Latin": 0.3, "Chinese": 0.7}, other)
    assert found is not None
    assert (found.text, found.confidence) == ("PAF71017", pytest.approx(DOUBTED * 0.9))


@pytest.mark.parametrize(
    ("hidden", "confidence", "shown"),
    [
        ({"nothing": 0.9, "left": 0.1}, 0.9, "AB12"),
        ({"nothing": 0.6, "left": 0.4}, 0.54, "AB12"),
        ({"nothing": 0.1, "left": 0.8}, 0.09, "?AB12"),
        ({"nothing": 0.2, "right": 0.7}, 0.18, "AB12?"),
    ],
)
def test_a_covered_plate_is_less_sure_and_marked(
    reader: Reader, hidden: dict[str, float], confidence: float, shown: str
) -> None:
    full = {"nothing": 0.0, "left": 0.0, "right": 0.0, "inside": 0.0} | hidden
    found = as_covered(FRAME, read("AB12", 0.9), replace(reader, looks=looks(cover=full)))
    assert found.confidence == pytest.approx(confidence)
    assert found.text_with_unsure == shown
    assert found.occluded == ("?" in shown)


def test_a_quad_grows_along_its_sides() -> None:
    wide = grown(QUAD, 0.25, 0.5)
    assert wide.to_points().tolist() == [[10, 0], [190, 0], [190, 80], [10, 80]]


def plate_picture(cover: tuple[int, int] | None) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a drawn plate on a grey ground, with a bar between two columns of it."""
    picture = np.full((260, 560, 3), 90, np.uint8)
    cv2.rectangle(picture, (100, 90), (460, 170), (240, 240, 240), -1)
    cv2.rectangle(picture, (100, 90), (460, 170), (30, 30, 30), 2)
    for i, char in enumerate("KD48XTR"):
        cv2.putText(picture, char, (114 + 48 * i, 154), cv2.FONT_HERSHEY_SIMPLEX, 1.9, (20,) * 3, 5)
    if cover:
        cv2.rectangle(picture, (cover[0], 60), (cover[1], 200), (140, 120, 100), -1)
    return picture


def test_a_bar_over_an_end_never_leaves_a_shorter_text_that_is_sure_and_unmarked() -> None:
    engine = Engine(country="eu")
    for cover in ((60, 210), (350, 500)):
        for plate in engine.recognize(plate_picture(cover)).plates:
            assert plate.confidence < 0.9 or plate.occluded


def test_a_plate_that_says_the_same_in_two_scripts_is_not_doubted_for_it() -> None:
    reader = load_reader(Settings(), load_countries(("sa", "eg")), {})
    shares = {"Latin": 0.1, "Hangul": 0.0, "Chinese": 0.0, "Arabic": 0.9}
    for country, confidence in (("sa", 0.9), ("eg", DOUBTED * 0.9)):
        first = replace(read("417EAR", 0.9), country=country)

        def read_by(one: Reader, first: Read = first) -> Read | None:
            return replace(first, bank=one.bank) if one.script == "Latin" else None

        found = of_likeliest_script(FRAME, QUAD, replace(reader, looks=looks(shares)), read_by)
        assert found is not None
        assert found.confidence == pytest.approx(confidence)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4])
def test_lettering_on_no_plate_is_less_sure_and_less_legible(reader: Reader, share: float) -> None:
    known = replace(reader, looks=looks(plate=share))
    found = as_lettering(FRAME, read("PIZZA", 0.95), known)
    assert found.confidence == pytest.approx(0.95 * share / LETTERING)
    assert found.legibility == pytest.approx(0.95 * share / LETTERING)
    assert found.candidates[0].confidence == found.confidence


def test_what_looks_like_a_plate_is_as_sure_as_before(reader: Reader) -> None:
    first = read("AB123", 0.95)
    assert as_lettering(FRAME, first, replace(reader, looks=looks(plate=0.6))) == first
    # Nor is a place doubted that was given, or a reading that is hardly one.
    doubting = replace(reader, looks=looks(plate=0.0))
    given = replace(first, detection=Detection(QUAD, 0.8, (QUAD, QUAD)))
    assert as_lettering(FRAME, given, doubting) == given
    unsure = read("AB123", 0.1)
    assert as_lettering(FRAME, unsure, doubting) == unsure


def drawn(lines: list[str], rows: int) -> np.ndarray:
    """Return a picture with a plate of some lines on a car's grey, 240 columns wide."""
    frame = np.full((rows + 120, 400, 3), 90, np.uint8)
    cv2.rectangle(frame, (80, 60), (320, 60 + rows), (235, 235, 235), -1)
    cv2.rectangle(frame, (80, 60), (320, 60 + rows), (30, 30, 30), 2)
    for i, line in enumerate(lines):
        base = 60 + round(rows * (i + 0.82) / len(lines))
        size = min(rows * 0.68 / len(lines) / 22, 10.5 / len(line))
        width = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, size, 6)[0][0]
        left = 200 - width // 2
        cv2.putText(
            frame, line, (left, base), cv2.FONT_HERSHEY_SIMPLEX, size, (25, 25, 25), 6, cv2.LINE_AA
        )
    return frame


def test_half_of_a_plate_is_not_stated_as_all_of_it() -> None:
    """A plate of two lines, read for a country whose plates have one."""

    engine = Engine("us")
    parts = engine._parts
    for lines, rows, whole in ((["59U1", "72979"], 170, False), (["7LU5298"], 80, True)):
        frame = drawn(lines, rows)
        corners = [(80, 60), (320, 60), (320, 60 + rows), (80, 60 + rows)]
        place = Detection(Quad.from_points(corners), 0.9)
        found = read_detection(frame, place, parts.reader, parts.networks.regions, index=0)
        assert found is not None
        assert found.text in lines
        if whole:
            assert found.text_with_unsure == found.text
        else:
            assert found.confidence <= HALF
            assert found.text_with_unsure.count("?") == len(lines[1 - lines.index(found.text)])
            assert "\n" in found.text_with_unsure


def test_a_plate_of_the_right_lines_is_no_half(reader: Reader) -> None:
    both = replace(read("59U1\n72979", 0.9), crop=np.zeros((90, 120), np.uint8))
    assert as_half(both, reader) == both
