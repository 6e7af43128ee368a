# SPDX-License-Identifier: Apache-2.0
"""Vehicles in street photographs, labelled by eye: what a network makes of them in use.

The file of labels has a row for each vehicle: set, picture, box, plate, make, colour, other colours
that a person could as well say, and the view; what cannot be seen is empty.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Box, Frame
from alprcore.training.vehicles.worlds import held_back
from alprcore.vehicles.color import body_features, body_pixels, light_of
from alprcore.vehicles.look import vehicle_crop


@dataclass(frozen=True)
class Street:
    """Vehicles in street photographs.

    Attributes
    ----------
    crops
        What the network looks at.
    bodies
        Lab pixels (n, 3) of the lower and the upper body of each.
    colours
        Labels.
    """

    crops: list[Frame]
    bodies: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]
    colours: list[str]

    def features(self, paint: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return what is measured of the bodies, one row each."""
        rows = [body_features(lower, upper, paint) for lower, upper in self.bodies]
        return np.stack(rows) if rows else np.empty((0, 2 * len(paint) + 17))


def load_street(labels: Path, photos: Path) -> Street:
    """Return the held-back vehicles of known colour in the sets of photographs of a folder."""
    street = Street([], [], [])
    with labels.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["colour"]]
    for row in rows:
        path = photos / row["set"] / row["image"]
        if not held_back(f"{row['set']}/{path.stem}") or not path.exists():
            continue  # data may be there in part
        frame = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if frame is None:
            raise ValueError(f"{row['image']}: not a picture")
        picture = np.asarray(frame, np.uint8)
        box = Box(*(float(row[side]) for side in ("left", "top", "right", "bottom")))
        crop = vehicle_crop(picture, box)
        if crop is None:
            raise ValueError(f"{row['image']}: its box is outside the picture")
        street.crops.append(crop)
        street.bodies.append(body_pixels(picture, box, (), light_of(picture, box)))
        street.colours.append(row["colour"])
    return street
