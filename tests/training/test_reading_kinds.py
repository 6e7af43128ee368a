# SPDX-License-Identifier: Apache-2.0
"""How reading holds out on drawn plates of many kinds, in faces the bank was not taught.

The floors are what was read when they were set, less one plate in twelve: they catch a kind that
stops working. `benchmarks/reading_kinds.py` measures the same on real crops.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from alprcore.countries.fit import CountrySet, load_countries
from alprcore.reading.bank import Bank, parse_bank
from alprcore.records import GrayImage
from alprcore.resources import bank_bytes
from alprcore.training.bank.held_back import is_right, read_crop
from alprcore.training.bank.reading_kinds import COLORS, blurred, colored, inverted, shrunk, tilted
from alprcore.training.drawing import faces
from alprcore.training.drawing.faces import FontSet, plain_words
from alprcore.training.drawing.render import render_plate

PLATES = 12
TEXT_HEIGHT = 28.0
STYLES = ("eu", "us", "eu2", "br")


@cache
def bank() -> Bank:
    return parse_bank(bank_bytes("latin.npz"))


@cache
def countries(style: str) -> CountrySet:
    return load_countries((style.removesuffix("2"),))


@cache
def plates(style: str) -> tuple[tuple[GrayImage, str], ...]:
    """Plates with text 28 px high, a little soft and noisy; faces 200 on are not trained on."""
    some = tuple(faces.stroke_face(i) for i in range(200, 206))
    fonts = FontSet(outline=some, stroke=some, real={}, words=plain_words())
    rng = np.random.default_rng(7)
    out = []
    for _ in range(PLATES):
        plate = render_plate(rng, fonts, style=style)
        scale = TEXT_HEIGHT / (plate.lines[0].bottom - plate.lines[0].top)
        grey = cv2.cvtColor(plate.image, cv2.COLOR_BGR2GRAY)
        soft = cv2.GaussianBlur(
            cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), (0, 0), 0.6
        )
        noisy = np.clip(soft + rng.normal(0, 3, soft.shape), 0, 255).astype(np.uint8)
        out.append((noisy, "".join(line.text for line in plate.lines)))
    return tuple(out)


def read_right(images: list[GrayImage | None], style: str) -> tuple[int, float]:
    """Return how many of the plates are read right, O = 0 and I = 1, and the mean stated."""
    right, stated = 0, []
    for image, (_, text) in zip(images, plates(style), strict=True):
        assert image is not None
        reading = read_crop(np.ascontiguousarray(image), bank(), countries(style))
        right += is_right(reading.text, text, fold=True)
        stated.append(reading.stated())
    return right, float(np.mean(stated))


# What is read right of twelve plates as they are: of American ones with stacked letters and
# pictures beside the text, and of ones with two lines, fewer.
PLAIN = {"eu": 12, "us": 10, "eu2": 10, "br": 12}


@pytest.mark.parametrize("style", STYLES)
def test_plates_as_they_are(style: str) -> None:
    assert read_right([image for image, _ in plates(style)], style)[0] >= PLAIN[style] - 1


@pytest.mark.parametrize("style", STYLES)
def test_light_text_on_dark_is_read_as_well(style: str) -> None:
    plain, _ = read_right([image for image, _ in plates(style)], style)
    light, _ = read_right([inverted(image) for image, _ in plates(style)], style)
    assert abs(light - plain) <= 1


@pytest.mark.parametrize("color", COLORS)
def test_colours_are_read_as_well(color: str) -> None:
    assert read_right([colored(image, color) for image, _ in plates("eu")], "eu")[0] >= 11
    assert read_right([colored(image, color) for image, _ in plates("us")], "us")[0] >= 9


@pytest.mark.parametrize("degrees", [-10, -6, 6, 10])
def test_tilted_plates_are_read(degrees: float) -> None:
    assert read_right([tilted(image, degrees) for image, _ in plates("eu")], "eu")[0] >= 11
    assert read_right([tilted(image, degrees) for image, _ in plates("us")], "us")[0] >= 8


def test_slightly_blurred_plates_are_read() -> None:
    soft = [blurred(image, TEXT_HEIGHT, 0.05) for image, _ in plates("eu")]
    assert read_right(soft, "eu")[0] >= 11


def test_low_resolution_is_read_or_said_to_be_unsure() -> None:
    right, stated = {}, {}
    for height in (24, 12, 8, 6, 4):
        counts, means = zip(
            *[
                read_right([shrunk(i, TEXT_HEIGHT, height) for i, _ in plates(style)], style)
                for style in ("eu", "br")
            ],
            strict=True,
        )
        right[height], stated[height] = sum(counts) / (2 * PLATES), float(np.mean(means))
    assert right[12] >= 0.9
    assert right[8] >= 0.7
    # What is stated falls with what is right, and never stays far above it.
    assert right[24] > right[8] > right[6] > right[4]
    assert stated[24] > stated[12] > stated[8] > stated[6] > stated[4]
    assert all(stated[height] <= right[height] + 0.15 for height in right)


def test_hopeless_blur_is_not_read_with_confidence() -> None:
    lost = [blurred(image, TEXT_HEIGHT, 0.15) for image, _ in plates("br")]
    right, stated = read_right(lost, "br")
    assert right <= 3
    assert stated < 0.3
