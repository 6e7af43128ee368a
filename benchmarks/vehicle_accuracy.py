# SPDX-License-Identifier: Apache-2.0
"""How often colour and make of vehicles in whole photographs are named right.

``python benchmarks/vehicle_accuracy.py --data DIR``

DIR holds ``photos_dev`` and ``plates/openimages``. The labels beside this file were given by eye:
`colour`, other colours that a person could as well say (`also`), and `make` where a badge or the
shape tells it. Photographs of photos_dev go through the whole engine, which finds the vehicle
itself; those of Open Images come with the box that the detector gave when they were labelled.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alprcore.engine import Engine
from alprcore.picture.load import load_frame
from alprcore.records import Box, VehicleLook
from alprcore.resources import model_bytes
from alprcore.settings import Settings
from alprcore.vehicles.color import measure_body
from alprcore.vehicles.look import look_at_vehicle
from alprcore.vehicles.model import VehicleModel

labels = Path(__file__).parent / "labels"
tasks = ("plate", "color", "make", "makemodel")


@dataclass(frozen=True)
class Case:
    """A labelled vehicle and what was said of it."""

    name: str
    truth: dict[str, str]
    look: VehicleLook


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of labels."""
    with (labels / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def in_photographs(data: Path) -> list[Case]:
    """Return what the engine says of the main vehicles of photos_dev."""
    engine = Engine(country="us,eu,br", topn=5)
    cases = []
    for row in rows_of("photos_dev_vehicles.csv"):
        found = engine.recognize(data / "photos_dev" / row["image"], tasks=tasks)
        cases.append(Case(row["image"], row, found.main_vehicle or VehicleLook()))
    return cases


def in_boxes(data: Path) -> list[Case]:
    """Return what is said of the boxes in Open Images."""
    model, most = VehicleModel(model_bytes), Settings().max_pixels
    cases = []
    for row in rows_of("openimages_vehicles.csv"):
        frame = load_frame(data / "plates" / "openimages" / row["image"], max_pixels=most)
        box = Box(*(float(row[side]) for side in ("left", "top", "right", "bottom")))
        body = measure_body(frame, box, [], model.trust.paint)
        look = look_at_vehicle(frame, box, model, body=body, tasks=tasks, topn=5)
        cases.append(Case(row["image"], row, look))
    return cases


def report(title: str, cases: list[Case], makes: frozenset[str]) -> list[str]:
    """Return the figures of a set, and every wrong colour."""
    colours = [(case, case.look.color[0]) for case in cases if case.look.color]
    right = [best.name == case.truth["colour"] for case, best in colours]
    fair = [
        best.name in [case.truth["colour"], *case.truth["also"].split()] for case, best in colours
    ]
    sure = [ok for ok, (_, best) in zip(fair, colours, strict=True) if best.confidence > 0.7]
    lines = [
        f"{title}: {len(cases)} vehicles",
        f"  colour {share(right)}, or one that a person could as well say {share(fair)}",
        f"  colours above 0.7: {len(sure)}, of them so right {share(sure)}",
    ]
    for name, count in sorted(Counter(case.truth["colour"] for case in cases).items()):
        hits = [
            ok for ok, (case, _) in zip(fair, colours, strict=True) if case.truth["colour"] == name
        ]
        lines.append(f"    {name}: {sum(hits)} of {count}")
    known = [case for case in cases if case.truth["make"] in makes and case.look.make]
    hits = [case.look.make[0].name == case.truth["make"] for case in known]
    among = [case.truth["make"] in [m.name for m in case.look.make] for case in known]
    firm = [ok for ok, case in zip(hits, known, strict=True) if case.look.make[0].confidence > 0.5]
    lines += [
        f"  make, of the learned ones: {share(hits)} of {len(known)}, among five {share(among)}",
        f"  makes above 0.5: {len(firm)}, of them right {share(firm)}",
    ]
    other = [
        case.look.make[0].confidence > 0.5
        for case in cases
        if case.truth["make"] and case.truth["make"] not in makes and case.look.make
    ]
    lines.append(f"  makes never learned: {len(other)}, called something above 0.5: {share(other)}")
    lines += [
        f"  wrong colour: {case.name} {case.truth['colour']} called {best.name}"
        f" ({best.confidence:.2f})"
        for ok, (case, best) in zip(fair, colours, strict=True)
        if not ok
    ]
    return lines


def share(hits: list[bool]) -> str:
    """Return the share of true ones in percent."""
    return f"{100 * np.mean(hits):.1f} %" if hits else "none"


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="accuracy of vehicle looks in photographs")
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    makes = frozenset(VehicleModel(model_bytes).labels.makes)
    for title, cases in (
        ("photos_dev, whole photographs", in_photographs(data)),
        ("Open Images, detected boxes", in_boxes(data)),
    ):
        print("\n".join(report(title, cases, makes)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
