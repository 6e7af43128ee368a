# SPDX-License-Identifier: Apache-2.0
"""The vehicles of a picture, looked at: which ones, in what order, and to whom a look belongs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from alprcore.picture.view import View, quads_in_picture
from alprcore.records import Carrier, Detection, Frame, Quad, VehicleBox, VehicleLook
from alprcore.settings import Settings
from alprcore.vehicles.color import measure_body
from alprcore.vehicles.find import search_vehicles
from alprcore.vehicles.look import look_at_vehicle
from alprcore.vehicles.main import Sight, carrier_of, vehicles_to_look_at
from alprcore.vehicles.model import VehicleModel
from alprcore.vehicles.networks import VehicleFinder


@dataclass(frozen=True, slots=True)
class Looks:
    """The vehicles of a picture with their looks.

    Attributes
    ----------
    carriers
        The vehicle of each plate.
    vehicles
        Those detected.
    main
        The main vehicle's look; None where no look was taken.
    """

    carriers: tuple[Carrier, ...]
    vehicles: tuple[VehicleBox, ...]
    main: VehicleLook | None


@dataclass(frozen=True, slots=True)
class VehicleNetworks:
    """What boxes vehicles, and what names them."""

    finder: VehicleFinder
    model: VehicleModel


def vehicle_networks(read: Callable[[str], bytes], *, threads: int) -> VehicleNetworks:
    """Return the networks in the files that `read` returns by name; loaded when needed."""
    return VehicleNetworks(
        VehicleFinder(read, threads=threads), VehicleModel(read, threads=threads)
    )


def vehicles_of(
    view: View,
    plates: Sequence[Quad],
    found: Sequence[Detection],
    networks: VehicleNetworks,
    settings: Settings,
    tasks: frozenset[str],
) -> Looks:
    """Return the vehicles of a view, with the looks that are wanted, and which carries each plate.

    Parameters
    ----------
    view : View
    plates : sequence of Quad
        Corners of the plates that are reported, in pixels of the picture.
    found : sequence of Detection
        What plate finding found in the view; it counts where no plate is reported.
    networks : VehicleNetworks
    settings : Settings
    tasks : frozenset of str
        As for `look_at_vehicles`; may be empty.
    """
    if not tasks and not settings.find_vehicles:
        return Looks((Carrier(),) * len(plates), (), None)
    vehicles = search_vehicles(view, networks.finder, settings)
    if not tasks:
        return Looks(tuple(carrier_of(quad, vehicles) for quad in plates), vehicles, None)
    return look_at_vehicles(
        view.picture,
        plates,
        vehicles,
        networks.model,
        detected=quads_in_picture(view, found, settings.min_plate_score),
        tasks=tasks,
        topn=settings.topn,
        most=settings.max_vehicles,
    )


def look_at_vehicles(
    frame: Frame,
    plates: Sequence[Quad],
    vehicles: Sequence[VehicleBox],
    model: VehicleModel,
    *,
    detected: Sequence[Quad] = (),
    tasks: Collection[str],
    topn: int,
    most: int,
) -> Looks:
    """Return the picture's vehicles with their looks, and which one carries each plate.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
    plates : sequence of Quad
        Corners in pixels of the frame, the most important plate first.
    vehicles : sequence of VehicleBox
        What was detected.
    model : VehicleModel
    detected : sequence of Quad
        Plates that were found and not read, best first; they count where `plates` is empty.
    tasks : collection of str
        ``"color"``, ``"make"``, ``"makemodel"``.
    topn : int
        Maximum number of labels per list.
    most : int
        Vehicles looked at, at least 1: the main one, then those with plates, then large ones.
    """
    rows, cols = frame.shape[:2]
    quads = list(plates) or list(detected)
    sights = vehicles_to_look_at(quads, vehicles, cols, rows)[:most]
    looks = [_look(frame, sight, quads, model, tasks, topn) for sight in sights]
    carriers, seen = [carrier_of(quad, vehicles) for quad in plates], list(vehicles)
    for sight, look in zip(sights, looks, strict=True):
        if look is None:  # what turned out to be no vehicle
            continue
        for number in sight.plates if plates else ():
            carriers[number] = Carrier(sight.box, look)
        if sight.vehicle is not None:
            seen[sight.vehicle] = replace(seen[sight.vehicle], look=look)
    return Looks(tuple(carriers), tuple(seen), next(filter(None, looks), None))


def _look(
    frame: Frame,
    sight: Sight,
    quads: Sequence[Quad],
    model: VehicleModel,
    tasks: Collection[str],
    topn: int,
) -> VehicleLook | None:
    body = measure_body(frame, sight.box, quads, model.trust.paint) if "color" in tasks else None
    return look_at_vehicle(frame, (sight.box,), model, body=body, tasks=tasks, topn=topn)
