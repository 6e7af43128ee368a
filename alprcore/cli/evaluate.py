# SPDX-License-Identifier: Apache-2.0
"""``alprcore evaluate``: count right and wrong readings on labelled pictures."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alprcore.cli.inputs import problem, read_frame
from alprcore.cli.options import add_engine_options, engine_of
from alprcore.engine import Engine
from alprcore.errors import AlprError, ImageError
from alprcore.evaluation.results import add_lines, commit_of, today
from alprcore.evaluation.scoring import (
    Label,
    Score,
    parse_truth,
    percent,
    score,
    table_row,
    wilson,
)

if TYPE_CHECKING:
    from alprcore.cli.options import Commands


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("evaluate", help="count right readings on labelled pictures")
    parser.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="pictures and a truth.csv: image,x,y,w,h,plate[,country]",
    )
    parser.add_argument(
        "--truth", type=Path, metavar="FILE.csv", help="labels of the one FOLDER, kept elsewhere"
    )
    add_engine_options(parser)
    parser.add_argument(
        "--results", type=Path, metavar="FILE.md", help="add a row per folder to this table"
    )
    parser.add_argument(
        "--save-json", type=Path, metavar="DIR", help="write DIR/FOLDER/PICTURE.json"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Evaluate every folder; return 2 when a picture could not be read.

    Raises
    ------
    AlprError
        If the labels of a folder cannot be read.
    """
    if chosen.truth and len(chosen.folders) > 1:
        print("alprcore: --truth goes with one FOLDER only", file=sys.stderr)
        return 1
    truths = {folder: labels_of(folder, chosen.truth) for folder in chosen.folders}
    engine = engine_of(chosen)
    code = 0
    for folder, labels in truths.items():
        replies = _replies(engine, folder, labels)
        if len(replies) < len(labels):
            code = 2
        if chosen.save_json:
            _save(chosen.save_json / folder.resolve().name, replies)
        total = score(labels, {image: found for image, (found, _) in replies.items()})
        print(summary(folder, total), flush=True)
        if chosen.results:
            _add_row(chosen.results, folder, chosen.country, total)
    return code


def summary(folder: Path, total: Score) -> str:
    """Return the figures of one folder and what was misread, as lines for people."""
    n = total.plates
    low, high = wilson(total.strict, n)
    lines = [
        f"{folder}: {n} plates in {len(total.times_ms)} pictures",
        f"  found   {total.found:5d}  {percent(total.found, n):>5} %",
        f"  strict  {total.strict:5d}  {percent(total.strict, n):>5} %"
        f"  (95 % interval {100 * low:.1f} to {100 * high:.1f})",
        f"  folded  {total.folded:5d}  {percent(total.folded, n):>5} %  (O = 0, I = 1)",
        f"  top-10  {total.top10:5d}  {percent(total.top10, n):>5} %",
        f"  character error {100 * total.character_error:.2f} %, extra results {total.extra}",
        f"  {total.median_ms:.1f} ms median, {total.p95_ms:.1f} ms for 95 % of the pictures",
    ]
    if total.regions:
        right = percent(total.regions_right, total.regions)
        lines.append(f"  region  {total.regions_right:5d}  {right:>5} % of {total.regions}")
    lines += [
        f"  {miss.image}: {miss.want} read as {miss.got or '(not found)'}" for miss in total.misses
    ]
    return "\n".join(lines)


def labels_of(folder: Path, elsewhere: Path | None) -> dict[str, list[Label]]:
    """Return the labels of a folder, from its ``truth.csv`` or the file `elsewhere`."""
    if not folder.is_dir():
        raise AlprError(f"{folder}: no such folder")
    path = elsewhere or folder / "truth.csv"
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return parse_truth(lines)
    except FileNotFoundError as error:
        missing = f"{path}: no such file" if elsewhere else f"{folder}: no truth.csv in this folder"
        raise AlprError(missing) from error
    except OSError as error:
        raise AlprError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise AlprError(f"{path}: {error}") from error


def _replies(
    engine: Engine, folder: Path, labels: dict[str, list[Label]]
) -> dict[str, tuple[dict[str, Any], str]]:
    """Return the reply of each labelled picture that can be read, as a dict and as JSON."""
    replies: dict[str, tuple[dict[str, Any], str]] = {}
    for image in labels:
        try:
            found = engine.recognize(read_frame(str(folder / image)))
        except ImageError as error:
            print(problem(str(folder / image), error), file=sys.stderr)
        else:
            replies[image] = found.to_dict(), found.to_json()
    return replies


def _save(target: Path, replies: dict[str, tuple[dict[str, Any], str]]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for image, (_, line) in replies.items():
        (target / f"{Path(image).stem}.json").write_text(line + "\n", "utf-8")


def _add_row(table: Path, folder: Path, country: str, total: Score) -> None:
    row = table_row(
        total,
        date=today(),
        commit=commit_of(table.resolve().parent),
        folder=folder.resolve(),
        country=country,
    )
    add_lines(table, [row])
