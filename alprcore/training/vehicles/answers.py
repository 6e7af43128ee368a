# SPDX-License-Identifier: Apache-2.0
"""What the vehicle network says of pictures that no training saw, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alprcore.training.vehicles.data import in_frame
from alprcore.training.vehicles.export import shipped_logits
from alprcore.training.vehicles.worlds import UNKNOWN, Car
from alprcore.vehicles.look import class_and_make, make_evidence, vehicle_crop
from alprcore.vehicles.model import CROP_SIZE, VehicleLogits

# Of the street in what the heads are weighed by, and in what is believed of the best make; the rest
# is the adverts'.
WORD_SHARE, KNOWN_SHARE = 0.3, 0.85

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """What the network says of held-back pictures whose make is known.

    Attributes
    ----------
    logits
        Of n pictures.
    classes, makes, views
        (n,) what is true; -1 is not known, the number behind the last make another make.
    street
        (n,) whether it is a street photograph.
    """

    logits: VehicleLogits
    classes: NDArray[np.intp]
    makes: NDArray[np.intp]
    views: NDArray[np.intp]
    street: NDArray[np.bool_]

    def shares(self, chosen: NDArray[np.intp], of_street: float) -> Floats:
        """Return how much each of the chosen pictures counts; sums to 1, `of_street` the street."""
        street = self.street[chosen]
        share = np.where(street, of_street, 1 - of_street)
        share = share / np.where(street, max(street.sum(), 1), max((~street).sum(), 1))
        return np.asarray(share / share.sum())


def asked(cars: Sequence[Car], adverts: Sequence[Car], model: Path, *, other: int) -> Answers:
    """Return what the network of an ONNX file says of vehicles in the street and of adverts."""
    crops = [vehicle_crop(car.image, car.boxes[0]) for car in cars]
    pictures = [crop for crop in crops if crop is not None]
    if len(pictures) < len(cars):
        raise ValueError("a box is outside its picture")
    framed = [in_frame(car.image, CROP_SIZE) for car in adverts]
    both = [*cars, *adverts]
    return Answers(
        shipped_logits(model, [*pictures, *framed]),
        np.array([car.vehicle for car in both]),
        np.array([min(car.make, other) for car in both]),
        np.array([car.view for car in both]),
        np.arange(len(both)) < len(cars),
    )


@dataclass(frozen=True)
class Fitted:
    """Temperatures and weights; see `VehicleTrust`."""

    class_heat: float
    make_heat: float
    make_weight: Floats
    known: Floats


def stated(answers: Answers, make_of: NDArray[np.intp], fitted: Fitted) -> tuple[Floats, Floats]:
    """Return (n, makes + 1) probabilities and the (n, k) evidence of each picture."""
    logits, heats = answers.logits, (fitted.class_heat, fitted.make_heat)
    rows = range(len(answers.makes))
    makes = np.stack(
        [
            class_and_make(
                logits.classes[i : i + 1],
                logits.makes[i : i + 1],
                make_of,
                heats=heats,
                weight=fitted.make_weight,
            )[1]
            for i in rows
        ]
    )
    x = np.stack([make_evidence(logits.makes[i].astype(np.float64), makes[i]) for i in rows])
    return makes, x


def part_of(answers: Answers, chosen: NDArray[np.intp]) -> Answers:
    """Return the answers about the chosen pictures."""
    logits = answers.logits
    few = [part[chosen] for part in (logits.classes, logits.makes, logits.colors, logits.views)]
    return Answers(
        VehicleLogits(*few),
        answers.classes[chosen],
        answers.makes[chosen],
        answers.views[chosen],
        answers.street[chosen],
    )


def best_of(answers: Answers, make_of: NDArray[np.intp], fitted: Fitted) -> tuple[Floats, ...]:
    """Return the learned makes' probabilities, "known" apart, the best one's, and the evidence."""
    makes, x = stated(answers, make_of, fitted)
    learned = makes[:, :-1] / makes[:, :-1].sum(1, keepdims=True)
    return learned, learned.max(1), x


def show_each(answers: Answers, make_of: NDArray[np.intp], names: Sequence[str],
              fitted: Fitted) -> None:  # fmt: skip
    """Print a row for each make in the street: count, right first, among five, called instead."""
    street = part_of(answers, np.flatnonzero(answers.street & (answers.makes != UNKNOWN)))
    learned, _, _ = best_of(street, make_of, fitted)
    order = (-learned).argsort(1)[:, :5]
    for number in np.unique(street.makes):
        mine = street.makes == number
        name = names[number] if number < len(names) else "another make"
        first = [names[i] for i in order[mine, 0] if i != number]
        others = sorted(set(first), key=lambda made: (-first.count(made), made))[:3]
        hits = order[mine] == number
        print(
            f"| {name} | {mine.sum()} | {hits[:, 0].sum()} | {hits.sum()} | {', '.join(others)} |"
        )
