# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("av", reason="the extra `agent` is not installed")
pytest.importorskip("uvicorn", reason="the extra `agent` is not installed")

from alprcore.agent.config import read_config
from alprcore.agent.parts import sinks_of, video_settings
from alprcore.agent.settings import AgentSettings, Camera
from alprcore.cli import main
from alprcore.errors import SettingsError

SHIPPED = """\
; from an installation of OpenALPR
[daemon]
country = us
stream = http://camera/one.mjpg
stream = webcam
site_id = Yard
company_id = 0b1f6a52
store_plates = 1
store_plates_maxsize_mb = 8000
plate_groups_time_delta_ms = 4500
upload_data = 1
upload_address = http://localhost:9000/push/
upload_threads = 2
motion_detection = 1
[other]
country = eu
"""


def written(tmp_path: Path, text: str, name: str = "alprd.conf") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_an_alprd_conf_is_read_with_repeated_streams(tmp_path):
    found = read_config(written(tmp_path, SHIPPED))
    settings = found.settings
    assert [each.stream for each in settings.cameras] == ["http://camera/one.mjpg", "webcam"]
    assert [each.camera_id for each in settings.cameras] == [1, 2]
    assert (settings.country, settings.site_id) == ("us", "Yard")
    assert settings.upload_address == ("http://localhost:9000/push/",)
    assert video_settings(settings).tracks.timeout_s == 4.5
    assert [line.rpartition(": ")[2] for line in found.warnings] == [
        "upload_threads has no effect",
        "motion_detection has no effect",
    ]


def test_a_folder_gives_its_file_and_a_camera_for_each_file_of_stream_d(tmp_path):
    written(tmp_path, "country = eu\nstore_plates_maxsize_gb = 8\n")
    (tmp_path / "stream.d").mkdir()
    text = "stream = rtsp://a/1\ncamera_id = 204118\ngps_latitude = 52.37\n"
    written(tmp_path / "stream.d", text, "North gate.conf")
    settings = read_config(tmp_path).settings
    assert settings.cameras == (Camera("rtsp://a/1", 204118, "North gate", gps_latitude=52.37),)
    assert settings.store_plates_maxsize_mb == 8000


def test_toml_has_the_same_keys_and_lists(tmp_path):
    text = """
country = "eu"
upload_address = ["http://a/", "https://b/"]
upload_single_plates = true
json_lines = "-"
[[camera]]
stream = "/dev/video0"
[[camera]]
stream = "clip.mp4"
camera_id = 7
camera_name = "gate"
"""
    settings = read_config(written(tmp_path, text, "agent.toml")).settings
    assert settings.cameras[1] == Camera("clip.mp4", 7, "gate")
    assert [sink.name for sink in sinks_of(settings)] == ["webhook-1", "webhook-2", "lines"]
    assert "alpr_results" in sinks_of(settings)[0].kinds


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("stream = a\n\ntopn = many\n", 3, "topn: expected a whole number from 1 to 1000"),
        ("stream = a\ntopn = 0\n", 2, "topn: expected a whole number from 1 to 1000, got '0'"),
        ("stream = a\nstore_plates = perhaps\n", 2, "store_plates: expected 0 or 1"),
        ("[daemon]\nstream\n", 2, "expected key = value"),
    ],
)
def test_an_error_in_alprd_conf_names_the_line(tmp_path, text, line, message):
    path = written(tmp_path, text)
    with pytest.raises(SettingsError, match=re.escape(f"{path}, line {line}: {message}")):
        read_config(path)


CAMERA = '[[camera]]\nstream = "a"\n'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("topn = 5\ntopm = 5\n" + CAMERA, 2, "unknown key 'topm'"),
        ("topn = 2.5\n" + CAMERA, 1, "topn: expected a whole number"),
        ("topn = true\n" + CAMERA, 1, "topn: expected a whole number"),
        ('country = ["us", "mx"]\n' + CAMERA, 1, "country: expected a text"),
        (CAMERA + CAMERA + "camera_id = -7\n", 5, "camera_id: expected a whole number"),
        (CAMERA + "camera_id = 3\n" + CAMERA + "camera_id = 3\n", 6, "another camera has"),
        (CAMERA + "[[camera]]\ncamera_id = 3\n", 3, "the camera has no stream"),
        ("camera = 3\n", 1, "expected [[camera]] tables"),
    ],
)
def test_an_error_in_toml_names_the_line(tmp_path, text, line, message):
    path = written(tmp_path, text, "agent.toml")
    with pytest.raises(SettingsError, match=re.escape(f"{path}, line {line}: {message}")):
        read_config(path)


def test_toml_that_is_not_toml_names_the_line(tmp_path):
    path = written(tmp_path, "topn = 5\nupload = \n", "agent.toml")
    with pytest.raises(SettingsError, match=r"line 2, column \d+: "):
        read_config(path)


@pytest.mark.parametrize("text", ["", "topn = 3\n", "[[camera]]\n"])
def test_without_a_camera_nothing_starts(tmp_path, text):
    with pytest.raises(SettingsError, match="stream"):
        read_config(written(tmp_path, text, "a.toml"))


@given(st.binary(max_size=200), st.sampled_from(["alprd.conf", "agent.toml"]))
def test_any_bytes_are_a_configuration_or_an_error(tmp_path_factory, content, name):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    said = f"{path}: No video streams"
    try:
        said = "" if read_config(path).settings.cameras else said
    except SettingsError as error:
        said = str(error)
    assert said == "" or said.startswith(str(path))


@pytest.mark.parametrize("line", ['upload_address = "ftp://a"', 'every = "often"'])
def test_what_cannot_work_is_said_before_anything_starts(tmp_path, capsys, line):
    path = written(tmp_path, f"{line}\n" + CAMERA, "agent.toml")
    assert main(["agent", "--check", "--config", str(path)]) == 1
    assert f"{line.split(' ')[0]}: expected" in capsys.readouterr().err


def test_a_missing_configuration_is_said(tmp_path, capsys):
    assert main(["agent", "--check", "--config", str(tmp_path / "none.toml")]) == 1
    assert "none.toml: cannot be read: No such file" in capsys.readouterr().err


def test_check_says_what_is_configured(tmp_path, capsys):
    written(tmp_path, SHIPPED)
    assert main(["agent", "--check", "--config", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert "2 camera(s), 1 receiver(s)" in captured.out
    assert "line 13: upload_threads has no effect" in captured.err


def test_defaults_are_in_their_own_ranges():
    for kind in (AgentSettings, Camera):
        for key in kind.__dataclass_fields__.values():
            if "low" in key.metadata:
                assert key.metadata["low"] <= key.default <= key.metadata["high"], key.name
