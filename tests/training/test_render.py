# SPDX-License-Identifier: Apache-2.0
"""Tests of rendered plates. Most use the parametric faces only, which need no font file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alprcore.training.drawing import faces, phrases
from alprcore.training.drawing.degrade import degrade
from alprcore.training.drawing.faces import FontSet
from alprcore.training.drawing.hangul_faces import stroke_syllables, syllables
from alprcore.training.drawing.plate_ink import InkStyle, draw_line
from alprcore.training.drawing.render import render_plate, styles

font_folder = Path(__file__).resolve().parents[2] / "training_data" / "fonts"


@pytest.fixture(scope="module")
def fonts() -> FontSet:
    some = tuple(faces.stroke_face(i) for i in range(3))
    bar = np.full((faces.word_rows, 120), 255, np.uint8)
    words: dict[str, tuple[faces.Mask, ...]] = dict.fromkeys(phrases.by_kind, (bar,))
    hangul = (stroke_syllables(0), stroke_syllables(1))
    return FontSet(outline=some, stroke=some, real={}, words=words, hangul=hangul)


def test_a_seed_gives_the_same_plate(fonts: FontSet) -> None:
    first, second = (render_plate(np.random.default_rng(5), fonts) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert [line.text for line in first.lines] == [line.text for line in second.lines]


@pytest.mark.parametrize("style", list(styles))
def test_every_style_gives_plates_of_known_text(fonts: FontSet, style: str) -> None:
    for seed in range(8):
        plate = render_plate(np.random.default_rng(seed), fonts, style=style)
        assert plate.country == style
        assert plate.image.dtype == np.uint8
        assert 100 <= plate.image.shape[0] <= 200
        assert len(plate.lines) == (
            2 if style in {"eu2", "br2", "vn2", "world2", "kr2"} else len(plate.lines)
        )
        for line in plate.lines:
            assert set(line.text) <= set(faces.alphabet + (syllables if "kr" in style else ""))
            assert line.boxes.shape == (len(line.text), 4)


@pytest.mark.parametrize("style", ["us", "eu", "br", "eu2", "kr", "kr2"])
def test_boxes_run_left_to_right_inside_the_plate(fonts: FontSet, style: str) -> None:
    for seed in range(12):
        plate = render_plate(np.random.default_rng(seed), fonts, style=style)
        height, width = plate.image.shape[:2]
        for line in plate.lines:
            centres = (line.boxes[:, 0] + line.boxes[:, 2]) / 2
            assert np.all(np.diff(centres) > 0)
            assert line.boxes[:, :2].min() > -6
            assert line.boxes[:, 2].max() < width + 6
            assert line.boxes[:, 3].max() < height + 6


def test_a_box_holds_exactly_the_ink_of_its_character() -> None:
    canvas = np.zeros((120, 200, 3), np.float32)
    style = InkStyle(height=60, color=(255.0, 255.0, 255.0))
    rng = np.random.default_rng(0)
    line = draw_line(canvas, rng, faces.stroke_face(1), ("H",), (0, 0, 200, 120), style=style)
    rows, columns = np.nonzero(canvas[..., 0] > 127)
    ink = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert line.boxes[0] == pytest.approx(ink, abs=1)
    assert line.bottom - line.top == pytest.approx(60)


def test_degrading_keeps_size_and_type() -> None:
    image = np.full((40, 90, 3), 128, np.uint8)
    for seed in range(40):
        out = degrade(np.random.default_rng(seed), image, strength=1.5)
        assert out.shape == image.shape
        assert out.dtype == np.uint8


def test_no_strength_leaves_the_picture_nearly_as_it_is() -> None:
    image = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (40, 256, 3)).copy()
    differences = [
        np.abs(degrade(np.random.default_rng(seed), image, strength=0).astype(int) - image).mean()
        for seed in range(20)
    ]
    assert np.median(differences) < 4


def test_fonts_of_the_folder_can_be_loaded() -> None:
    pytest.importorskip("PIL")
    if not font_folder.is_dir():
        pytest.skip("fonts are not fetched: python -m alprcore.training.drawing.fonts")
    fonts = faces.load_fonts(font_folder)
    assert len(fonts.outline) > 60
    assert all(face.has(faces.alphabet) for face in fonts.outline)


def test_a_folder_without_fonts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="font files"):
        faces.load_fonts(tmp_path)
