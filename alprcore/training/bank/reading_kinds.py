# SPDX-License-Identifier: Apache-2.0
"""Crops of plates made into other kinds: inverted, in colours, small, blurred, tilted.

For measuring how reading holds out; nothing is trained on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from alprcore.records import GrayImage

# Ground and ink, blue, green, red: plates that are on the road.
COLORS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "black on yellow": ((40, 200, 250), (25, 20, 20)),
    "blue on white": ((240, 240, 240), (150, 60, 20)),
    "red on white": ((240, 240, 240), (40, 30, 190)),
    "green on white": ((240, 240, 240), (60, 120, 20)),
    "white on blue": ((160, 70, 20), (245, 245, 245)),
    "white on red": ((40, 30, 170), (245, 245, 245)),
    "white on green": ((60, 110, 20), (245, 245, 245)),
    "yellow on black": ((30, 25, 25), (40, 200, 250)),
    "red on green, a sixth of the contrast": ((90, 130, 60), (60, 60, 150)),
}
HEIGHTS = (6, 8, 10, 12, 16, 24)
BLURS = (0.05, 0.10, 0.15)
TILTS = (-10, -6, -3, 3, 6, 10)
# Rows that the engine stretches a small one-line plate to, and a two-line one.
ROWS = (64, 96)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plate by name, and how a crop is made one.

    `make` takes the crop and the height of its text in pixels; it returns None where the crop
    cannot be made one.
    """

    name: str
    make: Callable[[GrayImage, float], GrayImage | None]


def inverted(image: GrayImage) -> GrayImage:
    """Return the negative: light text on dark."""
    return np.asarray(255 - image, np.uint8)


def colored(image: GrayImage, name: str) -> GrayImage:
    """Return the crop as it looks, in grey, when its light and dark are the colours of `COLORS`.

    The darkest and lightest hundredth of the pixels become ink and ground.
    """
    low, high = np.percentile(image, [1, 99])
    light = np.clip((image.astype(np.float32) - low) / max(1.0, high - low), 0, 1)[..., None]
    ground, ink = (np.array(color, np.float32) for color in COLORS[name])
    picture = np.rint(ink + light * (ground - ink)).astype(np.uint8)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def shrunk(image: GrayImage, text_height: float, wanted: float) -> GrayImage | None:
    """Return the crop as from a camera that sees the text `wanted` pixels high, stretched again.

    It is stretched to the rows that `picture.rectify` would give it. None when the text of the crop
    is not higher than wanted.
    """
    if text_height < wanted:
        return None
    scale = wanted / text_height
    size = (max(4, round(image.shape[1] * scale)), max(3, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    rows = ROWS[0] if image.shape[1] >= 3 * image.shape[0] else ROWS[1]
    factor = max(1.0, rows / size[1])
    back = (round(size[0] * factor), round(size[1] * factor))
    return np.asarray(cv2.resize(small, back, interpolation=cv2.INTER_LINEAR), np.uint8)


def blurred(image: GrayImage, text_height: float, share: float) -> GrayImage:
    """Return the crop out of focus: a Gaussian with a deviation of `share` of the text's height."""
    sigma = max(0.1, share * text_height)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def tilted(image: GrayImage, degrees: float) -> GrayImage:
    """Return the crop turned about its middle, its border repeated; nothing is cut off."""
    height, width = image.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    grown = round(height + width * abs(float(turn[0, 1])))
    turn[1, 2] += (grown - height) / 2
    return np.asarray(
        cv2.warpAffine(image, turn, (width, grown), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def kinds() -> list[Kind]:
    """Return all kinds, the crop as it is first."""
    return [
        Kind("as it is", _same),
        Kind("light on dark", _inverted),
        *(Kind(name, partial(_colored, name)) for name in COLORS),
        *(Kind(f"text {pixels} px high", partial(_shrunk, pixels)) for pixels in HEIGHTS),
        *(Kind(f"blur of {share} text heights", partial(_blurred, share)) for share in BLURS),
        *(Kind(f"tilted by {degrees} degrees", partial(_tilted, degrees)) for degrees in TILTS),
    ]


def _same(image: GrayImage, _: float) -> GrayImage:
    return image


def _inverted(image: GrayImage, _: float) -> GrayImage:
    return inverted(image)


def _colored(name: str, image: GrayImage, _: float) -> GrayImage:
    return colored(image, name)


def _shrunk(wanted: float, image: GrayImage, text_height: float) -> GrayImage | None:
    return shrunk(image, text_height, wanted)


def _blurred(share: float, image: GrayImage, text_height: float) -> GrayImage:
    return blurred(image, text_height, share)


def _tilted(degrees: float, image: GrayImage, _: float) -> GrayImage:
    return tilted(image, degrees)
