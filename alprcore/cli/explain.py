# SPDX-License-Identifier: Apache-2.0
"""``alprcore explain``: draw how each plate of a picture was cut and matched."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.cli.inputs import problem, read_frame, refuse_loss
from alprcore.cli.options import add_engine_options, engine_of
from alprcore.engine import Engine
from alprcore.errors import ImageError
from alprcore.picture.load import ImageSource
from alprcore.records import Frame
from alprcore.showing.drawing import write_picture
from alprcore.showing.explain import explained

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("explain", help="draw how each plate was cut and matched")
    parser.add_argument("image", metavar="IMAGE", help="file, or - for bytes on standard input")
    add_engine_options(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for plate-1.png and so on"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write one picture a plate; return 2 when the input could not be read, else 0."""
    engine = engine_of(chosen)
    try:
        pictures = explain_plates(read_frame(chosen.image), engine)
    except ImageError as error:
        print(problem(chosen.image, error), file=sys.stderr)
        return 2
    targets = [chosen.out / f"plate-{number}.png" for number in range(1, len(pictures) + 1)]
    refuse_loss([chosen.image], targets, "--out")
    chosen.out.mkdir(parents=True, exist_ok=True)
    for target, picture in zip(targets, pictures, strict=True):
        write_picture(target, picture)
        print(target)
    if not pictures:
        print(f"alprcore: {chosen.image}: no plate to explain", file=sys.stderr)
    return 0


def explain_plates(image: ImageSource, engine: Engine) -> list[Frame]:
    """Return a picture for each plate found in `image`."""
    return [explained(examination) for examination in engine.examine(image)]
