# SPDX-License-Identifier: Apache-2.0
"""Labelled photographs, and the crops of them that the detector learns from."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame

Boxes = NDArray[np.float32]
"""(n, 4) array of left, top, right, bottom."""

# How often a photograph of each folder is drawn: small or colour-shifted ones less.
folder_weights = {"openimages": 1.0, "tunisian": 0.9, "romanian": 0.8, "kaggle": 0.7, "spain": 0.4}

crop_size = 352  # pixels; a multiple of 32 that holds a plate of 340 pixels
min_width, max_width = 20.0, 330.0  # plate widths to learn, in crop pixels
ignored_width = 13.0  # below this width a plate is neither asked for nor held against the network


@dataclass(slots=True)
class Photo:
    """A photograph as a pyramid of halved pictures, with its plate boxes.

    `doubtful` holds regions where a plate may stand that nobody labelled.
    """

    name: str
    levels: list[Frame]
    plates: Boxes
    doubtful: Boxes
    weight: float = 1.0
    hard: Boxes = field(default_factory=lambda: np.zeros((0, 4), np.float32))


@dataclass(slots=True)
class Sample:
    """One training picture.

    `hard` are places that fooled an earlier network; `vehicle_weight` says how far an empty vehicle
    map can be trusted.
    """

    image: Frame
    plates: Boxes
    ignored: Boxes
    vehicles: Boxes
    vehicle_weight: NDArray[np.float32]
    hard: Boxes


def no_boxes() -> Boxes:
    """Return an empty array of boxes."""
    return np.zeros((0, 4), np.float32)


def held_back(name: str) -> bool:
    """Return whether a photograph is of the tenth that is measured on and never trained on."""
    return hashlib.sha256(name.encode()).digest()[0] % 10 == 0


def labelled_boxes(folder: Path) -> dict[str, Boxes]:
    """Return the plate boxes of each picture that the folder's ``truth.csv`` names."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            boxes = found[row["image"]]
            if row["w"]:
                x, y, w, h = (float(row[key]) for key in ("x", "y", "w", "h"))
                boxes.append([x, y, x + w, y + h])
    return {name: np.array(b, np.float32).reshape(-1, 4) for name, b in sorted(found.items())}


def pyramid(image: Frame, smallest: int = 160) -> list[Frame]:
    """Return the picture and its halvings down to about `smallest` pixels on the short side."""
    levels = [image]
    while min(levels[-1].shape[:2]) >= 2 * smallest:
        rows, cols = levels[-1].shape[:2]
        half = cv2.resize(levels[-1], (cols // 2, rows // 2), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, np.uint8))
    return levels


def load_photos(plates_dir: Path) -> list[Photo]:
    """Return the photographs to train on, with the held-back tenth left out."""
    photos = []
    for folder, weight in folder_weights.items():
        for name, boxes in labelled_boxes(plates_dir / folder).items():
            if folder == "openimages" and held_back(name):
                continue
            image = cv2.imread(str(plates_dir / folder / name))
            if image is not None:
                frame = np.asarray(image, np.uint8)
                photos.append(Photo(f"{folder}/{name}", pyramid(frame), boxes, no_boxes(), weight))
    return photos


def crop_matrix(
    photo: Photo, rng: np.random.Generator, *, on_hard: float = 0.3
) -> NDArray[np.float64]:
    """Return a random 2x3 map from photograph pixels to crop pixels, mostly around a plate."""
    height, width = photo.levels[0].shape[:2]
    size = float(crop_size)
    if len(photo.hard) and rng.random() < on_hard:
        left, top, right, bottom = photo.hard[rng.integers(len(photo.hard))]
        scale = rng.uniform(0.6, 1.3)
    elif len(photo.plates) and rng.random() < 0.8:
        left, top, right, bottom = photo.plates[rng.integers(len(photo.plates))]
        wanted = np.exp(rng.uniform(np.log(min_width), np.log(max_width)))
        scale = np.clip(wanted / max(right - left, 4.0), 0.18, 2.2)
        scale = max(scale, min(0.7 * size / max(width, height), 2.2))  # little empty border
        if rng.random() < 0.03:  # a plate far too large to see whole: nothing is to be found in it
            scale = size * rng.uniform(1.4, 2.0) / max(right - left, 4.0)
    else:
        left, top = rng.uniform(0, width), rng.uniform(0, height)
        right, bottom = left, top
        scale = np.exp(rng.uniform(np.log(0.35), np.log(1.6)))
    stretch = np.exp(rng.normal(0.0, 0.08))
    # Steeper plates are left to a search that turns the picture by 30 degrees.
    angle = np.deg2rad(rng.normal(0.0, rng.choice([4.0, 8.0]))) if rng.random() < 0.4 else 0.0
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn[0] *= stretch
    half = 0.5 * np.abs(turn) @ np.array([right - left, bottom - top])
    reach = np.maximum(size / 2 - half - 4.0, 4.0)
    place = size / 2 + rng.uniform(-1, 1, 2) * reach
    shift = place - turn @ np.array([(left + right) / 2, (top + bottom) / 2])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ turn.T + shift
    low, spare = corners.min(0), size - np.ptp(corners, axis=0)
    shift += np.clip(low, np.minimum(spare, 0), np.maximum(spare, 0)) - low  # little empty border
    matrix = np.hstack([turn, shift[:, None]])
    if rng.random() < 0.5:
        matrix = np.array([[-1, 0, size], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
    return np.asarray(matrix, np.float64)


def warped(photo: Photo, matrix: NDArray[np.float64], rng: np.random.Generator) -> Frame:
    """Return the crop that `matrix` describes, taken from the nearest finer pyramid level."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    level = int(np.clip(np.floor(np.log2(1.0 / scale) + 0.3), 0, len(photo.levels) - 1))
    factor = photo.levels[0].shape[1] / photo.levels[level].shape[1]
    # Pixel centres lie half a pixel off the corner coordinates that boxes use.
    to_level = np.array([[factor, 0, 0.5 * factor], [0, factor, 0.5 * factor], [0, 0, 1]])
    full = np.vstack([matrix, [0, 0, 1]]) @ to_level
    full[:2, 2] -= 0.5
    fill = [float(v) for v in rng.integers(0, 256, 3)] if rng.random() < 0.3 else [114.0] * 3
    return np.asarray(
        cv2.warpAffine(
            photo.levels[level],
            full[:2],
            (crop_size, crop_size),
            flags=cv2.INTER_LINEAR,
            borderValue=fill,
        ),
        np.uint8,
    )


def moved(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    """Return the bounds of the boxes after the 2x3 map."""
    if not len(boxes):
        return no_boxes()
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2) @ matrix[:, :2].T + matrix[:, 2]
    return np.hstack([corners.min(1), corners.max(1)]).astype(np.float32)


def sorted_out(boxes: Boxes) -> tuple[Boxes, Boxes]:
    """Return the boxes to find, clipped to the crop, and those that are neither asked nor wrong."""
    if not len(boxes):
        return no_boxes(), no_boxes()
    clipped = np.clip(boxes, 0, crop_size)
    size, full = clipped[:, 2:] - clipped[:, :2], boxes[:, 2:] - boxes[:, :2]
    touches = (size > 0).all(1)
    seen = np.prod(np.maximum(size, 0), 1) / np.maximum(np.prod(full, 1), 1e-3)
    too_large = full[:, 0] > 1.25 * crop_size
    good = touches & (seen > 0.7) & (size[:, 0] >= ignored_width) & (size[:, 1] >= 5) & ~too_large
    return clipped[good], clipped[touches & ~good & ~too_large]


def photo_sample(photo: Photo, rng: np.random.Generator) -> Sample:
    """Return a random crop of a photograph with its boxes; its vehicles are not known."""
    matrix = crop_matrix(photo, rng)
    image = warped(photo, matrix, rng)
    plates, ignored = sorted_out(moved(photo.plates, matrix))
    doubtful = sorted_out(moved(photo.doubtful, matrix))
    weight = vehicle_doubt(moved(photo.plates, matrix))
    hard = np.clip(moved(photo.hard, matrix), 0, crop_size)
    return Sample(image, plates, np.concatenate([ignored, *doubtful]), no_boxes(), weight, hard)


def vehicle_doubt(plates: Boxes) -> NDArray[np.float32]:
    """Return how far each cell of stride 16 can be said to be no vehicle's centre.

    There is one somewhere around each plate; elsewhere some vehicles stand that show no plate.
    """
    weight = np.full((crop_size // 16, crop_size // 16), 0.15, np.float32)
    for left, top, right, bottom in plates:
        width = right - left
        zone = [left - 3.5 * width, top - 5 * width, right + 3.5 * width, bottom + 2 * width]
        x0, y0, x1, y1 = (int(v) for v in np.clip(np.array(zone) / 16, 0, crop_size // 16))
        weight[y0 : y1 + 1, x0 : x1 + 1] = 0
    return weight
