# SPDX-License-Identifier: Apache-2.0
"""README.md shows what happens; ``python tests/test_readme.py`` brings it and others up to date."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pages
from pages import PICTURE, README, SHOWN, with_accuracy, with_real_output

from alprcore import Engine, sample_path

# The rows of the picture that show the cars.
CARS = slice(230, 620)


def drawn() -> np.ndarray:
    """The picture of README.md: what ``--annotate`` draws, without sky and road."""
    picture = sample_path("two_plates.jpg")
    return Engine(country="eu").recognize(picture).draw(picture)[CARS]


def shape(text: str) -> str:
    """The text without times and probabilities, which differ a little between processors."""
    return re.sub(r" *\d+(\.\d+)? ?(ms|%)", r" … \2", text)


def test_it_shows_what_is_printed():
    readme = README.read_text("utf-8")
    assert [block[0] for block in SHOWN.findall(readme)] == ["sh", "python"]
    assert shape(with_real_output(readme)) == shape(readme)


def test_the_first_program_is_short():
    program = re.search(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)[1]
    assert len(program.splitlines()) <= 12


def test_it_is_short():
    assert len(README.read_text("utf-8").splitlines()) <= 130


def test_its_figures_are_the_newest():
    readme = README.read_text("utf-8")
    assert with_accuracy(readme) == readme


def test_its_picture_is_what_is_drawn():
    shown = cv2.imread(str(PICTURE)).astype(float)
    assert np.abs(shown - drawn()).mean() < 3  # JPEG's own noise is 1.5


if __name__ == "__main__":
    README.write_text(with_accuracy(with_real_output(README.read_text("utf-8"))), "utf-8")
    cv2.imwrite(str(PICTURE), drawn(), [cv2.IMWRITE_JPEG_QUALITY, 85])
    for page, text in pages.made_pages().items():
        page.write_text(text, "utf-8")
