# SPDX-License-Identifier: Apache-2.0
"""Regions of interest and the detection mask."""

from __future__ import annotations

import math
import pickle

import cv2
import numpy as np
import pytest

from alprcore import Engine, Recognition
from alprcore.errors import SettingsError
from alprcore.finding.search import search
from alprcore.geometry import box_quad
from alprcore.picture.areas import (
    WHITE_SHARE,
    clamped_areas,
    fitted_mask,
    masked,
    white_bounds,
    white_share,
)
from alprcore.picture.load import load_frame
from alprcore.picture.view import view_of
from alprcore.records import Box, Detection, Quad
from alprcore.resources import sample_path
from alprcore.settings import Settings
from alprcore.vehicles.looks import Looks

WHOLE = Box(0, 0, 1024, 768)
LEFT, RIGHT = Box(120, 340, 480, 520), Box(600, 360, 900, 520)  # around a plate each
BOTH = Box(100, 300, 950, 600)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="eu")


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    """Two plates: 82KNT6 on the left, GX482RT on the right."""
    return load_frame(sample_path("two_plates.jpg"))


def texts(found: Recognition) -> list[str]:
    return [plate.text for plate in found.plates]


# Geometry.


def test_without_regions_all_of_the_picture_is_searched():
    assert clamped_areas([], 100, 50) == (Box(0, 0, 100, 50),)


def test_a_region_left_of_the_picture_moves_in_with_its_width():
    assert clamped_areas([Box(-30, -10, 20, 10)], 100, 50) == (Box(0, 0, 50, 20),)


def test_a_region_that_reaches_beyond_is_cut():
    assert clamped_areas([Box(60, 20, 10_000, 10_000)], 100, 50) == (Box(60, 20, 100, 50),)


@pytest.mark.parametrize("outside", [Box(100, 0, 120, 20), Box(500, 500, 600, 600)])
def test_a_region_outside_is_empty(outside):
    (area,) = clamped_areas([outside], 100, 50)
    assert area.width == 0 or area.height == 0
    assert 0 <= area.left <= area.right <= 100
    assert 0 <= area.top <= area.bottom <= 50


@pytest.mark.parametrize(
    "wrong",
    [
        Box(5, 5, 5, 9),
        Box(9, 5, 5, 9),
        Box(0, 9, 5, 5),
        Box(0, 0, math.nan, 5),
        Box(0, 0, math.inf, 5),
        (0, 0, 5, 5),
    ],
)
def test_what_is_no_area_is_refused(wrong):
    with pytest.raises(SettingsError, match="regions_of_interest"):
        clamped_areas([wrong], 100, 50)


# Through the engine.


def test_each_region_is_searched_and_results_follow_their_order(engine, frame):
    assert texts(engine.recognize(frame, regions_of_interest=[LEFT])) == ["82KNT6"]
    assert texts(engine.recognize(frame, regions_of_interest=[RIGHT])) == ["GX482RT"]
    there = engine.recognize(frame, regions_of_interest=[LEFT, RIGHT])
    back = engine.recognize(frame, regions_of_interest=[RIGHT, LEFT])
    assert texts(there) == ["82KNT6", "GX482RT"]
    assert texts(back) == ["GX482RT", "82KNT6"]
    assert there.regions_of_interest == (LEFT, RIGHT)


def test_corners_are_in_pixels_of_the_picture(engine, frame):
    whole = {plate.text: plate.quad.to_points() for plate in engine.recognize(frame).plates}
    for plate in engine.recognize(frame, regions_of_interest=[LEFT, RIGHT]).plates:
        assert plate.quad.to_points() == pytest.approx(whole[plate.text], abs=8)


def test_a_plate_in_two_regions_is_reported_once(engine, frame):
    wide = Box(80, 280, 970, 640)
    found = engine.recognize(frame, regions_of_interest=[BOTH, wide, LEFT])
    assert sorted(texts(found)) == ["82KNT6", "GX482RT"]


def test_a_plate_cut_by_its_region_is_marked(engine, frame):
    right = engine.recognize(frame, regions_of_interest=[RIGHT]).plates[0]
    assert not right.truncated
    box = right.quad.bounds()
    half = Box(RIGHT.left, RIGHT.top, box.left + 0.6 * box.width, RIGHT.bottom)
    assert all(
        plate.truncated for plate in engine.recognize(frame, regions_of_interest=[half]).plates
    )
    both = engine.recognize(frame, regions_of_interest=[half, RIGHT]).plates
    assert [(plate.text, plate.truncated) for plate in both] == [("GX482RT", False)]


def test_the_reported_regions_are_the_clamped_ones(engine, frame):
    assert engine.recognize(frame).regions_of_interest == (WHOLE,)
    huge = engine.recognize(frame, regions_of_interest=[Box(0, 0, 1_000_000, 1_000_000)])
    assert huge.regions_of_interest == (WHOLE,)
    assert texts(huge) == texts(engine.recognize(frame))


def test_a_region_outside_the_picture_finds_nothing(engine, frame):
    found = engine.recognize(frame, regions_of_interest=[Box(2000, 2000, 2100, 2100)])
    assert found.plates == ()
    assert found.to_dict()["regions_of_interest"] == [
        {"x": 1024, "y": 768, "width": 0, "height": 0}
    ]
    mixed = engine.recognize(frame, regions_of_interest=[Box(2000, 0, 2100, 100), LEFT])
    assert texts(mixed) == ["82KNT6"]


def test_examine_searches_the_same_regions(engine, frame):
    examined = engine.examine(frame, regions_of_interest=[RIGHT])
    assert [each.plate.text for each in examined] == ["GX482RT"]


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"max_plate_width_percent": 30.0}, ["GX482RT"]),
        ({"max_plate_width_percent": 43.0}, ["82KNT6", "GX482RT"]),
        ({"max_plate_height_percent": 12.0}, []),
    ],
)
def test_plates_too_large_for_their_area_are_dropped(engine, frame, settings, left):
    # In the areas here the plates are about 41 and 26 % wide, 20 and 15 % high.
    areas = [Box(120, 340, 520, 520), Box(500, 360, 960, 520)]
    limited = engine.with_settings(**settings)
    assert texts(limited.recognize(frame, regions_of_interest=areas)) == left
    assert sorted(texts(limited.recognize(frame))) == ["82KNT6", "GX482RT"]


# The mask.


def test_a_mask_is_fitted_to_the_picture():
    mask = np.zeros((4, 8), np.uint8)
    mask[:, 4:] = 255
    fitted = fitted_mask(mask, 80, 40)
    assert fitted.shape == (40, 80)
    assert set(np.unique(fitted)) == {0, 255}
    assert (fitted[:, :38] == 0).all()
    assert (fitted[:, 42:] == 255).all()
    assert white_bounds(fitted) == Box(40, 0, 80, 40)
    assert masked(np.full((40, 80, 3), 9, np.uint8), fitted)[:, :38].max() == 0


def test_the_white_share_is_that_of_the_quad():
    mask = np.zeros((40, 80), np.uint8)
    mask[:, :40] = 255
    inside = Quad((4, 4), (36, 4), (36, 20), (4, 20))
    half = Quad((20, 4), (60, 4), (60, 20), (20, 20))
    assert white_share(mask, inside) == 1
    assert white_share(mask, half) == pytest.approx(0.5, abs=0.05)
    assert white_share(mask, half) < WHITE_SHARE
    assert white_share(mask, Quad((100, 100), (120, 100), (120, 110), (100, 110))) in {0.0, 1.0}


def test_black_parts_are_black_before_the_search_and_its_areas_end_with_the_white(frame):
    mask = np.zeros((768, 1024), np.uint8)
    mask[100:200, 300:400] = mask[300:350, 600:800] = 255
    before = frame.copy()
    view = view_of(frame, (WHOLE, LEFT, Box(900, 0, 1000, 90)), None, mask)
    assert (view.frame[mask == 0] == 0).all()
    assert np.array_equal(view.frame[mask > 0], frame[mask > 0])
    assert np.array_equal(frame, before)
    whole, cut, outside = view.areas
    assert whole == Box(300, 100, 800, 350)
    assert cut == Box(300, 340, 480, 350)
    assert outside.width * outside.height == 0


@pytest.fixture
def found_by_the_network(monkeypatch):
    """Return a function that sets what is found in each area, in pixels of the area."""

    def set_to(*plates: tuple[Detection, ...]) -> None:
        rest = iter(plates)
        monkeypatch.setattr("alprcore.finding.search.find_plates", lambda *_, **__: next(rest))

    return set_to


def test_a_plate_must_be_white_in_the_mask(frame, found_by_the_network):
    mask = np.full((768, 1024), 255, np.uint8)
    mask[:, 600:610] = 0
    inside, grazing, crossing = (
        Detection(box_quad(Box(left, 100, left + 100, 130)), 0.9) for left in (400, 498, 560)
    )
    found_by_the_network((inside, grazing, crossing))
    view = view_of(frame, (WHOLE,), None, mask)
    assert search(view, None, Settings()) == (inside, grazing)  # type: ignore[arg-type]


def test_no_more_plates_than_allowed_come_from_all_areas(frame, found_by_the_network):
    plates = [Detection(box_quad(Box(10, y, 60, y + 20)), y / 100) for y in (90, 50, 60)]
    found_by_the_network((plates[0], plates[1]), (plates[2],))
    view = view_of(frame, (Box(0, 0, 200, 200), Box(0, 0, 100, 150)), None, None)
    found = search(view, None, Settings(max_plates=2))  # type: ignore[arg-type]
    assert found == (plates[0], plates[2])


def test_a_plate_beside_black_of_the_mask_is_marked(engine, frame, mask_file):
    box = engine.recognize(frame).plates[0].quad.bounds()
    band = Box(box.left + 0.75 * box.width, 0, box.right + 40, 768)
    found = engine.with_settings(detection_mask=mask_file(band, black=True)).recognize(frame)
    cut = [p for p in found.plates if abs(p.quad.bounds().left - box.left) < 30]
    assert cut
    assert all(plate.truncated for plate in cut)
    assert any(not plate.truncated for plate in found.plates)


@pytest.fixture
def mask_file(tmp_path):
    def write(box: Box, shape: tuple[int, int] = (768, 1024), *, black: bool = False) -> str:
        mask = np.full(shape, 255 * black, np.uint8)
        mask[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = 255 * (not black)
        path = tmp_path / f"mask{box.left}.png"
        path.write_bytes(cv2.imencode(".png", mask)[1].tobytes())
        return str(path)

    return write


def test_only_the_white_part_is_searched(engine, frame, mask_file):
    assert texts(engine.with_settings(detection_mask=mask_file(LEFT)).recognize(frame)) == [
        "82KNT6"
    ]


def test_a_mask_of_another_size_is_stretched(engine, frame, mask_file):
    small = Box(*(round(v / 4) for v in (RIGHT.left, RIGHT.top, RIGHT.right, RIGHT.bottom)))
    found = engine.with_settings(detection_mask=mask_file(small, (192, 256))).recognize(frame)
    assert texts(found) == ["GX482RT"]


def test_a_plate_that_is_partly_masked_is_left_out_or_marked(engine, frame, mask_file):
    for plate in engine.recognize(frame).plates:
        assert not plate.truncated
        box = plate.quad.bounds()
        cut = Box(0, 0, round(box.left + 0.8 * box.width), 768)
        for other in engine.with_settings(detection_mask=mask_file(cut)).recognize(frame).plates:
            assert other.quad.bounds().right <= cut.right + 0.05 * box.width
            assert other.truncated == (other.quad.bounds().right > box.left)


def test_mask_and_region_both_count(engine, frame, mask_file):
    only_left = engine.with_settings(detection_mask=mask_file(LEFT))
    assert texts(only_left.recognize(frame, regions_of_interest=[RIGHT])) == []
    assert texts(only_left.recognize(frame, regions_of_interest=[BOTH])) == ["82KNT6"]


def test_a_white_mask_changes_nothing(engine, frame, mask_file):
    white = engine.with_settings(detection_mask=mask_file(WHOLE))
    assert texts(white.recognize(frame)) == texts(engine.recognize(frame))


def test_a_mask_turns_with_its_picture(engine, frame, mask_file):
    upside_down = np.ascontiguousarray(frame[::-1, ::-1])
    turning = engine.with_settings(prewarp=f"planar,1024,768,0,0,{math.pi},1,1,0,0")
    assert sorted(texts(turning.recognize(upside_down))) == ["82KNT6", "GX482RT"]
    mask = Box(1024 - LEFT.right, 768 - LEFT.bottom, 1024 - LEFT.left, 768 - LEFT.top)
    found = turning.with_settings(detection_mask=mask_file(mask)).recognize(upside_down)
    assert texts(found) == ["82KNT6"]


@pytest.mark.parametrize("prewarp", ["", f"planar,1024,768,0,0,{math.pi},1,1,0,0"])
def test_how_vehicles_look_is_not_taken_from_what_the_mask_hides(
    engine, mask_file, monkeypatch, prewarp
):
    red = np.zeros((768, 1024, 3), np.uint8)
    red[:, :] = (20, 20, 220)
    red[:60, :60] = 128
    seen: list[np.ndarray] = []

    def noting(picture, *_, **__):
        seen.append(picture)
        return Looks((), (), None)

    monkeypatch.setattr("alprcore.vehicles.looks.look_at_vehicles", noting)
    hiding = engine.with_settings(detection_mask=mask_file(Box(0, 0, 60, 60)), prewarp=prewarp)
    engine.with_settings(prewarp=prewarp).recognize(red, tasks=("color",))
    hiding.recognize(red, tasks=("color",))
    assert (seen[0] == red).all()
    assert (seen[1][:60, :60] == 128).all()
    assert not seen[1][61:].any()


def test_a_mask_that_cannot_be_used_is_refused_at_once(engine, mask_file, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    black = mask_file(Box(0, 0, 0, 0))
    for path in (str(tmp_path / "missing.png"), str(tmp_path / "text.png"), str(tmp_path), black):
        with pytest.raises(SettingsError, match="detection_mask"):
            Engine(country="eu", detection_mask=path)
        with pytest.raises(SettingsError, match="detection_mask"):
            engine.with_settings(detection_mask=path)


def test_an_engine_keeps_its_mask_when_it_is_copied(engine, frame, mask_file):
    masking = engine.with_settings(detection_mask=mask_file(LEFT))
    assert texts(pickle.loads(pickle.dumps(masking)).recognize(frame)) == ["82KNT6"]
    assert texts(masking.with_settings(topn=3).recognize(frame)) == ["82KNT6"]
    assert sorted(texts(masking.with_settings(detection_mask="").recognize(frame))) == [
        "82KNT6",
        "GX482RT",
    ]
