# SPDX-License-Identifier: Apache-2.0
"""Learn what is a plate and what other lettering: ``python -m alprcore.training.bank.plate_looks``.

``--places FILE --out FILE`` teaches a small network to tell the places of `plate_places` apart. It
sees the surroundings, too: a plate hangs on a vehicle.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alprcore.reading.looks import AROUND, OVER, PLATE_SIZE
from alprcore.training.bank.look_net import evened, export, teach
from alprcore.training.bank.plate_places import CANVAS, TALL, WIDE

VIEWS = 60000
SHARES = (0.5, 0.3, 0.2)  # of signs, plates of photographs and other plates


class PlateNet(nn.Module):
    """Grey crops (n, 64, 128), 0 to 255, to logits (n, 2): no plate, plate."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv2d(1, 16, 5, 2, 2, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 48, 3, 1, 1, bias=False), nn.BatchNorm2d(48), nn.ReLU(),
            nn.Conv2d(48, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
            nn.Conv2d(64, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(64 * 4 * 8, 48), nn.ReLU(), nn.Linear(48, 2)
        )

    def forward(self, crops: Tensor) -> Tensor:
        """Return the logits."""
        maps = self.maps(evened(crops))
        n, d, rows, cols = maps.shape
        cells = maps.reshape(n, d, 4, rows // 4, 8, cols // 8).mean((3, 5))
        logits: Tensor = self.head(cells.flatten(1))
        return logits


def view(canvas: NDArray[np.uint8], rng: np.random.Generator | None) -> NDArray[np.uint8]:
    """Return what the network sees of a canvas; with `rng` moved, relit and blurred."""
    shift = np.zeros(4) if rng is None else rng.normal(0, 0.04, 4)
    left, top = WIDE - AROUND + shift[0], TALL - OVER + shift[1]
    right = WIDE + 1 + AROUND + shift[2]
    bottom = TALL + 1 + OVER + shift[3]
    scale = np.array([CANVAS[0] / (1 + 2 * WIDE), CANVAS[1] / (1 + 2 * TALL)], np.float32)
    source = np.array([[left, top], [right, top], [left, bottom]], np.float32) * scale
    target = np.array([[0, 0], [PLATE_SIZE[0], 0], [0, PLATE_SIZE[1]]], np.float32)
    seen = cv2.warpAffine(
        canvas, cv2.getAffineTransform(source, target), PLATE_SIZE,
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    if rng is None:
        return np.asarray(seen, np.uint8)
    out = seen.astype(np.float32)
    if rng.random() < 0.3:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 2.0))), np.float32)
    if rng.random() < 0.1:
        out = 255 - out
    out = out * rng.uniform(0.6, 1.2) + rng.uniform(-25, 25)
    out += rng.normal(0, float(rng.uniform(0, 6)), out.shape)
    return np.clip(out, 0, 255).astype(np.uint8)


def train(file: Path, out: Path, steps: int, seed: int) -> None:
    """Train a network on places, print what those held back are taken for, and write it."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    with np.load(file) as arrays:
        canvases, plate, held, drawn = (arrays[k] for k in ("canvases", "plate", "held", "drawn"))
    groups = [
        np.flatnonzero(~held & (plate == p) & (drawn == d)) for p, d in ((0, 1), (1, 0), (1, 1))
    ]
    print([len(group) for group in groups], flush=True)
    kinds = rng.choice(3, size=VIEWS, p=SHARES)
    picks = [int(rng.choice(groups[kind])) for kind in kinds]
    seen = torch.from_numpy(np.stack([view(canvases[i], rng) for i in picks]))
    is_plate = torch.from_numpy((kinds > 0).astype(np.int64))
    print("views drawn", flush=True)
    net = PlateNet()

    def batch() -> tuple[Tensor, Tensor]:
        some = torch.from_numpy(rng.integers(len(seen), size=64))
        return seen[some].float(), is_plate[some]

    teach(net, batch, out, steps=steps, decay=2e-2, smoothing=0.01)
    report(net, canvases[held], plate[held], drawn[held])
    export(net, out, size=PLATE_SIZE, output="shares", last=torch.softmax)


def report(
    net: PlateNet,
    canvases: NDArray[np.uint8],
    plate: NDArray[np.bool_],
    drawn: NDArray[np.bool_],
) -> None:
    """Print how many places of each kind have a share of being a plate below some limits."""
    with torch.no_grad():
        x = torch.from_numpy(np.stack([view(canvas, None) for canvas in canvases])).float()
        shares = torch.softmax(net(x), 1)[:, 1].numpy()
    for name, mine in (
        ("signs", ~plate), ("plates, real", plate & ~drawn), ("plates, hung", plate & drawn)
    ):  # fmt: skip
        below = [f"{limit}: {(shares[mine] < limit).mean():.3f}" for limit in (0.1, 0.3, 0.5, 0.8)]
        print(name, int(mine.sum()), "below", ", ".join(below), flush=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--places", type=Path, required=True, help="from `plate_places`")
    parser.add_argument("--out", type=Path, required=True, help="the network to write, .onnx")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    train(options.places, options.out, options.steps, options.seed)


if __name__ == "__main__":
    main()
