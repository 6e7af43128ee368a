# SPDX-License-Identifier: Apache-2.0
"""How often make, colour and view of vehicles in the street are named right, and how fast.

``python benchmarks/vehicle_accuracy.py --data DIR [--wrong] [--makes]``

DIR holds ``photos_dev``, ``plates`` and ``vehicles/street_makes``. The labels beside this file were
given by eye: `colour`, other colours that a person could as well say (`also`), `make` where a badge
or the shape tells it, and `view`. Photographs of photos_dev go through the whole engine, which
finds the vehicle itself. Of the other sets the held-back fifth is taken (by the hash of the source
photograph), with the box that the detector gave when they were labelled, or as the crop that they
are. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alprcore.engine import Engine
from alprcore.picture.load import load_frame
from alprcore.records import Box, VehicleLook
from alprcore.resources import model_bytes
from alprcore.settings import Settings
from alprcore.vehicles.color import measure_body
from alprcore.vehicles.find import find_vehicles
from alprcore.vehicles.look import look_at_vehicle
from alprcore.vehicles.model import VehicleModel
from alprcore.vehicles.networks import VehicleFinder

LABELS = Path(__file__).parent / "labels"
TASKS = ("plate", "color", "make", "makemodel")
NEAR = {
    "white": ("silver-gray", "gold-beige"),
    "silver-gray": ("black", "gold-beige", "blue"),
    "black": ("blue", "brown", "green", "purple"),
    "blue": ("green", "purple"),
    "brown": ("gold-beige", "orange", "red"),
    "yellow": ("gold-beige", "orange"),
    "red": ("orange", "pink", "purple"),
    "pink": ("purple",),
}
NEIGHBOURS = {frozenset((one, other)) for one, others in NEAR.items() for other in others}


@dataclass(frozen=True)
class Case:
    """A labelled vehicle and what was said of it."""

    name: str
    truth: dict[str, str]
    look: VehicleLook


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def held_back(photo: str) -> bool:
    """Return whether no training saw the photograph (`alprcore.training.vehicles.worlds`)."""
    return int(hashlib.sha256(photo.encode()).hexdigest(), 16) % 5 == 0


def in_photographs(data: Path) -> list[Case]:
    """Return what the engine says of the main vehicles of photos_dev."""
    engine = Engine(country="us,eu,br", topn=5)
    cases = []
    for row in rows_of(LABELS / "photos_dev_vehicles.csv"):
        found = engine.recognize(data / "photos_dev" / row["image"], tasks=TASKS)
        cases.append(Case(row["image"], row, found.main_vehicle or VehicleLook()))
    return cases


def looked_at(frame: np.ndarray, box: Box, model: VehicleModel) -> VehicleLook:
    """Return what is said of a box."""
    body = measure_body(frame, box, [], model.trust.paint)
    look = look_at_vehicle(frame, (box,), model, body=body, tasks=TASKS, topn=5)
    return look or VehicleLook()


def in_boxes(data: Path, model: VehicleModel) -> dict[str, list[Case]]:
    """Return what is said of held-back vehicles in boxes, by set."""
    cases = defaultdict(list)
    for row in rows_of(LABELS / "street_vehicles.csv"):
        if held_back(f"{row['set']}/{Path(row['image']).stem}"):
            path = data / "plates" / row["set"] / row["image"]
            frame = load_frame(path, max_pixels=Settings().max_pixels)
            box = Box(*(float(row[side]) for side in ("left", "top", "right", "bottom")))
            case = Case(f"{row['set']}/{row['image']}", row, looked_at(frame, box, model))
            cases[row["set"]].append(case)
    return dict(cases)


def in_crops(data: Path, model: VehicleModel) -> dict[str, list[Case]]:
    """Return what is said of the held-back crops around plates, by source; they have no colour."""
    folder, cases = data / "vehicles" / "street_makes", defaultdict(list)
    for row in rows_of(folder / "truth.csv"):
        egypt, spain = (re.match(form, row["image"]) for form in (r"eg_(\d+)_", r"es_(\w+?_\d+)_"))
        stem = f"other/{Path(row['image']).stem}"
        if egypt or spain:
            stem = f"egypt/{egypt[1]}" if egypt else f"spain/{spain[1]}"
        if held_back(stem):
            frame = load_frame(folder / row["image"], max_pixels=Settings().max_pixels)
            make = row["make"].lower().replace(" ", "-")
            truth = {"make": make, "view": row["view"], "colour": "", "also": ""}
            look = looked_at(frame, Box(0, 0, frame.shape[1], frame.shape[0]), model)
            cases[f"{row['source']}, crops"].append(Case(row["image"], truth, look))
    return dict(cases)


def share(hits: Sequence[bool]) -> str:
    """Return the share of true ones in percent, and between what it lies."""
    n = len(hits)
    if not n:
        return "-"
    p, z = float(np.mean(hits)), 1.96
    middle, half = (
        (p + z * z / (2 * n)) / (1 + z * z / n),
        z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n),
    )
    low, high = 100 * (middle - half), 100 * (middle + half)
    return f"{100 * p:.1f} % ({low:.0f}-{high:.0f}) of {n}"


def row_of(title: str, cases: list[Case], learned: frozenset[str]) -> str:
    """Return the figures of a set as a row of a table."""
    made = [case for case in cases if case.truth["make"]]
    first = [bool(c.look.make) and c.look.make[0].name == c.truth["make"] for c in made]
    five = [c.truth["make"] in [m.name for m in c.look.make] for c in made]
    sure = [bool(c.look.make) and c.look.make[0].confidence > 0.5 for c in made]
    wrong = [s and not hit for s, hit in zip(sure, first, strict=True)]
    unseen = [s for s, c in zip(sure, made, strict=True) if c.truth["make"] not in learned]
    tinted = [c for c in cases if c.truth["colour"]]
    exact = [bool(c.look.color) and c.look.color[0].name == c.truth["colour"] for c in tinted]
    near = [
        hit or (bool(c.look.color) and is_near(c.look.color[0].name, c.truth))
        for hit, c in zip(exact, tinted, strict=True)
    ]
    sides = [c for c in cases if c.truth.get("view") in ("front", "rear") and c.look.orientation]
    facing = [
        next(v.name for v in c.look.orientation if v.name != "side") == c.truth["view"]
        for c in sides
    ]
    right = [hit for hit, s in zip(first, sure, strict=True) if s]
    cells = [share(hits) for hits in (first, five, right, wrong, unseen, exact, near, facing)]
    return f"| {title} | {' | '.join(cells)} |"


def is_near(color: str, truth: dict[str, str]) -> bool:
    """Return whether a person could as well say this colour."""
    return color in truth["also"].split() or frozenset((color, truth["colour"])) in NEIGHBOURS


def makes_table(cases: list[Case]) -> list[str]:
    """Return a row for each make: vehicles, right first, among five, and what it was called."""
    rows = ["| make | n | first | among five | called instead |", "| --- | --: | --: | --: | --- |"]
    for make, _ in Counter(c.truth["make"] for c in cases if c.truth["make"]).most_common():
        mine = [c for c in cases if c.truth["make"] == make]
        called = [c.look.make[0].name for c in mine if c.look.make]
        five = sum(make in [m.name for m in c.look.make] for c in mine)
        others = [name for name, _ in Counter(called).most_common(4) if name != make][:3]
        rows.append(
            f"| {make} | {len(mine)} | {called.count(make)} | {five} | {', '.join(others)} |"
        )
    return rows


def timed(data: Path, model: VehicleModel) -> str:
    """Return the time that all vehicle tasks of one vehicle take, its box included."""
    finder, spans = VehicleFinder(model_bytes), []
    for row in rows_of(LABELS / "photos_dev_vehicles.csv")[:40]:
        path = data / "photos_dev" / row["image"]
        frame = load_frame(path, max_pixels=Settings().max_pixels)
        begin = time.perf_counter()
        found = find_vehicles(frame, finder, min_score=Settings().min_vehicle_score, most=20)
        boxed = time.perf_counter()
        box = found[0].box if found else Box(0, 0, frame.shape[1], frame.shape[0])
        looked_at(frame, box, model)
        spans.append((boxed - begin, time.perf_counter() - boxed))
    box_ms, look_ms = 1e3 * np.median(np.array(spans), axis=0)
    return f"box {box_ms:.1f} ms, look {look_ms:.1f} ms (medians of {len(spans)} photographs)"


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="accuracy of vehicle looks in the street")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--wrong", action="store_true", help="list what was named wrong")
    parser.add_argument("--makes", action="store_true", help="a row for each make")
    options = parser.parse_args()
    model = VehicleModel(model_bytes)
    learned = frozenset(model.labels.learned)
    sets = {**in_boxes(options.data, model), **in_crops(options.data, model)}
    street = [case for cases in sets.values() for case in cases]
    sets["all held back"] = street
    sets["photos_dev, whole photographs"] = in_photographs(options.data)
    print("| set | make | among five | above 0.5, right | all, wrong above 0.5 | "
          "never learned, above 0.5 | colour | or near | front against rear |")  # fmt: skip
    print("| --- |" + " --- |" * 8)
    print("\n".join(row_of(title, cases, learned) for title, cases in sets.items()))
    print(timed(options.data, model))
    if options.makes:
        print("\n".join(makes_table(street)))
    for case in street if options.wrong else ():
        said = [kind[0] for kind in (case.look.make, case.look.color) if kind]
        print(case.name, case.truth["make"], case.truth["colour"],
              *(f"{label.name} {label.confidence:.2f}" for label in said))  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
