# SPDX-License-Identifier: Apache-2.0
"""Training pictures of `worlds.Car`: boxes loose and tight, day and night, grey, small, spoilt."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from alprcore.records import Box, Frame
from alprcore.training.vehicles.data import Augmenter, Example
from alprcore.training.vehicles.worlds import UNKNOWN, Car

# Each side of the box moves by up to this share of it, outwards and inwards.
LOOSE, TIGHT = (-0.02, 0.16), (-0.10, 0.06)
LOOSE_SHARE = 0.55


class Varied(Augmenter):
    """Makes pictures; the order of its random choices depends on the seed alone."""

    def __init__(self, backgrounds: Sequence[Frame], rng: np.random.Generator) -> None:
        super().__init__(backgrounds, rng)

    def of_car(self, car: Car, size: tuple[int, int]) -> tuple[Frame, int]:
        """Return a picture of `size` (cols, rows), blue first, and the colour that it shows."""
        rng = self.rng
        if len(car.boxes) == 1 and car.view == UNKNOWN and car.make == car.vehicle == UNKNOWN:
            example = Example(car.name, car.image, UNKNOWN, car.colour)
            return self(example, size)  # cut to the car, known by its colour: repainted at times
        known = car.colour != UNKNOWN
        image = self._boxed(car.image, car.boxes[int(rng.integers(len(car.boxes)))], size)
        if not known and rng.random() < 0.3:
            image = _other_colours(image, rng)
        image = self._lit(image, strong=not known)
        if not known and rng.random() < 0.08:
            image = _infrared(image, rng)
        return self._spoilt(self._small(image)), car.colour

    def _boxed(self, image: Frame, box: Box, size: tuple[int, int]) -> Frame:
        """Return what a looser or tighter, slightly turned box holds, mirrored at times."""
        rng = self.rng
        low, high = LOOSE if rng.random() < LOOSE_SHARE else TIGHT
        left, right, top, bottom = rng.uniform(low, high, 4)
        start = np.array([box.left, box.top])
        span = np.array([box.width, box.height])
        corners = np.array([[-left, -top], [1 + right, -top], [-left, 1 + bottom]]) * span + start
        if rng.random() < 0.5:
            corners = corners[[1, 0, 2]]
            corners[2, 0] = corners[0, 0]
        angle, shear = rng.normal(0, 0.025), rng.normal(0, 0.03)
        turn = np.array([[1, angle + shear], [-angle, 1]])
        middle = start + span / 2
        corners = (corners - middle) @ turn.T + middle
        target = np.array([[0, 0], [size[0], 0], [0, size[1]]], np.float32)
        matrix = cv2.getAffineTransform(corners.astype(np.float32), target)
        # What is much larger than it is shown has to be averaged first, or it flickers.
        scale = min(1.0, 1.5 * size[0] / max(span[0], 1.0))
        if scale < 0.8:
            image = np.asarray(
                cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            )
            matrix[:, :2] = matrix[:, :2] / scale
        ground = self._ground(size)
        if ground is None:
            mode = cv2.BORDER_REFLECT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
            return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=mode))
        mode = cv2.BORDER_TRANSPARENT
        return np.asarray(cv2.warpAffine(image, matrix, size, ground, borderMode=mode))

    def _small(self, image: Frame) -> Frame:
        """Return the picture as if the vehicle were small in it, at times."""
        rng = self.rng
        if rng.random() > 0.3:
            return image
        rows, cols = image.shape[:2]
        scale = rng.uniform(60, 150) / cols
        if scale >= 1:
            return image
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (cols, rows), interpolation=cv2.INTER_LINEAR))


def _other_colours(image: Frame, rng: np.random.Generator) -> Frame:
    """Return the picture in grey or with its channels exchanged: a make has no colour."""
    if rng.random() < 0.5:
        return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))
    return np.ascontiguousarray(image[..., rng.permutation(3)])


def _infrared(image: Frame, rng: np.random.Generator) -> Frame:
    """Return the picture in grey as a lamp beside the camera lights it: bright in the middle."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    rows, cols = grey.shape
    y, x = np.mgrid[0:rows, 0:cols]
    middle = rng.uniform(0.3, 0.7, 2) * (rows, cols)
    away = np.hypot((y - middle[0]) / rows, (x - middle[1]) / cols)
    lit = grey * np.exp(-rng.uniform(1, 3) * away) * rng.uniform(0.8, 1.6)
    lit += rng.standard_normal(grey.shape) * rng.uniform(2, 10)
    return np.repeat(np.clip(lit, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
