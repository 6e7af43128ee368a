# SPDX-License-Identifier: Apache-2.0
"""What a threshold on the confidence keeps, and how much of that is wrong.

``python benchmarks/risk_coverage.py --data DATA [--write]`` reads, with ``auto``, photographs from
anywhere (every readable plate is labelled, so a result on no plate is wrong), the development
photographs and the held-back street photographs (others may be unlabelled: only results on labelled
plates count), and crops that no bank learned from, each as a picture of a plate and nothing else.
O counts as 0 and I as 1. *Kept* are right results at the threshold or above, as a share of the
plates; *wrong* is the share of all results there. ``--write`` puts the table into RESULTS.md.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from anywhere import agree, cleaned, paired

from alprcore import Engine
from alprcore.evaluation.results import commit_of, today
from alprcore.evaluation.scoring import parse_truth
from alprcore.geometry import overlap
from alprcore.training.bank.script_crops import held_back_rows
from alprcore.training.fusion import error_of
from alprcore.video.text_distance import plain

RESULTS = Path(__file__).with_name("RESULTS.md")
STREET = Path(__file__).parent / "labels" / "openimages_texts.csv"
CROPS = ("us", "br", "ar", "cz", "vn", "eu_two_line", "kr", "cn", "eg")
THRESHOLDS = (0.0, 0.5, 0.75, 0.8, 0.9, 0.95)
ON_PLATE = 0.15  # overlap from which on a result is of a labelled plate
TITLE = "## Risk and coverage"

Said = tuple[float, bool]  # what a result states, and whether it is right


def from_anywhere(engine: Engine, folder: Path) -> tuple[int, list[Said]]:
    """Return the number of plates and the results; all plates are labelled, none has a box."""
    truths: dict[str, list[str]] = {}
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            truths.setdefault(row["image"], []).extend(filter(None, [cleaned(row["plate"])]))
    said: list[Said] = []
    for image, plates in truths.items():
        found = engine.recognize(folder / image).plates
        texts = [cleaned(plate.text) for plate in found]
        right = {j for i, j in paired(plates, texts).items() if agree(plates[i], texts[j])}
        said += [(plate.confidence, j in right) for j, plate in enumerate(found)]
    return sum(map(len, truths.values())), said


def in_boxes(engine: Engine, folder: Path, truth: Path) -> tuple[int, list[Said]]:
    """Return the number of labelled plates and the results on them."""
    with truth.open(newline="", encoding="utf-8-sig") as file:
        labels = parse_truth(file)
    said: list[Said] = []
    for image, plates in labels.items():
        found = engine.recognize(folder / image).plates
        for label in plates:
            box = label.box
            if box is None:
                continue
            on = max(found, key=lambda each: overlap(each.quad.bounds(), box), default=None)
            if on is not None and overlap(on.quad.bounds(), box) > ON_PLATE:
                said.append((on.confidence, plain(on.text) == plain(label.text)))
    return sum(map(len, labels.values())), said


def in_crops(engine: Engine, folder: Path, most: int) -> tuple[int, list[Said]]:
    """Return the number of crops and the surest result of each."""
    rows = held_back_rows(folder)
    rows = rows[:: max(1, len(rows) // most)]
    said: list[Said] = []
    for row in rows:
        found = engine.recognize(folder / row["image"]).plates
        if found:
            best = max(found, key=lambda each: each.confidence)
            said.append((best.confidence, plain(best.text) == plain(row["plate"])))
    return len(rows), said


def measured(data: Path, most: int) -> Iterator[tuple[str, int, list[Said]]]:
    """Yield each kind of material with its number of plates and its results."""
    engine = Engine("auto")
    yield ("from anywhere", *from_anywhere(engine, data / "wild"))
    sets = [in_boxes(engine, f, f / "truth.csv") for f in sorted((data / "photos_dev").iterdir())]
    yield "photos_dev", sum(n for n, _ in sets), [one for _, said in sets for one in said]
    yield ("streets, held back", *in_boxes(engine, data / "plates" / "openimages", STREET))
    crops = [in_crops(engine, data / "reading" / name, most) for name in CROPS]
    yield "crops, held back", sum(n for n, _ in crops), [one for _, said in crops for one in said]


def row_of(name: str, plates: int, said: list[Said]) -> str:
    """Return a row of the table."""
    cells = []
    for threshold in THRESHOLDS:
        kept = [right for value, right in said if value >= threshold]
        wrong = 1 - sum(kept) / max(1, len(kept))
        cells.append(f"{100 * sum(kept) / plates:.1f}, {100 * wrong:.1f}")
    values, right = (np.array(column) for column in zip(*said, strict=True))
    off = error_of(values, right)
    return f"| {name} | {plates} | {' | '.join(cells)} | {100 * off:.1f} |"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--most", type=int, default=60, help="crops of a set")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    options = parser.parse_args()
    head = " | ".join("all" if t == 0 else f"{100 * t:.0f} %" for t in THRESHOLDS)
    lines = [f"| material | plates | {head} | calibration error % |"]
    lines += ["| --- | --: |" + " --: |" * (len(THRESHOLDS) + 1)]
    lines += [row_of(*each) for each in measured(options.data, options.most)]
    table = "\n".join(lines)
    print(table)
    if options.write:
        write(table)


def write(table: str) -> None:
    """Put the table in place of the one that is there."""
    text = RESULTS.read_text("utf-8")
    said = (
        f"{TITLE}\n\n`python benchmarks/risk_coverage.py --data DATA --write`, {today()}, commit"
        f" {commit_of(RESULTS.parent)}, country `auto`. In each cell: of the plates, those kept and"
        " right at that\nthreshold or above, %; of all results kept, those that are wrong, %. What"
        f" counts is in its docstring.\n\n{table}\n"
    )
    before, found, after = text.partition(TITLE)
    rest = after.partition("\n## ")
    end = f"\n## {rest[2]}" if rest[1] else ""
    RESULTS.write_text(before + said + end if found else f"{text.rstrip()}\n\n{said}", "utf-8")


if __name__ == "__main__":
    main()
