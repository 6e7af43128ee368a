# SPDX-License-Identifier: Apache-2.0
"""A plate that is seen from the side is widened where that makes it legible."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.countries.fit import load_countries
from alprcore.picture.load import load_frame
from alprcore.reading.attempts import Reader, joint_texts, load_reader, read_attempts
from alprcore.records import Detection, Frame, Quad
from alprcore.resources import sample_path
from alprcore.settings import Settings


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader(Settings(), load_countries(("eu",)), {})


@pytest.fixture(scope="module")
def frame() -> Frame:
    return load_frame(sample_path("eu.jpg"))


@pytest.fixture(scope="module")
def quad(frame: Frame) -> Quad:
    return Engine(country="eu").recognize(frame).plates[0].quad


def squeezed(frame: Frame, quad: Quad, share: float) -> tuple[Frame, Detection]:
    size = (round(share * frame.shape[1]), frame.shape[0])
    narrow = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    return narrow, Detection(Quad.from_points(quad.to_points() * [share, 1.0]), 0.9)


@pytest.mark.parametrize("share", [1.0, 0.6, 0.5, 0.4, 0.3])
def test_a_plate_seen_from_the_side_is_read(
    reader: Reader, frame: Frame, quad: Quad, share: float
) -> None:
    narrow, detection = squeezed(frame, quad, share)
    texts = joint_texts(read_attempts(narrow, detection, reader, 5), reader, 5)
    assert texts[0][0] == "MKV3726"
    assert texts[0][1] > 0.8


def test_it_is_widened_only_where_it_reads_poorly_and_is_narrow(
    reader: Reader, frame: Frame, quad: Quad
) -> None:
    wide, detection = squeezed(frame, quad, 1.0)
    (seen,) = read_attempts(wide, detection, reader, 5)
    assert seen.crop.shape[1] > 4 * seen.crop.shape[0]
    narrow, detection = squeezed(frame, quad, 0.4)
    (seen,) = read_attempts(narrow, detection, reader, 5)
    assert seen.crop.shape[1] > 3 * seen.crop.shape[0]
    # Its matrix leads back to where the plate is.
    rows, cols = seen.crop.shape
    middle = seen.matrix @ [cols / 2, rows / 2, 1.0]
    assert np.allclose(middle[:2] / middle[2], detection.quad.to_points().mean(axis=0), atol=2.0)


def test_what_shows_no_text_is_left_as_it_is(reader: Reader) -> None:
    flat = np.full((80, 120, 3), 128, np.uint8)
    detection = Detection(Quad.from_points([(30, 20), (90, 20), (90, 60), (30, 60)]), 0.9)
    for attempt in read_attempts(flat, detection, reader, 5):
        assert attempt.crop.shape[1] < 3 * attempt.crop.shape[0]
