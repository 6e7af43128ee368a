# SPDX-License-Identifier: Apache-2.0
"""Copies without plates: read again, nothing is there; nothing else of the file is left either."""

from __future__ import annotations

import csv
import io
import json

import cv2
import numpy as np
import pytest

from alprcore import Engine, load_frame, sample_path
from alprcore.cli import main
from alprcore.records import Quad
from alprcore.redaction.cover import STYLES, cover, grown
from alprcore.redaction.link import AROUND_S, Seen, filled, linked
from alprcore.redaction.picture import covering, redacted

SAMPLES = {"us.jpg": ["LMR4827"], "two_plates.jpg": ["GX482RT", "82KNT6"]}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return covering(Engine())


@pytest.fixture(scope="module")
def sensitive() -> Engine:
    """One that reports everything it can read at all."""
    return Engine(min_plate_score=0.1, doubtful_plate_score=0.1, min_plausibility=0, tilted=False)


def command(capsys, *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def usual() -> Engine:
    return Engine(tilted=False)


@pytest.mark.parametrize(("name", "style"), [("us.jpg", "blur"), ("two_plates.jpg", "fill")])
def test_no_plate_can_be_read_in_the_copy(engine, sensitive, usual, name, style):
    frame = load_frame(sample_path(name))
    before = {plate.text for plate in sensitive.recognize(frame).plates}
    assert set(SAMPLES[name]) <= before
    copy = redacted(frame, engine, style=style)
    assert len(copy.places) >= len(SAMPLES[name])
    seen = [each.text for plate in sensitive.recognize(copy.frame).plates
            for each in plate.candidates]  # fmt: skip
    assert not set(SAMPLES[name]) & set(seen)
    assert not [plate for plate in usual.recognize(copy.frame).plates if plate.legibility > 0.5]


@pytest.mark.parametrize("style", STYLES)
def test_what_is_covered_does_not_depend_on_the_characters(style):
    """Two texts of the same ink leave next to the same patch: nothing is left to compare."""
    corners = Quad((40, 30), (140, 30), (140, 52), (40, 52))
    patches = []
    for text in ("AB12CD", "CD12BA"):
        canvas = np.full((80, 180, 3), 200, np.uint8)
        cv2.putText(canvas, text, (42, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
        cover(canvas, [corners], style=style)
        patches.append(canvas.astype(int))
    assert np.abs(patches[0] - patches[1]).max() <= 24
    assert np.abs(np.diff(patches[0][35:48, 45:135], axis=1)).max() <= 8  # no edge is left


def test_a_cover_reaches_beyond_the_corners_and_stays_in_the_picture():
    corners = Quad((-5, -5), (50, -5), (50, 15), (-5, 15))
    canvas = np.full((60, 80, 3), 255, np.uint8)
    cover(canvas, [corners])
    assert (canvas[:16, :51] == 0).all()
    assert (canvas[26:, :] == 255).all()
    for style in STYLES:
        cover(canvas, [Quad((500, 500), (600, 500), (600, 520), (500, 520))], style=style)
    points = grown(Quad((0, 0), (0, 0), (0, 0), (0, 0)))
    assert np.isfinite(points).all()


def test_pictures_are_turned_upright_and_lose_their_metadata(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    with image.open(sample_path("us.jpg")) as opened:
        upright = opened.copy()
    exif = image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret Camera"  # the camera lay on its side
    exif.get_ifd(0x8825)[1] = "N"
    (tmp_path / "in").mkdir()
    upright.rotate(90, expand=True).save(tmp_path / "in" / "side.jpg", exif=exif, quality=95)
    code, _, err = command(capsys, "redact", tmp_path / "in", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    with image.open(tmp_path / "out" / "side.jpg") as copy:
        assert copy.size == upright.size
        assert dict(copy.getexif()) == {}
    assert b"Secret" not in (tmp_path / "out" / "side.jpg").read_bytes()
    with (tmp_path / "out" / "covered.csv").open(encoding="utf-8") as table:
        row = next(csv.DictReader(table))
    assert (row["output"], row["frames"]) == ("side.jpg", "")
    frame = load_frame(tmp_path / "out" / "side.jpg")
    x, y = int(row["x1"]) + 20, int(row["y1"]) + 20
    assert frame[y, x].max() < 16


def test_folders_stay_apart_and_what_cannot_be_read_is_not_copied(tmp_path, capsys):
    for place in ("in/a/x.jpg", "in/b/x.jpg"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(sample_path("us.jpg").read_bytes())
    (tmp_path / "in/b/bad.png").write_bytes(b"no picture")
    (tmp_path / "in/b/y.gif").write_bytes(cv2.imencode(".gif", np.zeros((40, 60, 3), np.uint8))[1])
    out = tmp_path / "out"
    code, printed, err = command(capsys, "redact", tmp_path / "in", "--out", out, "--json")
    assert code == 2
    assert err.endswith("; not copied\n")
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == ["a/x.jpg", "b/x.jpg", "b/y.png", "covered.csv"]
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line["output"] for line in lines] == ["a/x.jpg", "b/x.jpg", "b/y.png"]
    assert "LMR" not in printed + (out / "covered.csv").read_text("utf-8")


def test_no_input_is_covered_itself(tmp_path, capsys):
    path = tmp_path / "x.jpg"
    path.write_bytes(sample_path("us.jpg").read_bytes())
    code, _, err = command(capsys, "redact", path, "--out", tmp_path)
    assert code == 1
    assert "would be lost" in err
    assert path.read_bytes() == sample_path("us.jpg").read_bytes()
    assert command(capsys, "redact", path, "--out", path)[0] == 1


def place(x: float, width: float = 40) -> Seen:
    return Seen(Quad((x, 10), (x + width, 10), (x + width, 20), (x, 20)), 0.9)


def test_frames_between_two_finds_are_covered_where_the_plate_was_then():
    times = [i / 10 for i in range(12)]
    seen = [[] for _ in times]
    seen[3], seen[7] = [place(100)], [place(140)]
    covered = filled(linked(seen, times), times)
    lefts = [sorted(quad.top_left[0] for quad in quads) for quads in covered]
    assert lefts[3:8] == [[100], [110], [120], [130], [140]]
    assert lefts[1:3] == [[100], [100]]  # a quarter of a second before
    assert lefts[8:10] == [[140], [140]]
    assert lefts[0] == lefts[11] == []
    assert AROUND_S == 0.25


def test_two_plates_are_joined_each_with_its_own():
    times = [i / 25 for i in range(5)]
    seen = [[place(100 + 5 * i), place(300 - 5 * i)] for i in range(5)]
    tracks = linked(seen, times)
    assert len(tracks) == 2
    assert [each.quad.top_left[0] for each in tracks[1].seen.values()] == [300, 295, 290, 285, 280]
    far = linked([[place(0)], [place(200)]], [0, 0.04])  # nothing moves so fast
    assert len(far) == 2
    late = linked([[place(0)], [place(0)]], [0, 5.0])
    assert len(late) == 2


def test_no_frame_of_a_clip_shows_the_plate(tmp_path, usual, capsys):
    pytest.importorskip("av", reason="the extra `video` is not installed")
    from clip_files import write_clip

    from alprcore.video.frames import frames

    picture = cv2.imread(str(sample_path("eu.jpg")))
    shots = [picture[330:530, 250 + 8 * i : 750 + 8 * i].copy() for i in range(10)]
    shots[4][:] = cv2.GaussianBlur(shots[4], (0, 0), 9)  # in this one it may not be found
    source, out = tmp_path / "car.mkv", tmp_path / "out"
    write_clip(source, [i * 60 for i in range(10)], images=shots, audio=True)
    code, printed, err = command(capsys, "redact", source, "--out", out, "--json")
    assert (code, err) == (0, "")
    covered = json.loads(printed)["covered"]
    assert any(each["frames"] >= 9 for each in covered)
    count = 0
    with frames(out / "car.mp4") as clip:
        for frame in clip:
            count += 1
            assert not [p for p in usual.recognize(frame.image()).plates if p.legibility > 0.5]
    assert count == 10
    import av

    with av.open(str(out / "car.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    rows = list(csv.DictReader(io.StringIO((out / "covered.csv").read_text("utf-8"))))
    assert float(rows[0]["last_s"]) > float(rows[0]["first_s"])


def test_half_a_clip_is_not_left(tmp_path, capsys):
    pytest.importorskip("av", reason="the extra `video` is not installed")
    (tmp_path / "bad.mp4").write_bytes(b"no clip" * 100)
    code, _, err = command(capsys, "redact", tmp_path / "bad.mp4", "--out", tmp_path / "out")
    assert code == 2
    assert err.endswith("; not copied\n")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["covered.csv"]
