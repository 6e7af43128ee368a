# SPDX-License-Identifier: Apache-2.0
"""Which parts of a picture are looked at as vehicles, and which of them is the main one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alprcore.records import Box, Carrier, Quad, VehicleBox

# Lengths are in roots of the plate's area: 0.22 to 0.24 m on plates of every common shape.
# A box narrower than this around a plate is not a vehicle: cars are about 7.8 wide.
NARROWEST = 3.0
# From the middle of the plate to the vehicle's edges: sideways, up, down. The boxes of four
# European cars seen from ahead or behind reach 3.5, 3.2 and 1.8; a little more does no harm.
REACH = (3.8, 3.8, 1.9)
# What makes one the main vehicle beside its area: a plate that can be seen counts as much as twice
# the area, a place at the picture's edge as half of it.
PLATE_COUNTS = 2.0
ASIDE_COUNTS = 0.5


@dataclass(frozen=True, slots=True)
class Sight:
    """A part of the picture to look at as one vehicle.

    Attributes
    ----------
    box
        In pixels of the picture.
    plates
        Indices of the plates that the vehicle carries.
    vehicle
        Index of the detected vehicle; None for a box that was grown from a plate.
    """

    box: Box
    plates: tuple[int, ...]
    vehicle: int | None


def vehicle_of(quad: Quad, vehicles: Sequence[VehicleBox]) -> int | None:
    """Return the index of the vehicle that carries a plate.

    It is the smallest one that holds the middle of the plate and is wide enough for it.
    """
    x, y = quad.to_points().mean(axis=0)
    least = NARROWEST * _unit(quad)
    holding = [
        (vehicle.box.width * vehicle.box.height, index)
        for index, vehicle in enumerate(vehicles)
        if vehicle.box.left <= x < vehicle.box.right
        and vehicle.box.top <= y < vehicle.box.bottom
        and vehicle.box.width >= least
    ]
    return min(holding)[1] if holding else None


def carrier_of(quad: Quad, vehicles: Sequence[VehicleBox]) -> Carrier:
    """Return the vehicle that carries a plate, not looked at; an empty one where none was found."""
    index = vehicle_of(quad, vehicles)
    return Carrier() if index is None else Carrier(vehicles[index].box)


def vehicles_to_look_at(
    plates: Sequence[Quad], vehicles: Sequence[VehicleBox], width: int, height: int
) -> tuple[Sight, ...]:
    """Return the vehicles of a picture, the main one first.

    Parameters
    ----------
    plates : sequence of Quad
        Corners of the plates in pixels of the picture.
    vehicles : sequence of VehicleBox
        Vehicles that were detected.
    width, height : int
        Size of the picture.

    Returns
    -------
    tuple of Sight
        The detected ones, and for a plate on none of them a box grown from it, the most prominent
        first: large, in the middle of the picture, with a plate.
        None where there is neither: a picture without a vehicle has no colour and no make.
    """
    carriers = [vehicle_of(quad, vehicles) for quad in plates]
    sights: list[Sight] = []
    for number, (quad, index) in enumerate(zip(plates, carriers, strict=True)):
        if index is None:
            sights.append(Sight(grown_box(quad, width, height), (number,), None))
        elif index not in carriers[:number]:
            on_it = tuple(i for i, carrier in enumerate(carriers) if carrier == index)
            sights.append(Sight(vehicles[index].box, on_it, index))
    sights += [Sight(vehicle.box, (), i) for i, vehicle in enumerate(vehicles) if i not in carriers]
    return tuple(sorted(sights, key=lambda sight: -_prominence(sight, width, height)))


def _prominence(sight: Sight, width: int, height: int) -> float:
    """Return how much a vehicle is what the picture shows: large, in the middle, with a plate."""
    box = sight.box
    x, y = (box.left + box.right) / width - 1, (box.top + box.bottom) / height - 1
    aside = min(1.0, float(np.hypot(x, y)))
    plate = PLATE_COUNTS if sight.plates else 1.0
    return box.width * box.height * (1 - ASIDE_COUNTS * aside) * plate


def _unit(quad: Quad) -> float:
    """Return the root of the quad's area, in pixels."""
    x, y = quad.to_points().T
    return float(np.sqrt(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2))


def grown_box(quad: Quad, width: int, height: int) -> Box:
    """Return the box that a vehicle with this plate fills, cut to the picture of this size."""
    x, y = (float(value) for value in quad.to_points().mean(axis=0))
    side, up, down = (reach * _unit(quad) for reach in REACH)
    x, y = min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
    return Box(max(0.0, x - side), max(0.0, y - up), min(width, x + side), min(height, y + down))
