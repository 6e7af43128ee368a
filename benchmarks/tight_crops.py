# SPDX-License-Identifier: Apache-2.0
"""Pictures that show a plate and nothing else: ``python benchmarks/tight_crops.py --data DATA``.

Crops that no bank learned from go through the whole engine with ``auto``, then windows of street
photographs that no labelled plate touches, as small and of the same shapes. All characters count,
O as 0 and I as 1. Needs ``pip install '.[training]'``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

from alprcore import Engine
from alprcore.countries.pattern import LOOKALIKES
from alprcore.training.bank.script_crops import held_back_rows
from alprcore.training.bank.script_looks import empty_crops

SETS = ("us", "br", "ar", "eu_two_line", "vn", "cz", "kr", "cn", "eg")
SURE, SEED = 0.9, 5


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="holds reading/ and plates/")
    parser.add_argument("--most", type=int, default=50, help="crops of a set")
    parser.add_argument("--empty", type=int, default=600, help="windows without a plate")
    options = parser.parse_args()
    engine = Engine("auto")
    print("| set | pictures | with a result | right | at 90 % | of these wrong |")
    print("| --- | --: | --: | --: | --: | --: |")
    for name in SETS:
        folder = options.data / "reading" / name
        rows = held_back_rows(folder)
        total = found = right = sure = wrong = 0
        for row in rows[:: max(1, len(rows) // options.most)]:
            plates = engine.recognize(folder / row["image"]).plates
            text = plates[0].text.replace("\n", "").translate(LOOKALIKES) if plates else ""
            same = text == row["plate"].translate(LOOKALIKES)
            certain = bool(plates) and plates[0].confidence >= SURE
            total, found, right = total + 1, found + bool(plates), right + same
            sure, wrong = sure + certain, wrong + (certain and not same)
        print(f"| {name} | {total} | {found} | {right} | {sure} | {wrong} |", flush=True)
    crops = [shown.crop for shown in empty_crops(options.data, options.empty, SEED)]
    results = [engine.recognize(cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR)).plates for crop in crops]
    said = [max(plate.confidence for plate in plates) for plates in results if plates]
    sure = sum(value >= SURE for value in said)
    print(f"| no plate | {len(crops)} | {len(said)} | - | {sure} | {sure} |")


if __name__ == "__main__":
    main()
