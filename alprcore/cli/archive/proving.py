# SPDX-License-Identifier: Apache-2.0
"""``alprcore archive report | verify | bag``."""

from __future__ import annotations

import argparse
import json

from alprcore.archive.bag import write_bag
from alprcore.archive.evidence import verify
from alprcore.archive.report import write_report
from alprcore.archive.store import Case
from alprcore.cli.archive.adding import note
from alprcore.errors import AlprError


def run_report(chosen: argparse.Namespace) -> int:
    """Write a report."""
    if not 0 <= chosen.unsure <= 1:
        raise AlprError(f"--unsure: expected 0 to 1, got {chosen.unsure}")
    plates = None if chosen.plates is None else chosen.plates.split(",")
    with Case.open(chosen.case) as case:
        count = write_report(case, chosen.out, plates=plates, unsure=chosen.unsure)
    note(chosen.case, "reported", {"out": str(chosen.out), "reads": count})
    print(f"{count} reads in {chosen.out / 'report.html'}")
    return 0


def run_verify(chosen: argparse.Namespace) -> int:
    """Print what is not as the log has it."""
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


def run_bag(chosen: argparse.Namespace) -> int:
    """Write the case as a bag."""
    with Case.open(chosen.case) as case:
        count = write_bag(case, chosen.out, with_sources=chosen.with_sources)
        _, head = case.log_head()
    note(chosen.case, "bagged", {"out": str(chosen.out), "files": count, "head": head})
    print(f"{count} files in {chosen.out}; sha256sum -c manifest-sha256.txt confirms them")
    return 0
