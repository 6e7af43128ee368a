# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import csv
import hmac
import io
import json
import os
import select
import subprocess
import sys
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import process_tools
import pytest
from process_tools import called

import alprcore.cli
from alprcore.cli import evaluate, explain, inputs, main, recognize
from alprcore.picture.areas import clamped_areas
from alprcore.picture.quiet import quiet_stderr
from alprcore.records import Box, Candidate, Glyph, Label, Plate, Quad, VehicleBox, VehicleLook
from alprcore.wire.results import Recognition

PLATE = Plate(
    text="AB12",
    confidence=0.9,
    matches_template=True,
    country="eu",
    region="gb",
    region_confidence=0.0,
    quad=Quad((10.0, 10.0), (60.0, 10.0), (60.0, 25.0), (10.0, 25.0)),
    detection_score=0.98,
    candidates=(Candidate("AB12", 0.9, True), Candidate("A812", 0.05)),
    glyphs=(),
    plate_index=0,
    requested_topn=10,
    legibility=0.95,
    elapsed_ms=1.0,
)
FRAME = np.full((48, 80, 3), 77, np.uint8)
PNG = cv2.imencode(".png", FRAME)[1].tobytes()


class FakeEngine:
    """Finds one plate in every picture that is not black."""

    def recognize(self, image, *, regions_of_interest=(), tasks=("plate",)):
        rows, cols = image.shape[:2]
        plates = (PLATE,) if image.any() and "plate" in tasks else ()
        areas = clamped_areas(regions_of_interest, cols, rows)
        vehicles = (VehicleBox(Box(1, 1, 70, 40), 0.9),)
        return Recognition(cols, rows, 1, 2.5, areas, plates, vehicles)

    def with_settings(self, **changes):
        return self


@pytest.fixture
def options(monkeypatch):
    """Put the fake engine behind every sub-command; return the options that it was asked for."""
    asked = []

    def engine_of(chosen):
        asked.append(chosen)
        return FakeEngine()

    for module in (recognize, evaluate, explain):
        monkeypatch.setattr(module, "engine_of", engine_of)
    return asked


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.png").write_bytes(PNG)
    (tmp_path / "in" / "a.PNG").write_bytes(PNG)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    return tmp_path / "in"


run = partial(called, main)


def test_text_shows_the_reading_its_place_and_the_others(options, folder, capsys):
    code, out, err = run(capsys, "recognize", folder / "b.png")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{folder / 'b.png'}: 80 x 48, 1 plate, 2 ms",
        "  AB12 at 10,10, gb",
        "    AB12          90.00 % *",
        "    A812           5.00 %",
    ]


def test_json_is_one_line_a_picture_and_nothing_else(options, folder, capsys):
    code, out, err = run(capsys, "recognize", "--json", folder, folder / "b.png")
    assert (code, err) == (0, "")
    assert [json.loads(line)["img_width"] for line in out.splitlines()] == [80, 80, 80]


def test_json_lines_name_their_inputs(options, folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PNG)))
    code, out, _ = run(capsys, "recognize", "--json", folder, folder / "none.png", "-")
    assert code == 2
    lines = [json.loads(line) for line in out.splitlines()]
    names = [f"{folder}/a.PNG", f"{folder}/b.png", f"{folder}/none.png", "-"]
    assert [line["filename"] for line in lines] == names
    assert ["error" in line for line in lines] == [False, False, True, False]


def test_json_lines_are_the_wire_format_and_what_is_known_beyond_it(options, folder, capsys):
    _, out, _ = run(capsys, "recognize", "--json", folder / "b.png")
    wire = FakeEngine().recognize(FRAME).to_json()
    name = f'"filename":"{folder / "b.png"}"'
    marks = '"country":"eu","truncated":false,"occluded":false,"unread_characters":0,'
    marks += '"text_with_unsure":"","legibility":95,"characters":[]'
    assert out == f"{wire[:-3]},{marks}}}],{name}}}\n"


def test_a_name_that_is_no_utf_8_is_kept_whole(options, folder, capsys):
    name = os.fsencode(folder) + b"/caf\xe9 \xc3\xa9.png"
    try:
        Path(os.fsdecode(name)).write_bytes(PNG)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    for path, code in ((name, 0), (name + b".gone", 2)):
        assert main(["recognize", "--json", os.fsdecode(path)]) == code
        line = json.loads(capsys.readouterr().out.encode())
        assert line["filename"].endswith("/caf\ufffd é.png" + ".gone" * (code == 2))
        assert base64.b64decode(line["filename_base64"]) == path


def test_json_is_utf_8_whatever_the_locale(options, monkeypatch):
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="latin-1"))
    assert main(["recognize", "--json", "é 가.png"]) == 2
    assert json.loads(printed.getvalue())["filename"] == "é 가.png"


def test_folders_are_expanded_in_order(options, folder, capsys):
    _, out, _ = run(capsys, "recognize", folder)
    heads = [line for line in out.splitlines() if not line.startswith(" ")]
    assert [line.split(":")[0].rsplit("/", 1)[1] for line in heads] == ["a.PNG", "b.png"]


def test_the_options_reach_the_engine(options, folder, capsys):
    run(capsys, "recognize", folder / "b.png", "--country", "eu", "--topn", "3")
    assert (options[0].country, options[0].topn) == ("eu", 3)


def test_an_unreadable_input_does_not_stop_the_others(options, folder, tmp_path, capsys):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PNG[:50])
    missing = tmp_path / "missing.jpg"
    words = ["recognize", "--json", broken, missing, folder / "b.png"]
    code, out, err = run(capsys, *words)
    assert code == 2
    replies = [json.loads(line) for line in out.splitlines()]
    assert [len(reply["results"]) for reply in replies] == [0, 0, 1]
    assert "truncated" in replies[0]["error"]
    assert err.splitlines() == [
        f"alprcore: {broken}: the PNG file is truncated",
        f"alprcore: {missing}: no file {str(missing)!r}",
    ]


def test_a_folder_without_pictures_is_reported(options, tmp_path, capsys):
    (tmp_path / "one.jpg").mkdir()  # a folder, whatever its name
    code, out, err = run(capsys, "recognize", tmp_path)
    assert (code, out) == (2, "")
    assert err == f"alprcore: {tmp_path}: no picture or video in this folder\n"


def test_folders_are_searched_to_any_depth_and_links_to_folders_are_not(options, folder, capsys):
    deep = folder / "one.jpg" / "deep"  # a folder, whatever its name
    deep.mkdir(parents=True)
    (deep / "c.png").write_bytes(PNG)
    (deep / "round").symlink_to(folder)
    code, out, err = run(capsys, "recognize", "--json", folder)
    assert (code, err) == (0, "")
    names = [json.loads(line)["filename"] for line in out.splitlines()]
    assert names == [f"{folder}/{name}" for name in ("a.PNG", "b.png", "one.jpg/deep/c.png")]
    _, out, _ = run(capsys, "recognize", "--json", deep / "round")  # named itself
    assert len(out.splitlines()) == 3


def test_a_folder_that_cannot_be_listed_does_not_stop_the_others(
    options, folder, tmp_path, monkeypatch, capsys
):
    closed = tmp_path / "closed"
    closed.mkdir()
    listed = Path.iterdir

    def iterdir(path):
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    code, out, err = run(capsys, "recognize", "--json", folder / "b.png", closed, folder)
    assert code == 2
    found = [len(json.loads(line)["results"]) for line in out.splitlines()]
    assert found == [1, 0, 1, 1]
    assert err == f"alprcore: {closed}: the folder cannot be listed: Permission denied\n"


def test_an_input_that_cannot_be_reached_does_not_stop_the_others(options, folder, capsys):
    code, out, err = run(capsys, "recognize", "--json", "a" * 5000, folder / "b.png")
    assert code == 2
    assert [len(json.loads(line)["results"]) for line in out.splitlines()] == [0, 1]
    assert "cannot read" in err


def test_the_empty_name_is_no_folder(options, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    code, out, err = run(capsys, "recognize", "")
    assert (code, out, err) == (2, "", "alprcore: '': the name is empty\n")


def test_a_video_that_cannot_be_read_does_not_stop_the_pictures(options, folder, tmp_path, capsys):
    video = tmp_path / "v.AVI"
    video.write_bytes(b"RIFF\x24\x00\x00\x00AVI LIST" + bytes(40))
    code, out, err = run(capsys, "recognize", video, folder / "b.png")
    assert code == 2
    assert err.startswith(f"alprcore: {video}: ")
    assert "1 plate" in out
    _, _, err = run(capsys, "explain", video, "--out", tmp_path / "out")
    assert err.endswith("; `alprcore video` reads videos\n")


def test_standard_input_is_a_picture(options, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PNG)))
    code, out, _ = run(capsys, "recognize", "-")
    assert code == 0
    assert out.startswith("standard input: 80 x 48, 1 plate")


def test_empty_standard_input_is_reported(options, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    code, _, err = run(capsys, "recognize", "-")
    assert (code, err) == (2, "alprcore: standard input: empty, 0 bytes\n")


def test_one_picture_is_annotated_into_a_file(options, folder, tmp_path, capsys):
    out = tmp_path / "drawn.png"
    code, _, _ = run(capsys, "recognize", folder / "b.png", "--annotate", out)
    drawn = cv2.imread(str(out))
    assert code == 0
    assert drawn.shape == FRAME.shape
    assert (drawn != FRAME).any()


def test_several_pictures_are_annotated_into_a_folder(options, folder, tmp_path, capsys):
    out = tmp_path / "drawn"
    run(capsys, "recognize", folder, folder / "b.png", "--annotate", out)
    assert sorted(path.name for path in out.iterdir()) == ["a.jpg", "b-2.jpg", "b.jpg"]


def test_annotated_copies_keep_folders_apart(options, folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "other" / "deep").mkdir(parents=True)
    for place in ("other/b.png", "other/deep/b.png", "other/deep/b.bmp"):
        (tmp_path / place).write_bytes(PNG)
    monkeypatch.chdir(tmp_path)

    def drawn(*names):
        out = tmp_path / f"drawn{len(list(tmp_path.iterdir()))}"
        assert run(capsys, "recognize", *names, "--annotate", out)[0] == 0
        return sorted(str(path.relative_to(out)) for path in out.rglob("*.jpg"))

    assert drawn("other") == ["b.jpg", "deep/b-2.jpg", "deep/b.jpg"]
    assert drawn("in/b.png", "other") == [
        "in/b.jpg", "other/b.jpg", "other/deep/b-2.jpg", "other/deep/b.jpg",
    ]  # fmt: skip
    assert drawn("in/b.png", tmp_path / "other/b.png") == ["in/b.jpg", "other/b.jpg"]
    assert drawn("other/deep") == ["b-2.jpg", "b.jpg"]


def test_a_table_has_a_row_for_each_plate_and_for_each_input_without(options, folder, capsys):
    (folder / "c.png").write_bytes(cv2.imencode(".png", 0 * FRAME)[1].tobytes())
    (folder / "d.png").write_bytes(b"no picture, and a comma")
    (folder / "v.mp4").write_bytes(b"")
    code, out, err = run(capsys, "recognize", "--csv", folder)
    rows = list(csv.DictReader(out.splitlines()))
    assert code == 2
    assert [row["plate"] for row in rows] == ["AB12", "AB12", "", "", ""]
    assert [Path(row["image"]).name for row in rows] == [
        "a.PNG", "b.png", "c.png", "d.png", "v.mp4",
    ]  # fmt: skip
    assert [bool(row["error"]) for row in rows] == [False, False, False, True, True]
    assert (rows[0]["confidence"], rows[0]["country"], rows[0]["x"]) == ("90.0", "eu", "10")
    assert rows[0]["candidates"] == "AB12 90.00; A812 5.00"
    assert err.count("\n") == 2


def test_a_row_without_a_plate_has_the_vehicle(options, folder, monkeypatch, capsys):
    look = VehicleLook(color=(Label("blue", 0.8),))
    found = replace(FakeEngine().recognize(0 * FRAME), main_vehicle=look)
    monkeypatch.setattr(FakeEngine, "recognize", lambda *_, **__: found)
    _, out, _ = run(capsys, "recognize", "--csv", folder / "b.png", "--tasks", "plate,color")
    (row,) = csv.DictReader(out.splitlines())
    assert (row["plate"], row["color"]) == ("", "blue")


def test_a_spreadsheet_takes_no_name_for_a_formula(options, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    Path("=1+1.png").write_bytes(PNG)
    _, out, _ = run(capsys, "recognize", "--csv", "=1+1.png")
    assert out.splitlines()[1].startswith("'=1+1.png,AB12,")


def test_json_has_country_and_every_character_with_its_confidence(
    options, folder, monkeypatch, capsys
):
    quad = PLATE.quad
    glyphs = tuple(Glyph(c, quad, p, (), 0, 0.0) for c, p in zip("AB", (0.5, 1.0), strict=True))
    plate = replace(PLATE, glyphs=glyphs, text_with_unsure="?B")
    found = replace(FakeEngine().recognize(FRAME), plates=(plate,))
    monkeypatch.setattr(FakeEngine, "recognize", lambda *_, **__: found)
    _, out, _ = run(capsys, "recognize", "--json", folder / "b.png")
    result = json.loads(out)["results"][0]
    assert result["characters"] == [
        {"character": "A", "confidence": 50}, {"character": "B", "confidence": 100},
    ]  # fmt: skip
    assert (result["country"], result["text_with_unsure"]) == ("eu", "?B")


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_hashed_plates_are_the_same_everywhere_and_nothing_spells_them(
    options, folder, tmp_path, capsys, form
):
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef\n")
    words = ["recognize", folder / "b.png", "--hash-plates", key, "--unsure", "0.5", *form]
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    told = hmac.digest(b"0123456789abcdef", b"AB12", "sha256").hex()
    other = hmac.digest(b"0123456789abcdef", b"A812", "sha256").hex()
    assert out.count(told) == 2  # the text and the first candidate
    assert other in out
    assert "AB12" not in out
    assert "A812" not in out


def test_hashed_plates_are_not_drawn_and_need_a_key(options, folder, tmp_path, capsys):
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    words = ["recognize", folder / "b.png", "--hash-plates", key]
    code, out, err = run(capsys, *words, "--annotate", tmp_path / "drawn")
    assert (code, out) == (1, "")
    assert "--annotate would show the plates" in err
    key.write_bytes(b"short\n")
    assert run(capsys, *words)[2] == f"alprcore: {key}: key: expected 16 bytes or more, got 5\n"
    key.unlink()
    assert "the key cannot be read: No such file" in run(capsys, *words)[2]


def test_progress_is_shown_on_a_terminal_alone(options, folder, tmp_path, capsys):
    assert run(capsys, "recognize", folder)[2] == ""
    pty = pytest.importorskip("pty")
    main_end, their_end = pty.openpty()
    termios = pytest.importorskip("termios")
    termios.tcsetwinsize(their_end, (24, 80))  # in one without a width there is no bar
    with os.fdopen(their_end, "w") as terminal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        run(capsys, "recognize", folder)
        terminal.flush()
        assert select.select([main_end], [], [], 30)[0]
        said = os.read(main_end, 10_000).decode()
    os.close(main_end)
    assert "/2 " in said
    assert "picture" in said


@pytest.mark.parametrize("out", [".", "car.jpg", "link.jpg", "../in/car.jpg"])
def test_no_input_is_drawn_over(options, folder, monkeypatch, capsys, out):
    monkeypatch.chdir(folder)
    (folder / "car.jpg").write_bytes(PNG)
    (folder / "link.jpg").symlink_to("car.jpg")
    monkeypatch.setattr(inputs, "read_frame", None)  # calling it would fail
    code, printed, err = run(capsys, "recognize", "car.jpg", "--annotate", out)
    assert (code, printed) == (1, "")
    assert err.endswith("is one of the inputs, it would be lost\n")
    assert (folder / "car.jpg").read_bytes() == PNG


def test_a_folder_is_not_drawn_into_itself(options, folder, capsys):
    (folder / "b.png").rename(folder / "b.jpg")
    code, printed, err = run(capsys, "recognize", folder, "--annotate", folder)
    assert (code, printed) == (1, "")
    assert f"{str(folder / 'b.jpg')!r} is one of the inputs" in err
    assert (folder / "b.jpg").read_bytes() == PNG


def test_several_pictures_are_not_annotated_into_one(options, folder, tmp_path, capsys):
    out = tmp_path / "one.JPG"
    code, printed, err = run(capsys, "recognize", folder, "--annotate", out)
    assert (code, printed) == (1, "")
    assert err == f"alprcore: --annotate: expected a folder for 2 pictures, got '{out}'\n"
    assert not out.exists()
    out.mkdir()  # a folder of that name will do
    assert run(capsys, "recognize", folder, "--annotate", out)[0] == 0


def test_an_output_that_cannot_be_written_is_reported(options, folder, tmp_path, capsys):
    for out in (tmp_path / "drawn.xyz", tmp_path / "no" / "such" / "drawn.png"):
        code, _, err = run(capsys, "recognize", folder / "b.png", "--annotate", out)
        assert code == 1
        assert err.startswith("alprcore: ")


def test_areas_may_begin_left_of_the_picture(options, folder, capsys):
    words = ["recognize", "--json", "--roi", "-10,-10,2000,2000", folder / "b.png"]
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    area = {"x": 0, "y": 0, "width": 80, "height": 48}
    assert json.loads(out)["regions_of_interest"] == [area]


def test_areas_outside_a_picture_are_told(options, folder, capsys):
    areas = ["--roi", "80,0,10,10", "--roi", "0,99,5,9", "--roi", "79,47,10,10"]
    code, out, err = run(capsys, "recognize", "--json", folder / "b.png", *areas)
    assert (code, len(out.splitlines())) == (0, 1)
    missed = "--roi 80,0,10,10 and --roi 0,99,5,9"
    assert err == f"alprcore: {folder / 'b.png'}: {missed}: outside the picture, 80 x 48\n"


def test_plates_that_were_not_looked_for_are_not_counted(options, folder, capsys):
    _, out, _ = run(capsys, "recognize", folder / "b.png", "--tasks", "color,make")
    assert out == f"{folder / 'b.png'}: 80 x 48, 2 ms\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["recognise"],
        ["recognize"],
        ["recognize", "a.jpg", "--topn", "0"],
        ["recognize", "a.jpg", "--topn", "many"],
        ["recognize", "a.jpg", "--unknown"],
        ["explain", "a.jpg"],
    ],
)
def test_a_wrong_command_exits_with_1_and_shows_the_usage(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith("usage: alprcore")


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["recognize", "--help"]])
def test_help_and_version_exit_with_0(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 0
    assert capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"alprcore {metadata.version('alprcore')}\n"


def test_interruption_is_quiet(options, monkeypatch, folder, capsys):
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(inputs, "read_frame", interrupted)
    assert run(capsys, "recognize", folder / "b.png") == (130, "", "")


def test_explain_writes_a_picture_a_plate(options, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(explain, "explain_plates", lambda image, engine: [image, image])
    out = tmp_path / "new" / "cuts"
    code, printed, _ = run(capsys, "explain", folder / "b.png", "--out", out)
    assert code == 0
    assert printed.splitlines() == [str(out / "plate-1.png"), str(out / "plate-2.png")]
    assert cv2.imread(str(out / "plate-2.png")).shape == FRAME.shape


def test_explain_does_not_draw_over_its_input(options, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(explain, "explain_plates", lambda frame, engine: [frame, frame])
    (tmp_path / "plate-2.png").write_bytes(PNG)
    code, out, err = run(capsys, "explain", tmp_path / "plate-2.png", "--out", tmp_path)
    assert (code, out) == (1, "")
    assert "would be lost" in err
    assert [path.name for path in tmp_path.iterdir()] == ["plate-2.png"]


def test_explain_says_when_there_is_nothing_to_explain(
    options, folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(explain, "explain_plates", lambda image, engine: [])
    code, out, err = run(capsys, "explain", folder / "b.png", "--out", tmp_path)
    assert (code, out) == (0, "")
    assert "no plate" in err
    code, _, err = run(capsys, "explain", tmp_path / "none.png", "--out", tmp_path)
    assert code == 2
    assert "no file" in err


def labelled(folder, text="AB12"):
    rows = ["image,x,y,w,h,plate", f"a.PNG,10,10,50,15,{text}", "b.png,10,10,50,15,AB12"]
    (folder / "truth.csv").write_text("\n".join(rows) + "\n")


def test_evaluate_counts_lists_and_saves(options, folder, tmp_path, capsys):
    labelled(folder, "AB1Z")
    table, saved = tmp_path / "new" / "RESULTS.md", tmp_path / "saved"
    words = ["evaluate", folder, "--results", table, "--save-json", saved]
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "2 plates in 2 pictures" in out
    assert "strict      1   50.0 %" in out
    assert out.splitlines()[-1] == "  a.PNG: AB1Z read as AB12"
    run(capsys, *words)
    rows = table.read_text().splitlines()
    assert len(rows) == 4
    assert "| in | auto | 2 | 100.0 | 50.0 |" in rows[-1]
    reply = json.loads((saved / "in" / "b.json").read_text())
    assert reply["results"][0]["plate"] == "AB12"


def test_evaluate_takes_the_labels_of_one_folder_from_elsewhere(options, folder, tmp_path, capsys):
    labelled(folder, "AB12")
    kept = tmp_path / "labels.csv"
    (folder / "truth.csv").rename(kept)
    code, out, _ = run(capsys, "evaluate", folder, "--truth", kept)
    assert code == 0
    assert "strict      2  100.0 %" in out
    code, _, err = run(capsys, "evaluate", folder, tmp_path, "--truth", kept)
    assert code == 1
    assert "one FOLDER" in err


def test_evaluate_counts_an_unreadable_picture_as_not_found(options, folder, capsys):
    labelled(folder)
    (folder / "b.png").unlink()
    code, out, err = run(capsys, "evaluate", folder)
    assert code == 2
    assert "b.png: AB12 read as (not found)" in out
    assert "no file" in err


def test_evaluate_without_labels_is_a_wrong_command(options, folder, tmp_path, capsys):
    missing = tmp_path / "none"
    for words, problem in (
        ([folder], f"{folder}: no truth.csv in this folder"),
        ([missing], f"{missing}: no such folder"),
        ([folder, "--truth", missing], f"{missing}: no such file"),
        ([folder, "--truth", folder], f"{folder}: cannot be read: Is a directory"),
    ):
        assert run(capsys, "evaluate", *words) == (1, "", f"alprcore: {problem}\n")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("b.png,10,10", "line 3: too few columns"),
        ("b.png,10,10,nan,15,AB12", "line 3: expected x,y,w,h in pixels, got '10,10,nan,15'"),
    ],
)
def test_evaluate_names_the_line_of_a_wrong_label(options, folder, capsys, row, problem):
    truth = folder / "truth.csv"
    truth.write_text(f"image,x,y,w,h,plate\na.PNG,10,10,50,15,AB12\n{row}\n")
    assert run(capsys, "evaluate", folder) == (1, "", f"alprcore: {truth}: {problem}\n")


def test_evaluate_takes_labels_as_spreadsheets_save_them(options, folder, capsys):
    labelled(folder)
    truth = folder / "truth.csv"
    truth.write_bytes(b"\xef\xbb\xbf" + truth.read_bytes().replace(b"\n", b"\r\n"))
    code, out, err = run(capsys, "evaluate", folder)
    assert (code, err) == (0, "")
    assert "strict      2  100.0 %" in out


def test_evaluate_keeps_decoders_quiet(options, folder, capfd):
    content = cv2.imencode(".jpg", FRAME)[1].tobytes()
    (folder / "b.png").write_bytes(content[:-2] + bytes(90) + content[-2:])  # read with a complaint
    labelled(folder)
    assert main(["evaluate", str(folder)]) == 0
    assert capfd.readouterr().err == ""


def test_what_decoders_print_is_dropped_and_python_still_speaks(capfd):
    with quiet_stderr():
        subprocess.run([sys.executable, "-c", "import os; os.write(2, b'noise')"], check=True)
    print("message", file=sys.stderr)
    assert capfd.readouterr().err == "message\n"


def test_python_speaks_while_decoders_are_quiet(tmp_path):
    code = (
        "import os, sys; from alprcore.picture.quiet import quiet_stderr\n"
        "with quiet_stderr():\n"
        "    os.write(2, b'noise'); print('progress', file=sys.stderr)\n"
        "print('after', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == b"progress\nafter\n"


# --- the program itself ---


program = partial(process_tools.program, "alprcore")


def test_the_program_reports_its_version(tmp_path):
    done = program("--version", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.decode().startswith("alprcore ")


def test_the_program_exits_with_1_and_2(tmp_path):
    assert program("recognize", cwd=tmp_path).returncode == 1
    done = program("recognize", "--json", "nowhere.jpg", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == b"alprcore: nowhere.jpg: no file 'nowhere.jpg'\n"
    assert len(done.stdout.splitlines()) == 1


def test_the_program_keeps_decoders_quiet(tmp_path):
    smooth = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8), (0, 0), 2
    )
    content = cv2.imencode(".jpg", smooth)[1].tobytes()
    done = program("recognize", "-", cwd=tmp_path, input=content[: len(content) // 2])
    assert done.returncode == 2
    assert done.stderr == b"alprcore: standard input: the JPEG file is truncated\n"


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    command = [sys.executable, "-m", "alprcore", "recognize", *["a.png"] * 30]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_countries_are_listed(capsys):
    code, out, _ = run(capsys, "countries")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == sorted(
        line.split()[0] for line in out.splitlines()
    )
    assert any(line.startswith("us ") for line in out.splitlines())


def test_two_line_plates_are_joined_by_a_hyphen():
    found = FakeEngine().recognize(FRAME)
    found = replace(found, plates=(replace(PLATE, text="AB\n12"),))
    assert "  AB-12 at 10,10, gb" in recognize.readable("a.png", found)


@pytest.mark.parametrize(("legibility", "faint"), [(0.1, True), (0.3, False)])
def test_plates_that_can_hardly_be_read_are_marked(legibility, faint):
    plate = replace(PLATE, legibility=legibility)
    text = recognize.readable("a.png", replace(FakeEngine().recognize(FRAME), plates=(plate,)))
    assert ("AB12 at 10,10, gb, hardly legible\n" in text) == faint
    assert ("AB12 at 10,10, gb\n" in text) != faint


def test_plates_that_are_cut_off_are_marked(options, folder, monkeypatch, capsys):
    found = replace(FakeEngine().recognize(FRAME), plates=(replace(PLATE, truncated=True),))
    assert "  AB12 at 10,10, gb, cut off\n" in recognize.readable("a.png", found)
    monkeypatch.setattr(FakeEngine, "recognize", lambda *_, **__: found)
    _, out, _ = run(capsys, "recognize", "--json", folder / "b.png")
    assert json.loads(out)["results"][0]["truncated"] is True


def test_an_unknown_country_is_a_wrong_command(tmp_path, capsys):
    code, _, err = run(capsys, "recognize", "a.jpg", "--country", "atlantis")
    assert code == 1
    assert "atlantis" in err
    assert alprcore.cli.__doc__
