# SPDX-License-Identifier: Apache-2.0
"""Pictures as callers hold them: Pillow's, open files, red-green-blue arrays."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest

from alprcore.errors import ImageError
from alprcore.picture.load import load_frame
from alprcore.resources import sample_path

pillow = pytest.importorskip("PIL.Image")


def coloured() -> np.ndarray:
    frame = np.zeros((6, 9, 3), np.uint8)
    frame[:, :3], frame[:3, :, 1], frame[4, 5] = (255, 10, 0), 77, (1, 2, 3)
    return frame


def test_a_pillow_image_is_the_array_it_shows() -> None:
    frame = coloured()
    assert (load_frame(pillow.fromarray(frame[:, :, ::-1])) == frame).all()


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA", "I;16", "YCbCr", "HSV", "F"])
def test_every_mode_of_pillow_is_taken_or_refused_in_words(mode: str) -> None:
    picture = pillow.fromarray(coloured()[:, :, ::-1])
    image = pillow.new("I;16", (9, 6), 0x80FF) if mode == "I;16" else picture.convert(mode)
    assert load_frame(image).shape == (6, 9, 3)
    if mode == "I;16":
        assert (load_frame(image) == 0x80).all()


def test_transparent_pixels_of_a_pillow_image_become_white() -> None:
    clear = pillow.new("RGBA", (4, 4), (0, 0, 0, 0))
    clear.putpixel((1, 1), (10, 20, 30, 255))
    frame = load_frame(clear)
    assert frame[0, 0].tolist() == [255, 255, 255]
    assert frame[1, 1].tolist() == [30, 20, 10]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_pillow_image_is_upright_as_its_file_is(orientation: int) -> None:
    exif = pillow.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    pillow.fromarray(coloured()).save(content, "PNG", exif=exif)
    seen = load_frame(pillow.open(io.BytesIO(content.getvalue())))
    assert (seen == load_frame(content.getvalue())).all()


def test_a_truncated_pillow_image_is_refused() -> None:
    content = sample_path("eu.jpg").read_bytes()[:2000]
    with pytest.raises(ImageError, match="Pillow"):
        load_frame(pillow.open(io.BytesIO(content)))


def test_a_pillow_image_above_the_limit_is_refused_before_it_is_decoded() -> None:
    with (
        pillow.open(sample_path("eu.jpg")) as image,
        pytest.raises(ImageError, match="more than the limit"),
    ):
        load_frame(image, max_pixels=100)


def test_an_open_file_gives_what_its_path_gives() -> None:
    path = sample_path("eu.jpg")
    with path.open("rb") as file:
        assert (load_frame(file) == load_frame(path)).all()
    assert (load_frame(io.BytesIO(path.read_bytes())) == load_frame(path)).all()


def test_a_file_of_text_and_a_closed_one_are_refused() -> None:
    with pytest.raises(ImageError, match="binary mode"):
        load_frame(io.StringIO("text"))
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(ImageError, match="cannot read the file"):
        load_frame(closed)
    with pytest.raises(ImageError, match="0 bytes"):
        load_frame(io.BytesIO())


def test_red_green_blue_arrays_are_turned_round_on_request() -> None:
    frame = coloured()
    assert (load_frame(frame[:, :, ::-1], rgb=True) == frame).all()
    four = np.dstack([frame[:, :, ::-1], np.full(frame.shape[:2], 255, np.uint8)])
    assert (load_frame(four, rgb=True) == frame).all()
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    assert (load_frame(grey, rgb=True) == load_frame(grey)).all()


def test_other_objects_are_refused_with_what_is_expected() -> None:
    with pytest.raises(ImageError, match=r"a path, bytes, an open binary file, a PIL\.Image"):
        load_frame(3)  # type: ignore[arg-type]
