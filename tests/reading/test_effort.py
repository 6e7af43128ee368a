# SPDX-License-Identifier: Apache-2.0
"""Settings that trade effort for results reach the stage that they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.finding.detect import find_plates
from alprcore.picture.load import load_frame
from alprcore.reading.read import read_plate
from alprcore.records import Detection, Frame, Quad
from alprcore.resources import sample_path
from alprcore.vehicles.find import find_vehicles

Recorded = list[dict[str, Any]]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="eu")


@pytest.fixture(scope="module")
def frame() -> Frame:
    """Two plates on two cars."""
    return load_frame(sample_path("two_plates.jpg"))


def recorded(monkeypatch: pytest.MonkeyPatch, name: str, stage: Callable[..., Any]) -> Recorded:
    """The named arguments of every call of a stage from now on."""
    calls: Recorded = []

    def noting(*words: Any, **options: Any) -> Any:
        calls.append(options)
        return stage(*words, **options)

    monkeypatch.setattr(name, noting)
    return calls


def test_what_is_asked_of_the_finder(
    engine: Engine, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = recorded(monkeypatch, "alprcore.finding.search.find_plates", find_plates)
    engine.with_settings(
        detection_pixels=230_400,
        tiled=False,
        min_plate_score=0.4,
        doubtful_plate_score=0.2,
        sure_plate_score=0.95,
        max_plates=3,
    ).recognize(frame)
    asked = {"area": 230_400, "tiled": False, "min_score": 0.4, "max_plates": 3, "sure_score": 0.95}
    assert calls == [
        {**asked, "doubtful_score": 0.2, "thorough": True},
        # Turned either way: only sure plates count, and the small pass must see them.
        {**asked, "doubtful_score": 1.0, "thorough": False},
        {**asked, "doubtful_score": 1.0, "thorough": False},
    ]


def test_doubtful_plates_count_only_where_none_is_sure(
    engine: Engine, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (plate.quad for plate in engine.recognize(frame).plates)

    def reported(*found: Detection, turned: list[Detection] | None = None, **changes: Any) -> int:
        monkeypatch.setattr("alprcore.finding.search.find_plates", lambda *_, **__: found)
        monkeypatch.setattr("alprcore.finding.search._tilted_plates", lambda *_: turned or [])
        return len(engine.with_settings(**changes).recognize(frame).plates)

    doubtful = Detection(second, 0.2)
    assert reported(doubtful) == 1
    assert reported(Detection(first, 0.35), doubtful) == 2
    assert reported(doubtful, turned=[Detection(first, 0.8)]) == 1
    assert reported(doubtful, turned=[Detection(second, 0.8)]) == 1
    assert reported(doubtful, min_plate_score=0.1) == 1


def test_fewer_pixels_lose_the_smallest_plates(engine: Engine, frame: Frame) -> None:
    few = engine.with_settings(detection_pixels=10_000, tilted=False, tiled=False)
    assert len(engine.recognize(frame).plates) == 2
    assert len(few.recognize(frame).plates) < 2


def test_vehicles_below_the_score_are_left_out(
    engine: Engine, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = recorded(monkeypatch, "alprcore.vehicles.find.find_vehicles", find_vehicles)
    every = engine.with_settings(find_vehicles=True, min_vehicle_score=0.1).recognize(frame)
    best = max(vehicle.score for vehicle in every.vehicles)
    strict = engine.with_settings(find_vehicles=True, min_vehicle_score=best).recognize(frame)
    assert [call["min_score"] for call in calls] == [0.1, best]
    assert 1 <= len(strict.vehicles) < len(every.vehicles)


def test_the_most_plates_say_nothing_of_vehicles(engine: Engine, frame: Frame) -> None:
    both = engine.with_settings(find_vehicles=True).recognize(frame)
    one = engine.with_settings(find_vehicles=True, max_plates=1).recognize(frame)
    assert len(both.plates) == 2
    assert len(one.plates) == 1
    assert one.vehicles == both.vehicles
    boxes = {plate.text: plate.vehicle_region for plate in both.plates}
    assert one.plates[0].vehicle_region == boxes[one.plates[0].text]


@pytest.mark.parametrize(("score", "lines"), [(0.9, (5, 2)), (0.31, (1, 0))])
def test_lines_are_tried_by_how_sure_a_plate_is(
    engine: Engine,
    frame: Frame,
    monkeypatch: pytest.MonkeyPatch,
    score: float,
    lines: tuple[int, int],
) -> None:
    quad = engine.recognize(frame).plates[0].quad
    monkeypatch.setattr(
        "alprcore.finding.search.find_plates", lambda *_, **__: (Detection(quad, score),)
    )
    calls = recorded(monkeypatch, "alprcore.reading.attempts.read_plate", read_plate)
    engine.with_settings(
        line_proposals=5, unsure_line_proposals=1, more_line_proposals=2, tilted=False
    ).recognize(frame)
    assert {(call["proposals"], call["more_proposals"]) for call in calls} == {lines}


def test_the_turned_search_brings_no_more_plates_than_allowed(
    engine: Engine, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    quads = [plate.quad for plate in engine.recognize(frame).plates]
    steep = Quad.from_points(quads[0].to_points()[[1, 2, 3, 0]])  # hangs by 90 degrees
    monkeypatch.setattr(
        "alprcore.finding.search.find_plates", lambda *_, **__: (Detection(steep, 0.9),)
    )
    monkeypatch.setattr(
        "alprcore.finding.search._tilted_plates",
        lambda *_: [Detection(quad, 0.8) for quad in quads],
    )
    assert len(engine.with_settings(min_plausibility=0.0).examine(frame)) > 1
    assert len(engine.with_settings(min_plausibility=0.0, max_plates=1).examine(frame)) == 1


@pytest.mark.parametrize("name", ["us.jpg", "eu.jpg", "two_plates.jpg"])
def test_what_a_plate_reads_as_does_not_hang_on_how_many_candidates_are_listed(name: str) -> None:
    whole = load_frame(sample_path(name))
    engine = Engine(min_plausibility=0.0)
    for factor in (0.18, 0.3):
        small = cv2.resize(whole, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        found = {
            topn: engine.with_settings(topn=topn).recognize(np.asarray(small, np.uint8)).plates
            for topn in (1, 20, 21, 400)
        }
        assert found[1]
        for plates in found.values():
            assert [(p.text, p.confidence, p.country, p.legibility) for p in plates] == [
                (p.text, p.confidence, p.country, p.legibility) for p in found[20]
            ]
        for few, some, many in zip(found[20], found[21], found[400], strict=True):
            assert many.candidates[:20] == few.candidates == some.candidates[:20]
            shares = [candidate.confidence for candidate in many.candidates]
            assert len({candidate.text for candidate in many.candidates}) == len(shares) > 21
            assert shares == sorted(shares, reverse=True)
            assert sum(shares) <= 1 + 1e-9
