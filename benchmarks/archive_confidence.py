# SPDX-License-Identifier: Apache-2.0
"""How far confidences hold: of labelled plates, how often a reading of a confidence is right.

``python benchmarks/archive_confidence.py CASE FOLDER…`` takes the reads of a case whose middle lies
in a labelled plate of the folders' ``truth.csv`` (``image``, ``x,y,w,h``, ``plate``) and prints the
rows of `alprcore.archive.origin.CONFIDENCES`. Right is the whole text, 0 and O apart.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from alprcore.archive.store import Case

SPANS = ((0.99, 1.01), (0.95, 0.99), (0.8, 0.95), (0.5, 0.8), (0.0, 0.5))


def main() -> None:
    folder, *sets = map(Path, sys.argv[1:])
    labels: dict[str, list[tuple[list[float], str]]] = {}
    for each in sets:
        with (each / "truth.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                box = [float(row[name]) for name in "xywh"]
                labels.setdefault(str(each / row["image"]), []).append((box, row["plate"]))
    found: list[tuple[float, bool]] = []
    with Case.open(folder) as case:
        for read in case.reads():
            x, y = read.quad.to_points().mean(axis=0)
            for (left, top, width, height), plate in labels.get(read.path, []):
                if left <= x <= left + width and top <= y <= top + height:
                    found.append((read.confidence, read.plate == plate.upper()))
    for low, high in SPANS:
        inside = [right for value, right in found if low <= value < high]
        title = f"{100 * low:.0f} % and more" if high > 1 else f"{100 * low:.0f}-{100 * high:.0f} %"
        print(f'    ("{title}", {len(inside)}, {sum(inside)}),')


if __name__ == "__main__":
    main()
