# SPDX-License-Identifier: Apache-2.0
"""Plates that may go on beyond what was searched."""

from __future__ import annotations

import numpy as np
import pytest

from alprcore.geometry import box_quad
from alprcore.picture.border import meets_border, surroundings
from alprcore.records import Box, Quad

AREA = Box(100, 50, 500, 250)


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        (Box(200, 100, 300, 120), False),
        (Box(103, 100, 203, 120), True),
        (Box(397, 100, 497, 120), True),
        (Box(105, 100, 205, 120), False),  # a quarter of its height from the left
        (Box(200, 50.5, 300, 70.5), True),
        (Box(200, 229.5, 300, 249.5), True),
        (Box(200, 52, 300, 72), False),  # a tenth of its height from the top
        (Box(450, 100, 560, 120), True),
        (Box(600, 100, 700, 120), True),
    ],
)
def test_a_plate_near_or_beyond_the_border_meets_it(box: Box, cut: bool) -> None:
    assert meets_border(box_quad(box), AREA) == cut


def test_what_must_be_seen_around_a_plate_lies_along_its_sides() -> None:
    around = surroundings(box_quad(Box(200, 100, 300, 120))).bounds()
    assert (around.left, around.right) == pytest.approx((196, 304))
    assert (around.top, around.bottom) == pytest.approx((98.4, 121.6))
    turned = Quad((0, 0), (0, 100), (-20, 100), (-20, 0))  # text runs down
    points = surroundings(turned).to_points()
    assert points == pytest.approx(np.array([[1.6, -4], [1.6, 104], [-21.6, 104], [-21.6, -4]]))
