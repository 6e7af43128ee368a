# SPDX-License-Identifier: Apache-2.0
"""Several readings of one plate."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.geometry import box_quad
from alprcore.picture.load import load_frame
from alprcore.picture.rectify import rectify
from alprcore.ranking import examine as examination
from alprcore.ranking.examine import read_detection
from alprcore.reading import attempts as reader
from alprcore.reading.attempts import Reader
from alprcore.reading.repeat import MOST_CHANGE, mean_texts, nudged, parallelogram
from alprcore.records import Box, Detection, Frame, GrayImage, Plate, Points, Quad
from alprcore.resources import sample_path

QUAD = Quad((100, 100), (200, 102), (199, 130), (99, 127))


def test_the_first_cut_is_the_plate_itself() -> None:
    assert nudged(QUAD, 1) == (QUAD,)
    assert nudged(QUAD, 5)[0] == QUAD


def test_more_cuts_keep_those_before_and_all_differ() -> None:
    many = nudged(QUAD, 64)
    assert nudged(QUAD, 7) == many[:7]
    assert len(set(many)) == 64


def test_cuts_differ_by_little_and_on_every_side() -> None:
    moves = np.array([quad.to_points() - QUAD.to_points() for quad in nudged(QUAD, 64)[1:]])
    # Of a height of 28: shift, half a growth and half a tilt. Of a width of 100: half a growth.
    assert np.abs(moves[..., 1]).max() <= 28 * (0.03 + 0.05 / 2 + 0.03 / 2) + 100 * 0.01 * 0.02 + 1
    assert np.abs(moves[..., 0]).max() <= 28 * 0.03 + 100 * 0.02 / 2 + 1
    middle = moves.mean(axis=1)
    assert (middle.min(axis=0) < -0.2).all()
    assert (middle.max(axis=0) > 0.2).all()
    assert np.abs(middle.mean(axis=0)).max() < 0.1
    assert len(MOST_CHANGE) == 5


def test_the_mean_is_over_all_readings() -> None:
    readings = [(("AB1", 0.8), ("A81", 0.2)), (("A81", 0.9),), (("AB1", 0.1), ("XY", 0.3))]
    assert mean_texts(readings, 10) == (
        ("A81", pytest.approx(1.1 / 3)),
        ("AB1", pytest.approx(0.3)),
        ("XY", pytest.approx(0.1)),
    )
    assert [text for text, _ in mean_texts(readings, 1)] == ["A81"]
    assert mean_texts([(), ()], 3) == ()


def test_an_engine_reads_as_often_as_it_is_told() -> None:
    frame = load_frame(sample_path("us.jpg"))
    once = Engine(country="us")
    often = once.with_settings(analysis_count=4)

    def plate(engine: Engine) -> Plate:
        (found,) = engine.recognize(frame).plates
        return replace(found, elapsed_ms=0)

    assert plate(often) == plate(often)
    assert plate(often).text == plate(once).text
    assert plate(often).quad == plate(once).quad
    before, after = (
        {c.text: c.confidence for c in p.candidates} for p in map(plate, (once, often))
    )
    shared = before.keys() & after.keys()
    assert any(abs(before[text] - after[text]) > 1e-6 for text in shared)


def test_a_parallelogram_is_as_near_as_can_be() -> None:
    assert parallelogram(Quad((0, 0), (10, 0), (12, 4), (2, 4))).to_points() == pytest.approx(
        np.array([[0, 0], [10, 0], [12, 4], [2, 4]])
    )
    twisted = Quad((0, 0), (10, 0), (14, 4), (0, 4)).to_points()
    near = parallelogram(Quad.from_points(twisted)).to_points()
    assert near[1] - near[0] == pytest.approx(near[2] - near[3])
    moved = near + np.random.default_rng(1).normal(0, 0.1, (100, 4, 2))
    moved[:, 2] = moved[:, 1] + moved[:, 3] - moved[:, 0]
    assert (((moved - twisted) ** 2).sum((1, 2)) >= ((near - twisted) ** 2).sum()).all()


def test_an_unsure_reading_of_a_sure_plate_gets_a_second_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut: list[Quad] = []
    widened: list[Quad] = []

    def noting(
        frame: Frame, quad: Quad, *, margin: float, stretch: float = 1.0
    ) -> tuple[GrayImage, Points]:
        (widened if stretch > 1 else cut).append(quad)
        return rectify(frame, quad, margin=margin, stretch=stretch)

    def quads_read(
        frame: Frame, engine: Engine, score: float, place: Quad | None = None
    ) -> list[Quad]:
        cut.clear()
        widened.clear()
        parts = engine._parts
        reader = Reader(parts.reader.bank, parts.countries, parts.settings)
        detection = Detection(place or quad, score)
        read_detection(frame, detection, reader, parts.networks.regions, index=0)
        return cut.copy()

    sharp = load_frame(sample_path("us.jpg"))
    small = cv2.resize(sharp, None, fx=0.15, fy=0.15, interpolation=cv2.INTER_AREA)
    poor = np.asarray(cv2.resize(small, sharp.shape[1::-1]), np.uint8)
    engine = Engine(country="us")
    (plate,) = engine.recognize(sharp).plates
    quad = plate.quad
    monkeypatch.setattr(reader, "rectify", noting)
    assert quads_read(sharp, engine, 0.9) == [quad]
    assert widened == []
    assert quads_read(poor, engine, 0.9) == [quad, parallelogram(quad)]
    assert widened == [quad]  # it could be seen from the side
    whole = box_quad(Box(300, 400, 700, 600))
    assert quads_read(poor, engine, 0.9, whole) == [whole]  # a second look would see the same
    assert quads_read(poor, engine, 0.2) == [quad]  # most unsure plates are none
    assert quads_read(poor, engine.with_settings(analysis_count=3), 0.9) == list(nudged(quad, 3))


@pytest.mark.parametrize(
    ("readings", "chosen"),
    [
        ([("AB12CD", 0.8), ("AB12CD", 0.5)], "AB12CD"),  # legible: the rest is not tried
        ([("AB1ZCD", 0.3), ("AB12CD", 0.5), ("X9", 0.2)], "AB12CD"),
        ([("AB12CD", 0.5), ("AB1", 0.4), ("ZZ99ZZ", 0.6)], "ZZ99ZZ"),
        ([("AB12CD", 0.5), ("AB1", 0.4), ("B12C", 0.9)], "AB12CD"),  # a part reads well, too
        ([None, None, ("AB12CD", 0.1)], "AB12CD"),
        ([None, None, None], None),
    ],
)
def test_what_an_area_shows_is_the_best_reading_but_no_part_of_another(
    monkeypatch: pytest.MonkeyPatch,
    readings: list[tuple[str, float] | None],
    chosen: str | None,
) -> None:
    frame = load_frame(sample_path("us.jpg"))
    engine = Engine(country="us")
    parts = engine._parts
    reader = Reader(parts.reader.bank, parts.countries, parts.settings)
    found = Detection(engine.recognize(frame).plates[0].quad, 1.0)
    seen = read_detection(frame, found, reader, parts.networks.regions, index=0)
    assert seen is not None
    ahead = iter(readings)

    def one_of_them(*_: object, **__: object) -> examination.Read | None:
        reading = next(ahead)
        return reading and replace(seen, text=reading[0], confidence=reading[1])

    monkeypatch.setattr(examination, "_read_plate", one_of_them)
    area = replace(found, inner=(found.quad, found.quad))
    best = read_detection(frame, area, reader, parts.networks.regions, index=0)
    assert (best and best.text) == chosen
    assert next(ahead, "none") == "none"  # each was asked for
