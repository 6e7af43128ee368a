# SPDX-License-Identifier: Apache-2.0
"""How a vehicle looks: its colour, make, model, body type and year."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Box, Frame, Label, VehicleLook
from alprcore.vehicles.model import CROP_SIZE, BodyColor, VehicleLabels, VehicleModel, VehicleTrust

MARGIN = 0.04  # of the box's sides, looked at around it

Numbers = NDArray[np.float64]


def look_at_vehicle(
    frame: Frame,
    box: Box,
    model: VehicleModel,
    *,
    body: BodyColor | None,
    tasks: Collection[str],
    topn: int,
) -> VehicleLook:
    """Return how the vehicle in a box looks.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Channels blue, green, red.
    box : Box
        The vehicle, in pixels of the frame.
    model : VehicleModel
    body : BodyColor or None
        What was measured of its paint; without it the list of colours stays empty.
    tasks : collection of str
        ``"make"`` and ``"makemodel"``; the latter fills body type and year too.
    topn : int
        Most labels a list.

    Returns
    -------
    VehicleLook
        Lists best first; those not asked for are empty, and all are when the box has no pixel of
        the frame. The probabilities of a list sum to 1 at most: what is missing is the
        probability of something else, such as a make that was never learned.
    """
    crop = vehicle_crop(frame, box)
    if crop is None:
        return VehicleLook()
    classes, colors = model.logits(crop)
    labels, trust = model.labels, model.trust
    look: dict[str, tuple[Label, ...]] = {}
    if body is not None and not body.colorless:
        look["color"] = _best(
            _summed(labels.colors, color_chances(colors.mean(0), body, trust)), topn
        )
    if "make" in tasks or "makemodel" in tasks:
        chances, known = class_chances(classes, labels.make_numbers, trust)
        named = existing(labels, chances, known, topn)
        wanted = ["make"] * ("make" in tasks) + ["make_model", "body_type", "year"] * (
            "makemodel" in tasks
        )
        look |= {kind: named[kind] for kind in wanted}
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


def class_chances(
    logits: NDArray[np.float32], make_of: NDArray[np.intp], trust: VehicleTrust
) -> tuple[Numbers, float]:
    """Return each class's probability among the known ones, and how likely those are to hold it.

    Parameters
    ----------
    logits : (2, classes) float32 array
        Of a picture and of its mirror image.
    make_of : (classes,) int array
        Number of each class's make.
    trust : VehicleTrust
    """
    heat = float(trust.class_heat[0])
    evidence = float(trust.known.astype(np.float64) @ make_evidence(logits, make_of, heat))
    return _softmax(logits.mean(0, dtype=np.float64) / heat), float(1 / (1 + np.exp(-evidence)))


def make_evidence(logits: NDArray[np.floating], make_of: NDArray[np.intp], heat: float) -> Numbers:
    """Return what speaks for the make being a known one: (5,) numbers.

    1; the logarithm of the summed exponentials of the mean logits, and the largest of them, in
    tens; the best make's probability; and how alike picture and mirror image are in their makes
    (1 is the same).
    """
    mean = logits.mean(0, dtype=np.float64)
    energy = np.logaddexp.reduce(mean)
    best = np.bincount(make_of, _softmax(mean / heat)).max()
    one, other = (np.bincount(make_of, _softmax(row / heat)) for row in logits.astype(np.float64))
    return np.array([1.0, energy / 10, mean.max() / 10, best, np.sqrt(one * other).sum()])


def color_chances(logits: NDArray[np.float32], body: BodyColor, trust: VehicleTrust) -> Numbers:
    """Return each colour's probability from the network's logits and the measured paint.

    Less sure light makes all colours more alike.
    """
    by_network, by_body = (float(weight) for weight in trust.color_weights)
    measured = trust.body_weights.astype(np.float64) @ body.features
    evidence = by_network * logits + by_body * measured + trust.color_bias
    return _softmax(body.sureness * evidence)


def existing(
    labels: VehicleLabels, chances: Numbers, known: float, topn: int
) -> dict[str, tuple[Label, ...]]:
    """Return make, model, body type and year such that the first of each exist together.

    The first make is the likeliest one, the first model its likeliest one, and of that model's
    classes the one is taken whose body type and year are likeliest together. What is likelier
    than these is left out, as the lists would else begin with a vehicle that nobody built.

    Parameters
    ----------
    labels : VehicleLabels
    chances : (classes,) array
        Of each class, among the known ones.
    known : float
        How likely the known ones hold the vehicle.
    topn : int
        Most labels a list.
    """
    kinds = {
        "make": labels.makes,
        "make_model": labels.models,
        "body_type": labels.bodies,
        "year": labels.years,
    }
    sums = {kind: _summed(names, chances) for kind, names in kinds.items()}
    rank = [
        (
            sums["make"][make],
            sums["make_model"][model],
            sums["body_type"][body] * sums["year"][year],
        )
        for make, model, body, year in zip(*kinds.values(), strict=True)
    ]
    best = max(range(len(rank)), key=rank.__getitem__)
    found = {}
    for kind, names in kinds.items():
        most = sums[kind][names[best]]
        share = 1.0 if kind == "body_type" else known
        kept = {name: share * chance for name, chance in sums[kind].items()
                if chance < most or name == names[best]}  # fmt: skip
        found[kind] = _best(kept, topn)
    return found


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
