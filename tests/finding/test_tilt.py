# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.finding import search
from alprcore.finding.tilt import turned_views
from alprcore.geometry import mapped, tilt
from alprcore.records import Frame, Points, Quad

SAMPLES = Path(__file__).parents[2] / "runtime_data" / "samples"


@pytest.mark.parametrize("shape", [(300, 400), (2400, 3600)])
def test_the_map_of_a_turned_view_leads_back(shape: tuple[int, int]) -> None:
    frame = np.zeros((*shape, 3), np.uint8)
    x, y = shape[1] * 3 // 4, shape[0] // 4
    cv2.circle(frame, (x, y), shape[0] // 40, (255, 255, 255), -1)
    views = list(turned_views(frame))
    assert len(views) == 2
    for view, to_frame in views:
        assert view.shape[0] * view.shape[1] <= 4_010_000
        ys, xs = np.nonzero(view[:, :, 0] > 200)
        middle = np.array([[xs.mean() + 0.5, ys.mean() + 0.5]])
        assert mapped(middle, to_frame)[0] == pytest.approx([x + 0.5, y + 0.5], abs=1.5)


def tilted_sample(angle: float) -> tuple[Frame, Frame, Points]:
    """Return the European sample, the same turned, and the map between them."""
    frame = np.asarray(cv2.imread(str(SAMPLES / "eu.jpg")))
    rows, cols = frame.shape[:2]
    turn = cv2.getRotationMatrix2D((cols / 2, rows / 2), angle, 1.0)
    return frame, cv2.warpAffine(frame, turn, (cols, rows), borderMode=cv2.BORDER_REFLECT), turn


@pytest.mark.parametrize("angle", [25, 38, -38, 45, -45])
def test_a_steep_plate_gets_the_corners_of_the_turned_search(angle: float) -> None:
    frame, tilted, turn = tilted_sample(angle)
    engine = Engine(country="eu")
    level = engine.recognize(frame).plates[0]
    (found,) = engine.recognize(tilted).plates
    assert found.text == level.text
    expected = level.quad.to_points() @ turn[:, :2].T + turn[:, 2]
    assert found.quad.to_points() == pytest.approx(expected, abs=6)


@pytest.mark.parametrize("angle", [45, -45])
def test_without_the_turned_search_a_steep_plate_is_lost(angle: float) -> None:
    frame, tilted, _ = tilted_sample(angle)
    engine = Engine(country="eu", tilted=False)
    level = engine.recognize(frame).plates[0]
    assert level.text not in [plate.text for plate in engine.recognize(tilted).plates]


def test_a_level_plate_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    turned: list[Frame] = []

    def noting(frame: Frame) -> list[tuple[Frame, Points]]:
        turned.append(frame)
        return []

    monkeypatch.setattr(search, "turned_views", noting)
    engine = Engine(country="eu")
    level, steep, _ = tilted_sample(30)
    engine.recognize(level)
    assert not turned
    engine.recognize(steep)
    assert len(turned) == 1


def test_tilt_is_how_far_the_text_falls_to_the_right() -> None:
    corners = np.array([[0, 0], [40, 0], [40, 10], [0, 10]])
    for angle in (-120.0, -30.0, 0.0, 45.0):
        turn = cv2.getRotationMatrix2D((0, 0), -angle, 1.0)[:, :2]
        assert tilt(Quad.from_points(corners @ turn.T)) == pytest.approx(angle)
