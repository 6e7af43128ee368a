# SPDX-License-Identifier: Apache-2.0
"""Frames of real containers: their times, and that each is found again exactly."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("av", reason="the extra `video` is not installed")

from clip_files import HEIGHT, WIDTH, number_of, numbered, write_clip, write_raw, write_sound

from alprcore.errors import VideoError
from alprcore.video.frames import frame_at, frames

EVEN = [40 * i for i in range(40)]


def irregular(count: int, seed: int = 3) -> list[int]:
    steps = random.Random(seed).choices([20, 40, 41, 67, 120, 333], k=count - 1)
    times = [0]
    for step in steps:
        times.append(times[-1] + step)
    return times


def seconds_of(path: Path) -> list[float]:
    with frames(path) as clip:
        return [frame.time.seconds for frame in clip]


@pytest.fixture(params=[".mp4", ".mkv", ".mov", ".ts", ".avi"])
def ending(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("start_ms", [0, 10_000])
def test_every_frame_has_the_time_it_was_written_with(ending, start_ms, tmp_path):
    # AVI has a fixed rate and begins at 0.
    even = ending == ".avi"
    times = EVEN if even else [start_ms + t for t in irregular(40)]
    path = write_clip(tmp_path / f"clip{ending}", times, copy_ts=True)
    with frames(path) as clip:
        seen = [(frame.time, number_of(frame.image())) for frame in clip]
    assert [number for _, number in seen] == list(range(40))
    assert [time.ordinal for time, _ in seen] == list(range(40))
    want = [(t - times[0]) / 1000 for t in times]
    assert [time.seconds for time, _ in seen] == pytest.approx(want, abs=0.0011)
    first = seen[0][0]
    assert {time.start_pts for time, _ in seen} == {first.pts}
    if not even and ending != ".ts":  # a transport stream begins 1.4 s later by its own rules
        assert float(first.pts * first.time_base) == pytest.approx(start_ms / 1000, abs=0.1)


def test_every_frame_is_found_again_exactly(ending, tmp_path):
    times = EVEN if ending == ".avi" else [5000 + t for t in irregular(60)]
    path = write_clip(tmp_path / f"clip{ending}", times, copy_ts=True)
    with frames(path) as clip:
        seen = {frame.time: frame.image() for frame in clip}
    order = list(seen)
    random.Random(1).shuffle(order)
    for time in order[:25]:
        found = frame_at(path, time)
        assert found.time == time
        assert np.array_equal(found.image(), seen[time]), time


def test_a_frame_that_is_not_there_is_an_error(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", EVEN)
    with frames(path) as clip:
        times = [frame.time for frame in clip]
    other = write_clip(tmp_path / "other.mp4", EVEN[:5])
    with pytest.raises(VideoError, match="has no frame"):
        frame_at(other, times[-1])


def test_reading_may_begin_later(tmp_path):
    path = write_clip(tmp_path / "clip.mkv", irregular(50))
    whole = seconds_of(path)
    with frames(path, start_s=2.0) as clip:
        later = [(frame.time.seconds, number_of(frame.image())) for frame in clip]
    assert [s for s, _ in later] == [s for s in whole if s >= 2.0]
    assert later[0][1] == next(i for i, s in enumerate(whole) if s >= 2.0)


def test_repeated_times_are_noted_and_frames_told_apart(tmp_path):
    folder = tmp_path / "shots"
    folder.mkdir()
    for i in range(4):
        cv2.imwrite(str(folder / f"{i}.png"), numbered(i))
    (folder / "times.csv").write_text("file,time_s\n0.png,0\n1.png,0.04\n2.png,0.04\n3.png,0.02\n")
    with frames(folder) as clip:
        seen = [(frame.time, number_of(frame.image())) for frame in clip]
    assert {kind: p.count for kind, p in clip.problems.items()} == {"repeated": 1, "backwards": 1}
    for time, number in seen:
        assert number_of(frame_at(folder, time).image()) == number


def test_times_before_zero_are_kept(tmp_path):
    path = write_clip(tmp_path / "clip.ts", [t - 200 for t in EVEN], copy_ts=True)
    with frames(path) as clip:
        seen = [(frame.time, number_of(frame.image())) for frame in clip]
    assert [float(time.pts * time.time_base) for time, _ in seen[:6]] == pytest.approx(
        [-0.2, -0.16, -0.12, -0.08, -0.04, 0.0]
    )
    for time, number in seen:
        assert time.seconds == pytest.approx(number * 0.04)
        assert number_of(frame_at(path, time).image()) == number


def test_a_gap_is_noted(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", [*EVEN, *(5000 + t for t in EVEN)])
    with frames(path) as clip:
        assert len(list(clip)) == 80
    assert clip.problems["gap"].moments == [pytest.approx(1.56, abs=0.01)]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotation_of_the_metadata_is_applied(turn, tmp_path):
    plain = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    plain[:24, :40] = 255  # a mark in the upper left corner
    path = write_clip(tmp_path / "clip.mp4", EVEN[:3], images=[plain] * 3)
    content = bytearray(path.read_bytes())
    set_rotation(content, turn)
    path.write_bytes(content)
    with frames(path) as clip:
        shown = next(clip).image()
        assert (clip.info.width, clip.info.height) == shown.shape[1::-1]
    want = np.rot90(plain, -turn // 90)
    assert shown.shape == want.shape
    assert np.abs(shown.astype(int) - want).mean() < 8


def set_rotation(content: bytearray, clockwise: int) -> None:
    """Write the display matrix of the only track of an MP4; 16.16 numbers, ISO 14496-12, 8.3.2."""
    cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[clockwise]
    place = content.index(b"tkhd") + 4 + 40
    rows = [cosine, sine, 0, -sine, cosine, 0, 0, 0, 0x4000]
    for i, value in enumerate(rows):
        raw = (value << 16).to_bytes(8, "big", signed=True)[-4:]
        content[place + 4 * i : place + 4 * i + 4] = raw


def test_a_raw_stream_has_counted_times(tmp_path):
    path = write_raw(tmp_path / "clip.h264", 12)
    with frames(path) as clip:
        seen = list(clip)
    assert len(seen) == 12
    assert [frame.time.seconds for frame in seen] == pytest.approx(
        [0.04 * i for i in range(12)], abs=2e-3
    )


def test_a_clip_of_one_frame_is_read(tmp_path):
    assert seconds_of(write_clip(tmp_path / "one.mp4", [0])) == [0.0]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_clip_is_read_as_far_as_it_goes_or_refused(ending, share, tmp_path):
    whole = write_clip(tmp_path / f"whole{ending}", EVEN if ending == ".avi" else irregular(40))
    cut = tmp_path / f"cut{ending}"
    content = whole.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    try:
        seen = seconds_of(cut)
    except VideoError as error:
        said = str(error)
    else:
        said = str(cut)
        assert 0 < len(seen) <= 40
    assert str(cut) in said


def test_damaged_data_does_not_end_the_clip(tmp_path):
    path = write_clip(tmp_path / "clip.ts", irregular(60))
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : third + 3000] = random.Random(2).randbytes(3000)
    path.write_bytes(content)
    with frames(path) as clip:
        seen = list(clip)
    assert len(seen) >= 40
    assert clip.problems


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.mp4", b"", "cannot be opened"),
        ("text.mp4", b"no video at all\n" * 99, "cannot be opened"),
        ("noise.mkv", bytes(range(256)) * 40, "cannot be opened"),
    ],
)
def test_a_file_that_is_no_video_says_so(name, content, reason, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(VideoError, match=reason):
        list(frames(path))


def test_sound_without_pictures_says_so(tmp_path):
    with pytest.raises(VideoError, match="holds no video, only audio"):
        frames(write_sound(tmp_path / "sound.mp4"))


def test_sound_beside_pictures_does_no_harm(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", EVEN, audio=True)
    assert len(seconds_of(path)) == 40


@pytest.mark.parametrize("name", ["gone.mp4", "", "a\0b.mp4"])
def test_a_missing_file_says_so(name):
    with pytest.raises(VideoError):
        frames(name)


def test_a_name_like_a_protocol_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", EVEN[:3]).rename(tmp_path / "http:clip.mp4")
    assert len(seconds_of(Path("http:clip.mp4"))) == 3


def test_a_stream_that_never_starts_ends_with_an_error():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(VideoError, match="cannot be opened"):
            frames(f"http://127.0.0.1:{port}/live.ts", timeout_s=0.5)


def test_a_folder_of_images_is_read_in_the_order_of_its_names(tmp_path):
    for i in (10, 9, 8):
        cv2.imwrite(str(tmp_path / f"frame_{i}.png"), numbered(i))
    (tmp_path / "frame_9.jpg").write_bytes(b"broken")
    with frames(tmp_path, rate=10) as clip:
        seen = [(number_of(frame.image()), frame.timed) for frame in clip]
    assert seen == [(8, False), (9, False), (10, False)]
    assert clip.problems["undecodable"].count == 1


@pytest.mark.parametrize(
    "table",
    [
        "file\na.png\n",
        "file,time_s\na.png,x\n",
        "file,time_s\n../a.png,1\n",
        "file,time_s\na.png,nan\n",
    ],
)
def test_a_table_of_times_that_cannot_be_used_says_where(table, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), numbered(1))
    (tmp_path / "times.csv").write_text(table)
    with pytest.raises(VideoError, match=r"times\.csv, row 1"):
        frames(tmp_path)


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(VideoError, match="no image in the folder"):
        frames(tmp_path)


def test_brightness_is_that_of_the_upright_picture(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", EVEN[:2])
    with frames(path) as clip:
        frame = next(clip)
        gray = cv2.cvtColor(frame.image(), cv2.COLOR_BGR2GRAY)
        luma = frame.luma(80)
    assert luma.shape == (48, 80)
    small = cv2.resize(gray, (80, 48), interpolation=cv2.INTER_AREA).astype(float)
    # The plane is stored as 16 to 235.
    assert np.abs((luma.astype(float) - 16) * 255 / 219 - small).max() < 8


def test_reading_stops_when_the_clip_is_closed(tmp_path):
    clip = frames(write_clip(tmp_path / "clip.mp4", EVEN))
    next(clip)
    clip.close()
    clip.close()
