# SPDX-License-Identifier: Apache-2.0
"""``alprcore recognize``: read the plates of pictures."""

from __future__ import annotations

import argparse
import base64
import csv
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alprcore.cli.inputs import Input, expanded, is_video, problem, shown, utf8
from alprcore.cli.options import (
    add_engine_options,
    add_hash_option,
    add_roi_option,
    add_tasks_option,
    engine_of,
    hasher_of,
    refuse_pictures,
)
from alprcore.cli.outputs import targets
from alprcore.cli.progress import Progress, progress
from alprcore.cli.video import show_clip
from alprcore.engine import Engine
from alprcore.errors import ImageError
from alprcore.records import Box, Frame, VehicleLook
from alprcore.showing.drawing import annotated, write_picture
from alprcore.video.engine import VideoEngine
from alprcore.wire.numbers import json_text
from alprcore.wire.results import Recognition, unread_dict
from alprcore.wire.table import beyond_wire, empty_row, harmless

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
        help="file, folder of any depth, or - for bytes on standard input; a video is read as"
        " `alprcore video` does",
    )
    add_engine_options(parser)
    add_roi_option(parser)
    add_tasks_option(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one alpr_results line per input")
    form.add_argument(
        "--csv", action="store_true", help="a table, one row per plate; of pictures only"
    )
    add_hash_option(parser)
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
    engine, hasher = engine_of(chosen), hasher_of(chosen)
    refuse_pictures(chosen, "annotate")
    inputs = list(expanded(chosen.images))
    if (chosen.json or chosen.csv) and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the locale
    places = targets(inputs, chosen.annotate, "--annotate")
    code = 0
    with progress(len(inputs), "picture") as bar:
        named = (lambda found: found) if hasher is None else hasher.found
        reading = _Reading(engine, chosen, Shown(bar, chosen), named)
        for each, target in zip(inputs, places, strict=True):
            code = max(code, reading.read(each, target))
            bar.step()
    return code


class _Reading:
    """Reads inputs one after another."""

    def __init__(
        self,
        engine: Engine,
        chosen: argparse.Namespace,
        show: Shown,
        named: Callable[[Recognition], Recognition],
    ) -> None:
        self._engine, self._chosen, self._show, self._named = engine, chosen, show, named
        self._clips: VideoEngine | None = None

    def read(self, each: Input, target: Path | None) -> int:
        """Read one input and print it; return 2 when it cannot be read, else 0."""
        chosen = self._chosen
        if is_video(each.name) and not each.problem:
            if chosen.csv:  # its rows have other columns
                self._show.unread(
                    each.name, ImageError("image: rows of a video have other columns")
                )
                return 2
            self._clips = self._clips or VideoEngine(engine=self._engine)
            return show_clip(self._clips, each.name, chosen, annotated_to=target)
        try:
            frame = each.frame()
            found = self._engine.recognize(
                frame, regions_of_interest=chosen.roi, tasks=chosen.tasks
            )
        except ImageError as error:
            self._show.unread(each.name, error)
            return 2
        self._show.found(each.name, self._named(found))
        if target is not None:
            _draw(target, frame, found)
        return 0


def _draw(target: Path, frame: Frame, found: Recognition) -> None:
    write_picture(target, annotated(frame, found.plates, found.vehicles))


class Shown:
    """Prints what was found, in the form that was asked for."""

    def __init__(self, bar: Progress, chosen: argparse.Namespace) -> None:
        self._bar, self._chosen = bar, chosen
        if chosen.csv:
            self._row([*empty_row(""), "error"])

    def found(self, name: str, found: Recognition) -> None:
        """Print the plates of a picture."""
        chosen = self._chosen
        if outside := _outside(chosen.roi, found):
            self._bar.complain(f"alprcore: {shown(name)}: {outside}")
        if chosen.json:
            self._bar.print(_json_line(name, found))
        elif chosen.csv:
            rows = replace(found, source=utf8(name)).rows() or [
                empty_row(utf8(name), found.main_vehicle)
            ]
            for row in rows:
                self._row([*row.values(), ""])
        else:
            self._bar.print(readable(name, found, counted="plate" in chosen.tasks))

    def unread(self, name: str, error: ImageError) -> None:
        """Say why an input cannot be read: to people, and in its place in the table or JSON."""
        said = problem(name, error)
        self._bar.complain(said)
        if self._chosen.json:  # one line per input, so that lines and inputs stay in step
            self._bar.print(_unread_line(name, error))
        elif self._chosen.csv:
            reason = str(error).removeprefix("image: ")
            self._row([*empty_row(utf8(name)).values(), reason])

    def _row(self, cells: Sequence[Any]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([harmless(cell) for cell in cells])
        self._bar.print(line.getvalue())


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
        result.update(beyond_wire(plate))
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
