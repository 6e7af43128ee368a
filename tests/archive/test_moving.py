# SPDX-License-Identifier: Apache-2.0
"""Videos in a case: a group for each vehicle, its best read findable to the frame."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from archive_tools import add_to, driving_clip

from alprcore.archive import Case
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
        assert list(verify(case, sample=0)) == []
    out = tmp_path / "finder"
    case_path = str(tmp_path / "case")
    assert main(["archive", "export", case_path, "--format", "finder", "--out", str(out)]) == 0
    (_, row) = (out / "groups.csv").read_text("utf-8").splitlines()
    assert row.split(",")[2] == "LMR4827"
    assert row.split(",")[9] == str(read.id)
    assert add_to(tmp_path / "case", path).counts.known == 1
