# SPDX-License-Identifier: Apache-2.0
"""Asking the engine, and the command line, how vehicles look."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

from alprcore.cli import main
from alprcore.engine import Engine
from alprcore.errors import SettingsError
from alprcore.resources import sample_path

ALL = ("plate", "color", "make", "makemodel")
LISTS = ("color", "make", "make_model", "body_type", "year", "orientation")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="us,eu", topn=3)


@pytest.fixture(scope="module")
def blue() -> str:
    """The American sample: a dark blue car from behind."""
    return str(sample_path("us.jpg"))


def test_a_sample_has_a_colour_and_a_guess(engine, blue):
    found = engine.recognize(blue, tasks=ALL)
    plate = found.plates[0]
    assert plate.text == "LMR4827"
    assert plate.vehicle == found.main_vehicle
    assert plate.vehicle.color[0].name == "blue"
    assert all(0 < len(getattr(plate.vehicle, name)) <= 3 for name in LISTS)
    makes = [label.confidence for label in plate.vehicle.make]
    assert sum(makes) < 1  # the rest is for makes that were never learned


def test_the_looked_at_box_holds_the_plate(engine, blue):
    plate = engine.recognize(blue, tasks=ALL).plates[0]
    x, y = plate.quad.to_points().mean(axis=0)
    box = plate.vehicle_region
    assert box.left < x < box.right
    assert box.top < y < box.bottom


def test_the_reply_has_the_documented_keys(engine, blue):
    reply = json.loads(engine.recognize(blue, tasks=ALL).to_json())
    assert set(reply["results"][0]["vehicle"]) == set(LISTS)
    assert set(reply["main_vehicle"]) == set(LISTS)
    first = reply["results"][0]["vehicle"]["make_model"][0]
    assert set(first) == {"name", "confidence"}
    assert "_" in first["name"]
    assert 0 < first["confidence"] <= 100
    plain = json.loads(engine.recognize(blue).to_json())
    assert "vehicle" not in plain["results"][0]
    assert "main_vehicle" not in plain


def test_plates_alone_load_no_vehicle_network(blue):
    program = (
        "import sys; from alprcore.engine import Engine; e = Engine(country='us');"
        "e.recognize(sys.argv[1]); assert not e._parts.networks.vehicles.model.loaded;"
        "e.recognize(sys.argv[1], tasks=('color',)); assert e._parts.networks.vehicles.model.loaded"
    )
    subprocess.run([sys.executable, "-c", program, blue], check=True, timeout=120)


def test_without_plates_nothing_is_read(engine, blue):
    found = engine.recognize(blue, tasks=("color",))
    assert found.plates == ()
    assert found.main_vehicle is not None
    assert found.main_vehicle.color[0].name == "blue"
    assert found.main_vehicle.make == ()


@pytest.mark.parametrize("kind", ["plain", "slope", "noise"])
def test_a_picture_without_a_vehicle_says_nothing_of_one(engine, kind):
    rng = np.random.default_rng(1)
    frame = {
        "plain": np.full((240, 320, 3), 90, np.uint8),
        "slope": np.repeat(np.linspace(0, 255, 320, dtype=np.uint8)[None, :, None], 240, 0)
        + np.zeros((1, 1, 3), np.uint8),
        "noise": rng.integers(0, 256, (240, 320, 3), dtype=np.uint8),
    }[kind]
    found = engine.recognize(frame, tasks=ALL)
    assert found.plates == found.vehicles == ()
    assert found.main_vehicle is None
    assert "vehicle" not in found.to_json()


def test_a_look_does_not_change_the_plates(engine, blue):
    with_look = engine.recognize(blue, tasks=ALL).plates
    without = engine.recognize(blue).plates
    assert [(p.text, p.confidence, p.quad) for p in with_look] == [
        (p.text, p.confidence, p.quad) for p in without
    ]


def test_unknown_tasks_are_refused(engine, blue):
    with pytest.raises(SettingsError, match="tasks: expected some of plate, color"):
        engine.recognize(blue, tasks=("plate", "wheels"))


def test_max_vehicles_limits_the_looks(engine):
    two = str(sample_path("two_plates.jpg"))
    plates = engine.recognize(two, tasks=ALL).plates
    assert all(plate.vehicle is not None for plate in plates)
    less = engine.with_settings(max_vehicles=1).recognize(two, tasks=ALL).plates
    assert sum(plate.vehicle is not None for plate in less) == 1


def test_engines_share_the_network_and_pickle_without_it(engine, blue):
    wanted = engine.recognize(blue, tasks=ALL).main_vehicle
    assert engine.with_settings(country="us")._parts.networks is engine._parts.networks
    twin = pickle.loads(pickle.dumps(engine))
    assert not twin._parts.networks.vehicles.model.loaded
    assert twin.recognize(blue, tasks=ALL).main_vehicle == wanted


def test_the_command_line_names_the_first_of_each(capsys, blue):
    words = ["recognize", blue, "--country", "us", "--tasks", "plate,color,make,makemodel"]
    assert main(words) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "vehicle:" in line)
    assert "vehicle: blue " in line
    assert line.count("%") == len(LISTS)
    assert main(words[:-2]) == 0
    assert "vehicle:" not in capsys.readouterr().out


def test_the_command_line_refuses_unknown_tasks(capsys, blue):
    with pytest.raises(SystemExit):
        main(["recognize", blue, "--tasks", "plate,wheels"])
    assert "expected some of plate, color, make, makemodel" in capsys.readouterr().err
