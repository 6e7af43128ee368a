# SPDX-License-Identifier: Apache-2.0
"""The options that several sub-commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from alprcore.engine import Engine
from alprcore.settings import MOST_CANDIDATES, Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the engine."""
    defaults = Settings()
    parser.add_argument(
        "--country",
        default=",".join(defaults.country),
        help="codes of `alprcore countries`, comma-separated, or auto for all (default:"
        " %(default)s); a plate from elsewhere is still read",
    )
    parser.add_argument(
        "--topn",
        type=_count,
        default=defaults.topn,
        metavar="N",
        help=f"most readings per plate, 1 to {MOST_CANDIDATES} (default: %(default)s)",
    )


def engine_of(chosen: argparse.Namespace) -> Engine:
    """Return the engine that the options ask for.

    Raises
    ------
    AlprError
        If the country is unknown or a shipped file is missing.
    """
    return Engine(country=chosen.country, topn=chosen.topn)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CANDIDATES:
        raise argparse.ArgumentTypeError(f"expected 1 to {MOST_CANDIDATES}, got {text!r}")
    return int(text)
