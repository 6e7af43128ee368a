# SPDX-License-Identifier: Apache-2.0
"""Photographs from anywhere, with ``auto``: ``python benchmarks/anywhere.py FOLDER [--write]``.

FOLDER has photographs and a ``truth.csv`` (image, plate, country, script) with a row for each plate
that a person can read, ``?`` for a character that the picture does not show, and one row with an
empty plate for a picture without any. There are no boxes: plates and results of a picture are
paired by the fewest edits. *Right* is a pair whose texts agree with O = 0, I = 1 and Cyrillic
letters as their Latin look-alikes; *wrong* any other pair; *missed* a plate without a result;
*on no plate* a result without one. ``--write`` adds a row to RESULTS.md.
"""

from __future__ import annotations

import argparse
import csv
import re
import statistics
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from alprcore import Engine, ImageError, Plate
from alprcore.evaluation.results import add_rows
from alprcore.evaluation.scoring import edit_distance

RESULTS = Path(__file__).with_name("RESULTS.md")
LOOK_ALIKE = str.maketrans("OIАВЕКМНОРСТУХ", "01ABEKMH0PCTYX")  # noqa: RUF001
FARTHEST = 0.7  # edits per character of the longer text; what is farther is another plate
SURE = 0.9
HEAD = """\
## Photographs from anywhere

`python benchmarks/anywhere.py FOLDER --write`, country `auto`; what is counted is in its \
docstring. *Sure* are results stated at 90 % or more.

| date | commit | plates | found | right | of Latin plates | on no plate | sure | of these wrong \
| median ms |
| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |
"""


@dataclass(frozen=True)
class Row:
    """A plate that a person can read, and its script."""

    text: str
    script: str


def cleaned(text: str) -> str:
    """Return letters, digits and ``?`` of a text, in upper case, look-alikes as one."""
    upper = unicodedata.normalize("NFKC", text.upper()).translate(LOOK_ALIKE)
    return "".join(char for char in upper if char == "?" or char.isalnum())


def agree(truth: str, text: str) -> bool:
    """Whether a text is the truth's; ``?`` stands for one character or none."""
    pattern = "".join(".?" if char == "?" else re.escape(char) for char in truth)
    return re.fullmatch(pattern, text) is not None


def paired(truths: list[str], texts: list[str]) -> dict[int, int]:
    """Return the text of each truth that has one, by their numbers."""
    costs = sorted(
        (0 if agree(truth, text) else edit_distance(truth, text), i, j)
        for i, truth in enumerate(truths)
        for j, text in enumerate(texts)
    )
    pairs: dict[int, int] = {}
    for cost, i, j in costs:
        near = cost <= FARTHEST * max(len(truths[i]), len(texts[j]))
        if near and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def count(rows: list[Row], plates: tuple[Plate, ...], counts: Counter[str]) -> None:
    """Add what a picture's results are."""
    truths, texts = [row.text for row in rows], [cleaned(plate.text) for plate in plates]
    pairs = paired(truths, texts)
    right = {j for i, j in pairs.items() if agree(truths[i], texts[j])}
    counts["plates"] += len(rows)
    counts["found"] += len(pairs)
    counts["right"] += len(right)
    counts["on no plate"] += len(plates) - len(pairs)
    for i, row in enumerate(rows):
        counts["Latin"] += row.script == "latin"
        counts["right Latin"] += row.script == "latin" and pairs.get(i) in right
    for j, plate in enumerate(plates):
        counts["sure"] += plate.confidence >= SURE
        counts["sure and wrong"] += plate.confidence >= SURE and j not in right


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="add a row to RESULTS.md")
    options = parser.parse_args()
    pictures: dict[str, list[Row]] = {}
    with (options.folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        for each in csv.DictReader(file):
            rows = pictures.setdefault(each["image"], [])
            if text := cleaned(each["plate"]):
                rows.append(Row(text, each["script"]))
    engine, counts, times = Engine(country="auto"), Counter[str](), []
    for name, rows in pictures.items():
        try:
            found = engine.recognize(options.folder / name)
        except ImageError as error:
            print(f"{name}: {error}")
            continue
        times.append(found.elapsed_ms)
        count(rows, found.plates, counts)
    cells = (
        *(str(counts[key]) for key in ("plates", "found", "right")),
        f"{counts['right Latin']} of {counts['Latin']}",
        *(str(counts[key]) for key in ("on no plate", "sure", "sure and wrong")),
        f"{statistics.median(times):.1f}",
    )
    print(" | ".join(cells))
    if options.write:
        add_rows(RESULTS, [cells], HEAD)


if __name__ == "__main__":
    main()
