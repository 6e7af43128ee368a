# SPDX-License-Identifier: Apache-2.0
"""``alprcore countries``: list the countries, or the regions and formats of some."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from alprcore.cli.options import add_country_dir_option
from alprcore.countries.file import LATIN, Country
from alprcore.countries.fit import load_country
from alprcore.resources import country_codes

if TYPE_CHECKING:
    from alprcore.cli.options import Commands

LEGEND = (
    "@ a letter ({letters}), # a digit, ? any character, [..] one of a set; anything else itself."
)


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "countries", help="list the country codes, or the regions and formats of a country"
    )
    parser.add_argument("codes", nargs="*", metavar="CODE", help="country to show in full")
    add_country_dir_option(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print a line for each country, or the countries that were named in full."""
    folders = tuple(chosen.country_dirs)
    if chosen.codes:
        shown = [_in_full(load_country(code.lower(), folders)[0]) for code in chosen.codes]
        print("\n\n".join(shown))
        return 0
    for code in country_codes(folders):
        print(_in_short(load_country(code, folders)[0]))
    return 0


def _in_short(country: Country) -> str:
    """Return code, lengths, number of regions and name in one line."""
    count = len(country.regions)
    regions = f"{count} region{'' if count == 1 else 's'}" if count else "-"
    line = f"{country.code:<8}{_lengths(country):<7}{regions:<12}{country.name}"
    return f"{line} ({remark})" if (remark := _remark(country)) else line


def _in_full(country: Country) -> str:
    """Return what is known of a country, its regions and their formats, the commonest first."""
    width, height = country.plate_mm
    lines = [
        f"{country.code}: {country.name}",
        f"{_lengths(country)} characters, {country.lines} line{'s' * (country.lines > 1)},"
        f" plate {width:g} x {height:g} mm",
    ]
    if remark := _remark(country):
        lines.append(remark)
    lines.append(LEGEND.format(letters=country.letters))
    wide = max((len(region.code) for region in country.regions), default=0) + 2
    for region in country.regions:
        lines.append(f"{region.code:<{wide}}{region.name}")
        lines.append(" " * wide + " ".join(region.patterns))
    return "\n".join(lines)


def _lengths(country: Country) -> str:
    shortest, longest = country.min_chars, country.max_chars
    return str(shortest) if shortest == longest else f"{shortest}-{longest}"


def _remark(country: Country) -> str:
    if not country.readable:
        return f"{country.script}: cannot be read yet"
    if country.only_named:
        return "only when named: auto knows its formats from another code"
    return "" if country.script == LATIN else f"{country.script} script"
