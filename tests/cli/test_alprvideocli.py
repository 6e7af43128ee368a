# SPDX-License-Identifier: Apache-2.0
"""The Forensic Plate Finder's command: two CSV files and an SQLite file for each video."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the extra `video` is not installed")

from agent_tools import passing_car
from process_tools import called

from alprcore.cli.alprvideocli import main
from alprcore.openalpr.alprvideo import AlprVideo
from alprcore.openalpr.findertables import shown

pytestmark = pytest.mark.usefixtures("no_configuration_of_this_machine")
READS = (
    "id,group_id,country,plate_number,confidence,frame_num,video_time_s,matches_pattern,"
    "tracking_hash,x1,y1,x2,y2,x3,y3,x4,y4,img_name,region,region_confidence"
)
GROUPS = (
    "id,country,plate_number,matches_pattern,plate_count,frame_start,frame_end,"
    "video_time_start_s,video_time_end_s,best_plate_id,confidence,region,region_confidence"
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return passing_car(tmp_path_factory.mktemp("clip") / "car.mp4", still_s=0.4)


def table(path: Path) -> tuple[str, list[dict[str, str]]]:
    text = path.read_text("utf-8")
    return text.splitlines()[0], list(csv.DictReader(text.splitlines()))


def test_a_video_becomes_two_tables_and_a_database(clip, tmp_path, capsys):
    out = tmp_path / "out"
    code, said, _ = called(
        main, capsys, "--output_dir", out, "-c", "eu", "-n", 5, "--save_frames", "--debug", clip
    )
    assert code == 0
    assert "MKV3726" in said
    head, reads = table(out / "car_reads.csv")
    assert head == READS
    group_head, groups = table(out / "car_groups.csv")
    assert group_head == GROUPS
    (group,) = groups
    assert (group["plate_number"], group["country"], group["id"]) == ("MKV3726", "eu", "1")
    assert int(group["plate_count"]) == len(reads) >= 4
    assert {read["group_id"] for read in reads} == {"1"}
    numbers = [int(read["frame_num"]) for read in reads]
    assert numbers == sorted(numbers)
    assert (int(group["frame_start"]), int(group["frame_end"])) == (numbers[0], numbers[-1])
    # At 25 frames a second frame 70 is at 2.84 s: the end of its time.
    for read in reads:
        assert float(read["video_time_s"]) == pytest.approx((int(read["frame_num"]) + 1) / 25)
    assert group["best_plate_id"] in {read["id"] for read in reads}
    pictures = {path.name for path in (out / "car_frames").iterdir()}
    assert {read["img_name"] for read in reads} == pictures
    with sqlite3.connect(out / "car.sqlite") as base:
        rows = base.execute(f"SELECT {READS} FROM reads ORDER BY id").fetchall()
        assert [[shown(value) for value in row] for row in rows] == [
            list(read.values()) for read in reads
        ]
        (row,) = base.execute(f"SELECT {GROUPS} FROM groups").fetchall()
        assert [shown(value) for value in row] == list(group.values())
    base.close()


def test_numbers_have_six_digits_and_no_zeros_at_the_end():
    assert [shown(value) for value in (3.0, 3.04, 78.48821, 0.04, 7, "gb")] == [
        *("3", "3.04", "78.4882", "0.04", "7", "gb")
    ]


def test_a_region_decides_what_matches(clip, tmp_path, capsys):
    assert called(main, capsys, "--output_dir", tmp_path, "-c", "eu", "-p", "pl", clip)[0] == 0
    (group,) = table(tmp_path / "car_groups.csv")[1]
    assert group["matches_pattern"] in {"0", "1"}
    code, _, said = called(main, capsys, "--output_dir", tmp_path, "-p", "nowhere", "none.mp4")
    assert code == 1
    assert "Invalid pattern provided: nowhere" in said


def test_one_video_that_cannot_be_read_does_not_stop_the_next(clip, tmp_path, capsys):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    code, said, errors = called(main, capsys, "--output_dir", tmp_path, "-c", "eu", broken, clip)
    assert code == 1
    assert "broken.mp4" in errors
    assert "1 plates" in said
    assert table(tmp_path / "car_groups.csv")[1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["x.mp4"], 1, "--output_dir"),
        (["--output_dir", "out", "--topn", "0", "x"], 1, "topn"),
        (["--version"], 0, "2.3.0"),
        (["--help"], 0, "--save_frames"),
    ],
)
def test_wrong_words_end_it(words, code, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    captured = capsys.readouterr()
    assert ended.value.code == code
    assert said in captured.out + captured.err


def test_the_library_form_does_the_same(clip, tmp_path, capsys):
    video = AlprVideo(str(clip), "eu", "")
    video.setOutputDir(str(tmp_path))
    video.setNumThreads(2)
    video.setPatternMatch("")
    video.setSaveFrames(False)
    video.start_async().join(60)
    assert table(tmp_path / "car_groups.csv")[1][0]["plate_number"] == "MKV3726"
    AlprVideo("none.mp4", "eu", "").start_async().join(60)
    assert "no file 'none.mp4'" in capsys.readouterr().err
