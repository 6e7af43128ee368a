# SPDX-License-Identifier: Apache-2.0
"""Videos in a case: a group for each vehicle, its best read findable to the frame."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from archive_tools import add_to, driving_clip

from alprcore.archive import Case, reread
from alprcore.archive.evidence import verify
from alprcore.cli import main

pytest.importorskip("av")


def test_a_video_is_read_into_groups_with_their_frames(tmp_path):
    path = driving_clip(tmp_path / "drive.dat")  # what it is, its content tells
    (tmp_path / "bad.mkv").write_bytes(path.read_bytes()[:600])
    counts = add_to(tmp_path / "case", path, tmp_path / "bad.mkv").counts
    assert counts.read == 1
    assert len(counts.unreadable) == 1
    with Case.open(tmp_path / "case") as case:
        (group,) = case.rows("SELECT * FROM groups")
        assert group["plate"] == "LMR4827"
        assert group["reads"] == len(json.loads(group["votes"])) > 2
        (read,) = case.reads()
        assert (read.kind, read.plate, read.group_id) == ("video", "LMR4827", group["id"])
        assert Fraction(read.time_base) * read.pts == 10 + Fraction(read.seconds)
        assert case.search("LM?4827").hits[0].probability > 0.5
        assert list(verify(case, sample=9)) == []
    out = tmp_path / "finder"
    case_path = str(tmp_path / "case")
    assert main(["archive", "export", case_path, "--format", "finder", "--out", str(out)]) == 0
    (_, row) = (out / "groups.csv").read_text("utf-8").splitlines()
    assert row.split(",")[2] == "LMR4827"
    assert row.split(",")[9] == str(read.id)
    assert add_to(tmp_path / "case", path).counts.known == 1


def test_a_frame_of_a_video_that_reads_otherwise_is_found(tmp_path, monkeypatch):
    add_to(tmp_path / "case", driving_clip(tmp_path / "drive.mkv"))
    real = reread.frame_time
    monkeypatch.setattr(
        reread, "frame_time", lambda *names: replace(real(*names), pts=10_000, ordinal=0)
    )
    with Case.open(tmp_path / "case") as case:
        (read,) = case.reads()
        assert read.pts != 10_000
        differences = list(verify(case, sample=9))
    assert {each.kind for each in differences} == {"reading"}
    assert "it was 'LMR4827'" in differences[0].words


def test_a_report_says_which_frame_and_what_all_frames_say(tmp_path):
    add_to(tmp_path / "case", driving_clip(tmp_path / "drive.mkv"))
    assert main(["archive", "report", str(tmp_path / "case"), "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    with Case.open(tmp_path / "case") as case:
        (read,) = case.reads()
    assert f"frame {read.frame} at {read.seconds:.3f} s (time stamp {read.pts} x 1/1000 s)" in page
    assert "All frames of this vehicle together" in page
    assert "<td>video, Matroska<td class=n>1<td class=n>1<td class=n>0" in page
