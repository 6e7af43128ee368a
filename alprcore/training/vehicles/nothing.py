# SPDX-License-Identifier: Apache-2.0
"""Pictures without a vehicle: what the network is to say nothing of."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from alprcore.records import Box, Frame
from alprcore.resources import model_bytes
from alprcore.training.vehicles.street_net import VIEWS
from alprcore.training.vehicles.worlds import Car
from alprcore.vehicles.find import find_vehicles
from alprcore.vehicles.networks import VehicleFinder

NONE = VIEWS.index("none")
LOW_SCORE = 0.08  # what scores higher may be a vehicle
PIECES, CLOSE_UPS, FLAT = 120, 300, 80
PLATE_FOLDERS = ("eg", "eu", "us", "cz", "kr", "br")


def load_nothing(data: Path, rng: np.random.Generator) -> tuple[Car, ...]:
    """Return pieces of photographs beside the vehicles, plates without a car, and plain areas."""
    return (*_beside(data / "plates" / "openimages", rng), *_plates(data / "reading", rng),
            *_flat(rng))  # fmt: skip


def _beside(folder: Path, rng: np.random.Generator) -> list[Car]:
    plates = defaultdict(list)
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[key]) for key in "xywh")
            plates[row["image"]].append(Box(x - 3 * w, y - 8 * h, x + 4 * w, y + 5 * h))
    finder = VehicleFinder(model_bytes)
    names, found = sorted(plates), []
    for i in rng.permutation(len(names)):
        image = cv2.imread(str(folder / names[i]), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"{names[i]}: not a picture")
        frame = np.asarray(image, np.uint8)
        taken = [v.box for v in find_vehicles(frame, finder, min_score=LOW_SCORE, most=60)]
        taken += plates[names[i]]
        rows, cols = frame.shape[:2]
        for _ in range(25):
            width = int(rng.uniform(0.15, 0.75) * cols)
            height = min(rows - 1, int(width * rng.uniform(0.5, 1.2)))
            left, top = rng.integers(cols - width), rng.integers(rows - height)
            piece = Box(left, top, left + width, top + height)
            if not any(_touch(piece, box) for box in taken):
                found.append(_nothing(names[i], frame[top : top + height, left : left + width]))
                break
        if len(found) == PIECES:
            break
    return found


def _plates(folder: Path, rng: np.random.Generator) -> list[Car]:
    files = [path for name in PLATE_FOLDERS for path in sorted((folder / name).glob("*.*g"))]
    chosen = [files[i] for i in rng.permutation(len(files))[:CLOSE_UPS]]
    return [_nothing(path.name, np.asarray(cv2.imread(str(path)), np.uint8)) for path in chosen]


def _flat(rng: np.random.Generator) -> list[Car]:
    found = []
    for i in range(FLAT):
        image = np.full((96, 144, 3), rng.integers(0, 256, 3), np.float32)
        slope = np.linspace(-1, 1, 144)[None, :, None] * rng.uniform(-60, 60, 3)
        noise = rng.standard_normal((96, 144, 3)) * rng.uniform(0, 25)
        found.append(_nothing(f"flat {i}", np.clip(image + slope + noise, 0, 255).astype(np.uint8)))
    return found


def _nothing(name: str, image: Frame) -> Car:
    scale = min(1.0, 256 / max(image.shape[:2]))
    size = max(8, round(scale * image.shape[1])), max(8, round(scale * image.shape[0]))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Car(name, name, small, (Box(0, 0, *size),), view=NONE)


def _touch(one: Box, other: Box) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 0.06 * one.width and down > 0.06 * one.height
