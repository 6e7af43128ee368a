# SPDX-License-Identifier: Apache-2.0
"""What is read on pictures without a plate: ``python benchmarks/other_lettering.py --data DATA``.

Road signs, orders, routes, shop fronts, logos and stamps are drawn with fonts and hung into windows
of street photographs that the network for this never saw; with ``--logos DIR`` the pictures of a
folder are read, too. Counted are results, and those stated at 80 and 90 % or more, with ``auto``.
Needs ``pip install '.[training]'`` and the fonts of ``python -m alprcore.training fonts``.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from alprcore import Engine, Plate
from alprcore.training.bank.plate_places import pens, signs, windows

LIMITS = (0.8, 0.9)
SEED = 77


def pictures(options: argparse.Namespace) -> Iterator[tuple[str, object]]:
    """Yield kind and picture."""
    rng = np.random.default_rng(SEED)
    drawn = signs(pens(options.fonts, rng)[1], windows(options.data, rng, held=True))
    yield from islice(drawn, options.count)
    if options.logos:
        yield from (("folder", path) for path in sorted(options.logos.iterdir()))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="holds plates/")
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1095, help="drawn pictures")
    parser.add_argument("--logos", type=Path, help="a folder of pictures without plates")
    parser.add_argument("--show", action="store_true", help="print what is stated surely")
    options = parser.parse_args()
    engine = Engine("auto")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, picture in pictures(options):
        plates: tuple[Plate, ...] = engine.recognize(picture).plates  # type: ignore[arg-type]
        for name in (kind, "all"):
            counts[name]["pictures"] += 1
            counts[name]["results"] += len(plates)
            for limit in LIMITS:
                counts[name][f"{limit}"] += sum(plate.confidence >= limit for plate in plates)
        for plate in plates:
            if options.show and plate.confidence >= LIMITS[0]:
                print(kind, repr(plate.text), f"{plate.confidence:.2f} {plate.detection_score:.2f}")
    print("| what | pictures | results | at 80 % or more | at 90 % |")
    print("| --- | --: | --: | --: | --: |")
    for name, count in sorted(counts.items(), key=lambda item: item[0] == "all"):
        said = " | ".join(str(count[f"{limit}"]) for limit in LIMITS)
        print(f"| {name} | {count['pictures']} | {count['results']} | {said} |")


if __name__ == "__main__":
    main()
