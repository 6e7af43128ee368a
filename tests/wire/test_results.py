# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alprcore.records import Box, Candidate, Plate, Quad, VehicleBox
from alprcore.wire.numbers import json_text
from alprcore.wire.results import Recognition, unread_dict

PLATE = Plate(
    text="AB12CDE",
    confidence=0.830457,
    matches_template=True,
    country="gb",
    region="gb",
    region_confidence=0.29,
    quad=Quad((310.9, 402.2), (452.0, 399.9), (-3.7, -0.4), (311.5, 434.0)),
    detection_score=0.98,
    candidates=(Candidate("A812CDE", 0.865120014), Candidate("AB12CDE", 0.830457, True)),
    glyphs=(),
    plate_index=1,
    requested_topn=10,
    elapsed_ms=12.310412,
)
FOUND = Recognition(
    width=800,
    height=600,
    epoch_ms=1_700_000_000_123,
    elapsed_ms=41.203571,
    regions_of_interest=(Box(0, 0, 800, 600),),
    plates=(PLATE,),
    vehicles=(VehicleBox(Box(1, 2, 3, 4), 0.5),),
)


def test_the_line_is_written_as_the_format_says():
    assert FOUND.to_json() == (
        '{"version":2,"data_type":"alpr_results","epoch_time":1700000000123,"img_width":800,'
        '"img_height":600,"processing_time_ms":41.203571,"regions_of_interest":[{"x":0,"y":0,'
        '"width":800,"height":600}],"results":[{"plate":"AB12CDE","confidence":83.045700,'
        '"matches_template":1,"plate_index":1,"region":"gb","region_confidence":29,'
        '"processing_time_ms":12.310412,"requested_topn":10,"coordinates":[{"x":310,"y":402},'
        '{"x":452,"y":399},{"x":-3,"y":0},{"x":311,"y":434}],"candidates":[{"plate":"A812CDE",'
        '"confidence":86.512001,"matches_template":0},{"plate":"AB12CDE","confidence":83.045700,'
        '"matches_template":1}]}]}'
    )


def test_the_line_says_what_the_dict_says():
    assert json.loads(FOUND.to_json()) == FOUND.to_dict()
    assert list(json.loads(FOUND.to_json())) == list(FOUND.to_dict())


def test_a_picture_without_plates_has_an_empty_list():
    empty = replace(FOUND, plates=())
    assert empty.to_dict()["results"] == []
    assert empty.to_json().endswith('"results":[]}')


def test_the_vehicle_is_written_only_when_known():
    assert "vehicle_region" not in FOUND.to_dict()["results"][0]
    seen = replace(PLATE, vehicle_region=Box(10.9, 20.2, 110.1, 90.8))
    entry = replace(FOUND, plates=(seen,)).to_dict()["results"][0]
    assert entry["vehicle_region"] == {"x": 10, "y": 20, "width": 100, "height": 70}
    assert list(entry)[-1] == "vehicle_region"


def test_the_lines_of_a_plate_are_joined_by_an_escaped_newline():
    plate = replace(PLATE, text='가12\n"3\\/\x01', candidates=())
    line = replace(FOUND, plates=(plate,)).to_json()
    assert '"plate":"가12\\n\\"3\\\\/\\u0001"' in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("elapsed", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (90.0, "90"),
        (2**40 + 0.0, "1099511627776"),
        (0.25, "0.250000"),
        (1 / 3, "0.333333"),
        (1e-9, "0"),
        (1234567890.5, "1.234568e+09"),
        (float("nan"), "0"),
        (float("inf"), "0"),
        (np.float32(0.1), "0.100000"),
    ],
)
def test_numbers_are_whole_or_have_six_decimals(elapsed, written):
    line = replace(FOUND, elapsed_ms=elapsed).to_json()
    assert re.search(r'"processing_time_ms":([^,]*)', line)[1] == written


@pytest.mark.parametrize(
    ("confidence", "percent"), [(float("nan"), 0), (-0.1, 0), (1.2, 100), (1.0, 100), (0.5, 50)]
)
def test_a_confidence_is_a_percent_and_never_nan(confidence, percent):
    plate = replace(PLATE, confidence=confidence)
    assert replace(FOUND, plates=(plate,)).to_dict()["results"][0]["confidence"] == percent


@given(st.floats(0, 1e8) | st.sampled_from([math.nan, math.inf]), st.floats(), st.text(max_size=9))
def test_every_line_is_valid_json_without_spaces(elapsed, confidence, text):
    plate = replace(PLATE, text=text, confidence=confidence, elapsed_ms=elapsed)
    found = replace(FOUND, plates=(plate,), elapsed_ms=elapsed)
    parsed = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert parsed == found.to_dict()
    assert found.to_json() == found.to_json()


def test_an_input_that_was_not_read_has_a_line_too():
    parsed = json.loads(json_text(unread_dict("image: empty", epoch_ms=7)))
    assert parsed["error"] == "image: empty"
    assert (parsed["epoch_time"], parsed["img_width"], parsed["results"]) == (7, 0, [])


def test_a_recognition_survives_pickling_and_cannot_be_changed():
    assert pickle.loads(pickle.dumps(FOUND)) == FOUND
    with pytest.raises(AttributeError):
        FOUND.width = 3
