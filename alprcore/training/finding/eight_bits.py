# SPDX-License-Identifier: Apache-2.0
"""The trained detector in whole numbers of eight bits.

``python -m alprcore.training.finding.eight_bits --data DIR --model trained.onnx --out FILE`` writes
the network that ships. Nothing is trained: scales and rounding come from what the search shows it
of some training photographs.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import onnx

from alprcore.records import Frame
from alprcore.training.finding.boxes import boxes
from alprcore.training.finding.looks import looks_at
from alprcore.training.finding.model import grey
from alprcore.training.finding.whole import Form, shrunk_to_bytes

PLATES = Form("plates", boxes, int(grey), before=1, mended=False)  # so it was measured


def write_in_eight_bits(
    model: onnx.ModelProto, looks: Sequence[Frame], form: Form, out: Path
) -> None:
    """Write a trained network in eight bits, scales and rounding from what it is shown."""
    small = shrunk_to_bytes(model, looks, form)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(small.SerializeToString())
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(f"{len(looks)} looks; {out}, sha256 {digest}")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="from train")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=100, help="that are shown to it")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    looks = looks_at(args.data, args.model.read_bytes(), args.photos, args.seed)
    write_in_eight_bits(onnx.load(args.model), looks, PLATES, args.out)


if __name__ == "__main__":
    main()
