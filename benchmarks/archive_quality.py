# SPDX-License-Identifier: Apache-2.0
"""Whether a search finds the right read: with one character unknown, and with one wrong.

``python benchmarks/archive_quality.py FOLDER…`` reads the photographs of folders with a
``truth.csv`` into a case and searches in it for each labelled plate: with each of its characters
replaced by ``?`` in turn, and with one of them wrong and ``~1``. Right is a search whose first hit
is a read of a photograph that shows the plate; a plate that was not found or not read counts as
wrong, and apart from all are those that a read of the photograph gives at least 0.1 % for. Beside
it the same by plain text, on the best reading of each plate, and what the first step of a search
loses. ``--write`` adds a row to ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alprcore.archive.batch import add
from alprcore.archive.index import load_index
from alprcore.archive.language import automaton, parse_query
from alprcore.archive.search import exact_probabilities, search
from alprcore.archive.store import Case
from alprcore.evaluation.results import add_rows
from alprcore.settings import Settings

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """\
## Searches that find the right read

`python benchmarks/archive_quality.py FOLDERS --write`: photos_dev and wild, `auto`; the true read \
first, by probability and by plain text

| date | commit | photographs | reads | one `?`: n | first | by text | first, of those seen \
| one wrong, `~1`: n | first | by text | first, of those seen | mass lost by the first step |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
OTHER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def truths(folders: list[Path]) -> dict[str, set[str]]:
    """Return the plates of each photograph, by its path; without those of other scripts."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        with (folder / "truth.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                name = row.get("file") or row.get("filename") or row.get("image") or ""
                plate = row["plate"].upper()
                if plate and re.fullmatch(r"[A-Z0-9]+", plate):
                    found.setdefault(str((folder / name).absolute()), set()).add(plate)
    return found


def queries(plate: str) -> Iterator[tuple[str, str]]:
    """Yield the searches for a plate: kind and pattern."""
    for at in range(len(plate)):
        yield "unknown", plate[:at] + "?" + plate[at + 1 :]
        wrong = OTHER[(OTHER.index(plate[at]) + 7 + at) % len(OTHER)]
        yield "wrong", plate[:at] + wrong + plate[at + 1 :] + "~1"


def by_text(reads: list[tuple[str, float, str]], kind: str, pattern: str) -> str | None:
    """Return the photograph of the first read whose best text matches, as a plain search has it."""
    if kind == "unknown":
        regex = re.compile(pattern.replace("?", "."))
        hits = [read for read in reads if regex.fullmatch(read[0])]
    else:
        hits = [read for read in reads if within_one(read[0], pattern.removesuffix("~1"))]
    return max(hits, key=lambda read: read[1])[2] if hits else None


def within_one(one: str, other: str) -> bool:
    """Whether two texts are at most one edit apart."""
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) <= 1
    long, short = (one, other) if len(one) > len(other) else (other, one)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def measure(case: Case, wanted: dict[str, set[str]], every_nth: int) -> dict[str, float]:
    """Return the shares of right searches, and what the first step loses."""
    index = load_index(case)
    reads = [(read.plate, read.confidence, read.path) for read in case.reads()]
    paths: dict[str, set[str]] = {}
    for path, plates in wanted.items():
        for plate in plates:
            paths.setdefault(plate, set()).add(path)
    every = index.ids.tolist()
    alphabets = {number: each["alphabet"] for number, each in case.setups().items()}
    counts = dict.fromkeys(
        [
            f"{name} {kind}"
            for kind in ("unknown", "wrong")
            for name in ("n", "right", "text", "seen", "seen right")
        ],
        0,
    )
    kept = whole = 0.0
    for plate, where in sorted(paths.items())[::every_nth]:
        whole_text = search(case, plate, index=index, limit=5).hits
        is_seen = any(hit.read.path in where for hit in whole_text)
        for number, (kind, pattern) in enumerate(queries(plate)):
            found = search(case, pattern, index=index, limit=5)
            counts[f"n {kind}"] += 1
            right = bool(found.hits) and found.hits[0].read.path in where
            counts[f"right {kind}"] += right
            counts[f"seen {kind}"] += is_seen
            counts[f"seen right {kind}"] += is_seen and right
            counts[f"text {kind}"] += by_text(reads, kind, pattern) in where
            if not right and number < 2:
                first = found.hits[0].read.plate if found.hits else "nothing"
                print(f"not first: {pattern} of {plate}, {min(where)}: {first}")
            if number < 2:
                exact = exact_probabilities(case, parse_query(pattern), every, alphabets)
                whole += math.fsum(value for value, _ in exact)
                passed = search(case, pattern, index=index, limit=10_000, least=0.0)
                kept += math.fsum(hit.probability for hit in passed.hits)
    return {**counts, "lost": 1 - kept / whole}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--case", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--as-it-is", action="store_true", help="search, add nothing")
    parser.add_argument("--every", type=int, default=1, help="of the plates, every so many")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    folder = chosen.case or Path(tempfile.mkdtemp()) / "case"
    with Case.open(folder, create=True) as case:
        if not chosen.as_it_is:
            add(case, chosen.folders, settings=Settings(), workers=chosen.workers)
        automaton.cache_clear()
        found = measure(case, truths(chosen.folders), chosen.every)
        print(found)
        if chosen.write:
            add_rows(RESULTS, [cells_of(found, case.status())], HEAD)


def cells_of(found: dict[str, float], status: dict[str, int]) -> list[str]:
    """Return the cells of a row of the results."""
    cells = [f"{status['sources']}", f"{status['reads']}"]
    for kind in ("unknown", "wrong"):
        n = found[f"n {kind}"]
        cells += [
            f"{n}",
            *(f"{100 * found[f'{name} {kind}'] / n:.1f} %" for name in ("right", "text")),
        ]
        seen, right = found[f"seen {kind}"], found[f"seen right {kind}"]
        cells.append(f"{100 * right / seen:.1f} % of {seen}")
    return [*cells, f"{100 * found['lost']:.3f} %"]


if __name__ == "__main__":
    main()
