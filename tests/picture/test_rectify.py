# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest

from alprcore.geometry import mapped
from alprcore.picture.rectify import rectify, rectify_color, rectify_grey
from alprcore.records import Quad

tilted = Quad((40.5, 60.25), (200.0, 72.5), (197.0, 110.0), (38.0, 96.5))


def painted(quad: Quad, shape: tuple[int, int] = (180, 260)) -> np.ndarray:
    """Return a dark frame with the quad filled white."""
    frame = np.full((*shape, 3), 30, np.uint8)
    points = np.round((quad.to_points() - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(frame, points, (220, 220, 220), cv2.LINE_AA, 4)
    return frame


@pytest.mark.parametrize("margin", [0.0, 0.15, 0.4])
def test_the_matrix_maps_the_plate_in_the_crop_back_to_the_quad(margin: float) -> None:
    crop, matrix = rectify(painted(tilted), tilted, margin=margin)
    border = margin * crop.shape[0] / (1 + 2 * margin)
    rows, cols = crop.shape
    inner = np.array(
        [
            [border, border],
            [cols - border, border],
            [cols - border, rows - border],
            [border, rows - border],
        ]
    )
    assert np.abs(mapped(inner, matrix) - tilted.to_points()).max() < 0.5


def test_the_plate_fills_the_crop_inside_its_margin() -> None:
    crop, _ = rectify(painted(tilted), tilted, margin=0.2)
    border = round(0.2 * crop.shape[0] / 1.4)
    assert crop[border + 2 : -border - 2, border + 2 : -border - 2].min() > 200
    assert crop[: border - 2].max() < 60


def test_a_wide_plate_is_64_rows_high_and_keeps_its_aspect() -> None:
    quad = Quad((10, 10), (210, 10), (210, 60), (10, 60))
    crop, _ = rectify(painted(quad), quad, margin=0.0)
    assert crop.shape == (64, 256)


def test_a_crop_much_smaller_than_its_plate_does_not_alias() -> None:
    frame = np.zeros((600, 2400, 3), np.uint8)
    frame[:, ::2] = 200  # stripes of one pixel must average to grey
    quad = Quad((10, 10), (2390, 10), (2390, 590), (10, 590))
    crop, _ = rectify(frame, quad, margin=0.0)
    assert np.abs(crop.astype(int) - 100).max() < 25


def test_a_quad_outside_the_frame_gives_a_crop_of_its_border() -> None:
    frame = np.full((20, 30, 3), 77, np.uint8)
    quad = Quad((100, 100), (160, 100), (160, 120), (100, 120))
    crop, _ = rectify(frame, quad, margin=0.1)
    assert (crop == 77).all()


def test_a_strided_view_gives_the_same_crop_as_its_copy() -> None:
    frame = painted(tilted)
    view = np.ascontiguousarray(frame[::-1])[::-1]
    np.testing.assert_array_equal(
        rectify(view, tilted, margin=0.1)[0], rectify(frame, tilted, margin=0.1)[0]
    )


def test_a_quad_without_area_still_gives_a_crop() -> None:
    quad = Quad((5, 5), (5, 5), (5, 5), (5, 5))
    crop, matrix = rectify(np.zeros((10, 10, 3), np.uint8), quad, margin=0.1)
    assert crop.size > 0
    assert np.isfinite(matrix).all()


def test_a_plate_of_the_crops_own_size_is_copied_pixel_by_pixel() -> None:
    frame = np.random.default_rng(3).integers(0, 256, (120, 300, 3), np.uint8)
    quad = Quad((30, 25), (222, 25), (222, 89), (30, 89))  # 192 x 64
    crop, _ = rectify(frame, quad, margin=0.0)
    assert np.array_equal(crop, cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)[25:89, 30:222])


def test_a_stretched_crop_shows_the_same_wider() -> None:
    quad = Quad.from_points([(40, 20), (140, 20), (140, 70), (40, 70)])
    crop, _ = rectify(painted(quad), quad, margin=0.0)
    wide, matrix = rectify(painted(quad), quad, margin=0.0, stretch=2.0)
    assert wide.shape[1] / wide.shape[0] == pytest.approx(
        2 * crop.shape[1] / crop.shape[0], rel=0.02
    )
    rows, cols = wide.shape
    corners = mapped(np.array([[0, 0], [cols, 0], [cols, rows], [0, rows]], np.float64), matrix)
    assert np.allclose(corners, quad.to_points(), atol=1e-6)


def test_a_grey_crop_is_the_grey_of_the_one_in_colour() -> None:
    rng = np.random.default_rng(5)
    frame = cv2.GaussianBlur(rng.integers(0, 256, (300, 400, 3)).astype(np.uint8), (0, 0), 3)
    quad = Quad.from_points([(30, 40), (350, 60), (340, 250), (20, 220)])
    grey = rectify_grey(frame, quad, size=(96, 48))
    color = rectify_color(frame, quad, size=(96, 48))
    assert grey.shape == (48, 96)
    difference = grey.astype(int) - cv2.cvtColor(color, cv2.COLOR_BGR2GRAY).astype(int)
    assert np.abs(difference).max() <= 2
