# SPDX-License-Identifier: Apache-2.0
"""Tables of measurements in a Markdown file, each row with the date and the commit it is of."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from alprcore.evaluation.scoring import TABLE_HEAD, with_row


def add_rows(file: Path, rows: Iterable[Sequence[object]], head: str) -> None:
    """Add rows, today's date and the file's commit in front, to the table that begins with `head`.

    Parameters
    ----------
    file : path
        Made where it is missing.
    rows : iterable of sequences
        The cells of each row, without date and commit.
    head : str
        As for `scoring.with_row`.
    """
    mark = (today(), commit_of(file.resolve().parent))
    add_lines(file, [f"| {' | '.join(map(str, (*mark, *cells)))} |\n" for cells in rows], head)


def add_lines(file: Path, lines: Iterable[str], head: str = TABLE_HEAD) -> None:
    """Add finished rows to the table that begins with `head`."""
    text = file.read_text("utf-8") if file.exists() else ""
    for line in lines:
        text = with_row(text, line, head)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def today() -> str:
    """Return the date of a row."""
    return time.strftime("%Y-%m-%d")


def commit_of(folder: Path) -> str:
    """Return the short hash of the commit that `folder` is at, ``-`` where there is none."""
    git = shutil.which("git")
    if git is None or not folder.is_dir():
        return "-"
    asked = subprocess.run(
        [git, "rev-parse", "--short", "HEAD"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() if asked.returncode == 0 else "-"
