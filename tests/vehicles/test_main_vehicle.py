# SPDX-License-Identifier: Apache-2.0
"""Which vehicles are looked at, and which is the main one."""

from __future__ import annotations

from alprcore.geometry import box_quad
from alprcore.records import Box, Quad, VehicleBox
from alprcore.vehicles.main import Sight, carrier_of, vehicle_of, vehicles_to_look_at

SIZE = (1000, 800)
PLATE = box_quad(Box(280, 480, 360, 500))  # 40 pixels are the root of its area
AROUND = VehicleBox(Box(150, 300, 450, 560), 0.9)
LARGER = VehicleBox(Box(100, 200, 700, 700), 0.8)
APART = VehicleBox(Box(600, 100, 980, 400), 0.7)
SCRAP = VehicleBox(Box(270, 470, 370, 510), 0.95)  # 2.5 units wide: no vehicle carries its plate so


def looked_at(plates: list[Quad], vehicles: list[VehicleBox]) -> tuple[Sight, ...]:
    return vehicles_to_look_at(plates, vehicles, *SIZE)


def test_the_smallest_vehicle_around_the_plate_carries_it() -> None:
    assert vehicle_of(PLATE, [LARGER, APART, AROUND]) == 2
    assert vehicle_of(PLATE, [APART]) is None
    assert vehicle_of(PLATE, []) is None


def test_a_box_hardly_larger_than_the_plate_is_no_vehicle() -> None:
    assert vehicle_of(PLATE, [SCRAP]) is None
    assert vehicle_of(PLATE, [SCRAP, AROUND]) == 1


def test_the_main_vehicle_is_large_central_and_shows_a_plate() -> None:
    other = box_quad(Box(760, 330, 840, 350))
    larger, smaller = Sight(APART.box, (0,), 1), Sight(AROUND.box, (1,), 0)
    assert looked_at([other, PLATE], [AROUND, APART]) == (larger, smaller)
    assert looked_at([PLATE, other], [APART, AROUND])[0].box == APART.box
    seen = looked_at([PLATE], [AROUND, APART])  # a plate outdoes half as much again in area
    assert [sight.vehicle for sight in seen] == [0, 1]
    twin = VehicleBox(Box(0, 250, 400, 450), 0.9)
    middle = VehicleBox(Box(300, 250, 700, 450), 0.9)
    assert looked_at([], [twin, middle])[0].box == middle.box


def test_a_plate_without_a_vehicle_gets_a_box_around_it() -> None:
    first, second = looked_at([PLATE], [APART])
    assert first.vehicle is None
    assert first.plates == (0,)
    assert (first.box.left + first.box.right) / 2 == 320
    assert 280 < first.box.width < 360  # 7.6 units: a car of 1.8 m
    assert 490 - first.box.top > first.box.bottom - 490  # plates are low on the car
    assert second == Sight(APART.box, (), 0)


def test_a_grown_box_stays_in_the_picture() -> None:
    for box in (Box(0, 780, 80, 800), Box(950, 0, 1030, 20), Box(-90, 400, -10, 420)):
        (sight,) = looked_at([box_quad(box)], [])
        assert 0 <= sight.box.left < sight.box.right <= SIZE[0]
        assert 0 <= sight.box.top < sight.box.bottom <= SIZE[1]


def test_two_plates_on_one_vehicle_are_one_sight() -> None:
    second = box_quad(Box(200, 400, 280, 420))
    assert looked_at([PLATE, second], [AROUND]) == (Sight(AROUND.box, (0, 1), 0),)


def test_without_plates_the_largest_vehicle_is_the_main_one() -> None:
    assert [sight.vehicle for sight in looked_at([], [AROUND, LARGER, APART])] == [1, 2, 0]


def test_a_picture_without_plates_and_vehicles_has_none() -> None:
    assert looked_at([], []) == ()


def test_a_plate_names_its_vehicle() -> None:
    assert carrier_of(PLATE, [APART, AROUND]).region == AROUND.box
    assert carrier_of(PLATE, [APART]).region is None
