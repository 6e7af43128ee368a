# SPDX-License-Identifier: Apache-2.0
"""How a vehicle looks: its colour, make, model, body type, year and which side it shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Box, Frame, Label, VehicleLook
from alprcore.vehicles.model import (
    CROP_SIZE,
    BodyColor,
    VehicleLabels,
    VehicleLogits,
    VehicleModel,
    VehicleTrust,
)

MOST_WORD = 1.5  # weight of the class head's word on a make at most
NO_VEHICLE = 0.8  # probability above which nothing is said: 2 of 611 held-back cars in the street
MARGIN = 0.04  # of the box's sides, looked at around it

Numbers = NDArray[np.float64]


def look_at_vehicle(
    frame: Frame,
    boxes: Sequence[Box],
    model: VehicleModel,
    *,
    body: BodyColor | None,
    tasks: Collection[str],
    topn: int,
) -> VehicleLook | None:
    """Return how a vehicle looks, or None where none is seen.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Channels blue, green, red.
    boxes : sequence of Box
        Views of the one vehicle, in pixels of the frame: all of it, and around its plate.
    model : VehicleModel
    body : BodyColor or None
        What was measured of its paint; without it the list of colours stays empty.
    tasks : collection of str
        ``"make"`` and ``"makemodel"``; the latter fills body type, year and orientation too.
    topn : int
        Most labels a list.

    Returns
    -------
    VehicleLook or None
        Lists best first; those not asked for are empty. The probabilities of a list sum to 1 at
        most: what is missing is the probability of something else, such as a make that was never
        learned.
    """
    crops = [crop for crop in (vehicle_crop(frame, box) for box in boxes) if crop is not None]
    if not crops:
        return None
    logits = model.logits(np.stack(crops))
    labels, trust = model.labels, model.trust
    views = _softmax(logits.views.mean(0, dtype=np.float64) / float(trust.view_heat[0]))
    if views[-1] > NO_VEHICLE:
        return None
    look: dict[str, tuple[Label, ...]] = {}
    if body is not None and not body.colorless:
        chances = color_chances(logits.colors.mean(0), body, trust)
        look["color"] = _best(_summed(labels.colors, chances), topn)
    if "make" in tasks or "makemodel" in tasks:
        named = existing(labels, *make_chances(logits, labels.make_numbers, trust), topn)
        wanted = ["make"] * ("make" in tasks) + ["make_model", "body_type", "year"] * (
            "makemodel" in tasks
        )
        look |= {kind: named[kind] for kind in wanted}
    if "makemodel" in tasks:
        look["orientation"] = _best(_summed(labels.views[:-1], views[:-1]), topn)
    return VehicleLook(**look)


def vehicle_crop(frame: Frame, box: Box) -> Frame | None:
    """Return what the network looks at, or None where nothing of the box is in the frame."""
    rows, cols = frame.shape[:2]
    across, down = MARGIN * box.width, MARGIN * box.height
    left, right = (round(min(max(x, 0), cols)) for x in (box.left - across, box.right + across))
    top, bottom = (round(min(max(y, 0), rows)) for y in (box.top - down, box.bottom + down))
    if right <= left or bottom <= top:
        return None
    # Averaging is right for making smaller; made larger, it would leave blocks.
    larger = right - left < CROP_SIZE[0] and bottom - top < CROP_SIZE[1]
    how = cv2.INTER_LINEAR if larger else cv2.INTER_AREA
    crop = cv2.resize(frame[top:bottom, left:right], CROP_SIZE, interpolation=how)
    return np.asarray(crop, np.uint8)


def make_chances(
    logits: VehicleLogits, make_of: NDArray[np.intp], trust: VehicleTrust
) -> tuple[Numbers, Numbers]:
    """Return the probability of each learned make, and of each class.

    The makes sum to less than 1 by the probability of another make. The classes sum to 1: they
    say what the vehicle is among the classes.

    Parameters
    ----------
    logits : VehicleLogits
    make_of : (classes,) int array
        Place of each class's make among the learned ones.
    trust : VehicleTrust
    """
    classes, makes = class_and_make(
        logits.classes, logits.makes, make_of,
        heats=(float(trust.class_heat[0]), float(trust.make_heat[0])),
        weight=trust.make_weight.astype(np.float64),
    )  # fmt: skip
    evidence = make_evidence(logits.makes.mean(0, dtype=np.float64), makes)
    known = 1 / (1 + np.exp(-float(trust.known.astype(np.float64) @ evidence)))
    learned = makes[:-1] / makes[:-1].sum()
    return known * learned, classes


def class_and_make(
    class_logits: NDArray[np.floating],
    make_logits: NDArray[np.floating],
    make_of: NDArray[np.intp],
    *,
    heats: tuple[float, float],
    weight: Numbers,
) -> tuple[Numbers, Numbers]:
    """Return (classes,) and (makes + 1,) probabilities, both heads heard; the last: another make.

    The class head knows some of the makes only; of the others it says nothing, so its word on
    them is that of the average make. How much it counts depends on how familiar the vehicle
    looks to it: it learned from adverts alone, where it is right more often than in the street.

    Parameters
    ----------
    class_logits : (n, classes) array
    make_logits : (n, makes + 1) array
    make_of : (classes,) int array
    heats : pair of float
        Temperatures of both heads.
    weight : (4,) array
        Of the class head's word on the make: a logit of `MOST_WORD` by 1, the logarithm of the
        summed exponentials of the class logits and the largest of them, in tens, and the
        probability of the class head's best make.
    """
    mean = class_logits.mean(0, dtype=np.float64)
    classes = _softmax(mean / heats[0])
    of_class = np.bincount(make_of, classes, minlength=make_logits.shape[1])
    advertised = np.bincount(make_of, minlength=len(of_class)) > 0
    word = np.full(len(of_class), np.log(1 / advertised.sum()))
    word[advertised] = np.log(np.maximum(of_class[advertised], 1e-4))
    familiar = np.array([1.0, np.logaddexp.reduce(mean) / 10, mean.max() / 10, of_class.max()])
    counts = MOST_WORD / (1 + np.exp(-float(weight @ familiar)))
    return classes, _softmax(make_logits.mean(0, dtype=np.float64) / heats[1] + counts * word)


def make_evidence(logits: Numbers, makes: Numbers) -> Numbers:
    """Return what speaks for the best learned make being right: (6,) numbers.

    1; the logarithm of the summed exponentials of the make logits, and the largest of them, in
    tens; the best make's probability, how far it is from the second, and that of another make.

    Parameters
    ----------
    logits : (makes + 1,) array
        Of the make head.
    makes : (makes + 1,) array
        Probabilities, see `class_and_make`.
    """
    energy = np.logaddexp.reduce(logits) / 10
    second, best = np.sort(makes[:-1])[-2:]
    return np.array([1.0, energy, logits[:-1].max() / 10, best, best - second, makes[-1]])


def color_chances(logits: NDArray[np.float32], body: BodyColor, trust: VehicleTrust) -> Numbers:
    """Return each colour's probability from the network's logits and the measured paint.

    Less sure light makes all colours more alike.
    """
    by_network, by_body = (float(weight) for weight in trust.color_weights)
    measured = trust.body_weights.astype(np.float64) @ body.features
    evidence = by_network * logits + by_body * measured + trust.color_bias
    return _softmax(body.sureness * evidence)


def existing(
    labels: VehicleLabels, makes: Numbers, classes: Numbers, topn: int
) -> dict[str, tuple[Label, ...]]:
    """Return make, model, body type and year such that the first of each exist together.

    The first make is the likeliest one, the first model its likeliest one, and of that model's
    classes the one is taken whose body type and year are likeliest together. What is likelier
    than these is left out, as the lists would else begin with a vehicle that nobody built. A make
    without classes has no model and no year.

    Parameters
    ----------
    labels : VehicleLabels
    makes : (makes,) array
        Probability of each learned make.
    classes : (classes,) array
        Of each class, among the classes.
    topn : int
        Most labels a list.
    """
    numbers = labels.make_numbers
    of_make = np.bincount(numbers, classes, minlength=len(makes))
    shares = classes * makes[numbers] / np.maximum(of_make[numbers], 1e-9)
    sums = {
        "make": _summed(labels.learned, makes),
        "make_model": _summed(labels.models, shares),
        "body_type": _summed(labels.bodies, classes),
        "year": _summed(labels.years, shares),
    }
    first = labels.learned[int(np.argmax(makes))]
    rank = [
        (sums["make_model"][model], sums["body_type"][body] * sums["year"][year], -number)
        for number, (make, model, body, year) in enumerate(labels.rows)
        if make == first
    ]
    if not rank:
        none: dict[str, tuple[Label, ...]] = {"make_model": (), "year": ()}
        return none | {kind: _best(sums[kind], topn) for kind in ("make", "body_type")}
    names = dict(zip(sums, labels.rows[-max(rank)[-1]], strict=True))
    return {
        kind: _best(
            {name: chance for name, chance in chances.items()
             if chance < chances[names[kind]] or name == names[kind]},
            topn,
        )
        for kind, chances in sums.items()
    }  # fmt: skip


def _softmax(logits: Numbers) -> Numbers:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def _summed(names: Sequence[str], chances: Numbers) -> dict[str, float]:
    """Return the probability of each name; equal names count together."""
    sums: dict[str, float] = {}
    for name, chance in zip(names, chances, strict=True):
        sums[name] = sums.get(name, 0.0) + float(chance)
    return sums


def _best(chances: Mapping[str, float], topn: int) -> tuple[Label, ...]:
    """Return the labels, best first."""
    ordered = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Label(name, min(chance, 1.0)) for name, chance in ordered[:topn])
