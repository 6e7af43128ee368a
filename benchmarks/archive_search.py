# SPDX-License-Identifier: Apache-2.0
"""How long a search takes in a large case: a synthetic store, made here, both steps of a search.

``python benchmarks/archive_search.py --reads 1000000`` makes a case of so many reads, whose slots
and lattices are those of a few thousand random plates (a best character, rivals, now and then an
unsure one), and times searches in it: processor time of one thread, median of several, and the
least by the clock. ``--times 10`` searches in an index that has each read ten times, as long as ten
such cases. ``--write`` adds rows to ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from alprcore.archive.filters import Filters
from alprcore.archive.index import SearchIndex, load_index
from alprcore.archive.lattices import lattice_bytes
from alprcore.archive.search import search
from alprcore.archive.slots import slot_bytes
from alprcore.archive.store import Case
from alprcore.evaluation.results import add_rows
from alprcore.reading.match import Lattice

NO_SETUP = '{"settings": {"country": []}, "tasks": [], "version": "", "files": {}, "own_files": {}}'
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH, WIDTH = 7, 6  # characters of a plate, and columns of each
CALIFORNIA = Filters(region="us-ca")  # a tenth of the reads
SEARCHES: tuple[tuple[str, Filters | None], ...] = (
    ("AB?1*", None), ("?B1?7??", None), ("*7K3*", None), ("AB12C34", None), ("AB12C34~1", None),
    ("AB?1*", CALIFORNIA),
)  # fmt: skip
RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """\
## Search in an archive

`python benchmarks/archive_search.py --reads N --write`, one thread, after opening: median of \
processor time, and the least time by the clock of a busy machine

| date | commit | reads | pattern | median ms | clock ms | passed | examined |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def plate_lattice(generator: np.random.Generator) -> tuple[Lattice, str]:
    """Return a lattice with one cut, whose characters have rivals and are now and then unsure."""
    text = generator.integers(0, len(ALPHABET), LENGTH)
    scores = generator.normal(-14, 3, (LENGTH, len(ALPHABET)))
    for slot, best in enumerate(text):
        scores[slot, best] = 0.0
        scores[slot, generator.integers(len(ALPHABET))] = -generator.exponential(4.0)
        scores[slot, best] = max(scores[slot, best], 0.0)
    starts = (1 + np.arange(LENGTH) * (WIDTH + 1)).astype(np.int32)
    columns = LENGTH * (WIDTH + 1) + 1
    gaps = np.full(columns, -7.0 / WIDTH, np.float32)
    gaps[0] = gaps[:: WIDTH + 1] = 0.0
    stretch = np.logaddexp.reduce(scores, axis=1)
    skipped = np.array([gaps[s : s + WIDTH].sum(dtype=np.float64) for s in starts])
    total = float(np.logaddexp(stretch, skipped).sum() + gaps[:: WIDTH + 1].sum())
    posteriors = np.exp(stretch - np.logaddexp(stretch, skipped))
    lattice = Lattice(
        starts, (starts + WIDTH).astype(np.int32), scores.astype(np.float32),
        np.zeros((0, 0), np.int32), posteriors.astype(np.float32), gaps, total,
    )  # fmt: skip
    return lattice, "".join(ALPHABET[i] for i in text)


def make_case(folder: Path, count: int, kinds: int, seed: int = 1) -> None:
    """Make a case of `count` reads of `kinds` different plates."""
    generator = np.random.default_rng(seed)
    plates = []
    for _ in range(min(kinds, count)):
        lattice, text = plate_lattice(generator)
        plates.append((text, slot_bytes((lattice,), (text,), ALPHABET), lattice_bytes((lattice,))))
    with Case.open(folder, create=True) as case:
        run = case.connection.execute
        run("PRAGMA synchronous = OFF")
        run("BEGIN")
        run("INSERT INTO setups VALUES (1, 'synthetic', ?, ?)", (ALPHABET, NO_SETUP))
        run("INSERT INTO runs VALUES (1, 1, '', '', 'done', '[]', 1, '{}', '{}')")
        run(
            "INSERT INTO sources (id, sha256, size, kind, format, path, notices)"
            " VALUES (1, 'synthetic', 0, 'picture', 'JPEG', 'synthetic', '[]')"
        )
        run("INSERT INTO readings VALUES (1, 1, 1, ?, NULL, '[]', NULL)", (count,))
        case.connection.executemany(
            "INSERT INTO reads (source_id, setup_id, run_id, number, plate, text, text_unsure,"
            " confidence, matches_template, legibility, detection_score, truncated, country,"
            " region, region_confidence, x1, y1, x2, y2, x3, y3, x4, y4, candidates, regions,"
            " glyphs, crop, crop_sha256, crop_x, crop_y, slots, lattice)"
            " VALUES (1, 1, 1, ?, ?, ?, '', 0.9, 1, 1,"
            " 1, 0, 'us', ?, 0, 0, 0, 9, 0, 9, 9, 0, 9, '[]', '[]', '[]', '', '', 0, 0, ?, ?)",
            (
                (number, text, text, "us-tx" if number % 10 else "us-ca", slots, lattice)
                for number in range(count)
                for text, slots, lattice in [plates[number % len(plates)]]
            ),
        )
        run("COMMIT")


def timed(folder: Path, repeats: int, times: int) -> list[tuple[str, float, int, int, int]]:
    """Return of each pattern the median time of a search in ms, hits, passed and examined."""
    rows = []
    with Case.open(folder) as case:
        begin = time.perf_counter()
        index = load_index(case)
        if times > 1:
            index = SearchIndex(np.tile(index.ids, times), np.tile(index.records, (times, 1)))
        print(f"opened in {time.perf_counter() - begin:.2f} s")
        for pattern, limits in SEARCHES:
            if limits and times > 1:
                continue  # a read's id stands for one read of the index
            name = f"{pattern} in us-ca" if limits else pattern
            spent, clock = [], []
            for _ in range(repeats):
                begin, start = time.process_time(), time.perf_counter()
                found = search(case, pattern, index=index, filters=limits)
                spent.append(time.process_time() - begin)
                clock.append(time.perf_counter() - start)
            rows.append(
                (name, 1e3 * statistics.median(spent), 1e3 * min(clock), found.passed,
                 found.examined)
            )  # fmt: skip
            print(f"{name:20} {rows[-1][1]:8.1f} ms, least {rows[-1][2]:.1f}, passed"
                  f" {found.passed}, examined {found.examined}")  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--kinds", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="folder of the case, kept for another time")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    folder = chosen.keep or Path(tempfile.mkdtemp()) / "case"
    if not folder.exists():
        make_case(folder, chosen.reads, chosen.kinds)
    rows = timed(folder, chosen.repeats, chosen.times)
    size = (folder / "case.sqlite").stat().st_size / chosen.reads
    print(f"{size:.0f} bytes a read")
    if chosen.write:
        reads = chosen.reads * chosen.times
        cells = (
            (reads, f"`{pattern}`", f"{median:.1f}", f"{least:.1f}", passed, examined)
            for pattern, median, least, passed, examined in rows
        )
        add_rows(RESULTS, cells, HEAD)
    if chosen.keep is None:
        shutil.rmtree(folder.parent)


if __name__ == "__main__":
    main()
