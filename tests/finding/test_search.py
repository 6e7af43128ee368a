# SPDX-License-Identifier: Apache-2.0
"""Pictures of a plate and nothing else are taken for a plate; other pictures are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.finding.search import may_be_a_plate
from alprcore.picture.load import load_frame
from alprcore.records import Frame
from alprcore.resources import sample_path


@pytest.mark.parametrize(
    ("rows", "cols", "so"),
    [
        (31, 146, True),
        (140, 216, True),  # a motorcycle's plate
        (110, 520, True),
        (160, 120, False),
        (480, 640, False),
        (1080, 1920, False),
        (800, 1960, True),
    ],
)
def test_the_shapes_of_plates(rows: int, cols: int, so: bool) -> None:
    assert may_be_a_plate((rows, cols, 3)) == so


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="us")


@pytest.fixture(scope="module")
def crop(engine: Engine) -> Frame:
    """The plate of a sample picture at half its size, where the network finds none."""
    frame = load_frame(sample_path("us.jpg"))
    box = engine.recognize(frame).plates[0].quad.bounds()
    part = frame[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    return np.asarray(cv2.resize(part, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def test_a_plate_that_fills_the_picture_is_read(engine: Engine, crop: Frame) -> None:
    (plate,) = engine.recognize(crop).plates
    assert plate.text == "LMR4827"
    assert plate.confidence > 0.8
    shown = plate.quad.bounds()
    assert shown.left <= 3
    assert shown.top <= 3
    assert shown.right >= crop.shape[1] - 3


def test_where_no_doubtful_places_are_wanted_it_is_none(engine: Engine, crop: Frame) -> None:
    strict = engine.with_settings(doubtful_plate_score=0.3)
    assert strict.settings.min_plate_score == 0.3
    assert strict.recognize(crop).plates == ()


def test_a_plate_shaped_picture_without_text_has_no_plate(engine: Engine) -> None:
    noise = np.random.default_rng(4).integers(0, 255, (60, 280, 3), np.uint8)
    for picture in (np.full((60, 280, 3), 200, np.uint8), noise, noise[:3], noise[:, :2]):
        assert engine.recognize(picture).plates == ()
