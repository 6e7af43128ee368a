# SPDX-License-Identifier: Apache-2.0
"""How a vehicle looks: measured paint, lists of labels, and real pictures where there are some."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from alprcore.picture.load import load_frame
from alprcore.records import Box, Quad, VehicleBox, VehicleLook
from alprcore.resources import model_bytes, sample_path
from alprcore.vehicles.color import (
    Light,
    body_pixels,
    color_shares,
    light_of,
    measure_body,
)
from alprcore.vehicles.look import color_chances, existing, look_at_vehicle, vehicle_crop
from alprcore.vehicles.looks import look_at_vehicles
from alprcore.vehicles.model import CROP_SIZE, BodyColor, VehicleModel

root = Path(__file__).parents[2]
data = Path(os.environ.get("ALPRCORE_DATA", root.parent / "shared" / "data")) / "vehicles"
needs_data = pytest.mark.skipif(not data.is_dir(), reason="no shared data")
ALL = ("color", "make", "makemodel")
LISTS = ("make", "make_model", "body_type", "year")
WHITE = Light((1.0, 1.0, 1.0), 0.0, 255.0)
PAINTS = {  # blue, green, red
    "black": (22, 20, 20),
    "blue": (170, 60, 20),
    "green": (60, 120, 30),
    "orange": (20, 110, 235),
    "red": (25, 20, 180),
    "silver-gray": (92, 91, 90),
    "white": (238, 240, 238),
    "yellow": (30, 200, 240),
}


@pytest.fixture(scope="module")
def model() -> VehicleModel:
    return VehicleModel(model_bytes)


def car(paint: tuple[int, int, int]) -> np.ndarray:
    """A car from behind on grey road: 320 x 240 in a picture of 480 x 360, at 80, 60."""
    frame = np.full((360, 480, 3), 128, np.uint8)
    cv2.rectangle(frame, (90, 110), (390, 260), paint, -1)
    roof = np.array([[140, 64], [340, 64], [370, 115], [110, 115]])
    cv2.fillConvexPoly(frame, roof, paint)
    glass = np.array([[155, 74], [325, 74], [345, 112], [135, 112]])
    cv2.fillConvexPoly(frame, glass, (45, 40, 38))
    cv2.rectangle(frame, (95, 255), (150, 298), (25, 25, 25), -1)
    cv2.rectangle(frame, (330, 255), (385, 298), (25, 25, 25), -1)
    cv2.rectangle(frame, (190, 190), (290, 214), (40, 220, 250), -1)  # a yellow plate
    return frame


BOX = Box(80, 60, 400, 300)
PLATE = Quad((190, 190), (290, 190), (290, 214), (190, 214))


@pytest.mark.parametrize("name", PAINTS)
def test_paint_is_measured(model, name):
    body = measure_body(car(PAINTS[name]), BOX, [PLATE], model.trust.paint)
    chances = model.trust.body_weights @ body.features
    assert model.labels.colors[int(np.argmax(chances))] == name


def test_plate_glass_and_tyres_are_no_paint():
    frame = car((25, 20, 180))
    lower, upper = body_pixels(frame, BOX, [PLATE], WHITE)
    red = np.asarray(cv2.cvtColor(np.uint8([[[25, 20, 180]]]), cv2.COLOR_BGR2LAB))[0, 0].astype(int)
    away = np.abs(np.concatenate([lower, upper]).astype(int) - red).max(1)
    assert (away < 25).mean() > 0.9
    with_plate, _ = body_pixels(frame, BOX, [], WHITE)
    assert len(with_plate) > len(lower)


def test_dark_pixels_count_where_the_body_is_dark():
    lower, upper = body_pixels(car((22, 20, 20)), BOX, [PLATE], WHITE)
    assert len(lower) > 200
    assert len(upper) > 200


def test_coloured_light_is_seen_and_half_undone():
    frame = car((115, 114, 112))
    warm = np.clip(frame * [0.7, 1.0, 1.25], 0, 255).astype(np.uint8)
    plain, tinted = light_of(frame, BOX), light_of(warm, BOX)
    assert plain.cast < 0.02
    assert tinted.cast > 0.2
    assert tinted.gains[0] > 1 > tinted.gains[2]
    assert tinted.sureness < plain.sureness


def test_night_makes_colours_unsure(model):
    day = car((25, 20, 180))
    bodies = [
        measure_body(frame, BOX, [PLATE], model.trust.paint)
        for frame in (day, (day * 0.15).astype(np.uint8))
    ]
    red = model.labels.colors.index("red")
    said = np.where(np.arange(len(model.labels.colors)) == red, 4, 0).astype(np.float32)
    light, dark = (color_chances(said, body, model.trust)[red] for body in bodies)
    assert light > 0.9
    assert dark < light


def test_too_few_pixels_say_nothing(model):
    shares = color_shares(np.zeros((3, 3), np.uint8), model.trust.paint)
    assert np.ptp(shares) == 0
    body = measure_body(car(PAINTS["red"]), Box(-90, -90, -10, -10), [], model.trust.paint)
    assert np.ptp(body.features[: 2 * len(model.labels.colors)]) == 0


def test_lists_are_ordered_short_and_sum_to_one_at_most(model):
    frame = car(PAINTS["red"])
    body = measure_body(frame, BOX, [PLATE], model.trust.paint)
    full = look_at_vehicle(frame, (BOX,), model, body=body, tasks=ALL, topn=1000)
    few = look_at_vehicle(frame, (BOX,), model, body=body, tasks=ALL, topn=3)
    for name in ("color", "make", "make_model", "body_type", "year", "orientation"):
        labels = getattr(full, name)
        chances = [label.confidence for label in labels]
        assert chances == sorted(chances, reverse=True)
        assert chances[-1] >= 0
        assert sum(chances) <= 1 + 1e-9
        assert len({label.name for label in labels}) == len(labels)
        assert getattr(few, name) == labels[:3]
    assert sum(label.confidence for label in full.color) == pytest.approx(1)


def test_the_first_make_is_the_sum_of_its_models(model):
    look = look_at_vehicle(car(PAINTS["red"]), (BOX,), model, body=None, tasks=ALL, topn=1000)
    make = look.make[0]
    models = [m.confidence for m in look.make_model if m.name.startswith(f"{make.name}_")]
    assert make.confidence == pytest.approx(sum(models))


@pytest.mark.parametrize("seed", range(40))
def test_the_first_of_each_list_exist_together(model, seed):
    labels = model.labels
    built = set(zip(labels.makes, labels.models, labels.bodies, labels.years, strict=True))
    flat = np.random.default_rng(seed).gamma(0.1, size=len(labels.classes))
    makes = np.random.default_rng(seed + 100).gamma(0.2, size=len(labels.learned))
    found = existing(labels, 0.7 * makes / makes.sum(), flat / flat.sum(), topn=1000)
    if found["make"][0].name in labels.makes:
        assert tuple(found[kind][0].name for kind in LISTS) in built
    else:
        assert found["make_model"] == found["year"] == ()
        assert found["body_type"]
    for kind in LISTS:
        chances = [label.confidence for label in found[kind]]
        assert chances == sorted(chances, reverse=True)


@pytest.mark.parametrize("tint", [(1, 1, 1), (0.5, 1.0, 0.5), (0.99, 1.0, 1.0)])
def test_infrared_has_no_colour(model, tint):
    day = load_frame(sample_path("eu.jpg"))
    grey = cv2.cvtColor(day, cv2.COLOR_BGR2GRAY).astype(float)
    grey = np.clip(grey + np.random.default_rng(2).normal(0, 3, grey.shape), 0, 255)
    frame = (grey[..., None] * tint).clip(0, 255).astype(np.uint8)
    whole = Box(0, 0, day.shape[1], day.shape[0])
    body = measure_body(frame, whole, [], model.trust.paint)
    assert body.colorless
    look = look_at_vehicle(frame, (whole,), model, body=body, tasks=ALL, topn=5)
    assert look.color == ()
    assert look.make
    assert not measure_body(day, whole, [], model.trust.paint).colorless


@pytest.mark.parametrize(
    ("tasks", "filled"),
    [
        (("make",), {"make"}),
        (("makemodel",), {"make_model", "body_type", "year", "orientation"}),
        (("make", "makemodel"), {"make", "make_model", "body_type", "year", "orientation"}),
        ((), set()),
    ],
)
def test_only_what_is_asked_for_is_there(model, tasks, filled):
    look = look_at_vehicle(car(PAINTS["red"]), (BOX,), model, body=None, tasks=tasks, topn=5)
    fields = ("color", "make", "make_model", "body_type", "year", "orientation")
    assert {name for name in fields if getattr(look, name)} == filled


def test_a_box_outside_the_picture_has_no_look(model):
    frame = car(PAINTS["red"])
    assert vehicle_crop(frame, Box(500, 10, 700, 90)) is None
    outside = (Box(-90, -90, -40, -40),)
    assert look_at_vehicle(frame, outside, model, body=None, tasks=("make",), topn=5) is None


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(0.2, 0.3, 0.4, 0.5), Box(-50, -9, 900, 700)])
def test_odd_boxes_are_looked_at(model, box):
    frame = car(PAINTS["red"])
    crop = vehicle_crop(frame, box)
    assert crop is None or crop.shape == (CROP_SIZE[1], CROP_SIZE[0], 3)
    body = measure_body(frame, box, [PLATE], model.trust.paint)
    assert np.isfinite(body.features).all()


def test_unsure_light_only_flattens(model):
    logits = np.random.default_rng(3).normal(0, 2, len(model.labels.colors)).astype(np.float32)
    features = np.full(model.trust.body_weights.shape[1], 0.1)
    sure = color_chances(logits, BodyColor(features, 1.0), model.trust)
    unsure = color_chances(logits, BodyColor(features, 0.4), model.trust)
    assert (np.argsort(sure) == np.argsort(unsure)).all()
    assert unsure.max() < sure.max()


def test_looks_go_to_their_vehicles(model):
    frame = np.concatenate([car(PAINTS["red"]), car(PAINTS["orange"])], axis=1)
    vehicles = (VehicleBox(replace(BOX, left=560, right=880), 0.9), VehicleBox(BOX, 0.8))
    looks = look_at_vehicles(frame, [], vehicles, model, tasks=("color",), topn=2, most=2)
    assert [v.look.color[0].name for v in looks.vehicles if v.look] == ["orange", "red"]
    assert looks.main == looks.vehicles[0].look
    one = look_at_vehicles(frame, [], vehicles, model, tasks=("color",), topn=2, most=1)
    assert [v.look is None for v in one.vehicles] == [False, True]
    none = look_at_vehicles(frame, [], (), model, tasks=("color",), topn=2, most=4)
    assert none.main is None


def sampled(folder: str, step: int) -> list[dict[str, str]]:
    with (data / folder / "truth.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))[::step]


def looked_at(model: VehicleModel, path: Path) -> VehicleLook:
    frame = cv2.imread(str(path))
    box = Box(0, 0, frame.shape[1], frame.shape[0])
    body = measure_body(frame, box, [], model.trust.paint)
    return look_at_vehicle(frame, (box,), model, body=body, tasks=ALL, topn=5)


@needs_data
def test_colours_of_real_cars(model):
    rows = sampled("colour", 24)
    looks = [looked_at(model, data / "colour" / row["image"]) for row in rows]
    wanted = [row["colour"].replace("silver", "silver-gray") for row in rows]
    told = [(look.color[0].name, name) for look, name in zip(looks, wanted, strict=True)
            if look.color]  # fmt: skip
    assert len(told) > 0.95 * len(rows)
    assert np.mean([found == name for found, name in told]) > 0.85


@needs_data
def test_classes_of_real_cars(model):
    rows = sampled("makemodel", 80)
    makes = dict(zip(model.labels.classes, model.labels.makes, strict=True))
    names = dict(zip(model.labels.classes, model.labels.models, strict=True))
    keys = ["|".join((row["make"], row["model_body"], row["year"])) for row in rows]
    looks = [looked_at(model, data / "makemodel" / row["image"]) for row in rows]
    right = [look.make[0].name == makes[key] for key, look in zip(keys, looks, strict=True)]
    assert np.mean(right) > 0.85
    among = [
        names[key] in [label.name for label in look.make_model]
        for key, look in zip(keys, looks, strict=True)
    ]
    assert np.mean(among) > 0.9
