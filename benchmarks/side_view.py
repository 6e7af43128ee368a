# SPDX-License-Identifier: Apache-2.0
"""How plates are read that are seen from the side: ``python benchmarks/side_view.py --data DATA``.

Crops that no bank learned from are squeezed to a share of their width, as a turned plate is, and
read from their outline on, in the Latin script; the last column is how many of those at 90 % or
more are wrong. O counts as 0 and I as 1. Needs ``pip install '.[training]'``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from alprcore.countries.fit import load_countries
from alprcore.countries.pattern import LOOKALIKES
from alprcore.reading.attempts import LEAST_TEXTS, Reader, joint_texts, load_reader, read_attempts
from alprcore.records import Detection, GrayImage, Quad
from alprcore.settings import Settings
from alprcore.training.bank.data import read_grey
from alprcore.training.bank.script_crops import held_back_rows

SETS = {"br": "br", "ar": "ar", "cz": "eu", "us": "us", "vn": "vn,vn2", "eu_two_line": "eu"}
SHARES = (1.0, 0.75, 0.6, 0.45)
LEAST_ROWS = 48  # a lower crop is enlarged: what is measured is the squeezing
INSIDE = 0.03  # crops are cut a little wider than the plate
SURE = 0.9


def read_squeezed(crop: GrayImage, share: float, reader: Reader) -> tuple[str, float]:
    """Return the best text of a crop squeezed to a share of its width, and its probability."""
    scale = max(1.0, LEAST_ROWS / crop.shape[0])
    rows = round(scale * crop.shape[0])
    cols = max(20, round(scale * share * crop.shape[1]))
    how = cv2.INTER_AREA if scale * share < 1 else cv2.INTER_LINEAR
    seen = cv2.resize(crop, (cols, rows), interpolation=how)
    right, down = cols // 4, rows // 2
    framed = cv2.copyMakeBorder(seen, down, down, right, right, cv2.BORDER_REPLICATE)
    frame = np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR), np.uint8)
    low = np.array([right + INSIDE * cols, down + INSIDE * rows])
    high = np.array([right + (1 - INSIDE) * cols, down + (1 - INSIDE) * rows])
    corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    detection = Detection(Quad.from_points(corners), 0.9)
    attempts = read_attempts(frame, detection, reader, LEAST_TEXTS)
    texts = joint_texts(attempts, reader, LEAST_TEXTS)
    return texts[0] if texts else ("", 0.0)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds reading/")
    parser.add_argument("--most", type=int, default=60, help="crops of a set")
    options = parser.parse_args()
    print("| set | width | plates | right | at 90 % | of these wrong |")
    print("| --- | --: | --: | --: | --: | --: |")
    for name, codes in SETS.items():
        reader = load_reader(Settings(), load_countries(tuple(codes.split(","))), {})
        folder = options.data / "reading" / name
        rows = held_back_rows(folder)
        rows = rows[:: max(1, len(rows) // options.most)]
        crops = [(read_grey(folder / row["image"]), row["plate"]) for row in rows]
        for share in SHARES:
            right = sure = wrong = total = 0
            for crop, plate in crops:
                if crop is None:
                    continue
                text, confidence = read_squeezed(crop, share, reader)
                same = text.replace("\n", "").translate(LOOKALIKES) == plate.translate(LOOKALIKES)
                total, right = total + 1, right + same
                sure, wrong = sure + (confidence >= SURE), wrong + (confidence >= SURE > same)
            print(f"| {name} | {share} | {total} | {right} | {sure} | {wrong} |", flush=True)


if __name__ == "__main__":
    main()
