# SPDX-License-Identifier: Apache-2.0
"""Whatever is asked of a picture, the reply keeps its promises."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest
from fuzz.budget import bounded
from golden.cases import CASES, DRAWN
from hypothesis import given
from hypothesis import strategies as st

from alprcore import Box, Engine, ImageError, Plate, Settings, SettingsError

SMALL = cv2.imread(str(DRAWN / "small.jpg"))  # 168 x 135, one plate
ROWS, COLS = SMALL.shape[:2]
SHARE = st.floats(0, 1)
# Every setting that costs no new network, over all of its range or the quick part of it.
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["auto", "us", "br2,eu", "gb"]),
        "topn": st.integers(1, 60),
        "default_region": st.sampled_from(["", "md", "nowhere", " \0"]),
        "must_match_pattern": st.booleans(),
        "detect_region": st.booleans(),
        "min_confidence": SHARE,
        "min_character_confidence": st.floats(0, 0.2),
        "unsure_below": SHARE,
        "prewarp": st.builds(
            "planar,{},135,{},{},{},{},{},{},3".format,
            st.sampled_from([168, 1, 1e9]),
            *[st.floats(-0.004, 0.004)] * 2,
            st.floats(-7, 7),
            st.floats(-2, 2),
            st.floats(0.05, 9),
            st.floats(-500, 500),
        ),
        "skip_detection": st.booleans(),
        "max_plate_width_percent": st.floats(0, 100),
        "max_plate_height_percent": st.floats(0, 100),
        "analysis_count": st.integers(1, 3),
        "min_plate_score": SHARE,
        "doubtful_plate_score": SHARE,
        "min_plausibility": st.floats(0, 2),
        "max_plates": st.integers(1, 40),
        "find_vehicles": st.booleans(),
        "min_vehicle_score": SHARE,
        "tilted": st.booleans(),
        "plate_margin": SHARE,
        "line_proposals": st.integers(1, 8),
        "unsure_line_proposals": st.integers(1, 8),
        "more_line_proposals": st.integers(0, 16),
        "sure_plate_score": SHARE,
    },
)
SIDE = st.one_of(st.integers(-20, 200), st.floats(-20, 200), st.floats(-1e12, 1e12))
AREAS = st.lists(st.builds(Box, SIDE, SIDE, SIDE, SIDE), max_size=2)
TASKS = st.sampled_from([("plate",), ("plate",), ("plate", "color"), ("makemodel",)])


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def keeps_its_promises(plate: Plate, settings: Settings) -> None:
    shares = [candidate.confidence for candidate in plate.candidates]
    texts = [candidate.text for candidate in plate.candidates]
    assert 1 <= len(shares) <= settings.topn == plate.requested_topn
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)
    assert sum(shares) <= 1 + 1e-6
    assert len(set(texts)) == len(texts)
    assert plate.text in texts
    assert plate.confidence >= settings.min_confidence
    assert len(plate.text_with_unsure) == len(plate.text)
    assert 0 <= plate.legibility <= 1 + 1e-9
    assert "".join(glyph.text for glyph in plate.glyphs) == plate.text.replace("\n", "")
    for quad in (plate.quad, *(glyph.quad for glyph in plate.glyphs)):
        assert np.isfinite(quad.to_points()).all()
    for number in (plate.detection_score, plate.region_confidence):
        assert 0 <= number <= 1
    assert all(0 <= glyph.confidence <= 1 + 1e-9 for glyph in plate.glyphs)
    if settings.must_match_pattern:
        assert all(candidate.matches_template for candidate in plate.candidates)


@bounded(40)
@given(asked=ASKED, areas=AREAS, tasks=TASKS)
def test_any_settings_and_areas_give_a_reply_or_a_settings_error(engine, asked, areas, tasks):
    other = engine.with_settings(**asked)
    try:
        found = other.recognize(SMALL, regions_of_interest=areas, tasks=tasks)
    except SettingsError as error:
        assert "regions_of_interest" in str(error)
        return
    assert len(found.plates) <= other.settings.max_plates
    for plate in found.plates:
        keeps_its_promises(plate, other.settings)
    for vehicle in found.vehicles:
        box = vehicle.box
        assert all(map(math.isfinite, (box.left, box.top, box.right, box.bottom)))
    assert json.loads(found.to_json()) == json.loads(json.dumps(found.to_dict()))


@bounded(25)
@given(
    rows=st.integers(1, 90),
    cols=st.integers(1, 300),
    seed=st.integers(0, 99),
    whole=st.booleans(),
    kind=st.sampled_from(["noise", "blocks", "stripes", "text"]),
)
def test_any_picture_gives_a_reply(engine, rows, cols, seed, whole, kind):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (rows, cols, 3), np.uint8)
    if kind == "blocks":
        picture = cv2.resize(picture[:3, :3], (cols, rows), interpolation=cv2.INTER_NEAREST)
    elif kind == "stripes":
        picture = np.repeat(picture[:1], rows, axis=0)
    elif kind == "text":
        cut = SMALL[rng.integers(0, 60) :, rng.integers(0, 60) :]
        picture = cv2.resize(cut, (cols, rows), interpolation=cv2.INTER_LINEAR)
    other = engine.with_settings(skip_detection=whole, min_plausibility=0.0)
    for plate in other.recognize(np.ascontiguousarray(picture)).plates:
        keeps_its_promises(plate, other.settings)


@pytest.mark.parametrize(
    "source",
    [None, 3, [SMALL], {"a": 1}, object(), np.zeros((2, 2), bool), np.zeros((0, 3), np.uint8)],
)
def test_what_is_not_a_picture_is_an_image_error(engine, source):
    with pytest.raises(ImageError):
        engine.recognize(source)


def test_the_cases_of_the_golden_replies_keep_their_promises_too(engine):
    for case in (CASES["topn-60"], CASES["must_match"], CASES["unsure_below"]):
        other = engine.with_settings(**case.settings)
        for plate in other.recognize(case.source()).plates:
            keeps_its_promises(plate, other.settings)
