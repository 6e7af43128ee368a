# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.geometry import mapped
from alprcore.stages.tilt import turned_views

SAMPLES = Path(__file__).parents[1] / "runtime_data" / "samples"


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


@pytest.mark.parametrize("angle", [38, -38])
def test_a_steep_plate_is_read_only_with_the_turned_search(angle: float) -> None:
    frame = np.asarray(cv2.imread(str(SAMPLES / "eu.jpg")))
    rows, cols = frame.shape[:2]
    turn = cv2.getRotationMatrix2D((cols / 2, rows / 2), angle, 1.0)
    tilted = cv2.warpAffine(frame, turn, (cols, rows), borderMode=cv2.BORDER_REFLECT)
    engine = Engine(country="eu")
    level = engine.recognize(frame).plates[0]
    (found,) = [p for p in engine.recognize(tilted).plates if p.text == level.text]
    expected = level.quad.to_points() @ turn[:, :2].T + turn[:, 2]
    assert found.quad.to_points() == pytest.approx(expected, abs=6)
    assert level.text not in [
        p.text for p in engine.with_settings(tilted=False).recognize(tilted).plates
    ]
