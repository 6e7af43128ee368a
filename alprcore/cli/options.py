# SPDX-License-Identifier: Apache-2.0
"""The options that several sub-commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alprcore.engine import Engine

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the engine."""
    parser.add_argument(
        "--country",
        default="us",
        help="code from `alprcore countries` (default: us); other plates are still read",
    )
    parser.add_argument(
        "--topn",
        type=_count,
        default=10,
        metavar="N",
        help="most readings per plate, 1 to 1000 (default: 10)",
    )


def engine_of(chosen: argparse.Namespace) -> Engine:
    """Return the engine that the options ask for.

    Raises
    ------
    AlprError
        If the country is unknown or a shipped file is missing.
    """
    from alprcore.engine import Engine  # noqa: PLC0415  (half a second that --help need not wait)

    return Engine(country=chosen.country, topn=chosen.topn)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"expected 1 to 1000, got {text!r}")
    return int(text)
