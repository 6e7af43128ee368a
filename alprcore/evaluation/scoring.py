# SPDX-License-Identifier: Apache-2.0
"""Counting of right and wrong readings against labelled plates: pure functions.

Every labelled plate counts, also one that was not found. A result belongs to the labelled plate
whose box the bounding box of its corners overlaps most, above an intersection over union of 0.3;
a label without a box takes the first result. *Strict* compares upper-case A-Z and 0-9, *folded*
also takes O for 0 and I for 1.
"""

from __future__ import annotations

import csv
import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PurePath
from typing import Any

from alprcore.countries.pattern import LOOKALIKES
from alprcore.geometry import overlap
from alprcore.records import Box

_MINIMUM_OVERLAP = 0.3
_COLUMNS = ("image", "x", "y", "w", "h", "plate")


@dataclass(frozen=True, slots=True)
class Label:
    """One labelled plate: its text, its box when known, its country code or ``""``."""

    text: str
    box: Box | None
    country: str = ""


@dataclass(frozen=True, slots=True)
class Miss:
    """A labelled plate that was not read right; `got` is empty when it was not found."""

    image: str
    want: str
    got: str


@dataclass(slots=True)
class Score:
    """Counts over one set; `times_ms` has one entry per picture."""

    plates: int = 0
    found: int = 0
    strict: int = 0
    folded: int = 0
    top10: int = 0
    edits: int = 0
    letters: int = 0
    extra: int = 0
    regions: int = 0
    regions_right: int = 0
    times_ms: list[float] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)

    @property
    def character_error(self) -> float:
        """Edits needed to turn the readings into the labels, per labelled character."""
        return self.edits / self.letters if self.letters else 0.0

    @property
    def median_ms(self) -> float:
        """Median time of a picture in milliseconds, 0 without pictures."""
        return statistics.median(self.times_ms) if self.times_ms else 0.0

    @property
    def p95_ms(self) -> float:
        """Time in milliseconds that 95 % of the pictures keep, by nearest rank."""
        if not self.times_ms:
            return 0.0
        return sorted(self.times_ms)[math.ceil(0.95 * len(self.times_ms)) - 1]


def score(labels: Mapping[str, Sequence[Label]], replies: Mapping[str, Mapping[str, Any]]) -> Score:
    """Return the counts of `replies` against `labels`.

    Parameters
    ----------
    labels
        Labelled plates by picture name.
    replies
        `alpr_results` objects by picture name; a picture without one was not read.

    Returns
    -------
    Score
        Labels with an empty text are not counted.
    """
    total = Score()
    for image, plates in labels.items():
        reply = replies.get(image)
        results: Sequence[Mapping[str, Any]] = reply.get("results", []) if reply else []
        if reply is not None:
            total.times_ms.append(float(reply.get("processing_time_ms") or 0))
        used = {_count_label(total, image, label, results) for label in plates if label.text}
        boxes = [label.box for label in plates if label.box]
        total.extra += sum(
            1
            for index, result in enumerate(results)
            if index not in used
            and boxes
            and all(overlap(box, _bounds(result)) == 0 for box in boxes)
        )
    return total


def _count_label(
    total: Score, image: str, label: Label, results: Sequence[Mapping[str, Any]]
) -> int:
    """Add one label to the counts; return the index of the result that it took, or -1."""
    total.plates += 1
    total.letters += len(label.text)
    index = matched_index(label, results)
    if index < 0:
        total.edits += len(label.text)
        total.misses.append(Miss(image, label.text, ""))
        return -1
    result = results[index]
    got = clean(result["plate"])
    total.found += 1
    total.strict += got == label.text
    total.folded += got.translate(LOOKALIKES) == label.text.translate(LOOKALIKES)
    total.top10 += label.text in [clean(c["plate"]) for c in result["candidates"][:10]]
    total.edits += edit_distance(label.text, got)
    if got != label.text:
        total.misses.append(Miss(image, label.text, got))
    if label.country.startswith("us-"):
        total.regions += 1
        region = str(result.get("region", "")).removeprefix("us-")
        total.regions_right += region == label.country.removeprefix("us-")
    return index


def matched_index(label: Label, results: Sequence[Mapping[str, Any]]) -> int:
    """Return the index of the result that belongs to a labelled plate, -1 for none."""
    overlaps = [overlap(label.box, _bounds(r)) if label.box else 1.0 for r in results]
    index = max(range(len(results)), key=lambda i: overlaps[i], default=-1)
    return index if index >= 0 and overlaps[index] > _MINIMUM_OVERLAP else -1


def parse_truth(lines: Iterable[str]) -> dict[str, list[Label]]:
    """Return the labelled plates of a ``truth.csv``, by picture name.

    Parameters
    ----------
    lines
        Rows of ``image,x,y,w,h,plate[,country]`` below a header; the box may be empty. A box that
        begins at 0, 0 is the whole picture and counts as none.

    Raises
    ------
    ValueError
        If a column is missing, a row is too short or a number is not finite; it names the line.

    Notes
    -----
    A byte-order mark, which spreadsheets write before UTF-8, is ignored.
    """
    rows = iter(lines)
    reader = csv.DictReader(chain([next(rows, "").removeprefix("\ufeff")], rows))
    columns = set(reader.fieldnames or ())
    needed = {"image", "plate", *("xyh" if "w" in columns else "")}
    if missing := needed - columns:
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    labels: dict[str, list[Label]] = {}
    for row in reader:
        try:
            labels.setdefault(row["image"], []).append(_label(row))
        except ValueError as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error
    return labels


def _label(row: Mapping[str, str | None]) -> Label:
    """Return the plate of one row; a column that the row does not reach is None in it."""
    if any(row.get(column, "") is None for column in _COLUMNS):
        raise ValueError("too few columns")
    return Label(clean(row["plate"]), _labelled_box(row), row.get("country") or "")


def _labelled_box(row: Mapping[str, str | None]) -> Box | None:
    if not row.get("w"):
        return None
    given = [row[side] or "" for side in "xywh"]
    try:
        x, y, width, height = map(float, given)
    except ValueError:
        x = y = width = height = math.nan
    if not math.isfinite(x + y + width + height):
        raise ValueError(f"expected x,y,w,h in pixels, got {','.join(given)!r}")
    return Box(x, y, x + width, y + height) if x + y > 0 else None


def clean(text: str | None) -> str:
    """Return `text` in upper case, without anything but A-Z, 0-9 and Hangul."""
    return re.sub("[^A-Z0-9가-힣]", "", (text or "").upper())


def edit_distance(want: str, got: str) -> int:
    """Return the fewest insertions, deletions and substitutions that turn `want` into `got`."""
    row = list(range(len(got) + 1))
    for i, wanted in enumerate(want, 1):
        diagonal, row[0] = row[0], i
        for j, read in enumerate(got, 1):
            cost = min(row[j] + 1, row[j - 1] + 1, diagonal + (wanted != read))
            diagonal, row[j] = row[j], cost
    return row[-1]


def wilson(right: int, number: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson score interval of the share `right` / `number`; 95 % for the default `z`.

    Notes
    -----
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if number == 0:
        return 0.0, 1.0
    share, scale = right / number, 1 + z * z / number
    middle = (share + z * z / (2 * number)) / scale
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number)) / scale
    return middle - half, middle + half


def percent(count: int, number: int) -> str:
    """Return `count` of `number` as ``"12.3"``; ``"-"`` when there is nothing to count."""
    return f"{100 * count / number:.1f}" if number else "-"


TABLE_HEAD = (
    "| date | commit | set | country | n | found % | strict % | 95 % interval | folded % | top-10 %"
    " | character error % | extra | median ms | p95 ms |\n"
    "| --- | --- | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n"
)


def table_row(total: Score, *, date: str, commit: str, folder: PurePath, country: str) -> str:
    """Return the line of one set for the table that begins with `TABLE_HEAD`."""
    n = total.plates
    low, high = wilson(total.strict, n)
    cells = (
        date, commit, folder.name, country, str(n), percent(total.found, n),
        percent(total.strict, n), f"{100 * low:.1f}-{100 * high:.1f}", percent(total.folded, n),
        percent(total.top10, n), f"{100 * total.character_error:.2f}", str(total.extra),
        f"{total.median_ms:.1f}", f"{total.p95_ms:.1f}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |\n"


def with_row(table: str, row: str, head: str = TABLE_HEAD) -> str:
    """Return the Markdown text `table` with `row` added below the last row of one of its tables.

    `head` is what the table begins with: titles and text, if any, then the names of its columns, by
    which it is known, and the line below them. Where there is no such table, it is begun.
    """
    columns = next(line for line in head.splitlines() if line.startswith("|"))
    if columns not in table:
        table = (table.rstrip() + "\n\n" if table.strip() else "") + head
    lines = table.rstrip("\n").splitlines(keepends=True)
    lines[-1] = lines[-1].rstrip("\n") + "\n"
    end = lines.index(columns + "\n")
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return "".join([*lines[:end], row, *lines[end:]])


def _bounds(result: Mapping[str, Any]) -> Box:
    xs = [corner["x"] for corner in result["coordinates"]]
    ys = [corner["y"] for corner in result["coordinates"]]
    return Box(min(xs), min(ys), max(xs), max(ys))
