# SPDX-License-Identifier: Apache-2.0
"""The options of the command line and the settings they stand for."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields

import cv2
import numpy as np
import pytest

from alprcore.cli import main
from alprcore.cli.options import add_engine_options, add_roi_option, settings_of
from alprcore.records import Box
from alprcore.resources import sample_path
from alprcore.settings import Settings

TURN = "planar,1024,768,0,0,0.1,1,1,0,0"
NARROW = "max_plate_width_percent = 1"


@pytest.fixture
def asked():
    """Return a function that gives the settings an engine is asked for by some options."""

    def settings(*words: str) -> Settings:
        parser = argparse.ArgumentParser()
        add_engine_options(parser)
        return settings_of(parser.parse_args(words))

    return settings


def test_without_options_the_settings_are_the_defaults(asked):
    assert asked() == Settings()


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--country", "us,eu"], "country", ("us", "eu")),
        (["--topn", "3"], "topn", 3),
        (["--region", "md"], "default_region", "md"),
        (["--detect-region"], "detect_region", True),
        (["--no-detect-region"], "detect_region", False),
        (["--must-match-pattern"], "must_match_pattern", True),
        (["--no-must-match-pattern"], "must_match_pattern", False),
        (["--min-character-confidence", "0.5"], "min_character_confidence", 0.5),
        (["--unsure", "0.6"], "unsure_below", 0.6),
        (["--bank", "my.npz"], "bank", "my.npz"),
        (["--detection-pixels", "230400"], "detection_pixels", 230400),
        (["--no-tiled"], "tiled", False),
        (["--no-tilted"], "tilted", False),
        (["--find-vehicles"], "find_vehicles", True),
        (["--min-confidence", "0.75"], "min_confidence", 0.75),
        (["--analysis-count", "5"], "analysis_count", 5),
        (["--prewarp", TURN], "prewarp", TURN),
        (["--prewarp", ""], "prewarp", ""),
        (["--mask", "lane.png"], "detection_mask", "lane.png"),
        (["--skip-detection"], "skip_detection", True),
        (["--max-plate-width-percent", "40"], "max_plate_width_percent", 40.0),
        (["--max-plate-height-percent", "12.5"], "max_plate_height_percent", 12.5),
    ],
)
def test_an_option_sets_its_setting_and_no_other(asked, words, name, value):
    found = asked(*words)
    assert getattr(found, name) == value
    others = [field.name for field in fields(Settings) if field.name != name]
    assert all(getattr(found, other) == getattr(Settings(), other) for other in others)


@pytest.mark.parametrize(
    ("line", "words", "name", "value"),
    [
        (NARROW, ["--max-plate-width-percent", "100"], "max_plate_width_percent", 100.0),
        (NARROW, [], "max_plate_width_percent", 1.0),
        ("analysis_count = 5", ["--analysis-count", "1"], "analysis_count", 1),
        ("must_match_pattern = 1", ["--no-must-match-pattern"], "must_match_pattern", False),
        ("skip_detection = 1", ["--no-skip-detection"], "skip_detection", False),
        ("max_detection_input_width = 640", ["--tiled"], "tiled", True),
        (f"prewarp = {TURN}", ["--prewarp", ""], "prewarp", ""),
    ],
)
def test_an_option_goes_before_the_configuration(asked, tmp_path, line, words, name, value):
    config = tmp_path / "openalpr.conf"
    config.write_text(line)
    found = asked("--config", str(config), *words)
    assert getattr(found, name) == value


# Numbers of the search and the reading that are for Python alone.
INSIDE = {
    "doubtful_plate_score",
    "line_proposals",
    "max_pixels",
    "max_plates",
    "max_vehicles",
    "min_plate_score",
    "min_plausibility",
    "min_vehicle_score",
    "more_line_proposals",
    "plate_margin",
    "sure_plate_score",
    "threads",
    "unsure_line_proposals",
}


def test_every_setting_but_those_of_the_inside_is_an_option():
    parser = argparse.ArgumentParser()
    add_engine_options(parser)
    options = {action.dest for action in parser._actions}
    names = {field.name for field in fields(Settings)}
    assert names - options == INSIDE


def test_areas_are_given_by_corner_and_size():
    parser = argparse.ArgumentParser()
    add_roi_option(parser)
    assert parser.parse_args([]).roi == []
    words = ["--roi", "10,20,30,40", "--roi=-5,0,100.5,8"]
    assert parser.parse_args(words).roi == [Box(10, 20, 40, 60), Box(-5, 0, 95.5, 8)]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--roi", "1,2,3"], "roi"),
        (["--roi", "1,2,3,0"], "roi"),
        (["--roi", "1,2,-3,4"], "roi"),
        (["--roi", "1,2,nan,4"], "roi"),
        (["--roi", "inf,2,3,4"], "roi"),
        (["--roi", "a,b,c,d"], "roi"),
        (["--roi", "-1,-2,3"], "roi"),
        (["--prewarp", "planar,1,2"], "prewarp"),
        (["--prewarp", "nonsense"], "prewarp"),
        (["--analysis-count", "many"], "analysis-count"),
        (["--min-confidence", "high"], "min-confidence"),
    ],
)
def test_a_malformed_option_exits_with_1_and_is_named(words, named, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["recognize", "a.jpg", *words])
    assert stopped.value.code == 1
    assert f"--{named}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--analysis-count", "0"], "analysis_count"),
        (["--detection-pixels", "-5"], "detection_pixels"),
        (["--min-confidence", "80"], "min_confidence"),
        (["--max-plate-width-percent", "101"], "max_plate_width_percent"),
        (["--mask", "/nowhere/mask.png"], "detection_mask"),
    ],
)
def test_an_option_out_of_range_exits_with_1_and_is_named(words, named, capsys):
    assert main(["recognize", "a.jpg", *words]) == 1
    assert named in capsys.readouterr().err


@pytest.mark.parametrize(("region", "told"), [("va", False), ("VA", False), ("zz", True)])
def test_a_region_that_no_country_has_is_told(region, told, capsys):
    sample = str(sample_path("us.jpg"))
    words = ["recognize", "--country", "us", "--region", region, "--must-match-pattern", sample]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert ("no region 'zz' in us" in err) == told
    assert ("0 plates" in out) == told


def test_recognize_searches_the_areas_and_the_mask(tmp_path, capsys):
    mask = np.zeros((768, 1024), np.uint8)
    mask[:, :500] = 255
    (tmp_path / "mask.png").write_bytes(cv2.imencode(".png", mask)[1].tobytes())
    words = ["recognize", "--json", "--country", "eu", str(sample_path("two_plates.jpg"))]

    def found(*more: str) -> dict:
        assert main([*words, *more]) == 0
        return json.loads(capsys.readouterr().out)

    right = found("--roi", "600,360,300,160")
    assert [plate["plate"] for plate in right["results"]] == ["GX482RT"]
    assert right["regions_of_interest"] == [{"x": 600, "y": 360, "width": 300, "height": 160}]
    left = found("--mask", str(tmp_path / "mask.png"))
    plates = [plate["plate"] for plate in left["results"]]
    assert "82KNT6" in plates
    assert "GX482RT" not in plates
