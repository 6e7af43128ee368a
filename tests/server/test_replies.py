# SPDX-License-Identifier: Apache-2.0
"""The bodies of replies, field for field, from recognitions made by hand."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from server_tools import LOOK, PLATE

from alprcore.records import Box, VehicleBox
from alprcore.resources import country_file
from alprcore.server.api.capabilities import config_body
from alprcore.server.api.parameters import Ask
from alprcore.server.api.replies import Answer, Credits, reply_body
from alprcore.settings import TASKS, Settings
from alprcore.wire.results import Recognition

FOUND = Recognition(
    width=800,
    height=600,
    epoch_ms=1700000000123,
    elapsed_ms=41.20357,
    regions_of_interest=(Box(0, 0, 800, 600),),
    plates=(
        replace(PLATE, vehicle_region=Box(10.5, 5, 400, 300), vehicle=LOOK),
        replace(PLATE, region="", text="AB", plate_index=1),
    ),
    vehicles=(VehicleBox(Box(10, 5, 400, 300), 0.9, LOOK), VehicleBox(Box(1, 1, 9, 9), 0.5)),
    main_vehicle=LOOK,
)
BARE = replace(FOUND, plates=(replace(PLATE),), vehicles=(), main_vehicle=None)
V1_PLATE = {
    "plate": "KLM482",
    "confidence": 91.204811,
    "matches_template": 1,
    "plate_index": 0,
    "region": "md",
    "region_confidence": 0,
    "processing_time_ms": 1.5,
    "requested_topn": 10,
    "coordinates": [{"x": 30, "y": 20}, {"x": 80, "y": 20}, {"x": 80, "y": 35}, {"x": 30, "y": 35}],
    "candidates": [
        {"plate": "KIM482", "confidence": 95.0, "matches_template": 0},
        {"plate": "KLM482", "confidence": 91.204811, "matches_template": 1},
    ],
}
LABELS = {
    "color": [{"name": "blue", "confidence": 70.0}, {"name": "black", "confidence": 12.5}],
    "make": [{"name": "ford", "confidence": 50.0}, {"name": "audi", "confidence": 25.0}],
    "make_model": [{"name": "ford_focus", "confidence": 50.0}],
    "body_type": [{"name": "sedan-compact", "confidence": 75.0}],
    "year": [{"name": "2005-2009", "confidence": 50.0}],
    "orientation": [],
}


def body(found, *, version=1, tasks=("plate",), **changes):
    ask = Ask(
        version=version,
        tasks=tasks,
        cost=1,
        countries=("us",),
        state="",
        topn=10,
        prewarp="",
        return_image=False,
        is_cropped=False,
        with_boxes=False,
    )
    answer = Answer(replace(ask, **changes), found, Credits(2, 14, 1000), 63.9, b"picture", "u-1")
    return reply_body(answer)


def test_version_1():
    assert body(FOUND, tasks=TASKS) == {
        "plate": {
            "data_type": "alpr_results",
            "version": 2,
            "epoch_time": 1700000000123,
            "img_width": 800,
            "img_height": 600,
            "processing_time_ms": 41.20357,
            "regions_of_interest": [{"x": 0, "y": 0, "width": 800, "height": 600}],
            "results": [V1_PLATE, {**V1_PLATE, "plate": "AB", "region": "", "plate_index": 1}],
        },
        "color": [{"value": "blue", "confidence": 70.0}, {"value": "black", "confidence": 12.5}],
        "make": [{"value": "ford", "confidence": 50.0}, {"value": "audi", "confidence": 25.0}],
        "makemodel": [{"value": "ford_focus", "confidence": 50.0}],
        "image_bytes": "",
        "image_bytes_prefix": "data:image/jpeg;base64,",
        "total_processing_time": 63.9,
        "img_width": 800,
        "img_height": 600,
        "credit_cost": 2,
        "credits_monthly_used": 14,
        "credits_monthly_total": 1000,
    }


def test_version_1_has_what_was_asked_for_and_no_more():
    assert {"plate", "color", "make", "makemodel"} & set(body(FOUND, tasks=("make",))) == {"make"}
    assert body(BARE, tasks=("color",))["color"] == []
    assert [each["value"] for each in body(FOUND, tasks=("color",), topn=1)["color"]] == ["blue"]


@pytest.mark.parametrize("version", [2, 3])
def test_later_versions(version):
    square = {"x": 0, "y": 0, "width": 155, "height": 127}
    region = {"x": 10, "y": 5, "width": 390, "height": 295}
    detected = [{"vehicle_detected": True}, {"vehicle_detected": False}]
    plates = [
        {**V1_PLATE, "region": "us-md", "vehicle_region": region, "vehicle": LABELS},
        {**V1_PLATE, "plate": "AB", "region": "", "plate_index": 1, "vehicle_region": square}
        | {"vehicle": {key: [] for key in LABELS}},
    ]
    vehicles = [{"x": 10, "y": 5, "width": 390, "height": 295, "details": LABELS}]
    reply = body(FOUND, version=version, tasks=TASKS)
    assert reply == {
        "uuid": "u-1",
        "data_type": "alpr_results",
        "epoch_time": 1700000000123,
        "version": version,
        "error": False,
        "img_width": 800,
        "img_height": 600,
        "processing_time": {"total": 63.9, "plates": 41.20357, "vehicles": 0},
        "regions_of_interest": [{"x": 0, "y": 0, "width": 800, "height": 600}],
        "results": [plate | more for plate, more in zip(plates, detected, strict=True)]
        if version == 3
        else plates,
        **({"vehicles": vehicles} if version == 3 else {}),
        "credit_cost": 2,
        "credits_monthly_used": 14,
        "credits_monthly_total": 1000,
    }
    assert reply["error"] is False


def test_later_versions_without_vehicles():
    reply = body(FOUND, version=3)
    assert reply["vehicles"] == []
    assert [
        ("vehicle" in plate, plate["vehicle_region"]["width"]) for plate in reply["results"]
    ] == [
        (False, 390),
        (False, 155),
    ]


@pytest.mark.parametrize("version", [2, 3])
def test_vehicles_take_no_time_unless_asked_for(version):
    found = replace(FOUND, vehicles_ms=1.5)
    times = body(found, version=version)["processing_time"]
    assert times == {"total": 63.9, "plates": 41.20357, "vehicles": 0}
    times = body(found, version=version, tasks=TASKS)["processing_time"]
    assert times == {"total": 63.9, "plates": 39.70357, "vehicles": 1.5}


@pytest.mark.parametrize("version", [2, 3])
def test_a_region_has_its_country_before_it(version):
    def region(plate, **changes):
        found = replace(FOUND, plates=(plate,))
        return body(found, version=version, **changes)["results"][0]["region"]

    assert region(replace(PLATE, country="eu", region="nl")) == "eu-nl"
    assert region(replace(PLATE, country="", region="xy")) == "us-xy"
    assert region(replace(PLATE, country="", region="xy"), countries=("us", "eu")) == "xy"
    assert region(replace(PLATE, region="")) == ""


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_picture_comes_back_only_when_asked_for(version):
    assert body(BARE, version=version).get("image_bytes", "") == ""
    reply = body(BARE, version=version, return_image=True)
    assert base64.b64decode(reply["image_bytes"]) == b"picture"
    assert reply["image_bytes_prefix"] == "data:image/jpeg;base64,"


def test_no_plate_and_no_vehicle():
    empty = replace(BARE, plates=())
    assert body(empty)["plate"]["results"] == []
    assert body(empty, version=2)["results"] == body(empty, version=3)["vehicles"] == []


def test_the_configuration_names_the_countries_of_the_operator(tmp_path):
    own = country_file("us")[0].replace('code = "us"', 'code = "q9"')
    (tmp_path / "q9.toml").write_text(own, "utf-8")
    codes = {c["code"] for c in config_body(Settings(country_dirs=(str(tmp_path),)))["countries"]}
    assert {"q9", "us"} <= codes


def test_the_configuration_can_be_sent():
    config = json.loads(json.dumps(config_body(Settings())))
    assert {"us", "eu", "br"} <= {country["code"] for country in config["countries"]}
    assert all(country["name"] for country in config["countries"])
    labels = config["vehicle_labels"]
    assert {"red", "black"} <= set(labels["color"])
    assert {model.split("_")[0] for model in labels["makemodel"]} == set(labels["make"])
    assert list(labels) == ["bodytype", "color", "make", "makemodel", "orientation", "year"]
