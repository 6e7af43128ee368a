# SPDX-License-Identifier: Apache-2.0
"""The vehicles of a picture, looked at: which ones, in what order, and to whom a look belongs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from alprcore.records import Box, Frame, Plate, Quad, VehicleBox, VehicleLook
from alprcore.vehicles.color import measure_body
from alprcore.vehicles.look import look_at_vehicle
from alprcore.vehicles.main import Sight, vehicles_to_look_at
from alprcore.vehicles.model import VehicleModel


@dataclass(frozen=True, slots=True)
class Looks:
    """The plates and vehicles of a picture with their looks, and the main vehicle's look."""

    plates: tuple[Plate, ...]
    vehicles: tuple[VehicleBox, ...]
    main: VehicleLook | None


def look_at_vehicles(
    frame: Frame,
    plates: Sequence[Plate],
    vehicles: Sequence[VehicleBox],
    model: VehicleModel,
    *,
    detected: Sequence[Quad] = (),
    tasks: Collection[str],
    topn: int,
    most: int,
) -> Looks:
    """Return the picture's plates and vehicles with their looks.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
    plates : sequence of Plate
        In pixels of the frame, the most important one first.
    vehicles : sequence of VehicleBox
        What was detected.
    model : VehicleModel
    detected : sequence of Quad
        Plates that were found and not read, best first; they count where `plates` is empty.
    tasks : collection of str
        ``"color"``, ``"make"``, ``"makemodel"``.
    topn : int
        Most labels a list.
    most : int
        Vehicles looked at, at least 1: the main one, then those with plates, then large ones.
    """
    rows, cols = frame.shape[:2]
    quads = [plate.quad for plate in plates] or list(detected)
    sights = vehicles_to_look_at(quads, vehicles, cols, rows)[:most]
    looks = [_look(frame, sight.box, quads, model, tasks, topn) for sight in sights]
    seen_plates, seen_vehicles = list(plates), list(vehicles)
    for sight, look in zip(sights, looks, strict=True):
        _enter(sight, look, seen_plates, seen_vehicles)
    return Looks(tuple(seen_plates), tuple(seen_vehicles), looks[0] if looks else None)


def _enter(
    sight: Sight, look: VehicleLook, plates: list[Plate], vehicles: list[VehicleBox]
) -> None:
    """Put a look where it belongs."""
    for number in sight.plates if plates else ():
        plates[number] = replace(plates[number], vehicle=look, vehicle_region=sight.box)
    if sight.vehicle is not None:
        vehicles[sight.vehicle] = replace(vehicles[sight.vehicle], look=look)


def _look(
    frame: Frame,
    box: Box,
    quads: Sequence[Quad],
    model: VehicleModel,
    tasks: Collection[str],
    topn: int,
) -> VehicleLook:
    body = measure_body(frame, box, quads, model.trust.paint) if "color" in tasks else None
    return look_at_vehicle(frame, box, model, body=body, tasks=tasks, topn=topn)
