# SPDX-License-Identifier: Apache-2.0
"""Programs written for the SDK's video classes: a clip with known cars, read as they read it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("av", reason="the extra `video` is not installed")

from agent_tools import SIZE, passing_car
from clip_files import write_sound

from alprcore.openalpr import NotLoadedError
from alprcore.openalpr.alprstream import AlprStream
from alprcore.openalpr.binding import Alpr
from alprcore.openalpr.vehicleclassifier import VehicleClassifier
from alprcore.resources import sample_path
from alprcore.wire.named_sender import NamedSender

pytestmark = pytest.mark.usefixtures("no_configuration_of_this_machine")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return passing_car(tmp_path_factory.mktemp("clip") / "car.mp4", still_s=0.4)


@pytest.fixture(scope="module")
def alpr() -> Alpr:
    return Alpr("eu", "", "")


def read_all(stream: AlprStream, alpr: Alpr) -> list[dict]:
    """The loop of the SDK's samples."""
    results = []
    while stream.video_file_active() or stream.get_queue_size() > 0:
        results += stream.process_batch(alpr)
    return results


def test_a_file_gives_results_for_each_frame_and_one_group(clip, alpr):
    stream = AlprStream(10, use_motion_detection=0)
    stream.set_env_parameters("yard", "A" * 40, 204118)
    stream.connect_video_file(str(clip), 1_718_000_000_000)
    assert stream.get_video_file_fps() == 25
    results = read_all(stream, alpr)
    assert [each["frame_number"] for each in results] == list(range(25))
    assert [each["epoch_time"] for each in results[:3]] == [
        1_718_000_000_000 + 40 * i for i in range(3)
    ]
    seen = [each for each in results if each["results"]]
    assert len(seen) >= 8
    assert {each["data_type"] for each in results} == {"alpr_results"}
    assert all(
        {"plate", "confidence", "region", "candidates"} <= set(each["results"][0]) for each in seen
    )
    (group,) = stream.pop_completed_groups()
    assert group["best_plate_number"] == "MKV3726"
    assert group["data_type"] == "alpr_group"
    assert (group["camera_id"], group["company_id"]) == (204118, "yard")
    assert set(group["uuids"]) <= {each["uuid"] for each in seen}
    assert stream.pop_completed_groups() == []


def test_frames_that_are_pushed_are_grouped_by_the_times_given(alpr, clip):
    video = cv2.VideoCapture(str(clip))
    stream = AlprStream(100)
    stream.set_group_parameters(2, 10, 0.5, 500)
    for i in range(15):
        _, image = video.read()
        pixels = image.tobytes() if i % 2 else image
        assert stream.push_frame(pixels, 3, *SIZE, 1_718_000_000_000 + 40 * i) == i + 1
    while stream.get_queue_size():
        stream.process_frame(alpr)
    (active,) = stream.peek_active_groups()
    assert active["is_preview"]
    assert active["best_plate_number"] == "MKV3726"
    assert stream.pop_completed_groups() == []
    grey = np.full(SIZE[0] * SIZE[1], 90, np.uint8)
    stream.push_frame(grey, 1, *SIZE, 1_718_000_005_000)
    stream.process_frame(alpr)
    (group,) = stream.pop_completed_groups()
    assert 1_718_000_000_000 <= group["epoch_start"] < group["epoch_end"] <= 1_718_000_000_600
    assert stream.peek_active_groups() == []
    empty = stream.process_frame(alpr)
    assert empty["results"] == []


def test_a_frame_of_the_wrong_size_is_refused():
    stream = AlprStream(3)
    for pixels, channels in ((bytes(10), 3), (bytes(12), 2), (np.zeros(12, np.float32), 3)):
        with pytest.raises(ValueError, match="pixels: expected"):
            stream.push_frame(pixels, channels, 2, 2)
    assert [stream.push_frame(bytes(12), 3, 2, 2) for _ in range(5)] == [1, 2, 3, 3, 3]


def test_groups_get_the_look_of_their_vehicle(alpr, clip):
    classifier = VehicleClassifier("", "")
    with AlprStream(10) as stream:
        stream.enable_overview_image(0)
        stream.connect_video_file(str(clip), 0)
        read_all(stream, alpr)
        (group,) = stream.pop_completed_groups_and_recognize_vehicle(classifier, alpr)
    assert group["overview_jpeg"] == ""
    assert set(group["vehicle"]) >= {"color", "make", "make_model", "body_type", "year"}
    classifier.unload()
    with pytest.raises(NotLoadedError):
        stream.pop_completed_groups_and_recognize_vehicle(classifier)


def test_two_streams_may_share_their_groups(alpr, clip):
    streams = [AlprStream(10), AlprStream(10)]
    streams[0].combine_grouping(streams[1])
    streams[0].connect_video_file(str(clip), 0)
    read_all(streams[0], alpr)
    streams[0].disconnect_video_file()
    assert len(streams[0].pop_completed_groups()) == 1
    assert streams[1].pop_completed_groups() == []


def test_a_file_that_is_missing_or_no_video_is_an_error(tmp_path, alpr):
    stream = AlprStream(10)
    with pytest.raises(ValueError, match="no file"):
        stream.connect_video_file(str(tmp_path / "none.mp4"), 0)
    with pytest.raises(ValueError, match="holds no video"):
        stream.connect_video_file(str(write_sound(tmp_path / "sound.mp4")), 0)
    with pytest.raises(ValueError, match="cannot be opened"):
        stream.connect_video_stream_url("http://127.0.0.1:1/none", "")
    assert not stream.video_file_active()
    assert stream.process_batch(alpr) == []
    unloaded = Alpr("eu", "", "")
    unloaded.unload()
    stream.push_frame(bytes(12), 3, 2, 2)
    with pytest.raises(NotLoadedError):
        stream.process_frame(unloaded)


def test_names_follow_the_form_and_stay_the_same():
    sender = NamedSender("company", "A" * 40, camera_id=7, form="{time}-{random}-{camera}")
    name = sender.uuid(1000)
    time, random, camera = name.split("-")
    assert (time, camera, len(random)) == ("1000", "7", 16)
    assert random.isalnum()
    assert sender.uuid(1000) == name
    assert sender.uuid(1001).split("-")[1] != random


def test_a_classifier_takes_files_bytes_arrays_and_parts_of_them():
    path = str(sample_path("us.jpg"))
    image = cv2.imread(path)
    height, width = image.shape[:2]
    with VehicleClassifier("", "") as classifier:
        whole = classifier.recognize_file("us", path)
        content = Path(path).read_bytes()
        assert classifier.recognize_array("us", content) == whole
        assert classifier.recognize_array("us", content, 0, 0, width, height) == whole
        assert set(classifier.recognize_ndarray("us", image)) == set(whole)
        assert classifier.recognize_ndarray("us", image, 0, 0, 64, 64) == {}
        classifier.set_top_n(1)
        short = classifier.recognize_file("us", path)
        assert {len(labels) for labels in short.values()} <= {0, 1}
        top = classifier.get_top_result(whole)
        assert top["color"] == whole["color"][0]
        assert json.dumps(top)
        assert classifier.get_version() == "2.3.0"
        assert classifier.recognize_array("us", b"no picture") == {}
        with pytest.raises(TypeError):
            classifier.recognize_array("us", image)
        with pytest.raises(TypeError):
            classifier.recognize_ndarray("us", content)
