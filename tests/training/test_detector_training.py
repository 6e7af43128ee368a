# SPDX-License-Identifier: Apache-2.0
"""What is drawn into the pictures that the detector is trained on."""

from __future__ import annotations

import numpy as np
import pytest

from alprcore.training.finding.data import Sample, crop_size, no_boxes
from alprcore.training.finding.distract import draw_front
from alprcore.training.finding.place import beside, random_corners
from alprcore.training.finding.scene import add_plate

OTHER = np.array([100.0, 200, 220, 226], np.float32)


def generators() -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in range(40)]


def test_corners_have_the_width_and_place_asked_for() -> None:
    for rng in generators():
        corners = random_corners(rng, np.array([50.0, 60.0]), 80, 2.0)
        assert np.ptp(corners[:, 0]) == pytest.approx(80)
        assert (corners.min(0) + corners.max(0)) / 2 == pytest.approx([50, 60])


def test_a_plate_beside_another_lies_clear_of_it_above_or_below() -> None:
    above = 0
    for rng in generators():
        corners = beside(OTHER, 2.0, rng)
        low, high = corners.min(0), corners.max(0)
        assert high[1] < 200 or low[1] > 226
        assert low[0] < 160 < high[0]
        above += high[1] < 200
    assert 5 < above < 35


def test_added_plates_are_entered_and_seen() -> None:
    rng = np.random.default_rng(3)
    plate = np.zeros((40, 80, 3), np.uint8)
    plate[:, ::4] = 255
    for _ in range(40):
        image = np.full((crop_size, crop_size, 3), 128, np.uint8)
        weight = np.zeros((22, 22), np.float32)
        sample = Sample(image, OTHER[None], no_boxes(), no_boxes(), weight, no_boxes())
        add_plate(sample, plate, rng)
        changed = (sample.image != 128).any()
        assert 1 <= len(sample.plates) <= 2
        assert changed == (not np.array_equal(sample.plates, OTHER[None]))
        assert (sample.plates >= 0).all()
        assert (sample.plates <= crop_size).all()


def test_a_front_has_like_windows_on_a_wall() -> None:
    for rng in generators():
        spot = np.zeros((60, 120, 3), np.uint8)
        draw_front(spot, rng)
        assert spot.any(axis=2).all()
        assert len(np.unique(spot.reshape(-1, 3), axis=0)) <= 3
