# SPDX-License-Identifier: Apache-2.0
"""``alprcore archive …``: a case of sources, read once, searched, reported and proved.

Exit codes: 0 all is well, 1 the command was wrong or the case cannot be used, 2 some source could
not be read, or `verify` found a difference.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from alprcore.cli.archive import arguments

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "archive", help="read everything on a disk into a case, and search it by probability"
    )
    arguments.add_parsers(parser.add_subparsers(dest="step", metavar="STEP", required=True))
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run the step and return its exit code."""
    # Only this command needs what these import, SQLite among it.
    from alprcore.cli.archive import adding, browsing, finding, proving  # noqa: PLC0415

    steps = {
        "add": adding.run_add,
        "status": adding.run_status,
        "export": adding.run_export,
        "search": finding.run_search,
        "sightings": finding.run_sightings,
        "report": proving.run_report,
        "verify": proving.run_verify,
        "bag": proving.run_bag,
        "serve": browsing.run_serve,
    }
    return steps[chosen.step](chosen)
