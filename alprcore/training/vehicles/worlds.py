# SPDX-License-Identifier: Apache-2.0
"""Vehicles of two worlds, and what is known of each: adverts cut to the car, street photographs.

Of the street a fifth is held back by the hash of the source photograph, so that no picture of a
photograph is trained on while another is measured.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from alprcore.records import Box, Frame, Quad
from alprcore.training.vehicles.data import colours, load_colours, load_makemodel
from alprcore.training.vehicles.street_net import VIEWS
from alprcore.vehicles.main import grown_box

UNKNOWN = -1
CONTEXT = 0.22  # of the box's sides, kept around it
LARGEST = 300  # pixels of a kept picture's longer side
LEAST_OF_MAKE = 6  # pictures of a make in the street, or it counts as another make


@dataclass(frozen=True, slots=True)
class Car:
    """A picture of a vehicle, or of none, and what is known of it; `UNKNOWN` is not known.

    Attributes
    ----------
    name, photo
        File and source photograph.
    image
        (rows, cols, 3) uint8, blue first.
    boxes
        What may be looked at, in pixels of the image: the vehicle, and a box grown from its plate.
    vehicle, make, colour, view
        Numbers of class, make (the last one: another make), colour and view.
    """

    name: str
    photo: str
    image: Frame
    boxes: tuple[Box, ...]
    vehicle: int = UNKNOWN
    make: int = UNKNOWN
    colour: int = UNKNOWN
    view: int = UNKNOWN


def held_back(photo: str) -> bool:
    """Return whether a source photograph is among the fifth that no training sees."""
    return int(hashlib.sha256(photo.encode()).hexdigest(), 16) % 5 == 0


def make_label(name: str) -> str:
    """Return a make's name as it is given out: ``Mercedes-Benz`` to ``mercedes-benz``."""
    return name.strip().lower().replace(" ", "-")


def photo_of(image: str) -> str:
    """Return the source photograph of a file in ``vehicles/street_makes``."""
    egypt, spain = re.match(r"eg_(\d+)_", image), re.match(r"es_(\w+?_\d+)_\d", image)
    if egypt:
        return f"egypt/{egypt[1]}"
    return f"spain/{spain[1]}" if spain else f"other/{Path(image).stem}"


@dataclass(frozen=True, slots=True)
class Worlds:
    """All that is trained on and measured with.

    Attributes
    ----------
    classes
        Make, model and body, year of each class.
    makes
        Names of the makes that are learned.
    adverts, coloured
        Pictures cut to the car, of known class or colour.
    street
        Vehicles in street photographs.
    """

    classes: tuple[tuple[str, str, str], ...]
    makes: tuple[str, ...]
    adverts: tuple[Car, ...]
    coloured: tuple[Car, ...]
    street: tuple[Car, ...]


def load_worlds(data: Path, labels: Path) -> Worlds:
    """Return the pictures; `labels` holds vehicles of ``data/plates`` labelled by eye."""
    adverts, classes = load_makemodel(data / "vehicles" / "makemodel")
    rows = _rows(data / "vehicles" / "street_makes" / "truth.csv")
    photos = _rows(labels)
    counts = Counter(make_label(row["make"]) for row in [*rows, *photos] if row["make"])
    advertised = {make_label(make) for make, _, _ in classes}
    makes = tuple(sorted(advertised | {m for m, n in counts.items() if n >= LEAST_OF_MAKE}))
    numbers = {make: i for i, make in enumerate(makes)}
    street = _around_plates(data / "vehicles" / "street_makes", rows, numbers)
    street += _in_photographs(data / "plates", photos, numbers)
    tight = [
        Car(e.name, e.name, e.image, (_whole(e.image),), vehicle=e.vehicle,
            make=numbers[make_label(classes[e.vehicle][0])])
        for e in adverts
    ]  # fmt: skip
    painted = [
        Car(e.name, e.name, e.image, (_whole(e.image),), colour=e.colour)
        for e in load_colours(data / "vehicles" / "colour")
    ]
    return Worlds(tuple(classes), makes, tuple(tight), tuple(painted), tuple(street))


def with_views(cars: tuple[Car, ...], labels: Path) -> tuple[Car, ...]:
    """Return the cars with the views that a file of labels gives to some of them."""
    views = {row["image"]: VIEWS.index(row["view"]) for row in _rows(labels)}
    return tuple(replace(car, view=views.get(car.name, car.view)) for car in cars)


def _around_plates(folder: Path, rows: list[dict[str, str]], numbers: dict[str, int]) -> list[Car]:
    """Return the pictures that were cut around a plate; their colours were changed on purpose."""
    found = []
    for row in rows:
        image = _picture(folder / row["image"])
        make = numbers.get(make_label(row["make"]), len(numbers))
        view = VIEWS.index(row["view"]) if row["view"] else UNKNOWN
        photo = photo_of(row["image"])
        found.append(Car(row["image"], photo, image, (_whole(image),), make=make, view=view))
    return found


def _in_photographs(folder: Path, rows: list[dict[str, str]], numbers: dict[str, int]) -> list[Car]:
    """Return the vehicles in whole photographs, with some of what is around them."""
    found, last, frame = [], "", np.empty((0, 0, 3), np.uint8)
    for row in sorted(rows, key=lambda row: (row["set"], row["image"])):
        name = f"{row['set']}/{row['image']}"
        if not (folder / name).exists():
            continue  # data may be there in part
        if name != last:
            frame, last = _picture(folder / name), name
        boxes = [Box(*(float(row[side]) for side in ("left", "top", "right", "bottom")))]
        if row["plate"]:
            x, y, w, h = (float(value) for value in row["plate"].split())
            quad = Quad.from_points([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
            boxes.append(grown_box(quad, frame.shape[1], frame.shape[0]))
        image, inside = _cut(frame, boxes)
        photo = f"{row['set']}/{Path(row['image']).stem}"
        make, colour, view = _known(row, numbers)
        found.append(Car(name, photo, image, inside, make=make, colour=colour, view=view))
    return found


def _known(row: dict[str, str], numbers: dict[str, int]) -> tuple[int, int, int]:
    """Return the numbers of make, colour and view in a label."""
    make = numbers.get(row["make"], len(numbers)) if row["make"] else UNKNOWN
    colour = colours.index(row["colour"]) if row["colour"] else UNKNOWN
    view = VIEWS.index(row["view"]) if row["view"] else UNKNOWN
    return make, colour, view


def _cut(frame: Frame, boxes: list[Box]) -> tuple[Frame, tuple[Box, ...]]:
    """Return the part of a frame around boxes, made small, and the boxes in it."""
    rows, cols = frame.shape[:2]
    across = CONTEXT * max(box.width for box in boxes)
    down = CONTEXT * max(box.height for box in boxes)
    left = max(0, int(min(box.left for box in boxes) - across))
    top = max(0, int(min(box.top for box in boxes) - down))
    right = min(cols, int(max(box.right for box in boxes) + across) + 1)
    bottom = min(rows, int(max(box.bottom for box in boxes) + down) + 1)
    scale = min(1.0, LARGEST / max(right - left, bottom - top))
    size = max(8, round(scale * (right - left))), max(8, round(scale * (bottom - top)))
    small = cv2.resize(frame[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    inside = tuple(
        Box(*(scale * v for v in (b.left - left, b.top - top, b.right - left, b.bottom - top)))
        for b in boxes
    )
    return np.asarray(small, np.uint8), inside


def _whole(image: Frame) -> Box:
    return Box(0, 0, image.shape[1], image.shape[0])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _picture(path: Path) -> Frame:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path}: not a picture")
    return np.asarray(image, np.uint8)
