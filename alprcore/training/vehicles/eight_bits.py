# SPDX-License-Identifier: Apache-2.0
"""The trained network that boxes vehicles in whole numbers of eight bits.

    python -m alprcore.training.vehicles.eight_bits --data DATA --labels vehicle_boxes.csv \
        --model trained.onnx --out vehicle_boxes.onnx

As `alprcore.training.finding.eight_bits` does it: nothing is trained, scales and rounding come from
what the search shows it of the photographs that it was trained on.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import cv2
import numpy as np
import onnx

from alprcore.records import Frame
from alprcore.training.finding.boxes import boxes
from alprcore.training.finding.eight_bits import write_in_eight_bits
from alprcore.training.finding.whole import Form
from alprcore.training.vehicles.boxes import augmented, load
from alprcore.training.vehicles.net import grey
from alprcore.vehicles.find import shrunk

VEHICLES = Form("vehicles", boxes, int(grey), before=0, mended=True)


def looks_at(data: Path, labels: Path, seed: int) -> list[Frame]:
    """Return what the network is shown of the photographs to train on, and each changed once."""
    photos, _ = load(data, labels)
    rng = random.Random(seed)
    looks = [shrunk(picture)[0] for picture, _ in photos]
    return [*looks, *(augmented(photo, rng)[0] for photo in photos)]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="from boxes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=60, help="that are shown to it")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    looks = looks_at(args.data, args.labels, args.seed)
    rng = np.random.default_rng(args.seed)
    chosen = [looks[i] for i in rng.permutation(len(looks))[: args.photos]]
    write_in_eight_bits(onnx.load(args.model), chosen, VEHICLES, args.out)


if __name__ == "__main__":
    main()
