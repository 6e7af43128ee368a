# SPDX-License-Identifier: Apache-2.0
"""``alprcore recognize``: read the plates of pictures."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.cli.inputs import STDIN, expanded, problem, read_frame
from alprcore.cli.options import (
    add_engine_options,
    add_roi_option,
    add_tasks_option,
    engine_of,
)
from alprcore.drawing import annotated, write_picture
from alprcore.errors import ImageError
from alprcore.records import VehicleLook
from alprcore.results import Recognition, unread_json

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("recognize", help="read the plates of pictures")
    parser.add_argument(
        "images", nargs="+", metavar="IMAGE", help="file, folder, or - for bytes on standard input"
    )
    add_engine_options(parser)
    add_roi_option(parser)
    add_tasks_option(parser)
    parser.add_argument("--json", action="store_true", help="one alpr_results line per picture")
    parser.add_argument(
        "--annotate",
        type=Path,
        metavar="OUT",
        help="draw the plates: a file for one picture, a folder for several",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Read the pictures; return 2 when one could not be read, else 0."""
    engine = engine_of(chosen)
    names = list(expanded(chosen.images))
    targets = _targets(names, chosen.annotate)
    code = 0
    for name, target in zip(names, targets, strict=True):
        try:
            frame = read_frame(name)
            found = engine.recognize(frame, regions_of_interest=chosen.roi, tasks=chosen.tasks)
        except ImageError as error:
            print(problem(name, error), file=sys.stderr)
            if chosen.json:  # one line per input, so that lines and inputs stay in step
                print(unread_json(str(error), epoch_ms=time.time_ns() // 1_000_000), flush=True)
            code = 2
            continue
        print(found.to_json() if chosen.json else readable(name, found), flush=True)
        if target is not None:
            write_picture(target, annotated(frame, found))
    return code


def readable(name: str, found: Recognition) -> str:
    """Return what was found in the picture `name`, as lines for people.

    The lines of a two-line plate are joined by ``-``; ``*`` marks readings that fit a pattern of
    the country. In the headline of a plate, ``?`` stands for what is unsure (``--unsure``). A
    vehicle's line has the likeliest of each list that was asked for.
    """
    reply = found.to_dict()
    count = len(reply["results"])
    plates = "1 plate" if count == 1 else f"{count} plates"
    label = "standard input" if name == STDIN else name
    lines = [
        f"{label}: {found.width} x {found.height}, {plates}, {found.elapsed_ms:.0f} ms",
    ]
    for plate, result in zip(found.plates, reply["results"], strict=True):
        corner = result["coordinates"][0]
        region = f", {result['region']}" if result["region"] else ""
        shown = plate.text_with_unsure or result["plate"]
        lines.append(f"  {_text(shown)} at {corner['x']},{corner['y']}{region}")
        lines += [
            f"    {_text(reading['plate']):<12} {reading['confidence']:6.2f} %"
            f"{' *' if reading['matches_template'] else ''}"
            for reading in result["candidates"]
        ]
        lines += _look(plate.vehicle)
    if not found.plates:
        lines += _look(found.main_vehicle)
    return "\n".join(lines)


def _look(look: VehicleLook | None) -> list[str]:
    """Return the first of each list of labels, as one line, or none."""
    if look is None:
        return []
    lists = (look.color, look.make, look.make_model, look.body_type, look.year)
    best = [f"{labels[0].name} {100 * labels[0].confidence:.0f} %" for labels in lists if labels]
    return [f"    vehicle: {', '.join(best)}"] if best else []


def _text(plate: str) -> str:
    return plate.replace("\n", "-")


def _targets(names: list[str], out: Path | None) -> Iterator[Path | None]:
    """Yield where the annotated picture of each input goes."""
    if out is None:
        yield from [None] * len(names)
        return
    if len(names) == 1 and out.suffix and not out.is_dir():
        yield out
        return
    out.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for name in names:
        stem = "stdin" if name == STDIN else Path(name).stem
        unique, number = stem, 1
        while unique in taken:  # a.jpg and a.png, or the same name in two folders
            number += 1
            unique = f"{stem}-{number}"
        taken.add(unique)
        yield out / f"{unique}.jpg"
