# SPDX-License-Identifier: Apache-2.0
"""What a Python developer tries first: drawing, cropping, rows, JSON back, many pictures."""

from __future__ import annotations

import csv
import io
import json
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

import alprcore
from alprcore import Engine, ImageError, Recognition, Settings, SettingsError, sample_path
from alprcore.running.in_order import AHEAD, in_order


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="eu")


@pytest.fixture(scope="module")
def found(engine: Engine) -> Recognition:
    return engine.recognize(sample_path("two_plates.jpg"), tasks=("plate", "color"))


def test_representations_are_short(engine: Engine, found: Recognition) -> None:
    assert repr(engine) == "Engine(country=('eu',))"
    assert repr(Engine(topn=3)) == "Engine(topn=3)"
    assert len(repr(found)) < 200
    assert found.plates[0].text in repr(found)
    assert repr(Recognition(3, 2, 0, 0.0, (), ())) == "<Recognition 3x2: no plate>"


def test_the_version_is_that_of_the_project() -> None:
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    assert f'version = "{alprcore.__version__}"' in project


def test_draw_marks_the_plates_in_a_copy(found: Recognition) -> None:
    frame = alprcore.load_frame(sample_path("two_plates.jpg"))
    drawn = found.draw(sample_path("two_plates.jpg"))
    assert drawn.shape == frame.shape
    x, y = (int(v) for v in found.plates[0].quad.top_left)
    near = np.s_[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
    assert (drawn[near] != frame[near]).any()


def test_a_crop_is_the_plate_set_upright(found: Recognition) -> None:
    frame = alprcore.load_frame(sample_path("two_plates.jpg"))
    for plate in found.plates:
        crop = plate.crop(frame, height=40)
        assert crop.shape[0] == 40
        assert 2 < crop.shape[1] / 40 < 7
        grown = Engine(country="eu", skip_detection=True).recognize(crop)
        assert grown.plates[0].text == plate.text


def test_a_crop_of_an_upright_box_is_a_slice() -> None:
    frame = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    corners = alprcore.Quad((10, 5), (50, 5), (50, 25), (10, 25))
    plate = alprcore.Plate("A", 1, False, "", "", 0, corners, 1, (), (), 0, 1, 0)
    assert (plate.crop(frame) == frame[5:25, 10:50]).all()


def test_rows_are_flat_and_fit_a_csv(found: Recognition) -> None:
    rows = found.rows()
    assert [row["plate"] for row in rows] == [plate.text for plate in found.plates]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    assert next(csv.DictReader(text.getvalue().splitlines()))["plate"] == rows[0]["plate"]
    assert 0 <= rows[0]["confidence"] <= 100
    assert rows[0]["image"].endswith("two_plates.jpg")


def test_json_comes_back(found: Recognition) -> None:
    back = Recognition.from_json(found.to_json())
    assert back.to_json() == found.to_json()
    assert [plate.text for plate in back.plates] == [plate.text for plate in found.plates]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"data_type": "heartbeat"}', '{"img_width": "x"}', "null"]
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"recognition|Expecting value"):
        Recognition.from_json(text)


def test_a_notebook_sees_picture_and_table(found: Recognition) -> None:
    html = found._repr_html_()
    assert "data:image/jpeg;base64," in html
    assert f"<td>{found.plates[0].text}</td>" in html
    without = Recognition.from_json(found.to_json())._repr_html_()
    assert "<img" not in without
    assert "<table>" in without
    assert "No plate" in Recognition(3, 2, 0, 0.0, (), ())._repr_html_()


def test_the_source_is_neither_compared_nor_written(engine: Engine) -> None:
    path = sample_path("eu.jpg")
    named, bare = engine.recognize(path), engine.recognize(path.read_bytes())
    assert named.source == str(path)
    assert bare.source == ""
    assert "source" not in json.loads(named.to_json())
    assert pickle.loads(pickle.dumps(named)).source == named.source


@pytest.mark.parametrize("workers", [1, 3])
def test_many_pictures_come_in_order_with_errors_in_place(engine: Engine, workers: int) -> None:
    path, seen = sample_path("eu.jpg"), []
    pictures = [path, b"no picture", sample_path("two_plates.jpg"), path]
    found = list(engine.recognize_many(pictures, workers=workers, progress=seen.append))
    assert isinstance(found[1], ImageError)
    texts = [[plate.text for plate in each.plates] for each in (found[0], found[2], found[3])]
    assert texts[0] == texts[2] != texts[1]
    assert seen == [1, 2, 3, 4]


def test_many_pictures_are_taken_as_they_are_needed(engine: Engine) -> None:
    taken = 0

    def pictures() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield b"no picture"

    found = engine.recognize_many(pictures(), workers=2)
    next(found)
    assert taken <= 2 * AHEAD
    found.close()


def test_no_workers_are_refused(engine: Engine) -> None:
    with pytest.raises(SettingsError, match="workers"):
        next(engine.recognize_many([], workers=0))


def test_an_error_of_a_thread_is_raised_at_its_place() -> None:
    def half(number: int) -> float:
        return 1 / number

    results = in_order(half, [1, 2, 0, 4], workers=2)
    assert [next(results), next(results)] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_threads_really_work_side_by_side() -> None:
    both = threading.Barrier(2, timeout=20)
    assert list(in_order(lambda _: both.wait() >= 0, range(2), workers=2)) == [True, True]


def test_settings_that_are_usual_are_not_named() -> None:
    assert repr(Engine(settings=Settings(country=("us",), topn=10))) == "Engine(country=('us',))"
