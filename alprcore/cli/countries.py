# SPDX-License-Identifier: Apache-2.0
"""``alprcore countries``: list the country codes."""

from __future__ import annotations

import argparse
import tomllib
from typing import TYPE_CHECKING

from alprcore.resources import country_codes, country_text

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("countries", help="list the country codes")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Print each code and its name."""
    for code in country_codes():
        print(f"{code:<8}{tomllib.loads(country_text(code)).get('name', '')}".rstrip())
    return 0
