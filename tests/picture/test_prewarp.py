# SPDX-License-Identifier: Apache-2.0
"""The picture turned before the search, and results turned back."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from alprcore import Engine, Recognition
from alprcore.geometry import mapped
from alprcore.picture.load import load_frame
from alprcore.picture.prewarp import Prewarp, between_corners, parse_prewarp, picture_map, turned
from alprcore.picture.view import vehicles_in_picture, view_of
from alprcore.records import Box, VehicleBox
from alprcore.resources import sample_path

IDENTITY = "planar,1280,720,0,0,0,1,1,0,0"
CORNERS = [(0, 0), (1280, 0), (1280, 720), (0, 720)]


def text(**changes: float) -> str:
    fields = {"W": 1280, "H": 720, "rx": 0, "ry": 0, "rz": 0, "sx": 1, "d": 1, "px": 0, "py": 0}
    return "planar," + ",".join(f"{value:.6f}" for value in {**fields, **changes}.values())


def prewarp(**changes: float) -> Prewarp:
    parsed = parse_prewarp(text(**changes))
    assert parsed is not None
    return parsed


def read_at(points, width=1280, height=720, **changes):
    matrix = picture_map(prewarp(**changes), width, height)
    assert matrix is not None
    return mapped(np.array(points, np.float64), matrix)


@pytest.mark.parametrize(
    ("changes", "points", "want"),
    [
        ({"d": 2}, [(650, 370)], [(645, 365)]),
        ({"px": 10, "py": 20}, [(640, 360)], [(650, 380)]),
        ({"sx": 0.8}, [(740, 460)], [(720, 460)]),
        ({"rz": 0.1}, [(740, 360)], [(739.50, 369.98)]),
        (
            {"ry": 0.0005},
            CORNERS,
            [(155.2, 87.3), (1581.2, -169.4), (1581.2, 889.4), (155.2, 632.7)],
        ),
        (
            {"rx": 0.0005},
            CORNERS,
            [(-140.5, -79.0), (1420.5, -79.0), (1182.4, 665.1), (97.6, 665.1)],
        ),
    ],
)
def test_a_point_of_the_view_reads_where_the_format_says(changes, points, want):
    got = read_at(points, **changes)
    assert got == pytest.approx(np.array(want), abs=0.051 if len(points) > 1 else 0.006)


def test_pans_scale_with_their_side():
    assert read_at([(320, 180)], 640, 360, px=10, py=20) == pytest.approx(np.array([[325, 190]]))
    assert read_at([(320, 360)], 640, 720, px=10, py=20) == pytest.approx(np.array([[325, 380]]))


def test_both_tilts_scale_with_the_width():
    corners = [(0, 0), (640, 0), (640, 720), (0, 720)]
    narrow = read_at(corners, 640, 720, rx=0.0005, ry=0.0003)
    tuned_there = read_at(corners, 640, 720, W=640, H=720, rx=0.001, ry=0.0006)
    assert narrow == pytest.approx(tuned_there)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "abc",
        "planar",
        "planar,1280,720,0,0,0,1,1,0",
        "planar,1280,720,0,0,0,1,1,0,0,0",
        "plane,1280,720,0,0,0,1,1,0,0",
        "planar,1280,720,0,0,x,1,1,0,0",
        "planar,1280,720,0,0,nan,1,1,0,0",
        "planar,1280,720,0,0,inf,1,1,0,0",
        "planar,0,720,0,0,0,1,1,0,0",
        "planar,1280,-720,0,0,0,1,1,0,0",
    ],
)
def test_a_malformed_text_is_no_turn(malformed):
    assert parse_prewarp(malformed) is None


def test_numbers_may_be_written_as_the_calibration_tool_does():
    written = " planar, 1280.000000,720.000000,-0.000000,0.001,-0.5,0.9,1.1,-3,+4 "
    assert parse_prewarp(written) == Prewarp(1280, 720, 0, 0.001, -0.5, 0.9, 1.1, -3, 4)


@pytest.mark.parametrize("changes", [{}, {"d": 0}, {"d": -1}, {"sx": 0}, {"px": 1e308, "W": 1e-3}])
def test_a_turn_that_changes_nothing_or_cannot_be_is_none(changes):
    assert picture_map(prewarp(**changes), 640, 480) is None


@pytest.mark.parametrize(
    "numbers",
    [
        (1e10, 720, 1e308, 0, 0, 1, 1, 0, 0),
        (1e10, 720, 0, 1e308, 0, 1, 1, 0, 0),
        (5e-324, 720, 0, 0, 0, 1, 1, 5, 0),
        (1280, 5e-324, 0, 0, 0, 1, 1, 0, 5),
        (1e-300, 720, 0, 0, 0, 1, 1, 1e300, 0),
        (1280, 720, 0, 0, 1e308, 1e308, 1, 1e308, 1e308),
    ],
)
def test_no_finite_number_is_too_much(numbers):
    found = picture_map(Prewarp(*map(float, numbers)), 640, 480)
    assert found is None or np.isfinite(found).all()


def test_outside_of_the_picture_the_view_is_black():
    frame = np.full((72, 128, 3), 200, np.uint8)
    matrix = picture_map(prewarp(px=640), 128, 72)  # half a picture to the right
    assert matrix is not None
    view = turned(frame, matrix)
    assert (view[:, :60] == 200).all()
    assert (view[:, 68:] == 0).all()


def test_what_lies_behind_the_camera_is_black_and_not_mirrored():
    frame = np.full((72, 128, 3), 200, np.uint8)
    matrix = picture_map(prewarp(rx=-0.005, d=0.2, py=60), 128, 72)
    assert matrix is not None
    depth = matrix[2, 2] + matrix[2, 1] * np.arange(72)
    assert depth.min() < 0 < depth.max()
    view = turned(frame, matrix)
    assert (view[depth < 0] == 0).all()
    assert (view > 0).any()


def test_points_and_pixels_turn_alike():
    frame = np.zeros((90, 160), np.uint8)
    frame[30, 100] = 255
    frame = cv2.GaussianBlur(frame, (0, 0), 2) * 8
    matrix = picture_map(prewarp(W=160, H=90, rz=0.4, d=0.9), 160, 90)
    assert matrix is not None
    view = turned(frame, matrix).astype(np.float64)
    rows, cols = np.mgrid[:90, :160] + 0.5
    centre = np.array([[(cols * view).sum(), (rows * view).sum()]]) / view.sum()
    back = mapped(centre, between_corners(matrix))
    assert back == pytest.approx(np.array([[100.5, 30.5]]), abs=0.1)


# Through the engine: a sample that was turned, and a prewarp that turns it back.

ANGLE = 0.9
TURN = f"planar,1024,768,0,0,{ANGLE},1,1,0,0"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="eu")


@pytest.fixture(scope="module")
def upright() -> np.ndarray:
    """A sample, shifted so that its plate is in the middle and stays in the turned picture."""
    frame = load_frame(sample_path("eu.jpg"))
    return np.ascontiguousarray(np.roll(frame, (-60, -20), axis=(0, 1)))


@pytest.fixture(scope="module")
def matrix(upright) -> np.ndarray:
    parsed = parse_prewarp(TURN)
    assert parsed is not None
    found = picture_map(parsed, upright.shape[1], upright.shape[0])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def slanted(upright, matrix) -> np.ndarray:
    return cv2.warpPerspective(upright, matrix, upright.shape[1::-1])


def corners(found: Recognition) -> np.ndarray:
    assert len(found.plates) == 1
    return found.plates[0].quad.to_points()


def test_a_turned_plate_is_read_and_its_place_is_in_the_original(engine, upright, slanted, matrix):
    want = engine.recognize(upright)
    found = engine.with_settings(prewarp=TURN).recognize(slanted)
    assert [plate.text for plate in found.plates] == ["MKV3726"]
    place = between_corners(matrix)
    expected = mapped(corners(want), place)
    assert corners(found) == pytest.approx(expected, abs=3)
    for glyph, other in zip(found.plates[0].glyphs, want.plates[0].glyphs, strict=True):
        assert glyph.quad.to_points() == pytest.approx(mapped(other.quad.to_points(), place), abs=4)
    level = engine.with_settings(tilted=False)
    assert "MKV3726" not in [plate.text for plate in level.recognize(slanted).plates]


def test_vehicles_are_where_they_are_in_the_original(upright):
    quarter_turn = parse_prewarp(f"planar,1024,768,0,0,{math.pi / 2},1,1,0,0")
    view = view_of(upright, (), quarter_turn, None)
    right_of_the_middle = VehicleBox(Box(592, 354, 652, 394), 0.9)
    beyond = VehicleBox(Box(962, 354, 1022, 394), 0.8)  # 450 below the middle of a 768 high picture
    (vehicle,) = vehicles_in_picture(view, (right_of_the_middle, beyond))
    box = vehicle.box
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx(
        (502, 464, 542, 524), abs=1.1
    )
    assert vehicle.score == 0.9
    unturned = view_of(upright, (), None, None)
    assert vehicles_in_picture(unturned, (beyond,)) == (beyond,)


def test_regions_of_interest_are_of_the_original(engine, slanted):
    turning = engine.with_settings(prewarp=TURN)
    box = turning.recognize(slanted).plates[0].quad.bounds()
    near = Box(box.left - 60, box.top - 60, box.right + 60, box.bottom + 60)
    found = turning.recognize(slanted, regions_of_interest=[near])
    assert [plate.text for plate in found.plates] == ["MKV3726"]
    assert found.regions_of_interest == (near,)
    assert found.plates[0].quad.to_points() == pytest.approx(
        turning.recognize(slanted).plates[0].quad.to_points(), abs=3
    )
    assert turning.recognize(slanted, regions_of_interest=[Box(0, 0, 200, 200)]).plates == ()


@pytest.mark.parametrize("nothing", [IDENTITY, "planar,1,2,3", "nonsense"])
def test_identity_and_nonsense_change_nothing(engine, upright, nothing):
    plain = engine.recognize(upright)
    found = engine.with_settings(prewarp=nothing).recognize(upright)
    assert [replace(plate, elapsed_ms=0) for plate in found.plates] == [
        replace(plate, elapsed_ms=0) for plate in plain.plates
    ]


def test_without_a_turn_the_picture_is_not_copied(upright):
    identity = parse_prewarp(IDENTITY)
    assert view_of(upright, (Box(0, 0, 1024, 768),), identity, None).frame is upright


def test_a_plate_beyond_the_horizon_is_left_out(engine, upright):
    # So strong a tilt puts the horizon through the picture; nothing may fail or be infinite.
    for wild in (
        "planar,1024,768,0.004,0.004,0.3,1,1,0,0",
        "planar,1024,768,0,0,1e9,1e-6,1e6,0,0",
        "planar,1024,768,0,0,0,1,1,1e300,-1e300",
    ):
        tilted = engine.with_settings(prewarp=wild)
        for plate in tilted.recognize(upright).plates:
            assert np.isfinite(plate.quad.to_points()).all()
        tilted.recognize(upright, regions_of_interest=[Box(0, 0, 100, 100)]).to_json()
