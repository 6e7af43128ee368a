# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

from alprcore.finding.search import distinct_plates
from alprcore.ranking.select import plausibility, select_plates
from alprcore.records import Box, Detection, Plate, Quad

LENGTHS = range(5, 9)


def quad(box: Box) -> Quad:
    return Quad(
        (box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)
    )


def plate(text: str, confidence: float, score: float, box: Box) -> Plate:
    """Return a plate whose text is the only one; it is legible if that has a usual length."""
    known = Plate(text, confidence, False, "eu", "", 0.0, quad(box), score, (), (), 0, 10, 0.0)
    return replace(known, legibility=confidence * (len(text) in LENGTHS))


HERE = Box(0, 0, 100, 30)
THERE = Box(300, 0, 400, 30)


def chosen(*plates: Plate, least: float = 0.5) -> tuple[int, ...]:
    return select_plates(plates, min_plausibility=least)


def test_a_legible_plate_survives_a_low_score() -> None:
    assert chosen(plate("AB12CD", 0.95, 0.3, HERE)) == (0,)


def test_a_doubtful_plate_must_read_as_letters_with_digits() -> None:
    def kept(text: str, confidence: float, score: float) -> bool:
        doubtful = [plate(text, confidence, score, HERE)]
        return select_plates(doubtful, min_plausibility=0.5, min_score=0.3) == (0,)

    assert kept("AB12CD", 0.95, 0.2)
    assert not kept("AB12CD", 0.85, 0.2)
    assert not kept("STREET", 0.99, 0.25)
    assert not kept("110118", 0.99, 0.25)
    assert not kept("AB12CD", 0.99, 0.001)  # implausible all the same
    assert kept("STREET", 0.5, 0.3)
    assert kept("110118", 0.5, 0.3)


def test_a_lamp_that_cannot_be_read_is_dropped() -> None:
    assert chosen(plate("I", 0.02, 0.45, HERE)) == ()


def test_a_sure_plate_stays_however_badly_it_reads() -> None:
    assert chosen(plate("8", 0.01, 0.8, HERE)) == (0,)


def test_a_wide_front_on_which_nothing_can_be_read_is_dropped() -> None:
    wide = Box(0, 0, 300, 200)
    assert chosen(plate("IIIIIIIII", 0.001, 0.55, wide)) == ()
    assert chosen(plate("AB12CD", 0.1, 0.55, wide)) == (0,)
    assert chosen(plate("8", 0.001, 0.55, Box(0, 0, 60, 30))) == (0,)  # too small to tell
    assert chosen(plate("8", 0.001, 0.65, wide)) == (0,)


def test_the_better_of_two_overlapping_plates_stays() -> None:
    fragment = plate("BC123", 0.7, 0.4, Box(30, 2, 100, 28))
    whole = plate("ABC1234", 0.9, 0.6, HERE)
    apart = plate("XY987Z", 0.9, 0.6, THERE)
    assert chosen(fragment, whole, apart) == (1, 2)


def test_a_usual_length_speaks_for_a_plate() -> None:
    usual, odd = plate("AB12CD", 0.9, 0.4, HERE), plate("AB", 0.9, 0.4, HERE)
    assert plausibility(usual) > plausibility(odd)


def test_a_text_that_is_open_between_two_speaks_for_a_plate() -> None:
    sure, either = (plate("AB12CO", value, 0.4, HERE) for value in (0.9, 0.45))
    open_text = replace(either, legibility=0.9)
    assert plausibility(open_text) == plausibility(sure) > plausibility(either)


def test_nothing_in_nothing_out() -> None:
    assert chosen() == ()


def test_an_unsure_reading_is_dropped_and_hides_nothing() -> None:
    sure, unsure = plate("AB12CD", 0.9, 0.5, HERE), plate("AB12C", 0.3, 0.9, HERE)
    dropped = select_plates([unsure, sure], min_plausibility=0, min_confidence=0.5)
    assert dropped == (1,)


def test_of_two_detections_of_one_plate_the_better_stays() -> None:
    part, whole = Detection(quad(Box(0, 0, 60, 50)), 0.5), Detection(quad(Box(0, 0, 100, 50)), 0.9)
    beside = Detection(quad(Box(60, 0, 160, 50)), 0.7)
    assert distinct_plates([part, beside, whole]) == (whole, beside)
    assert distinct_plates([]) == ()
    assert distinct_plates([part], [beside, whole]) == (beside, part)
