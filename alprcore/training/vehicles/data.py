# SPDX-License-Identifier: Apache-2.0
"""Labelled vehicle pictures: what is held back, what is trained on, and how it is varied.

The pictures are cut tight to the car; in use a detector's box is looser, the picture darker,
smaller and blurred. Training pictures are put into looser frames, on other backgrounds, and spoilt.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame
from alprcore.training.vehicles.paint import paints, repainted

colours = (
    "black",
    "blue",
    "brown",
    "gold-beige",
    "green",
    "orange",
    "pink",
    "purple",
    "red",
    "silver-gray",
    "white",
    "yellow",
)
"""Names of the colour head's outputs; the training pictures know `silver`, and not three others."""

backgrounds_wanted = 400


@dataclass(frozen=True)
class Example:
    """A picture, its class among the make-model-years (-1: unknown), its colour (-1: unknown)."""

    name: str
    image: Frame
    vehicle: int
    colour: int


class Labelled(Protocol):
    """What is split: it has a name, a class and a colour."""

    @property
    def name(self) -> str:
        """Of the file."""

    @property
    def vehicle(self) -> int:
        """Class, -1: unknown."""

    @property
    def colour(self) -> int:
        """Colour, -1: unknown."""


class Pictured(Labelled, Protocol):
    """The same, with its picture."""

    @property
    def image(self) -> Frame:
        """(rows, cols, 3) uint8, blue first."""


Some = TypeVar("Some", bound=Labelled)


def split(examples: Sequence[Some]) -> tuple[list[Some], list[Some]]:
    """Return what is trained on and the tenth of each class that no training sees.

    The tenth is chosen by the hash of the file's name, at least one picture of each
    class that has two.
    """
    classes: dict[tuple[int, int], list[Some]] = {}
    for example in examples:
        classes.setdefault((example.vehicle, example.colour), []).append(example)
    trained: list[Some] = []
    held: list[Some] = []
    for key in sorted(classes):
        members = sorted(classes[key], key=lambda e: hashlib.sha256(e.name.encode()).hexdigest())
        count = min(max(1, round(len(members) / 10)), len(members) - 1)
        held += members[:count]
        trained += members[count:]
    return trained, held


def load_makemodel(folder: Path) -> tuple[list[Example], list[tuple[str, str, str]]]:
    """Return the pictures of vehicles and the classes (make, model and body, year), sorted."""
    rows = _rows(folder)
    classes = sorted({(row["make"], row["model_body"], row["year"]) for row in rows})
    index = {key: i for i, key in enumerate(classes)}
    examples = [
        Example(
            row["image"],
            _picture(folder / row["image"]),
            index[row["make"], row["model_body"], row["year"]],
            -1,
        )
        for row in rows
    ]
    return examples, classes


def load_colours(folder: Path) -> list[Example]:
    """Return the pictures with colours."""
    return [
        Example(
            row["image"], _picture(folder / row["image"]), -1, colours.index(_merged(row["colour"]))
        )
        for row in _rows(folder)
    ]


def load_backgrounds(folder: Path, rng: np.random.Generator) -> list[Frame]:
    """Return pieces of street photographs, half as large as a training picture."""
    files = sorted(folder.glob("*.jpg"))
    pieces = []
    for i in rng.permutation(len(files))[:backgrounds_wanted]:
        photo = _picture(files[i])
        rows, cols = photo.shape[:2]
        size = int(rng.uniform(0.3, 1.0) * min(rows, cols))
        top, left = rng.integers(rows - size + 1), rng.integers(cols - size + 1)
        pieces.append(cv2.resize(photo[top : top + size, left : left + size], (112, 80)))
    return [np.asarray(piece, np.uint8) for piece in pieces]


class Augmenter:
    """Makes training pictures; the order of its random choices depends on the seed alone."""

    def __init__(self, backgrounds: Sequence[Frame], rng: np.random.Generator) -> None:
        self.backgrounds = backgrounds
        self.rng = rng

    def __call__(self, example: Example, size: tuple[int, int]) -> tuple[Frame, int]:
        """Return a picture of `size` (cols, rows), blue green red, and its colour."""
        rng = self.rng
        image, colour = example.image, example.colour
        if colour >= 0 and rng.random() < 0.4:
            name = colours[colour]
            paint = paints[rng.integers(len(paints))]
            painted = repainted(image, name, paint, rng)
            if painted is not None:
                image, colour = painted, colours.index(paint)
        image = self._framed(image, size)
        if colour < 0 and rng.random() < 0.2:
            image = _other_colours(image, rng)
        image = self._lit(image, strong=colour < 0)
        return self._spoilt(image), colour

    def _framed(self, image: Frame, size: tuple[int, int]) -> Frame:
        """Return the picture in a looser or tighter, slightly turned frame on a background."""
        rng = self.rng
        rows, cols = image.shape[:2]
        loose = rng.random() < 0.7
        low, high = (0.0, 0.16) if loose else (-0.10, 0.04)
        left, right, top, bottom = rng.uniform(low, high, 4)
        frame = np.array([[-left, -top], [1 + right, -top], [-left, 1 + bottom]]) * (cols, rows)
        if rng.random() < 0.5:
            frame = frame[[1, 0, 2]]
            frame[2, 0] = frame[0, 0]
        angle, shear = rng.normal(0, 0.03), rng.normal(0, 0.03)
        turn = np.array([[1, angle + shear], [-angle, 1]])
        middle = np.array([cols, rows]) / 2
        frame = (frame - middle) @ turn.T + middle
        target = np.array([[0, 0], [size[0], 0], [0, size[1]]], np.float32)
        matrix = cv2.getAffineTransform(frame.astype(np.float32), target)
        ground = self._ground(size)
        if ground is None:
            mode = cv2.BORDER_REFLECT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
            return np.asarray(
                cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=mode)
            )
        flags, mode = cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT
        return np.asarray(cv2.warpAffine(image, matrix, size, ground, flags=flags, borderMode=mode))

    def _ground(self, size: tuple[int, int]) -> Frame | None:
        """Return what lies around the car, or None where the car's picture itself goes on."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.3:
            return None
        if kind < 0.45:
            return np.full((size[1], size[0], 3), rng.integers(0, 256, 3), np.uint8)
        piece = self.backgrounds[int(rng.integers(len(self.backgrounds)))]
        return np.asarray(cv2.resize(piece, size), np.uint8)

    def _lit(self, image: Frame, *, strong: bool) -> Frame:
        """Return the picture in another light; strong where the colour is not to be learned."""
        rng = self.rng
        gain = np.exp(rng.normal(0, 0.08 if strong else 0.04, 3) + rng.normal(0, 0.14))
        gamma = np.exp(rng.normal(0, 0.2))
        if rng.random() < 0.07:  # night
            gain *= rng.uniform(0.25, 0.6)
        levels = np.linspace(0, 1, 256)[:, None] ** gamma * gain + rng.normal(0, 0.04)
        table = np.clip(255 * levels, 0, 255).astype(np.uint8)
        return np.asarray(cv2.LUT(image, table[None]), np.uint8)

    def _spoilt(self, image: Frame) -> Frame:
        """Return the picture smaller, blurred, noisy, compressed or hidden in part."""
        rng = self.rng
        rows, cols = image.shape[:2]
        if rng.random() < 0.2:
            scale = rng.uniform(0.3, 0.9)
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            image = np.asarray(cv2.resize(small, (cols, rows)), np.uint8)
        elif rng.random() < 0.15:
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.3)), np.uint8)
        if rng.random() < 0.15:
            noise = rng.standard_normal((rows, cols, 1), np.float32) * rng.uniform(2, 12)
            image = np.clip(image + noise, 0, 255).astype(np.uint8)
        if rng.random() < 0.25:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(25, 85))]
            image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], 1), np.uint8)
        if rng.random() < 0.12:
            height, width = int(rows * rng.uniform(0.1, 0.4)), int(cols * rng.uniform(0.1, 0.3))
            top, left = rng.integers(rows - height), rng.integers(cols - width)
            image[top : top + height, left : left + width] = rng.integers(0, 256, 3)
        return image


def in_frame(image: Frame, size: tuple[int, int], margin: float = 0.04) -> Frame:
    """Return a tight picture in a frame a little larger, its border drawn out; for measuring."""
    rows, cols = image.shape[:2]
    across, down = round(margin * cols), round(margin * rows)
    wider = cv2.copyMakeBorder(image, down, down, across, across, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(wider, size, interpolation=cv2.INTER_AREA), np.uint8)


def class_weights(labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the odds of each example such that rare classes are drawn somewhat more often."""
    counts = np.bincount(labels)
    odds = 1 / np.sqrt(counts[labels])
    return np.asarray(odds / odds.sum())


def _other_colours(image: Frame, rng: np.random.Generator) -> Frame:
    """Return the picture in grey or with its channels exchanged: a model has no colour."""
    if rng.random() < 0.5:
        return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))
    return np.ascontiguousarray(image[..., rng.permutation(3)])


def _merged(colour: str) -> str:
    return "silver-gray" if colour == "silver" else colour


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _picture(path: Path) -> Frame:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path}: not a picture")
    return np.asarray(image, np.uint8)
