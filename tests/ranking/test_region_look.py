# SPDX-License-Identifier: Apache-2.0
"""The state from a US plate's look: the crop, the shipped network, what it says of others."""

from __future__ import annotations

import csv
import math
import os
import pickle
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from alprcore.countries.file import parse_country
from alprcore.engine import Engine
from alprcore.errors import ResourceError
from alprcore.picture.rectify import rectify_color
from alprcore.ranking.region_look import CROP_SIZE, look_logs
from alprcore.ranking.region_network import RegionModel, levelled
from alprcore.records import Quad
from alprcore.resources import country_text, model_bytes, sample_path

root = Path(__file__).resolve().parents[2]
data = Path(os.environ.get("ALPRCORE_DATA", root.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not (data / "reading" / "us").is_dir(), reason="no shared data")

# Floors of the shipped network on crops it never saw, by the look alone; they only rise.
LEAST_FIRST, LEAST_FIRST_THREE = 0.92, 0.94


@pytest.fixture(scope="module")
def model() -> RegionModel:
    return RegionModel(model_bytes)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (96, 192, 3)).astype(np.uint8)


def whole(frame: np.ndarray) -> Quad:
    rows, cols = frame.shape[:2]
    return Quad.from_points([(0, 0), (cols, 0), (cols, rows), (0, rows)])


def test_the_classes_are_the_states_and_the_district(model: RegionModel) -> None:
    country = parse_country(country_text("us"), "us.toml")
    assert len(model.codes) == len(set(model.codes)) == 51
    assert "dc" in model.codes
    assert set(model.codes) <= {region.code for region in country.regions}


@pytest.mark.parametrize("seed", range(4))
def test_probabilities_sum_to_one(model: RegionModel, seed: int) -> None:
    logs = model.log_probabilities(noise(seed))
    assert logs.shape == (51,)
    assert np.exp(logs.astype(np.float64)).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("content", [b"", b"no network", model_bytes("plate_corners.onnx")])
def test_another_file_is_refused(content: bytes) -> None:
    broken = RegionModel(lambda _: content)
    with pytest.raises(ResourceError, match="region network"):
        broken.log_probabilities(noise(0))


def test_a_pickled_network_says_the_same(model: RegionModel) -> None:
    twin = pickle.loads(pickle.dumps(model))
    assert np.array_equal(twin.log_probabilities(noise(1)), model.log_probabilities(noise(1)))


def test_threads_do_not_disturb_one_another(model: RegionModel) -> None:
    alone = [model.log_probabilities(noise(seed)) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: model.log_probabilities(noise(seed)), range(8)))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_exposure_hardly_matters(model: RegionModel) -> None:
    frame = cv2.GaussianBlur(noise(3), (0, 0), 5)
    bright = 60 + (frame.astype(np.float64) - frame.min()) / np.ptp(frame) * 180
    dim = bright * 0.4 + 5
    logs = [model.log_probabilities(f.astype(np.uint8)) for f in (bright, dim)]
    difference = np.abs(np.exp(logs[0]) - np.exp(logs[1])).max()
    assert difference < 0.1


def test_levels_are_measured_from_the_mean_in_deviations() -> None:
    crop = (noise(4) // 3 + 60).astype(np.uint8)
    real = crop.astype(np.float64)
    wanted = 72 * (real - real.mean()) / (2 * real.std() + 16) + 144
    assert np.abs(levelled(crop) - wanted).max() < 0.5001
    assert (levelled(np.full((96, 192, 3), 200, np.uint8)) == 144).all()


def test_what_is_far_from_the_mean_is_cut_off() -> None:
    crop = np.full((96, 192, 3), 250, np.uint8)
    crop[:2, :2] = 0
    assert levelled(crop)[0, 0].tolist() == [0, 0, 0]
    assert levelled(255 - crop)[0, 0].tolist() == [255, 255, 255]


def test_regions_that_the_network_does_not_know_share_one_value(model: RegionModel) -> None:
    logs = look_logs(noise(0), model, ["on", "tx", "qc", "pr", "al"])
    assert list(logs) == ["on", "tx", "qc", "pr", "al"]
    assert logs["on"] == logs["qc"] == logs["pr"]
    assert math.isfinite(logs["on"])
    assert logs["tx"] != logs["al"]


class Certain:
    """A network that is sure."""

    codes = ("al", "ak", "tx")

    def log_probabilities(self, crop: np.ndarray) -> np.ndarray:
        return np.array([-200.0, -100.0, 0.0], np.float32)


def test_no_state_is_ever_ruled_out() -> None:
    logs = look_logs(noise(0), Certain(), ("al", "ak", "tx", "on"))
    assert logs["tx"] > logs["on"] > -6
    assert logs["al"] == pytest.approx(logs["ak"]) == pytest.approx(math.log(0.04 / 3))


def test_the_crop_is_the_quad_stretched_in_colour() -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    points = np.array([(60, 50), (240, 80), (235, 170), (55, 140)])
    cv2.fillConvexPoly(frame, points.reshape(-1, 1, 2), (200, 120, 40))
    crop = rectify_color(frame, Quad.from_points(points), size=(192, 96))
    assert crop.shape == (96, 192, 3)
    assert np.abs(crop[4:-4, 4:-4].astype(int) - (200, 120, 40)).max() <= 2


def test_a_large_plate_is_shrunk_without_aliasing() -> None:
    frame = np.zeros((960, 1920, 3), np.uint8)
    frame[:, ::2] = 255
    crop = rectify_color(frame, whole(frame), size=CROP_SIZE)
    assert crop.min() > 100
    assert crop.max() < 155


@needs_data
def test_crops_of_no_training_name_their_state(model: RegionModel) -> None:
    folder, first, three, count = data / "reading" / "us", 0, 0, 0
    with (folder / "truth.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if zlib.crc32(r["image"].encode()) % 5 == 0]
    for row in rows:
        frame = np.asarray(cv2.imread(str(folder / row["image"])), np.uint8)
        crop = rectify_color(frame, whole(frame), size=CROP_SIZE)
        order = np.argsort(-model.log_probabilities(crop))[:3]
        said = [model.codes[i] for i in order]
        state = row["country"].removeprefix("us-")
        first, three, count = first + (said[0] == state), three + (state in said), count + 1
    assert count > 80
    assert first >= LEAST_FIRST * count
    assert three >= LEAST_FIRST_THREE * count


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="us,eu", detect_region=True)


def is_loaded(engine: Engine) -> bool:
    return engine._parts.networks.regions.loaded


def test_the_network_is_loaded_for_a_us_plate_alone() -> None:
    european = Engine(country="eu", detect_region=True)
    assert european.recognize(sample_path("eu.jpg")).plates[0].country == "eu"
    assert not is_loaded(european)
    engine = european.with_settings(country="us")
    blind = engine.with_settings(detect_region=False)
    assert blind.recognize(sample_path("us.jpg")).plates[0].country == "us"
    given = engine.with_settings(default_region="oh")
    assert given.recognize(sample_path("us.jpg")).plates[0].region == "oh"
    assert not is_loaded(engine)
    engine.recognize(sample_path("us.jpg"))
    assert is_loaded(engine)


def test_the_look_changes_the_regions_and_nothing_else(engine: Engine) -> None:
    seen = engine.recognize(sample_path("us.jpg")).plates[0]
    told = engine.with_settings(detect_region=False).recognize(sample_path("us.jpg")).plates[0]
    assert (seen.text, seen.quad, seen.candidates) == (told.text, told.quad, told.candidates)
    shares = [{k.name: k.confidence for k in plate.regions} for plate in (seen, told)]
    assert shares[0].keys() == shares[1].keys()
    assert max(abs(shares[0][code] - shares[1][code]) for code in shares[0]) > 0.1
    totals = [sum(each.values()) for each in shares]
    assert totals[0] == pytest.approx(totals[1])  # how sure it is that the plate is American
    assert 0.5 < totals[0] <= 1 + 1e-9


def test_a_given_region_stands_whatever_the_look(engine: Engine) -> None:
    given = engine.with_settings(default_region="oh")
    plate = given.recognize(sample_path("us.jpg")).plates[0]
    assert (plate.region, plate.region_confidence) == ("oh", 0)


@needs_data
@pytest.mark.parametrize(
    ("name", "state"), [("az1001.jpg", "az"), ("nj1497.jpg", "nj"), ("or256.jpg", "or")]
)
def test_look_and_formats_name_the_state(engine: Engine, name: str, state: str) -> None:
    inside = engine.with_settings(country="us", skip_detection=True)
    plate = inside.recognize(data / "reading" / "us" / name).plates[0]
    assert plate.region == plate.regions[0].name == state
    assert plate.region_confidence == plate.regions[0].confidence > 0.8
