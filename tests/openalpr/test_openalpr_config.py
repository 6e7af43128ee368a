# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alprcore.cli import options
from alprcore.errors import SettingsError
from alprcore.openalpr.config import (
    ENVIRONMENT_VARIABLE,
    OpenAlprConfig,
    find_config,
    parse_config,
    read_config,
)
from alprcore.settings import Settings

# Every key of OpenALPR 2.3.0 with the value that it ships.
SHIPPED = """
; comment
# comment
runtime_dir = /usr/share/openalpr/runtime_data
ocr_img_size_percent = 1.33333333
state_id_img_size_percent = 2.0
prewarp =
detection_iteration_increase = 1.1
detection_strictness = 3
max_plate_width_percent = 100
max_plate_height_percent = 100
max_detection_input_width = 1280
max_detection_input_height = 720
contrast_detection_threshold = 0.3
max_plate_angle_degrees = 15
ocr_min_font_point = 6
postprocess_min_confidence = 65
postprocess_confidence_skip_level = 80
detector = lbpcpu
must_match_pattern = 0
skip_detection = 0
detection_mask_image =
analysis_count = 1
debug_general         = 0
debug_timing          = 0
debug_detector        = 0
debug_prewarp         = 0
debug_state_id        = 0
debug_plate_lines     = 0
debug_plate_corners   = 0
debug_char_segment    = 0
debug_char_analysis   = 0
debug_color_filter    = 0
debug_ocr             = 0
debug_postprocess     = 0
debug_show_images     = 0
debug_pause_on_frame  = 0
"""


def settings(text: str) -> dict:
    config = parse_config(text, "a.conf")
    assert config.warning == ""
    return dict(config.settings)


def test_the_shipped_file_changes_nothing_and_warns_of_nothing():
    config = parse_config(SHIPPED, "a.conf")
    assert config.warning == ""
    assert config.runtime_dir == "/usr/share/openalpr/runtime_data"
    defaults = Settings()
    assert {name: getattr(defaults, name) for name in config.settings} == config.settings


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("must_match_pattern = 1", "must_match_pattern", True),
        ("MUST_MATCH_PATTERN=2", "must_match_pattern", True),
        ("skip_detection = 1 ; yes", "skip_detection", True),
        ("skip_detection = 0.9", "skip_detection", False),
        ("detection_mask_image = /a/b c.png", "detection_mask", "/a/b c.png"),
        ("analysis_count = 3;", "analysis_count", 3),
        ("analysis_count = 0", "analysis_count", 1),
        ("analysis_count = 9999", "analysis_count", 64),
        ("prewarp = planar,1,2,0,0,0,1,1,0,0", "prewarp", "planar,1,2,0,0,0,1,1,0,0"),
        ("max_plate_width_percent = 40.5%", "max_plate_width_percent", 40.5),
        ("max_plate_height_percent = 1e3", "max_plate_height_percent", 100.0),
        ("max_plate_height_percent = -3", "max_plate_height_percent", 0.0),
        ("max_plate_height_percent = .5x", "max_plate_height_percent", 0.5),
        ("postprocess_min_confidence = 65", "min_character_confidence", 0.0),
        ("postprocess_min_confidence = 20", "min_character_confidence", 0.0),
        ("postprocess_min_confidence = 82.5", "min_character_confidence", 0.5),
        ("postprocess_min_confidence = 120", "min_character_confidence", 1.0),
        ("detection_strictness = 3", "min_plausibility", 0.5),
        ("detection_strictness = 5", "min_plausibility", 0.7),
        ("detection_strictness = 2", "min_plausibility", 0.4),
        ("detection_strictness = -50", "min_plausibility", 0.0),
        ("detection_strictness = 50", "min_plausibility", 2.0),
        ("max_detection_input_width = 640", "tiled", False),
        ("max_detection_input_height = 719", "tiled", False),
        ("max_detection_input_height = 4000", "tiled", True),
    ],
)
def test_a_key_becomes_a_setting(line, name, value):
    assert settings(line) == pytest.approx({name: value})
    Settings(**settings(line))


def test_one_smaller_search_size_is_enough_to_leave_tiles_out():
    small, large = "max_detection_input_width = 640", "max_detection_input_height = 1080"
    assert settings(f"{small}\n{large}") == settings(f"{large}\n{small}") == {"tiled": False}


def test_every_setting_that_a_file_may_change_exists():
    changed = settings(SHIPPED)
    assert len(changed) == 10
    assert set(changed) <= {field.name for field in fields(Settings)}


def test_sections_of_old_files_are_followed_and_those_of_countries_are_not():
    text = """
    [common]
    must_match_pattern = 1
    analysis_count = 4
    [debug]
    general = 1
    [us]
    analysis_count = 9
    plate_width_mm = 304.8
    char_analysis_min_pct = 0.29
    """
    assert settings(text) == {"must_match_pattern": True, "analysis_count": 4}


def test_a_key_without_a_section_wins_over_the_old_one():
    assert settings("analysis_count = 2\n[common]\nanalysis_count = 3") == {"analysis_count": 2}


def test_of_a_repeated_key_the_last_one_counts():
    assert settings("analysis_count = 2\nanalysis_count = 3") == {"analysis_count": 3}


def test_what_has_no_effect_is_listed_in_one_line():
    text = "detector = lbpgpu\nmax_plate_angle_degrees = 7\nocr_min_font_point=6\nmust_mach = 1\n"
    warning = parse_config(text + "debug_ocr = 1", "/etc/a.conf").warning
    assert warning == (
        "/etc/a.conf: without effect: detector, max_plate_angle_degrees, must_mach, debug_ocr"
    )


def test_what_is_no_number_is_listed_and_left_as_it_was():
    config = parse_config("must_match_pattern = true\nanalysis_count = many\ndebug_x=1", "a")
    assert not config.settings
    assert config.warning == (
        "a: without effect: debug_x;"
        " expected a number: must_match_pattern = true, analysis_count = many"
    )


@pytest.mark.parametrize("value", ["nan", "inf", "-", ".", "", "x1", "1" * 5000])
def test_a_strange_number_is_no_number(value):
    config = parse_config(f"analysis_count = {value}", "a")
    assert not config.settings
    assert "analysis_count" in config.warning


def test_lines_without_a_meaning_are_passed_over():
    assert settings("\n = 3\nwords\n[unclosed\n;a=1\n#b=2\n") == {}


def test_a_file_is_read_with_its_byte_order_mark_and_strange_bytes(tmp_path):
    path = tmp_path / "openalpr.conf"
    path.write_bytes(b"\xef\xbb\xbfanalysis_count = 2\r\n; \xff\xfe\r\nskip_detection=1\r\n")
    assert read_config(path).settings == {"analysis_count": 2, "skip_detection": True}


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="cannot read"):
        read_config(tmp_path)


def test_nothing_is_asked_for_without_a_file():
    assert OpenAlprConfig() == OpenAlprConfig({}, "", "")


KEYS = [line.split("=")[0].strip() for line in SHIPPED.splitlines() if "=" in line]


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.text(max_size=12))))
def test_whatever_a_file_says_the_settings_are_valid(pairs):
    config = parse_config("\n".join(f"{key} = {value}" for key, value in pairs), "a.conf")
    Settings(**config.settings)


@pytest.fixture
def places(tmp_path):
    """The four places of a configuration file, in the order in which they are looked at."""
    paths = {}
    for place in ("named", "environment", "program", "system"):
        (tmp_path / place).mkdir()
        paths[place] = tmp_path / place / "openalpr.conf"
        paths[place].write_text("analysis_count = 1\n")
    return paths


def found(places, *, named=True):
    return find_config(
        str(places["named"]) if named else "",
        environment={ENVIRONMENT_VARIABLE: str(places["environment"])} if named is not None else {},
        program=places["program"].with_name("alpr"),
        system_file=places["system"],
    )


def test_the_file_is_looked_for_in_openalprs_order(places):
    assert found(places) == places["named"]
    assert found(places, named=False) == places["environment"]
    assert found(places, named=None) == places["program"]
    places["program"].unlink()
    assert found(places, named=None) == places["system"]
    places["system"].unlink()
    assert found(places, named=None) is None


def test_a_named_file_must_be_there(places, tmp_path):
    places["named"].unlink()
    with pytest.raises(SettingsError, match=r"config: there is no file"):
        found(places)
    places["environment"].unlink()
    with pytest.raises(SettingsError, match=r"OPENALPR_CONFIG_FILE: there is no file"):
        found(places, named=False)
    with pytest.raises(SettingsError, match="is a folder"):
        find_config(str(tmp_path), environment={}, program=tmp_path / "alpr")


# --- alprcore recognize --config ---


@pytest.fixture
def engine_settings():
    """Return the settings that words of ``alprcore recognize`` ask for; no engine is loaded."""

    def asked(*words):
        parser = argparse.ArgumentParser()
        options.add_engine_options(parser)
        return options.settings_of(parser.parse_args([str(word) for word in words]))

    return asked


def test_a_configuration_sets_what_no_option_changes(engine_settings, tmp_path, capsys):
    path = tmp_path / "a.conf"
    path.write_text("analysis_count = 3\npostprocess_min_confidence = 82.5\nprewarp = x\nocr = 1")
    changed = engine_settings("--config", path, "--analysis-count", 5, "--topn", 3)
    assert (changed.analysis_count, changed.topn, changed.prewarp) == (5, 3, "x")
    assert changed.min_character_confidence == 0.5
    assert capsys.readouterr().err == f"{path}: without effect: ocr\n"
    assert engine_settings() == Settings()


def test_a_configuration_that_is_missing_is_an_error(engine_settings, tmp_path):
    with pytest.raises(SettingsError, match="cannot read"):
        engine_settings("--config", tmp_path / "none.conf")
