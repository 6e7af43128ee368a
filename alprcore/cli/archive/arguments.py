# SPDX-License-Identifier: Apache-2.0
"""The words after ``alprcore archive``; what they do is loaded when they are run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.archive.defaults import (
    FORMATS,
    LEAST_LISTED,
    LEAST_SIGHTING,
    SAMPLE,
    UNSURE,
)
from alprcore.cli.numbers import whole
from alprcore.cli.options import add_engine_options, add_hash_option, add_tasks_option

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parsers(steps: Commands) -> None:
    """Add the steps."""
    _add_adding(steps)
    _add_finding(steps)
    _add_proving(steps)


def _add_adding(steps: Commands) -> None:
    adding = steps.add_parser("add", help="read what lies at and below paths into a case")
    adding.add_argument("case", type=Path, metavar="CASE", help="its folder, made if needed")
    adding.add_argument("paths", nargs="+", metavar="PATH", help="files and folders, of any depth")
    adding.add_argument(
        "--workers", type=_count, metavar="N", help="processes (default: one a processor)"
    )
    adding.add_argument(
        "--engine", choices=("processes", "ray"), default="processes",
        help="what reads: processes of this machine, or a Ray cluster (needs alprcore[scale])",
    )  # fmt: skip
    adding.add_argument("--follow", action="store_true", help="follow symbolic links")
    adding.add_argument("--quiet", action="store_true", help="show no progress")
    adding.add_argument(
        "--settings", type=Path, metavar="FILE", help="TOML file with settings by their names"
    )
    add_engine_options(adding)
    add_tasks_option(adding)
    status = steps.add_parser("status", help="print the counts of a case")
    status.add_argument("case", type=Path, metavar="CASE")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.add_argument("--unreadable", action="store_true", help="list what could not be read")
    status.add_argument("--duplicates", action="store_true", help="list what lies there twice")
    status.add_argument(
        "--upgrade", action="store_true", help="bring a case of an older version up to this one"
    )
    export = steps.add_parser("export", help="write all reads as a table")
    export.add_argument("case", type=Path, metavar="CASE")
    export.add_argument("--format", choices=FORMATS, default="csv", help="default: %(default)s")
    export.add_argument(
        "--out", type=Path, metavar="FILE",
        help="file, for finder a folder (default: standard output, for csv and jsonl)",
    )  # fmt: skip
    add_hash_option(export)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"expected 1 to 1024, got {text!r}")
    return int(text)


def _add_finding(steps: Commands) -> None:
    searching = steps.add_parser(
        "search",
        help="find reads that may match a pattern, most probable first",
        description="? is one character, * any run, [B8] one of a set, ~1 at the end admits one"
        " edit: 'AB?1*7', 'AB12[38]4~1'.",
    )
    searching.add_argument("case", type=Path, metavar="CASE")
    searching.add_argument("pattern", nargs="?", metavar="PATTERN")
    searching.add_argument(
        "--list", type=Path, metavar="FILE", dest="plates",
        help="search for each plate of a CSV file: Plate Number,Description,State/Province",
    )  # fmt: skip
    _add_limits(searching, least=LEAST_LISTED, limit=20)
    again = steps.add_parser(
        "sightings",
        help="list where a plate may have been seen, in the order of the times",
        description="TEXT is a plate; #12 is the read with the id 12, whose like are looked for.",
    )
    again.add_argument("case", type=Path, metavar="CASE")
    again.add_argument("text", metavar="TEXT")
    _add_limits(again, least=LEAST_SIGHTING, limit=1000)


def _add_limits(parser: argparse.ArgumentParser, *, least: float, limit: int) -> None:
    for name in ("since", "until"):
        parser.add_argument(
            f"--{name}", metavar="TIME", help="ISO 8601, UTC unless it names a zone; by EXIF"
        )
    parser.add_argument("--near", metavar="LAT,LON,KM", help="by the place in EXIF")
    parser.add_argument("--region", metavar="CODE", help="region, or country")
    parser.add_argument("--color", metavar="NAME", help="colour of the vehicle (--tasks color)")
    parser.add_argument("--make", metavar="NAME", help="make of the vehicle (--tasks make)")
    parser.add_argument(
        "--limit", type=int, default=limit, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--least", type=float, default=least, metavar="P",
        help="leave out matches less probable, 0 to 1 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_hash_option(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the case's log")


def _add_proving(steps: Commands) -> None:
    report = steps.add_parser("report", help="write one HTML file that opens offline and prints")
    report.add_argument("case", type=Path, metavar="CASE")
    report.add_argument("--out", type=Path, required=True, metavar="DIR", help="its folder")
    report.add_argument("--plates", metavar="LIST", help="these readings only, comma-separated")
    report.add_argument(
        "--unsure", type=float, default=UNSURE, metavar="P",
        help="show ? for less probable characters, 0 to 1 (default: %(default)s)",
    )  # fmt: skip
    proving = steps.add_parser("verify", help="compare sources, log, rows and crops with the log")
    proving.add_argument("case", type=Path, metavar="CASE")
    proving.add_argument(
        "--sample", type=int, default=SAMPLE, metavar="N",
        help="sources of each setup that are read again (default: %(default)s)",
    )  # fmt: skip
    proving.add_argument("--no-sources", action="store_true", help="do not hash the sources")
    proving.add_argument("--json", action="store_true", help="one JSON object a difference")
    bag = steps.add_parser("bag", help="write the case as a BagIt bag")
    bag.add_argument("case", type=Path, metavar="CASE")
    bag.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    bag.add_argument("--with-sources", action="store_true", help="put the sources in, too")
    page = steps.add_parser(
        "serve", help="show the case in the browser, on this machine alone (needs alprcore[server])"
    )
    page.add_argument("case", type=Path, metavar="CASE")
    page.add_argument(
        "--port", type=whole(0, 65_535), default=8081,
        help="0 takes a free one (default: %(default)s)",
    )  # fmt: skip
    page.add_argument(
        "--log", action="store_true",
        help="write searches and exports into the case's log (default: write nothing)",
    )  # fmt: skip
    page.add_argument("--reason", default="", metavar="TEXT", help="why, for the log")
