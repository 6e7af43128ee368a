# SPDX-License-Identifier: Apache-2.0
"""``alprcore redact``: copies of pictures and clips in which no plate can be read."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from alprcore.cli.inputs import Input, expanded, is_video, problem, shown, utf8
from alprcore.cli.outputs import targets
from alprcore.cli.progress import Progress, progress
from alprcore.engine import Engine
from alprcore.errors import AlprError, ImageError, VideoError
from alprcore.picture.quiet import quiet_stderr
from alprcore.redaction.clip import redact_clip
from alprcore.redaction.cover import FILL, STYLES
from alprcore.redaction.picture import covering, redacted
from alprcore.showing.drawing import write_picture
from alprcore.wire.covered import COLUMNS, covered_dict, covered_row
from alprcore.wire.numbers import json_text
from alprcore.wire.table import harmless

if TYPE_CHECKING:
    from alprcore.cli.options import Commands

LIST = "covered.csv"
# What the copy of a picture is written as; of others, such as GIF, the copy is a PNG.
KEPT_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "redact",
        help="copy pictures and clips with every plate covered",
        description="Copies have no metadata: no EXIF, place, time, thumbnail or sound.",
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="picture, clip, folder of any depth, or -"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for copies and covered.csv"
    )
    parser.add_argument(
        "--style",
        choices=STYLES,
        default=FILL,
        help="black patches, or mean colours that are blurred into one another (default: fill)",
    )
    parser.add_argument("--json", action="store_true", help="one line per input: what was covered")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the copies; return 2 when an input could not be read, and so has no copy, else 0.

    Raises
    ------
    AlprError
        If a copy would be written over an input.
    """
    inputs = list(expanded(chosen.paths))
    if chosen.out.exists() and not chosen.out.is_dir():
        raise AlprError(f"--out: expected a folder, got '{chosen.out}'")
    places = targets(inputs, chosen.out, "--out", ending=_ending, always_folder=True)
    if chosen.json and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    engine, code = covering(Engine()), 0
    with _list(chosen.out / LIST) as table, progress(len(inputs), "file") as bar:
        for each, target in zip(inputs, places, strict=True):
            assert target is not None, "always a folder"
            try:
                found = _copied(each, target, engine, chosen.style)
            except (ImageError, VideoError) as error:
                bar.complain(_problem(each.name, error))
                code = 2
            else:
                _report(found, each.name, target, chosen, table, bar)
            bar.step()
    return code


def _copied(each: Input, target: Path, engine: Engine, style: str) -> list[dict[str, Any]]:
    """Write the copy of an input and return what is covered in it."""
    if is_video(each.name) and not each.problem:
        try:
            with quiet_stderr(), progress(None, "frame", Path(each.name).name) as bar:
                clip = redact_clip(each.name, target, engine, style=style, on_frame=bar.step)
        except BaseException:  # half a copy passes for a whole one
            target.unlink(missing_ok=True)
            raise
        return [
            covered_dict(
                place.quad,
                place.score,
                first_s=place.first_s,
                last_s=place.last_s,
                frames=place.frames,
            )
            for place in clip
        ]
    picture = redacted(each.frame(), engine, style=style)
    write_picture(target, picture.frame)
    return [covered_dict(place.quad, place.score) for place in picture.places]


def _report(
    found: list[dict[str, Any]],
    name: str,
    target: Path,
    chosen: argparse.Namespace,
    table: IO[str],
    bar: Progress,
) -> None:
    """Print what is covered and write it into the list."""
    output = utf8(str(target.relative_to(chosen.out)))
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows(
        [harmless(cell) for cell in covered_row(utf8(name), output, place)] for place in found
    )
    table.flush()
    if chosen.json:
        bar.print(json_text({"filename": utf8(name), "output": output, "covered": found}))
    else:
        count = f"{len(found)} place{'' if len(found) == 1 else 's'} covered"
        bar.print(f"{shown(name)}: {count}, {target}")


@contextmanager
def _list(path: Path) -> Iterator[IO[str]]:
    with path.open("w", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerow(COLUMNS)
        yield table


def _ending(name: str) -> str:
    if is_video(name):
        return ".mp4"
    suffix = Path(name).suffix
    return suffix if suffix.lower() in KEPT_ENDINGS else ".png"


def _problem(name: str, error: ImageError | VideoError) -> str:
    if isinstance(error, ImageError):
        return f"{problem(name, error)}; not copied"
    return f"alprcore: {shown(name)}: {str(error).removeprefix('video: ')}; not copied"
