# SPDX-License-Identifier: Apache-2.0
"""The vehicle network's tables: what its outputs are called, and how they are loaded."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

from alprcore.errors import ResourceError
from alprcore.resources import model_bytes
from alprcore.vehicles.model import CROP_SIZE, VehicleModel, parse_labels, parse_trust

LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BODIES = {
    "sedan-compact",
    "sedan-convertible",
    "sedan-sports",
    "sedan-standard",
    "sedan-wagon",
    "suv-crossover",
    "suv-standard",
    "truck-standard",
    "van-full",
    "van-mini",
}


@pytest.fixture(scope="module")
def model() -> VehicleModel:
    return VehicleModel(model_bytes)


def test_labels_have_the_documented_forms(model):
    labels = model.labels
    assert len(labels.classes) == len(set(labels.classes)) == 196
    assert len(set(labels.makes)) == 49
    assert len(labels.learned) == len(set(labels.learned)) == 64
    assert set(labels.makes) < set(labels.learned)
    assert all(LABEL.fullmatch(make) for make in labels.learned)
    assert labels.views == ("front", "rear", "side", "none")
    for make, name in zip(labels.makes, labels.models, strict=True):
        assert LABEL.fullmatch(make)
        assert name.startswith(f"{make}_")
        assert LABEL.fullmatch(name.removeprefix(f"{make}_"))
    assert all(LABEL.fullmatch(color) for color in labels.colors)
    assert set(labels.bodies) == BODIES


def test_years_are_five_year_spans_that_hold_the_class_year(model):
    for name, span in zip(model.labels.classes, model.labels.years, strict=True):
        first, last = map(int, span.split("-"))
        assert first % 5 == 0
        assert last == first + 4
        assert first <= int(name.rsplit("|", 1)[1]) <= last


def test_makes_follow_the_class_names(model):
    for name, make in zip(model.labels.classes, model.labels.makes, strict=True):
        assert make == re.sub("[^a-z0-9]+", "-", name.split("|")[0].lower())


def test_outputs_and_tables_agree(model):
    found = model.logits(np.full((2, CROP_SIZE[1], CROP_SIZE[0], 3), 90, np.uint8))
    labels, trust = model.labels, model.trust
    assert found.classes.shape == (2, len(labels.classes))
    assert found.makes.shape == (2, len(labels.learned) + 1)
    assert found.colors.shape == (2, len(labels.colors))
    assert found.views.shape == (2, len(labels.views))
    assert trust.color_bias.shape == (len(labels.colors),)
    assert trust.known.shape == (6,)
    assert trust.make_weight.shape == (4,)
    assert 0.2 < trust.make_heat[0] < 3
    assert 0.2 < trust.view_heat[0] < 3
    assert trust.body_weights.shape == (len(labels.colors), 2 * len(labels.colors) + 17)
    assert trust.paint.shape == (len(labels.colors), 12, 16, 16)
    sums = trust.paint.sum(0, dtype=int)  # whole numbers of 255ths
    assert abs(sums - 255).max() <= len(labels.colors)
    assert 0.2 < trust.class_heat[0] < 3


def test_nothing_is_read_before_it_is_needed():
    asked: list[str] = []

    def read(name: str) -> bytes:
        asked.append(name)
        return model_bytes(name)

    lazy = VehicleModel(read)
    assert not asked
    assert lazy.labels.makes
    assert asked == ["vehicle_labels.toml"]
    assert not lazy.loaded
    lazy.logits(np.zeros((1, CROP_SIZE[1], CROP_SIZE[0], 3), np.uint8))
    assert lazy.loaded
    lazy.logits(np.zeros((1, CROP_SIZE[1], CROP_SIZE[0], 3), np.uint8))
    assert asked == ["vehicle_labels.toml", "vehicle.onnx"]


def test_a_pickled_model_answers_alike(model):
    crop = np.random.default_rng(1).integers(0, 256, (1, CROP_SIZE[1], CROP_SIZE[0], 3), np.uint8)
    twin = pickle.loads(pickle.dumps(model))
    assert not twin.loaded
    ours, its = model.logits(crop), twin.logits(crop)
    for kind in ("classes", "makes", "colors", "views"):
        np.testing.assert_array_equal(getattr(ours, kind), getattr(its, kind))


@pytest.mark.parametrize(
    "text",
    ["", "classes = 3", 'classes = [["a", "b"]]\ncolors = ["red"]', "not toml"],
)
def test_damaged_labels_are_refused(text):
    with pytest.raises(ResourceError, match="vehicle labels"):
        parse_labels(text)


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"PK\x05\x06" + 18 * b"\0"])
def test_damaged_trust_is_refused(content):
    with pytest.raises(ResourceError, match="vehicle trust"):
        parse_trust(content)
