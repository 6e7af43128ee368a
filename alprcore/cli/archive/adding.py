# SPDX-License-Identifier: Apache-2.0
"""``alprcore archive add | status | export``."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alprcore.archive import batch
from alprcore.archive.batch import Summary
from alprcore.archive.commit import Counts
from alprcore.archive.count import counted
from alprcore.archive.defaults import TEXT_FORMATS
from alprcore.archive.export import write_file, write_text
from alprcore.archive.store import Case
from alprcore.cli.archive.settings_file import settings_from
from alprcore.cli.options import hasher_of, settings_of
from alprcore.errors import AlprError

_SHOWN_PROBLEMS = 20


def run_add(chosen: argparse.Namespace) -> int:
    """Read sources into a case."""
    settings = settings_from(chosen.settings, settings_of(chosen), chosen)
    add = _adder(chosen.engine)
    missing = [
        path for path in chosen.paths
        if not Path(path).exists() and (chosen.engine == "processes" or "://" not in path)
    ]  # fmt: skip
    if len(missing) == len(chosen.paths):
        raise AlprError(f"{missing[0]}: no such file or folder")
    with Case.open(chosen.case, create=True) as case:
        bar = None if chosen.quiet else _Bar(chosen.paths, follow=chosen.follow)
        try:
            summary = add(
                case,
                chosen.paths,
                settings=settings,
                tasks=chosen.tasks,
                workers=chosen.workers,
                follow=chosen.follow,
                progress=bar,
            )
        finally:
            if bar is not None:
                bar.close()
        _report(summary, case)
    if summary.state == "interrupted":
        return 130
    return 2 if summary.counts.unreadable else 0


def _adder(engine: str) -> Callable[..., Summary]:
    if engine == "ray":
        try:
            from alprcore.scale.ray_data import add  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise AlprError("--engine ray: needs alprcore[scale]") from error
        return add
    return batch.add


class _Bar:
    """A progress bar on standard error."""

    def __init__(self, paths: list[str], *, follow: bool) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - 40 ms that no other command needs

        self._bar = tqdm(unit="file", smoothing=0.1, mininterval=0.5, dynamic_ncols=True)
        self._total = counted(paths, follow=follow)

    def __call__(self, done: int, counts: Counts) -> None:
        """Show how far the run is."""
        total = self._total()
        if total is not None:
            self._bar.total = max(total, self._bar.n + done)
        self._bar.set_postfix_str(
            f"{counts.plates} plates, {len(counts.unreadable)} unreadable", refresh=False
        )
        self._bar.update(done)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


def _report(summary: Summary, case: Case) -> None:
    """Print what a run came to."""
    counts = summary.counts
    print(f"run {summary.run_id} {summary.state} after {summary.seconds:.1f} s")
    lines = (
        ("sources read", counts.read),
        ("plates found", counts.plates),
        ("already read", counts.known),
        ("duplicates", counts.duplicates),
        ("unreadable", len(counts.unreadable)),
        ("other files", counts.other),
        ("links left out", counts.links),
    )
    for name, value in lines:
        print(f"  {name:15}{value:>10}")
    for name, reason in counts.unreadable[:_SHOWN_PROBLEMS]:
        print(f"alprcore: {name}: {reason}", file=sys.stderr)
    if len(counts.unreadable) > _SHOWN_PROBLEMS:
        more = len(counts.unreadable) - _SHOWN_PROBLEMS
        print(
            f"alprcore: {more} more: alprcore archive status {case.folder} --unreadable",
            file=sys.stderr,
        )
    if summary.state == "interrupted":
        print("alprcore: interrupted; the same command goes on", file=sys.stderr)


def run_status(chosen: argparse.Namespace) -> int:
    """Print the counts of a case."""
    with Case.open(chosen.case, read_only=not chosen.upgrade) as case:
        status = case.status()
        if chosen.json:
            print(json.dumps(status, ensure_ascii=False))
            return 0
        _print_status(status, case)
        if chosen.unreadable:
            for row in case.rows("SELECT path, member, reason FROM unreadable"):
                print(f"{_name(row)}: {row['reason']}")
        if chosen.duplicates:
            for row in case.rows(
                "SELECT places.path, member, sources.path AS first FROM places JOIN sources ON"
                " sources.id = source_id WHERE places.id NOT IN"
                " (SELECT min(id) FROM places GROUP BY source_id) ORDER BY places.id"
            ):
                print(f"{_name(row)}: the same as {row['first']}")
    return 0


def _name(row: Any) -> str:
    return str(row["path"]) + (f"!{row['member']}" if row["member"] else "")


def _print_status(status: dict[str, Any], case: Case) -> None:
    for name in ("sources", "sources_with_plates", "reads", "groups", "duplicates", "unreadable",
                 "runs", "setups"):  # fmt: skip
        print(f"{name.replace('_', ' '):21}{status[name]:>10}")
    last = status["last_run"]
    if last is not None:
        print(f"last run             {last['state']}, started {last['started']}")
    for number, setup in case.setups().items():
        wanted = setup["description"]
        country = ",".join(wanted["settings"]["country"])
        print(
            f"setup {number}              {setup['key'][:12]}  alprcore {wanted['version']},"
            f" country {country}, tasks {','.join(wanted['tasks'])}"
        )
    print(f"log                  {status['log_lines']} lines, last hash {status['log_head']}")


def run_export(chosen: argparse.Namespace) -> int:
    """Write all reads as a table."""
    if chosen.out is None and chosen.format not in TEXT_FORMATS:
        raise AlprError(f"--format {chosen.format}: expected --out")
    hasher = hasher_of(chosen)
    with Case.open(chosen.case) as case:
        if chosen.out is None:
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(encoding="utf-8", newline="")
            count = write_text(case, chosen.format, sys.stdout, hasher=hasher)
        else:
            count = write_file(case, chosen.format, chosen.out, hasher=hasher)
    note(chosen.case, "exported", {"format": chosen.format, "reads": count,
                                    "out": str(chosen.out or "-"),
                                    "hashed": hasher is not None})  # fmt: skip
    return 0


def note(folder: Path, action: str, data: dict[str, Any]) -> None:
    """Write a step into the log where the case can be written."""
    try:
        with Case.open(folder, read_only=False) as case:
            case.note(action, data)
    except AlprError as error:
        print(f"alprcore: the log does not have this step: {error}", file=sys.stderr)
