# SPDX-License-Identifier: Apache-2.0
"""Videos in a case: a group for each vehicle, its best read findable to the frame."""

from __future__ import annotations

import json
from fractions import Fraction

import cv2
import numpy as np
import pytest
from archive_tools import add_to, sample

from alprcore.archive import Case
from alprcore.archive.evidence import verify
from alprcore.cli import main

av = pytest.importorskip("av")
FRAMES = 16


def clip(path):
    """A car that drives slowly across a street, in a Matroska file that begins at 10 s."""
    picture = cv2.imdecode(np.frombuffer(sample("us.jpg"), np.uint8), cv2.IMREAD_COLOR)
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(FRAMES):
            moved = np.roll(picture, 2 * number, axis=1)[:height, :width]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(moved), "bgr24")
            frame.pts, frame.time_base = 10_000 + 125 * number, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_video_is_read_into_groups_with_their_frames(tmp_path):
    path = clip(tmp_path / "drive.dat")  # what it is, its content tells
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
