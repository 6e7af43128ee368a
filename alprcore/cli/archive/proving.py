# SPDX-License-Identifier: Apache-2.0
"""``alprcore archive report | verify | bag``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.archive.bag import write_bag
from alprcore.archive.evidence import SAMPLE, verify
from alprcore.archive.report import UNSURE, write_report
from alprcore.archive.store import Case
from alprcore.cli.archive.adding import note
from alprcore.errors import AlprError

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parsers(steps: Commands) -> None:
    """Add the steps."""
    report = steps.add_parser("report", help="write one HTML file that opens offline and prints")
    report.add_argument("case", type=Path, metavar="CASE")
    report.add_argument("--out", type=Path, required=True, metavar="DIR", help="its folder")
    report.add_argument("--plates", metavar="LIST", help="these readings only, comma-separated")
    report.add_argument(
        "--unsure", type=float, default=UNSURE, metavar="P",
        help="show ? for less probable characters, 0 to 1 (default: %(default)s)",
    )  # fmt: skip
    report.set_defaults(run_step=_report)
    proving = steps.add_parser("verify", help="compare sources, log, rows and crops with the log")
    proving.add_argument("case", type=Path, metavar="CASE")
    proving.add_argument(
        "--sample", type=int, default=SAMPLE, metavar="N",
        help="sources of each setup that are read again (default: %(default)s)",
    )  # fmt: skip
    proving.add_argument("--no-sources", action="store_true", help="do not hash the sources")
    proving.add_argument("--json", action="store_true", help="one JSON object a difference")
    proving.set_defaults(run_step=_verify)
    bag = steps.add_parser("bag", help="write the case as a BagIt bag")
    bag.add_argument("case", type=Path, metavar="CASE")
    bag.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    bag.add_argument("--with-sources", action="store_true", help="put the sources in, too")
    bag.set_defaults(run_step=_bag)


def _report(chosen: argparse.Namespace) -> int:
    if not 0 <= chosen.unsure <= 1:
        raise AlprError(f"--unsure: expected 0 to 1, got {chosen.unsure}")
    plates = None if chosen.plates is None else chosen.plates.split(",")
    with Case.open(chosen.case) as case:
        count = write_report(case, chosen.out, plates=plates, unsure=chosen.unsure)
    note(chosen.case, "reported", {"out": str(chosen.out), "reads": count})
    print(f"{count} reads in {chosen.out / 'report.html'}")
    return 0


def _verify(chosen: argparse.Namespace) -> int:
    if chosen.sample < 0:
        raise AlprError(f"--sample: expected 0 or more, got {chosen.sample}")
    wrong = notes = 0
    with Case.open(chosen.case) as case:
        for each in verify(case, sample=chosen.sample, sources=not chosen.no_sources):
            notes += each.kind == "note"
            wrong += each.kind != "note"
            if chosen.json:
                line = {"kind": each.kind, "name": each.name, "words": each.words}
                print(json.dumps(line, ensure_ascii=False))
            else:
                print(f"{each.kind}: {each.name}: {each.words}")
        _, head = case.log_head()
    if not chosen.json:
        print(f"{wrong or 'no'} differences, {notes} notes; last hash of the log {head}")
    note(chosen.case, "verified", {"differences": wrong, "notes": notes, "sample": chosen.sample})
    return 2 if wrong else 0


def _bag(chosen: argparse.Namespace) -> int:
    with Case.open(chosen.case) as case:
        count = write_bag(case, chosen.out, with_sources=chosen.with_sources)
        _, head = case.log_head()
    note(chosen.case, "bagged", {"out": str(chosen.out), "files": count, "head": head})
    print(f"{count} files in {chosen.out}; sha256sum -c manifest-sha256.txt confirms them")
    return 0
