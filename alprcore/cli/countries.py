# SPDX-License-Identifier: Apache-2.0
"""``alprcore countries``: list the country codes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from alprcore.countries import parse_country
from alprcore.resources import country_codes, country_text

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("countries", help="list the country codes")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Print each code and the name of its country."""
    for code in country_codes():
        country = parse_country(country_text(code), f"{code}.toml")
        script = country.unreadable_script
        print(f"{code:<8}{country.name}{f' ({script}: cannot be read yet)' if script else ''}")
    return 0
