# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import pickle
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from alprcore import Engine
from alprcore.geometry import overlap
from alprcore.records import Box, VehicleBox
from alprcore.resources import model_bytes
from alprcore.vehicles.find import find_vehicles
from alprcore.vehicles.networks import VehicleFinder

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "runtime_data" / "samples"
LABELS = ROOT / "benchmarks" / "labels" / "vehicle_boxes.csv"
PHOTOS = ROOT.parent / "shared" / "data" / "plates"


@pytest.fixture(scope="module")
def finder() -> VehicleFinder:
    return VehicleFinder(model_bytes)


def found_in(
    frame: np.ndarray, finder: VehicleFinder, score: float = 0.35
) -> tuple[VehicleBox, ...]:
    return find_vehicles(frame, finder, min_score=score, most=20)


@pytest.mark.parametrize("shade", [0, 120, 255])
def test_a_flat_picture_holds_no_vehicle(finder: VehicleFinder, shade: int) -> None:
    assert found_in(np.full((240, 320, 3), shade, np.uint8), finder) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (4, 4), (17, 3000), (3000, 9)])
def test_extreme_frames_do_not_fail(finder: VehicleFinder, shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (*shape, 3)).astype(np.uint8)
    for vehicle in found_in(frame, finder, 0.05):
        assert 0 <= vehicle.box.left < vehicle.box.right <= shape[1]
        assert 0 <= vehicle.box.top < vehicle.box.bottom <= shape[0]


def test_vehicles_come_surest_first_and_no_more_than_asked(finder: VehicleFinder) -> None:
    frame = np.asarray(cv2.imread(str(SAMPLES / "two_plates.jpg")))
    many = found_in(frame, finder, 0.02)
    assert [v.score for v in many] == sorted((v.score for v in many), reverse=True)
    assert find_vehicles(frame, finder, min_score=0.02, most=1) == many[:1]


def test_a_pickled_finder_finds_the_same(finder: VehicleFinder) -> None:
    frame = np.asarray(cv2.imread(str(SAMPLES / "us.jpg")))
    again = pickle.loads(pickle.dumps(finder))
    assert not again.loaded
    assert found_in(frame, again, 0.1) == found_in(frame, finder, 0.1)


def test_the_network_is_loaded_only_when_vehicles_are_asked_for() -> None:
    engine = Engine(country="us")
    picture = str(SAMPLES / "us.jpg")
    assert engine.recognize(picture).vehicles == ()
    assert not engine._parts.networks.vehicles.finder.loaded
    found = engine.with_settings(find_vehicles=True, min_vehicle_score=0.05).recognize(picture)
    assert found.vehicles
    assert engine._parts.networks.vehicles.finder.loaded


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no shared data")
def test_the_main_vehicle_of_held_back_photographs_is_boxed(finder: VehicleFinder) -> None:
    boxes: dict[tuple[str, str], list[list[float]]] = {}
    with LABELS.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["left"] and zlib.crc32(row["image"].encode()) % 5 == 0:
                found = boxes.setdefault((row["set"], row["image"]), [])
                found.append([float(row[k]) / 100 for k in ("left", "top", "right", "bottom")])
    hits = 0
    for (folder, name), labelled in boxes.items():
        frame = np.asarray(cv2.imread(str(PHOTOS / folder / name)))
        rows, cols = frame.shape[:2]
        placed = [Box(b[0] * cols, b[1] * rows, b[2] * cols, b[3] * rows) for b in labelled]
        largest = max(placed, key=lambda box: box.width * box.height)
        hits += any(overlap(v.box, largest) >= 0.5 for v in found_in(frame, finder))
    assert len(boxes) == 42
    assert hits >= 40
