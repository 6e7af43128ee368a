# SPDX-License-Identifier: Apache-2.0
"""``alprcore recognize``: read the plates of pictures."""

from __future__ import annotations

import argparse
import base64
import io
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.cli.inputs import (
    PICTURE_ENDINGS,
    STDIN,
    expanded,
    is_video,
    problem,
    refuse_loss,
    shown,
)
from alprcore.cli.options import (
    add_engine_options,
    add_roi_option,
    add_tasks_option,
    engine_of,
)
from alprcore.cli.video import show_clip
from alprcore.errors import AlprError, ImageError
from alprcore.records import Box, VehicleLook
from alprcore.showing.drawing import annotated, write_picture
from alprcore.video.engine import VideoEngine
from alprcore.wire.numbers import json_text
from alprcore.wire.results import Recognition, unread_dict

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


FAINT = 0.2  # a plate less likely to show a text of usual length is said to be hardly legible


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("recognize", help="read the plates of pictures; clips, too")
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="file, folder, or - for bytes on standard input; a"
        " video is read as `alprcore video` does",
    )
    add_engine_options(parser)
    add_roi_option(parser)
    add_tasks_option(parser)
    parser.add_argument("--json", action="store_true", help="one alpr_results line per input")
    parser.add_argument(
        "--annotate",
        type=Path,
        metavar="OUT",
        help="draw the plates: a file for one picture, a folder for several",
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Read the pictures; return 2 when one could not be read, else 0.

    Raises
    ------
    AlprError
        If the engine cannot be made or the annotated pictures have no place.
    """
    engine = engine_of(chosen)
    inputs = list(expanded(chosen.images))
    targets = _targets([each.name for each in inputs], chosen.annotate)
    if chosen.json and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the locale
    code = 0
    clips = None
    for each, target in zip(inputs, targets, strict=True):
        if is_video(each.name) and not each.problem:
            clips = clips or VideoEngine(engine=engine)
            code = max(code, show_clip(clips, each.name, chosen, annotated_to=target))
            continue
        try:
            frame = each.frame()
            found = engine.recognize(frame, regions_of_interest=chosen.roi, tasks=chosen.tasks)
        except ImageError as error:
            print(problem(each.name, error), file=sys.stderr)
            if chosen.json:  # one line per input, so that lines and inputs stay in step
                print(_unread_line(each.name, error), flush=True)
            code = 2
            continue
        if outside := _outside(chosen.roi, found):
            print(f"alprcore: {shown(each.name)}: {outside}", file=sys.stderr)
        if chosen.json:
            print(_json_line(each.name, found), flush=True)
        else:
            print(readable(each.name, found, counted="plate" in chosen.tasks), flush=True)
        if target is not None:
            write_picture(target, annotated(frame, found.plates, found.vehicles))
    return code


def readable(name: str, found: Recognition, *, counted: bool = True) -> str:
    """Return what was found in the picture `name`, as lines for people.

    The lines of a two-line plate are joined by ``-``; ``*`` marks readings that fit a pattern of
    the country. In the headline of a plate, ``?`` stands for what is unsure (``--unsure``). A
    vehicle's line has the likeliest of each list that was asked for. Plates are `counted` where
    they were looked for.
    """
    reply = found.to_dict()
    count = len(reply["results"])
    plates = f", {count} plate{'' if count == 1 else 's'}" if counted else ""
    lines = [
        f"{shown(name)}: {found.width} x {found.height}{plates}, {found.elapsed_ms:.0f} ms",
    ]
    for plate, result in zip(found.plates, reply["results"], strict=True):
        corner = result["coordinates"][0]
        region = f", {result['region']}" if result["region"] else ""
        text = _text(plate.text_with_unsure or result["plate"])
        marks = ", cut off" * plate.truncated + ", partly covered" * plate.occluded
        marks += ", hardly legible" * (plate.legibility < FAINT)
        lines.append(f"  {text} at {corner['x']},{corner['y']}{region}{marks}")
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
    lists = (
        look.color, look.make, look.make_model, look.body_type, look.year, look.orientation,
    )  # fmt: skip
    best = [f"{labels[0].name} {100 * labels[0].confidence:.0f} %" for labels in lists if labels]
    return [f"    vehicle: {', '.join(best)}"] if best else []


def _text(plate: str) -> str:
    return plate.replace("\n", "-")


def _json_line(name: str, found: Recognition) -> str:
    """Return the `alpr_results` line, with what is known here beyond that format."""
    reply = found.to_dict()
    for result, plate in zip(reply["results"], found.plates, strict=True):
        result["truncated"] = plate.truncated
        result["occluded"] = plate.occluded
        result["unread_characters"] = plate.unread_characters
        result["text_with_unsure"] = plate.text_with_unsure
        result["legibility"] = round(plate.legibility, 6)
    return json_text({**reply, **_named(name)})


def _unread_line(name: str, error: ImageError) -> str:
    reply = unread_dict(str(error), epoch_ms=time.time_ns() // 1_000_000)
    return json_text({**reply, **_named(name)})


def _named(name: str) -> dict[str, str]:
    """Return an input's name for JSON, which is UTF-8, while the name of a file is any bytes.

    Bytes that are not UTF-8 become U+FFFD in ``filename``; then ``filename_base64`` has them all.
    """
    content = os.fsencode(name)
    keys = {"filename": content.decode("utf-8", "replace")}
    if keys["filename"].encode() != content:
        keys["filename_base64"] = base64.b64encode(content).decode("ascii")
    return keys


def _outside(areas: Sequence[Box], found: Recognition) -> str:
    """Return which of the areas have no part in the picture, as a text; empty when all have."""
    missed = [
        f"--roi {area.left:g},{area.top:g},{area.width:g},{area.height:g}"
        for area, seen in zip(areas, found.regions_of_interest, strict=False)
        if min(seen.width, seen.height) <= 0
    ]
    size = f"{found.width} x {found.height}"
    return f"{' and '.join(missed)}: outside the picture, {size}" if missed else ""


def _targets(names: Sequence[str], out: Path | None) -> list[Path | None]:
    """Return where the annotated picture of each input goes; make the folder for several.

    Raises
    ------
    AlprError
        If one is an input, or `out` is the name of one picture for several.
    """
    if out is None:
        return [None] * len(names)
    in_folder = len(names) > 1 or not out.suffix or out.is_dir()
    if len(names) > 1 and out.suffix.lower() in PICTURE_ENDINGS and not out.is_dir():
        raise AlprError(f"--annotate: expected a folder for {len(names)} pictures, got '{out}'")
    targets = list(_targets_in(out, names)) if in_folder else [out]
    refuse_loss(names, targets, "--annotate")
    if in_folder:
        out.mkdir(parents=True, exist_ok=True)
    return [*targets]


def _targets_in(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    taken: set[str] = set()
    for name in names:
        stem = "stdin" if name == STDIN else Path(name).stem
        unique, number = stem, 1
        while unique in taken:  # a.jpg and a.png, or the same name in two folders
            number += 1
            unique = f"{stem}-{number}"
        taken.add(unique)
        yield folder / f"{unique}{'.mp4' if is_video(name) else '.jpg'}"
