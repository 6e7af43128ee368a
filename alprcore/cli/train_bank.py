# SPDX-License-Identifier: Apache-2.0
"""``alprcore train-bank``: teach the template bank a country or a font of your own.

The program itself is `alprcore.training.bank.custom`, found by name when it is asked for: nothing
that reads plates depends on it, and it needs the ``training`` extra.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.errors import SettingsError

if TYPE_CHECKING:
    from alprcore.cli.options import Commands

_PROGRAM = "alprcore.training.bank.custom"


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "train-bank", help="teach the bank plates or a font of your own (needs alprcore[training])"
    )
    add_options(parser)
    parser.set_defaults(run=run)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the program."""
    parser.add_argument(
        "--crops",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="plates cut out of pictures, with a truth.csv (image,plate); a fifth is held back to"
        " measure; may be given several times",
    )
    parser.add_argument(
        "--font",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a font to learn, TTF, OTF or WOFF; may be given several times",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="BANK", help="file to write")
    parser.add_argument(
        "--start", type=Path, metavar="BANK", help="bank to go on from (default: the shipped one)"
    )
    parser.add_argument(
        "--control",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="other labelled crops to measure before and after; may be given several times",
    )
    parser.add_argument(
        "--fonts",
        type=Path,
        metavar="FOLDER",
        help="fonts of alprcore.training.drawing.fonts for the drawn plates (default: drawn faces)",
    )
    parser.add_argument(
        "--steps", type=int, default=400, metavar="N", help="48 lines each (default: %(default)s)"
    )
    parser.add_argument(
        "--rendered",
        type=int,
        default=1200,
        metavar="N",
        help="rendered plates of the whole world shown in between (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--threads", type=int, default=1, metavar="N")


def run(chosen: argparse.Namespace) -> int:
    """Run the program; return its exit code.

    Raises
    ------
    SettingsError
        If the packages of the ``training`` extra are missing.
    """
    try:
        program = importlib.import_module(_PROGRAM)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] == "alprcore":
            raise
        raise SettingsError(
            f"train-bank: the package {error.name} is missing; pip install 'alprcore[training]'"
        ) from error
    code: int = program.run(chosen)
    return code
