# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.server
import io
import json
import re
import sys
import threading
import time
import tomllib
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import process_tools
import pytest
from hypothesis import given
from hypothesis import strategies as st
from process_tools import called

from alprcore.cli.alpr import command as alpr
from alprcore.cli.alpr.arguments import Chosen, StoppedError, parse
from alprcore.cli.alpr.inputs import Kind, camera_number, kind_of, pictures_in
from alprcore.cli.alpr.text import plain
from alprcore.cli.alpr.video import MotionDetector, VideoError, stream_frames, video_frames
from alprcore.errors import CountryError
from alprcore.openalpr import Alpr
from alprcore.records import Box, Candidate, Plate, Quad
from alprcore.resources import sample_path
from alprcore.wire.results import Recognition

PLATE = Plate(
    text="KLM482",
    confidence=0.912048,
    matches_template=False,
    country="us",
    region="",
    region_confidence=0.0,
    quad=Quad((10.0, 10.0), (60.0, 10.0), (60.0, 25.0), (10.0, 25.0)),
    detection_score=0.98,
    candidates=(
        Candidate("KLM482", 0.912048),
        Candidate("KIM482", 0.80118203, True),
        Candidate("KLN\n482", 0.785),
        Candidate("8", 1e-7),
    ),
    glyphs=(),
    plate_index=0,
    requested_topn=10,
    elapsed_ms=12.310412,
)
FRAME = np.full((48, 80, 3), 77, np.uint8)
PNG = cv2.imencode(".png", FRAME)[1].tobytes()
BLACK = cv2.imencode(".png", FRAME * 0)[1].tobytes()
LINES = [
    "plate0: 4 results",
    "    - KLM482\t confidence: 91.2048",
    "    - KIM482\t confidence: 80.1182",
    "    - KLN-482\t confidence: 78.5",
    "    - 8\t confidence: 0.00001",
]


class FakeLibrary:
    """Finds one plate in every picture that is not black."""

    def __init__(self, plate=PLATE):
        self.plate, self.areas = plate, []

    def recognize(self, image, areas=()):
        rows, cols = image.shape[:2]
        self.areas.append(areas)
        plates = (self.plate,) if image.any() else ()
        return Recognition(cols, rows, 1, 41.203571, (Box(0, 0, cols, rows),), plates)

    def region_problem(self):
        return ""


pytestmark = pytest.mark.usefixtures("no_configuration_of_this_machine")


@pytest.fixture
def fake(monkeypatch):
    """A quick library in place of the real one; `wishes` is what was asked of it."""
    library = FakeLibrary()

    def load(wishes, config):
        library.wishes, library.config = wishes, config
        return library

    monkeypatch.setattr(alpr, "load_library", load)
    return library


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "car.PNG").write_bytes(PNG)
    return tmp_path / "car.PNG"


run = partial(called, alpr.main)


def feed(monkeypatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def write_video(path: Path, frames) -> Path:
    rows, cols = frames[0].shape[:2]
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (cols, rows))
    for frame in frames:
        video.write(frame)
    video.release()
    return path


# --- words ---


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a.jpg", {}),
        ("-", {"inputs": ("-",)}),
        ("-c eu a.jpg", {"country": "eu"}),
        ("a.jpg -n 3 -j", {"topn": 3, "json": True}),
        ("--topn -2 a.jpg", {"topn": -2}),
        ("-dj a.jpg", {"detect_region": True, "json": True}),
        ("-p md --config f.conf a.jpg", {"pattern": "md", "config": "f.conf"}),
        ("--seek 1500 --motion --clock --debug a.jpg", {"seek": 1500, "motion": True}),
        ("--country --json a.jpg", {"country": "--json"}),
        ("-- -j --version", {"inputs": ("-j", "--version")}),
        ("-j --ignore_rest -c", {"inputs": ("-c",), "json": True}),
        # Taken for inputs by OpenALPR:
        ("--country=eu --topn=4 a.jpg", {"country": "eu", "topn": 4}),
        ("-ceu -jn4 a.jpg", {"country": "eu", "topn": 4, "json": True}),
        ("-jc eu a.jpg", {"country": "eu", "json": True}),
        # No flags of this program:
        ("-x --what --json=1 -jz", {"inputs": ("-x", "--what", "--json=1", "-jz")}),
    ],
)
def test_words_are_taken_as_openalpr_takes_them(words, expected):
    chosen = parse(words.split())
    assert chosen.inputs == expected.get("inputs", ("a.jpg",))
    for name, value in expected.items():
        assert getattr(chosen, name) == value


WORD = st.sampled_from(["-j", "-dj", "-n", "3", "-c", "--topn=2", "--", "a.jpg", "-", "--seek"])


@given(st.lists(WORD | st.text(max_size=4)))
def test_any_words_are_understood_or_refused(words):
    try:
        inputs = parse(words).inputs
    except StoppedError as stopped:
        understood = stopped.text.startswith("PARSE ERROR: ")
    else:
        understood = bool(inputs) and set(inputs) <= set(words)
    assert understood


def test_the_defaults_are_those_of_openalpr():
    assert parse(["a"]) == Chosen(("a",))
    assert (Chosen().country, Chosen().topn, Chosen().seek) == ("us", 10, 0)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("", "Required argument missing"),
        ("-j", "Required argument missing"),
        ("a.jpg -c", "-c (--country)\n             Missing a value"),
        ("a.jpg --config", "(--config)\n             Missing a value"),
        ("a.jpg -n", "-n (--topn)\n             Missing a value"),
        ("a.jpg -n many", "Couldn't read argument value from string 'many'"),
        ("a.jpg -n 3x", "'3x'"),
        ("a.jpg -n 1_0", "'1_0'"),
        ("a.jpg --seek 1.5", "'1.5'"),
        ("a.jpg -n 99999999999", "'99999999999'"),
        ("a.jpg --topn=", "''"),
        ("-c us -c eu a.jpg", "already set"),
        ("-jj a.jpg", "-j (--json)\n             Argument already set"),
    ],
)
def test_wrong_words_end_with_a_parse_error(words, problem, capsys):
    code, out, err = run(capsys, *words.split())
    assert (code, out) == (1, "")
    assert err.startswith("PARSE ERROR:")
    assert problem in err


@pytest.mark.parametrize("words", ["--version", "-j --version", "--version -n x", "a --version"])
def test_the_version_loads_nothing_and_exits_with_1(words, capsys, monkeypatch):
    monkeypatch.setattr(alpr, "load_library", None)  # calling it would fail
    assert run(capsys, *words.split()) == (1, "\nalpr  version: 2.3.0\n\n", "")


@pytest.mark.parametrize("word", ["-h", "--help", "-jh"])
def test_help_names_every_flag_and_exits_with_1(word, capsys):
    code, out, err = run(capsys, word)
    assert (code, err) == (1, "")
    for flag in ("config", "country", "topn", "pattern", "detect_region", "json", "clock"):
        assert f"--{flag}" in out
    for flag in ("seek", "motion", "debug", "ignore_rest", "version", "help"):
        assert f"--{flag}" in out


def test_the_program_is_installed_under_its_name():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    module, function = project["project"]["scripts"]["alpr"].split(":")
    assert getattr(import_module(module), function) is alpr.main


def test_what_is_chosen_reaches_the_library(fake, picture, tmp_path, capsys):
    config = tmp_path / "a.conf"
    config.write_text("analysis_count = 3\ndetector = morphcpu")
    words = ["-c", "eu,gb", "-n", "4", "-p", "fr", "-d", "--config", config, picture]
    code, _, err = run(capsys, *words)
    assert code == 0
    assert err == f"{config}: without effect: detector\n"
    wishes = fake.wishes
    assert (wishes.country, wishes.topn, wishes.region) == ("eu,gb", 4, "fr")
    assert wishes.detect_region
    assert fake.config.settings == {"analysis_count": 3}


# --- inputs ---


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("-", Kind.BYTES),
        ("stdin", Kind.NAMES),
        ("webcam", Kind.CAMERA),
        ("/dev/video3", Kind.CAMERA),
        ("http://h/a.jpg", Kind.STREAM),
        ("https://h/a.mp4", Kind.STREAM),
        ("rtsp://h/a", Kind.UNKNOWN),
        *((f"a{ending}", Kind.VIDEO) for ending in (".avi", ".MP4", ".webm", ".flv")),
        *((f"a{ending}", Kind.VIDEO) for ending in (".mjpg", ".MJPEG", ".mkv")),
        *((f"a{ending}", Kind.VIDEO) for ending in (".ts", ".mov", ".m4v", ".mpg", ".h264")),
        *((f"a{ending}", Kind.PICTURE) for ending in (".png", ".JPG", ".jpeg", ".tif")),
        *((f"a{ending}", Kind.PICTURE) for ending in (".bmp", ".Gif", ".tiff", ".webp")),
        (".", Kind.FOLDER),
        ("a.txt", Kind.UNKNOWN),
        ("a", Kind.UNKNOWN),
        ("", Kind.UNKNOWN),
    ],
)
def test_the_kind_of_an_input_shows_in_its_name(word, kind):
    assert kind_of(word) is kind


def test_cameras_have_numbers():
    numbers = [camera_number(word) for word in ("webcam", "/dev/video", "/dev/video12", "/dev/v")]
    assert numbers == [0, 0, 12, 0]


def test_pictures_of_a_folder_come_without_regard_to_case(tmp_path):
    for name in ("b.PNG", "C.jpg", "a.gif", "notes.txt", "B2.png", "clip.avi"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.jpg").touch()
    (tmp_path / "sub.jpg").mkdir()
    expected = [f"{tmp_path}/{name}" for name in ("a.gif", "b.PNG", "B2.png", "C.jpg")]
    assert pictures_in(str(tmp_path)) == pictures_in(f"{tmp_path}/") == expected


def test_text_has_openalprs_form_to_the_byte(fake, picture, capsys):
    assert run(capsys, picture) == (0, "\n".join(LINES) + "\n", "")


def test_json_is_openalprs_line(fake, picture, capsys):
    code, out, err = run(capsys, "-j", picture, picture)
    assert (code, err) == (0, "")
    line = FakeLibrary().recognize(FRAME).to_json()
    assert out == f"{line}\n{line}\n"
    assert '"confidence":91.204800,"matches_template":0' in line


def test_the_pattern_column_comes_with_a_pattern(fake, picture, capsys):
    _, out, _ = run(capsys, "-p", "md", picture)
    assert out.splitlines()[1:3] == [
        "    - KLM482\t confidence: 91.2048\t pattern_match: 0",
        "    - KIM482\t confidence: 80.1182\t pattern_match: 1",
    ]


def test_a_detected_region_is_shown_with_the_pattern_column(fake, picture, capsys):
    fake.plate = replace(PLATE, region="md", region_confidence=0.87)
    _, out, _ = run(capsys, "-d", picture)
    assert out.splitlines()[:3] == [
        "plate0: 4 results",
        "State ID: md (87% confidence)",
        "    - KLM482\t confidence: 91.2048\t pattern_match: 0",
    ]


def test_the_clock_shows_times_before_json_as_well(fake, picture, capsys):
    _, out, _ = run(capsys, "--clock", picture)
    first, second, *_ = out.splitlines()
    assert re.fullmatch(r"Total Time to process image: [\d.e-]+ms\.", first)
    assert second == "plate0: 4 results -- Processing Time = 12.3104ms."
    _, out, _ = run(capsys, "-j", "--clock", picture)
    first, second = out.splitlines()
    assert first.startswith("Total Time to process image: ")
    assert json.loads(second)["results"]


def test_debugging_leaves_the_output_as_it_is(fake, picture, capsys):
    assert run(capsys, "--debug", picture) == run(capsys, picture)


def test_only_a_picture_file_says_that_it_has_no_plate(fake, tmp_path, monkeypatch, capsys):
    (tmp_path / "in").mkdir()
    black = tmp_path / "in" / "black.png"
    black.write_bytes(BLACK)
    assert run(capsys, black) == (0, "No license plates found.\n", "")
    assert json.loads(run(capsys, "-j", black)[1])["results"] == []
    assert run(capsys, tmp_path / "in") == (0, f"{black}\n", "")
    feed(monkeypatch, BLACK)
    assert run(capsys, "-") == (0, "", "")
    feed(monkeypatch, bytes(black))
    assert run(capsys, "stdin") == (0, "", "")


def test_standard_input_is_a_picture_or_names(fake, picture, monkeypatch, capsys):
    feed(monkeypatch, PNG)
    assert run(capsys, "-")[1].splitlines() == LINES
    feed(monkeypatch, f"{picture}\n\n{picture}\r\nnowhere.jpg".encode())
    code, out, err = run(capsys, "stdin")
    assert (code, err) == (0, "Image file not found: nowhere.jpg\n")
    assert out.splitlines() == LINES * 2


def test_a_folder_prints_paths_between_json_lines(fake, picture, tmp_path, capsys):
    (tmp_path / "b.png").write_bytes(BLACK)
    _, out, _ = run(capsys, "-j", tmp_path)
    first, one, second, two = out.splitlines()
    assert (first, second) == (str(tmp_path / "b.png"), str(picture))
    assert [len(json.loads(line)["results"]) for line in (one, two)] == [0, 1]


def test_a_missing_file_is_said_and_the_next_one_read(fake, picture, capsys):
    code, out, err = run(capsys, "gone.jpg", "gone.avi", picture)
    assert (code, out.splitlines()) == (0, LINES)
    assert err == "Image file not found: gone.jpg\nVideo file not found: gone.avi\n"


def test_an_unreadable_picture_is_no_plate(fake, tmp_path, monkeypatch, capsys):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PNG[:50])
    code, out, err = run(capsys, broken)
    assert (code, out) == (0, "No license plates found.\n")
    assert err == f"alpr: {broken}: the PNG file is truncated\n"
    feed(monkeypatch, b"no picture")
    code, out, err = run(capsys, "-")
    assert (code, out) == (0, "")
    assert err.startswith("Image invalid: -\n")


def test_every_picture_that_is_there_is_one_json_line_read_or_not(
    fake, picture, tmp_path, monkeypatch, capsys
):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    feed(monkeypatch, b"")
    code, out, _ = run(capsys, "-j", "gone.jpg", picture, broken, "-")
    assert code == 0
    replies = [json.loads(line) for line in out.splitlines()]
    assert [reply["img_width"] for reply in replies] == [80, 0, 0]
    assert [len(reply["results"]) for reply in replies] == [1, 0, 0]
    assert replies[1]["regions_of_interest"] == [{"x": 0, "y": 0, "width": 0, "height": 0}]


def test_an_unknown_kind_ends_the_run(fake, picture, capsys):
    code, out, err = run(capsys, picture, "notes.txt", picture)
    assert (code, out.splitlines()) == (1, LINES)
    assert err == "Unknown file type\n"


def test_a_camera_that_is_not_there_ends_the_run(fake, capsys):
    assert run(capsys, "/dev/video99") == (1, "", "Error opening webcam\n")


def test_what_cannot_be_loaded_ends_the_run(picture, monkeypatch, tmp_path, capsys):
    def load(wishes, config):
        raise CountryError("country: zz")

    monkeypatch.setattr(alpr, "load_library", load)
    assert run(capsys, picture) == (1, "", "alpr: country: zz\nError loading OpenALPR\n")
    code, out, err = run(capsys, "--config", tmp_path, picture)
    assert (code, out) == (1, "")
    assert err.endswith("is a folder\nError loading OpenALPR\n")


def test_a_named_configuration_that_is_missing_is_warned_of(fake, picture, tmp_path, capsys):
    code, out, err = run(capsys, "--config", tmp_path / "no.conf", picture)
    assert (code, out.splitlines()) == (0, LINES)
    assert err == f"config: there is no file '{tmp_path}/no.conf'; the defaults are used\n"


# --- video ---


def moving_square(count):
    """Frames of noise in which a square appears in the third and moves right by half its side."""
    noise = np.random.default_rng(0).integers(90, 110, (96, 128, 3)).astype(np.uint8)
    frames = [noise.copy() for _ in range(count)]
    for i, frame in enumerate(frames[2:]):
        frame[30:60, 20 + 15 * i : 50 + 15 * i] = 255
    return frames


def test_every_frame_of_a_video_is_read_and_numbered(fake, tmp_path, capsys):
    video = write_video(tmp_path / "clip.avi", [FRAME, FRAME * 0, FRAME])
    code, out, err = run(capsys, video)
    assert (code, err) == (0, "")
    assert out.splitlines() == ["Frame: 0", *LINES, "Frame: 1", "Frame: 2", *LINES]
    _, out, _ = run(capsys, "-j", video)
    replies = [json.loads(line) for line in out.splitlines()]
    assert [len(reply["results"]) for reply in replies] == [1, 0, 1]
    assert [(reply["frame_num"], reply["video_time_s"]) for reply in replies] == [
        (0, 0),
        (1, 0.1),
        (2, 0.2),
    ]


def test_a_video_is_read_without_pyav_too(fake, tmp_path, capsys, monkeypatch):
    video = write_video(tmp_path / "clip.avi", [FRAME, FRAME * 0, FRAME])
    _, with_it, _ = run(capsys, "-j", video)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    _, without, _ = run(capsys, "-j", "--seek", 100, video)
    numbers = [(r["frame_num"], r["video_time_s"]) for r in map(json.loads, without.splitlines())]
    assert numbers == [(1, 0.1), (2, 0.2)]
    assert len(with_it.splitlines()) == 3


def test_a_video_in_a_folder_is_named(fake, picture, tmp_path, capsys):
    video = write_video(tmp_path / "clip.ts.avi", [FRAME])
    _, _, err = run(capsys, tmp_path)
    assert err == f"alpr: {video}: videos of a folder are not read; name it\n"


def test_seeking_begins_later(fake, tmp_path, capsys):
    video = write_video(tmp_path / "clip.avi", [FRAME * 0] * 6 + [FRAME] * 4)
    _, out, _ = run(capsys, "-j", "--seek", 500, video)
    assert [len(json.loads(line)["results"]) for line in out.splitlines()] == [0, 1, 1, 1, 1]
    _, out, _ = run(capsys, "--seek", 500, video)
    assert out.startswith("Frame: 0\nFrame: 1\nplate0")
    _, out, _ = run(capsys, "-j", "--seek", 500, video)
    assert [json.loads(line)["frame_num"] for line in out.splitlines()] == [5, 6, 7, 8, 9]


def test_a_video_that_cannot_be_read_does_not_stop_the_others(fake, picture, tmp_path, capsys):
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"no video" * 99)
    code, out, err = run(capsys, broken, picture)
    assert (code, out.splitlines()) == (0, LINES)
    assert err == f"alpr: {broken}: cannot be read as a video\n"


def test_motion_is_found_where_something_moves():
    detector = MotionDetector()
    areas = [detector.moving_area(frame) for frame in moving_square(6)]
    assert areas[:2] == [None, None]
    for i, (x, y, width, height) in enumerate(areas[2:]):
        right = 50 + 15 * i  # the half of the square that is new, less what erosion takes
        assert 20 + 15 * (i - 1) <= x < right - 8
        assert right - 6 <= x + width <= right + 3
        assert 28 <= y < y + height <= 64
        assert height >= 24


def test_motion_mode_searches_what_moves_and_nothing_else(fake, tmp_path, capsys):
    video = write_video(tmp_path / "clip.avi", moving_square(5))
    _, out, _ = run(capsys, "-j", "--motion", video)
    replies = [json.loads(line) for line in out.splitlines()]
    assert [reply["img_width"] for reply in replies] == [0, 0, 128, 128, 128]
    assert [reply["regions_of_interest"] == [] for reply in replies[:2]] == [True, True]
    assert len(fake.areas) == 3
    for ((x, y, width, height),) in fake.areas:
        assert 0 <= x < x + width <= 128
        assert 0 <= y < y + height <= 96
        assert width * height < 128 * 96 / 4


def test_motion_mode_searches_all_of_a_picture(fake, picture, capsys):
    assert run(capsys, "--motion", picture)[1].splitlines() == LINES
    assert fake.areas == [()]


def test_a_video_that_cannot_be_opened_is_an_error(tmp_path):
    with pytest.raises(VideoError):
        next(video_frames(str(tmp_path / "no.avi"), seek_ms=0))


# --- streams ---


class Camera(http.server.BaseHTTPRequestHandler):
    """Sends pictures that get lighter, from 0 by 10 to 190, and hangs up."""

    pause_s = 0.02
    all_sent = threading.Event()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        head = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"
        for level in range(0, 200, 10):
            jpeg = cv2.imencode(".jpg", np.full((48, 80, 3), level, np.uint8))[1].tobytes()
            try:
                self.wfile.write(head % (len(jpeg), jpeg))
            except OSError:
                return
            time.sleep(self.pause_s)
        self.all_sent.set()

    def log_message(self, *_):
        pass


@pytest.fixture
def camera_url():
    Camera.all_sent.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/cam"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_stream_is_read_and_connected_to_again(camera_url, monkeypatch):
    monkeypatch.setattr("alprcore.cli.alpr.video.RECONNECT_PAUSE_S", 0.01)
    frames = stream_frames(camera_url)
    shapes = {next(frames).shape for _ in range(21)}  # more than one connection gives
    frames.close()
    assert shapes == {FRAME.shape}


def test_a_slow_reader_gets_the_newest_frame(camera_url):
    frames = stream_frames(camera_url)
    first = next(frames).mean()
    assert Camera.all_sent.wait(60)
    time.sleep(1)  # what was sent is received
    second = next(frames).mean()
    frames.close()
    assert first < 150
    assert second == pytest.approx(190, abs=3)


def test_a_stream_that_cannot_be_opened_ends_the_run(fake, capsys):
    code, out, err = run(capsys, "http://127.0.0.1:9/none")
    assert (code, out) == (1, "")
    assert err == "Error opening stream: http://127.0.0.1:9/none\n"


# --- the program itself ---


program = partial(process_tools.program, "alprcore.cli.alpr.command")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (98.3225, "98.3225"),
        (100.0, "100"),
        (2.6e-05, "0.000026"),
        (0.0, "0"),
        (1e-9, "0"),
        (0.0001, "0.0001"),
        (1234567.8, "1234568"),
    ],
)
def test_numbers_in_text_have_no_exponent(value, text):
    assert plain(value) == text


def expected_text(results) -> str:
    """The text of the specification for a reply."""
    lines = []
    for number, plate in enumerate(results):
        lines.append(f"plate{number}: {len(plate['candidates'])} results")
        lines += [
            f"    - {each['plate']}\t confidence: {plain(each['confidence'])}"
            for each in plate["candidates"]
        ]
    return "\n".join(lines) + "\n"


def test_the_program_prints_what_the_class_returns(tmp_path):
    path = sample_path("two_plates.jpg")
    done = program("-c", "eu", "-n", "3", path, cwd=tmp_path)
    with Alpr("eu", "", "") as binding:
        binding.set_top_n(3)
        results = binding.recognize_file(str(path))["results"]
    assert sorted(plate["plate"] for plate in results) == ["82KNT6", "GX482RT"]
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == expected_text(results)


def test_a_line_parser_finds_plates_and_confidences(tmp_path):
    # As home automation reads the text: a header, then a word and a number on each line.
    done = program("-c", "us", "-", cwd=tmp_path, input=sample_path("us.jpg").read_bytes())
    headers, readings = 0, {}
    for line in done.stdout.decode().splitlines():
        if re.match(r"plate\d+:", line):
            headers += 1
        elif found := re.search(r"- (\w+)\s+confidence: ([\d.]+)", line):
            readings[found[1]] = float(found[2])
    assert headers == 1
    assert max(readings, key=readings.__getitem__) == "LMR4827"
    assert readings["LMR4827"] > 50


def test_json_of_several_inputs_keeps_their_order(tmp_path):
    samples = [sample_path(name) for name in ("us.jpg", "two_plates.jpg")]
    video = write_video(tmp_path / "clip.avi", [cv2.imread(str(samples[0]))] * 2)
    words = ["-j", samples[0], "gone.jpg", "stdin", video, "-c", "us,eu"]
    done = program(*words, cwd=tmp_path, input=f"{samples[1]}\n".encode())
    assert done.returncode == 0
    assert done.stderr == b"Image file not found: gone.jpg\n"
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(reply["results"]) for reply in replies] == [1, 2, 1, 1]
    assert {replies[i]["results"][0]["plate"] for i in (0, 2, 3)} == {"LMR4827"}
    assert replies[0]["results"][0]["requested_topn"] == 10


def test_an_unknown_country_ends_the_program(tmp_path):
    done = program("-c", "us,zz", "a.jpg", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.endswith(b"\nError loading OpenALPR\n")
    assert b"zz" in done.stderr
