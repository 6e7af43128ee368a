# SPDX-License-Identifier: Apache-2.0
"""Plates to learn the states' looks from: labelled crops and official designs, made photographic.

A state has about 26 designs and up to 23 crops, so each is shown in ever new ways: other characters
across it, stickers, frames that hide a rim, corners that are off, distance, light and compression.
"""

from __future__ import annotations

import csv
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from alprcore.ranking.region_look import CROP_SIZE
from alprcore.records import Frame
from alprcore.training.bank.data import HELD_BACK
from alprcore.training.drawing.degrade import degrade
from alprcore.training.regions.drawn import DrawnPlates

WIDEST = 300
# The rows, as shares of the height, that the characters take.
TEXT_BAND = (0.27, 0.74)
# Widths of the plate in the camera's picture, in pixels; narrower ones show no more than colours.
NARROWEST_SEEN, WIDEST_SEEN = 45.0, 260.0
# Grey thumbnails of 64 x 32 that correlate more than this are one picture.
SAME_PICTURE = 0.97
# Most of the draws of a state that are crops; the rest are designs.
MOST_CROPS, CROP_SHARE = 0.6, 0.12
DRAWN_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Look:
    """A plate of a known state: a tight colour picture of any size.

    `fold` is 0 for crops that are never trained on, 1 to 4 for the others, -1 for designs.
    """

    image: Frame
    state: str
    name: str
    text: str
    fold: int


def read_crops(data: Path) -> list[Look]:
    """Return the labelled crops below ``data/reading/us``.

    The held-back fifth is that of `bank_data`; the others fall into four folds by the same hash.
    """
    folder = data / "reading" / "us"
    looks = []
    with (folder / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            image = _read(folder / row["image"])
            digest = zlib.crc32(row["image"].encode())
            fold = 0 if digest % HELD_BACK == 0 else 1 + digest // HELD_BACK % 4
            state = row["country"].removeprefix("us-")
            if image is not None:
                looks.append(Look(image, state, row["image"], row["plate"], fold))
    return looks


def read_designs(data: Path) -> list[Look]:
    """Return the official designs but place-holders: pictures that stand for several states."""
    looks = []
    states: defaultdict[bytes, set[str]] = defaultdict(set)
    for path in sorted((data / "regions" / "us_designs").glob("*/*")):
        image = _read(path)
        if image is not None:
            state = path.parent.name.lower()
            states[image.tobytes()].add(state)
            looks.append(Look(image, state, path.name, "", -1))
    return [look for look in looks if len(states[look.image.tobytes()]) == 1]


def without_copies(looks: Sequence[Look], kept_apart: Sequence[Look]) -> list[Look]:
    """Return `looks` but plates of `kept_apart`: the same state and text, or the same picture."""
    plates = {(look.state, look.text) for look in kept_apart}
    apart = np.stack([_thumbnail(look.image) for look in kept_apart])
    return [
        look
        for look in looks
        if (look.state, look.text) not in plates
        and float((apart @ _thumbnail(look.image)).max()) < SAME_PICTURE
    ]


def _read(path: Path) -> Frame | None:
    """Return the picture at most `WIDEST` pixels wide, or None when it cannot be read."""
    image = cv2.imread(str(path))
    if image is None:
        return None
    factor = min(1.0, WIDEST / image.shape[1])
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _thumbnail(image: Frame) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    small = cv2.resize(image, (64, 32), interpolation=cv2.INTER_AREA).astype(np.float32).mean(2)
    flat = (small - small.mean()).ravel()
    return flat / max(1e-6, float(np.linalg.norm(flat)))


class LookSource:
    """An endless source of training crops, as many of each state.

    Parameters
    ----------
    looks
        What may be shown.
    codes
        The states in the order of the classes.
    drawn
        Plates of no real design.
    rng
        Source of every choice.
    """

    def __init__(
        self,
        looks: Sequence[Look],
        codes: Sequence[str],
        drawn: DrawnPlates,
        rng: np.random.Generator,
    ) -> None:
        self.rng = rng
        self.drawn = drawn
        self.codes = list(codes)
        self.looks = list(looks)
        self.crops = [self._of(code, designs=False) for code in codes]
        self.designs = [self._of(code, designs=True) for code in codes]

    def _of(self, code: str, *, designs: bool) -> list[Look]:
        return [k for k in self.looks if k.state == code and (k.fold < 0) == designs]

    def draw(self) -> tuple[Frame, int]:
        """Return a (96, 192, 3) crop and its class."""
        rng = self.rng
        state = int(rng.integers(len(self.codes)))
        crops, designs = self.crops[state], self.designs[state]
        share = min(MOST_CROPS, CROP_SHARE * len(crops)) if designs else 1.0
        chosen = crops if rng.random() < share else designs
        donor = self.looks[rng.integers(len(self.looks))].image
        if rng.random() < DRAWN_SHARE:
            plate = inked(self.drawn.draw(state, rng), donor)
            return photographed(plate, donor, rng), state
        return photographed(chosen[rng.integers(len(chosen))].image, donor, rng), state


def photographed(image: Frame, donor: Frame, rng: np.random.Generator) -> Frame:
    """Return the plate as the finder might cut it out of a photograph, (96, 192, 3)."""
    plate = cv2.resize(image, (200, 100), interpolation=cv2.INTER_AREA)
    plate = with_other_text(np.asarray(plate, np.uint8), donor, rng)
    plate = with_things_on(plate, rng)
    width = float(np.exp(rng.uniform(np.log(NARROWEST_SEEN), np.log(WIDEST_SEEN))))
    seen = placed(plate, width, rng)
    seen = degrade(rng, seen, strength=float(rng.uniform(0.2, 0.9)))
    return np.asarray(cv2.resize(seen, CROP_SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)


def with_other_text(plate: Frame, donor: Frame, rng: np.random.Generator) -> Frame:
    """Return the plate with the donor's characters in place of, or over, its own, at times."""
    choice = rng.random()
    if choice > 0.45:
        return plate
    if choice > 0.22:
        return inked(plate, donor)
    rows, cols = plate.shape[:2]
    top, bottom = (round(rows * (edge + rng.normal(0, 0.02))) for edge in TEXT_BAND)
    left, right = (0, cols) if choice > 0.1 else sorted(rng.integers(0, cols + 1, 2))
    area = (slice(top, bottom), slice(int(left), int(right)))
    other = np.asarray(cv2.resize(donor, (cols, rows), interpolation=cv2.INTER_AREA), np.uint8)
    plate = plate.copy()
    plate[area] = other[area]
    return plate


def inked(plate: Frame, donor: Frame) -> Frame:
    """Return the plate with the donor's ink on it: its band over its own ground darkens."""
    rows, cols = plate.shape[:2]
    area = slice(round(rows * TEXT_BAND[0]), round(rows * TEXT_BAND[1]))
    other = cv2.resize(donor, (cols, rows), interpolation=cv2.INTER_AREA)
    band = np.asarray(other, np.float32)[area]
    ground = np.percentile(band.reshape(-1, 3), 75, axis=0) + 1
    plate = plate.copy()
    plate[area] = (plate[area] * np.minimum(1, band / ground)).astype(np.uint8)
    return plate


def with_things_on(plate: Frame, rng: np.random.Generator) -> Frame:
    """Return the plate with stickers in its corners, patches of dirt, and a frame, at times."""
    plate = plate.copy()
    rows, cols = plate.shape[:2]
    for x in (0.01, 0.84):
        for y in (0.02, 0.78):
            if rng.random() < 0.2:
                _rectangle(plate, np.array([x, y]) + rng.uniform(-0.02, 0.04, 2), rng, 0.14, 0.2)
    if rng.random() < 0.2:
        _rectangle(plate, rng.uniform(-0.05, 0.9, 2), rng, 0.2, 0.3)
    if rng.random() < 0.3:
        shade = rng.integers(0, 70) if rng.random() < 0.75 else rng.integers(70, 250)
        color = np.clip(shade + rng.normal(0, 8, 3), 0, 255).astype(np.uint8)
        thick = rng.uniform(0.0, 0.07, 4) * rows
        broad = rng.random()
        if broad < 0.35:
            thick[1] = rng.uniform(0.07, 0.24) * rows
        elif broad < 0.5:
            thick[0] = rng.uniform(0.05, 0.2) * rows
        top, bottom, left, right = np.round(thick).astype(int)
        plate[:top], plate[rows - bottom :] = color, color
        plate[:, :left], plate[:, cols - right :] = color, color
    return plate


def _rectangle(
    plate: Frame, at: np.ndarray[tuple[int], np.dtype[np.float64]], rng: np.random.Generator,
    wide: float, high: float,
) -> None:  # fmt: skip
    rows, cols = plate.shape[:2]
    left, top = (np.maximum(0, at) * (cols, rows)).astype(int)
    right, bottom = left + int(cols * wide * rng.uniform(0.4, 1)), top + int(rows * high)
    color = rng.integers(0, 256, 3).astype(np.float64)
    part = plate[top:bottom, left:right]
    part[:] = np.clip(color + rng.normal(0, 12, part.shape), 0, 255).astype(np.uint8)


def placed(plate: Frame, width: float, rng: np.random.Generator) -> Frame:
    """Return the plate `width` pixels wide in a crop whose corners are a little off."""
    cols = max(24, round(width))
    rows = max(12, round(width / 2 * float(np.exp(rng.normal(0, 0.08)))))
    loose = rng.uniform(-0.02, 0.10) if rng.random() < 0.7 else rng.uniform(-0.06, 0.22)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)
    inward = np.where(corners > 0.5, -1.0, 1.0) * [0.5 * loose, loose] / (1 + 2 * loose)
    target = corners + inward + rng.normal(0, 1, (4, 2)) * [0.012, 0.025]
    target += rng.normal(0, 1, 2) * [0.01, 0.02]
    size = np.array([cols, rows])
    source = corners * plate.shape[1::-1]
    factor = plate.shape[1] / cols
    if factor > 1.3:  # `warpPerspective` would alias
        plate = np.asarray(cv2.resize(plate, (cols, rows), interpolation=cv2.INTER_AREA), np.uint8)
        source = corners * size
    matrix = cv2.getPerspectiveTransform(
        source.astype(np.float32), (target * size).astype(np.float32)
    )
    around = rng.integers(0, 90, 3) if rng.random() < 0.6 else rng.integers(0, 256, 3)
    seen = cv2.warpPerspective(
        plate,
        matrix,
        (cols, rows),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE if rng.random() < 0.3 else cv2.BORDER_CONSTANT,
        borderValue=[float(value) for value in around],
    )
    return np.asarray(seen, np.uint8)
