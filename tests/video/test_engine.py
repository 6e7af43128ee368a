# SPDX-License-Identifier: Apache-2.0
"""Clips to rows with the real engine: a camera that passes the sample pictures."""

from __future__ import annotations

import csv
import hmac
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("av", reason="the extra `video` is not installed")

from clip_files import write_clip

from alprcore.cli import main
from alprcore.errors import SettingsError, VideoError
from alprcore.resources import sample_path
from alprcore.video import session
from alprcore.video.engine import VideoEngine
from alprcore.video.frames import frame_at, frames
from alprcore.video.session import VideoSettings

SIZE = (480, 270)


def shots(name: str, count: int, *, zoom: float, way: tuple[float, float]) -> list[np.ndarray]:
    """A camera that moves over a sample picture around its first plate, `way` pixels per frame."""
    image = cv2.imread(str(sample_path(f"{name}.jpg")))
    with sample_path("truth.csv").open(encoding="utf-8") as table:
        truth = {row["image"]: row for row in csv.DictReader(table)}
    row = truth[f"{name}.jpg"]
    x, y = float(row["x"]) + float(row["w"]) / 2, float(row["y"]) + float(row["h"]) / 2
    pictures = []
    for i in range(count):
        left = SIZE[0] / 2 - zoom * x + (i - count / 2) * way[0]
        top = SIZE[1] / 2 - zoom * y + (i - count / 2) * way[1]
        move = np.array([[zoom, 0, left], [0, zoom, top]])
        pictures.append(cv2.warpAffine(image, move, SIZE, borderMode=cv2.BORDER_REPLICATE))
    return pictures


@pytest.fixture(scope="module")
def engine() -> VideoEngine:
    return VideoEngine("eu")


@pytest.fixture(scope="module")
def passing(tmp_path_factory) -> Path:
    """A car with MKV3726 passes, starting at 1 s in irregular steps, then nothing for 0.5 s."""
    images = shots("eu", 14, zoom=0.6, way=(9, 3))
    images += [np.full_like(images[0], 90)] * 5
    times = [1000]
    for i in range(len(images) - 1):
        times.append(times[-1] + (40, 80, 67)[i % 3])
    return write_clip(
        tmp_path_factory.mktemp("clip") / "car.mkv", times, images=images, copy_ts=True
    )


@pytest.mark.parametrize(("text", "rows"), [("R", 0), ("AB", 1)])
def test_a_badge_of_one_letter_is_no_row(engine, passing, monkeypatch, text, rows):
    made = session.group_of
    monkeypatch.setattr(
        session, "group_of", lambda *given, **more: replace(made(*given, **more), text=text)
    )
    assert len(list(engine.read(passing))) == rows


def test_a_car_that_passes_is_one_row_with_its_text_and_times(engine, passing):
    (row,) = engine.read(passing)
    assert row.text == "MKV3726"
    assert row.confidence > 0.9
    assert len(row.votes) >= 4
    assert row.first.seconds == 0.0
    assert 0.6 <= row.last.seconds <= 0.95
    assert row.candidates[0].text == row.text
    assert row.direction == pytest.approx(108, abs=6)  # 9 right and 3 down
    assert not row.is_parked
    with frames(passing) as clip:
        first = next(clip).time
    assert row.first == first
    assert row.plate_image is not None


def test_the_best_frame_is_found_again_and_shows_the_plate(engine, passing):
    (row,) = engine.read(passing)
    image = frame_at(passing, row.best).image()
    found = engine.engine.recognize(image)
    assert row.best_plate.text in {plate.text for plate in found.plates}


def test_the_same_clip_gives_the_same_rows(engine, passing):
    rows = [[row.to_row() for row in engine.read(passing)] for _ in range(2)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("every", [3, "motion"])
def test_rows_are_not_lost_when_fewer_frames_are_searched(passing, every, engine):
    searched = []
    video = VideoSettings(every=every)
    rows = list(
        VideoEngine(engine=engine.engine, video=video).read(
            passing, on_step=lambda step: searched.append(step.searched)
        )
    )
    assert [row.text for row in rows] == ["MKV3726"]
    assert sum(searched) < len(searched) / 2


def test_a_car_that_stands_is_one_row_and_read_a_few_times_only(engine, tmp_path):
    images = shots("eu", 1, zoom=0.6, way=(0, 0)) * 40
    path = write_clip(tmp_path / "stands.mp4", [100 * i for i in range(40)], images=images)
    (row,) = engine.read(path)
    assert row.text == "MKV3726"
    assert row.is_parked
    assert len(row.votes) <= 5
    assert row.last.seconds == pytest.approx(3.9, abs=0.01)


def test_two_plates_in_one_picture_are_two_rows(engine, tmp_path):
    images = shots("two_plates", 8, zoom=0.45, way=(6, 0))
    path = write_clip(tmp_path / "two.mp4", [80 * i for i in range(8)], images=images)
    assert {row.text for row in engine.read(path)} >= {"GX482RT"}


def test_a_clip_without_a_plate_has_no_row(engine, tmp_path):
    images = [np.full((96, 160, 3), 120, np.uint8)] * 5
    assert (
        list(engine.read(write_clip(tmp_path / "none.mp4", [0, 40, 80, 120, 160], images=images)))
        == []
    )


def test_frames_may_be_pushed_and_rows_seen_while_they_are_open(engine, passing):
    session = engine.session(epoch_ms=1_718_000_000_000)
    with frames(passing) as clip:
        for frame in clip:
            session.push(frame)
    (open_row,) = session.active()
    assert open_row.is_preview
    (row,) = session.close()
    assert (row.text, row.is_preview) == (open_row.text, False)
    message = json.loads(row.to_json())
    assert message["epoch_start"] == 1_718_000_000_000
    assert message["best_uuid"] in message["uuids"]


@pytest.mark.parametrize("every", [0, -2, True, "now", 1.5])
def test_every_must_be_a_number_of_frames_or_motion(every):
    with pytest.raises(SettingsError, match="every"):
        VideoSettings(every=every)


def test_a_clip_that_cannot_be_read_raises(engine, tmp_path):
    with pytest.raises(VideoError, match="no file"):
        list(engine.read(tmp_path / "gone.mp4"))


def command(capsys, *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_prints_rows_draws_them_and_writes_crops(passing, tmp_path, capsys):
    drawn, crops = tmp_path / "drawn.mp4", tmp_path / "crops"
    words = ["video", passing, "--country", "eu", "--annotate", drawn, "--crops", crops]
    code, out, err = command(capsys, *words)
    assert (code, err) == (0, "")
    first, row = out.splitlines()
    assert "480 x 270" in first
    assert "1 vehicle," in first
    assert row.split()[0].startswith("MKV3726")
    assert [path.name for path in crops.iterdir()] == ["car-001-MKV3726.jpg"]
    with frames(passing) as before, frames(drawn) as after:
        pairs = [(a.time.seconds, b.time.seconds) for a, b in zip(before, after, strict=True)]
    assert [a for a, _ in pairs] == pytest.approx([b for _, b in pairs], abs=2e-3)


def test_the_command_writes_json_and_a_table(passing, capsys):
    _, out, _ = command(capsys, "video", passing, "--country", "eu", "--json")
    row = json.loads(out)
    assert (row["plate"], row["source"]) == ("MKV3726", str(passing))
    assert {"first", "last", "best", "candidates", "votes"} <= row.keys()
    _, out, _ = command(capsys, "video", passing, "--country", "eu", "--csv", "--every", 2)
    (cells,) = csv.DictReader(io.StringIO(out))
    assert cells["plate"] == "MKV3726"


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_rows_with_hashed_plates_spell_none(passing, tmp_path, capsys, form):
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    words = ["video", passing, "--country", "eu", "--hash-plates", key, *form]
    code, out, _ = command(capsys, *words)
    assert code == 0
    assert hmac.digest(b"0123456789abcdef", b"MKV3726", "sha256").hex() in out
    assert not re.search("MKV|V3726|VW", out)
    for option in ("--crops", "--annotate"):
        code, out, err = command(capsys, *words, option, tmp_path / "shown")
        assert (code, out) == (1, "")
        assert "would show the plates" in err


def test_the_command_goes_on_after_a_clip_that_cannot_be_read(passing, tmp_path, capsys):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video" * 50)
    code, out, err = command(capsys, "video", broken, passing, "--country", "eu", "--json")
    assert code == 2
    assert err.startswith(f"alprcore: {broken}: '{broken}' cannot be opened")
    assert json.loads(out)["plate"] == "MKV3726"


def test_recognize_takes_clips_too_also_from_a_folder(passing, tmp_path, capsys):
    (tmp_path / "car.mkv").write_bytes(passing.read_bytes())
    code, out, _ = command(capsys, "recognize", tmp_path, "--country", "eu", "--json")
    assert code == 0
    assert json.loads(out)["plate"] == "MKV3726"


@pytest.mark.parametrize("words", [["--every", "0"], ["--every", "x"], ["--start", "-1"]])
def test_the_command_refuses_wrong_options(words, passing, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["video", str(passing), *words])
    assert stopped.value.code == 1
