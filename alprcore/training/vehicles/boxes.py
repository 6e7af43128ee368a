# SPDX-License-Identifier: Apache-2.0
"""Train the network that boxes vehicles, from photographs whose vehicles were boxed by eye.

    python -m alprcore.training.vehicles.boxes --data DATA --labels vehicle_boxes.csv

``DATA/plates`` holds the photographs; the labels give boxes in percent of the picture. A fifth of
the photographs, chosen by their names, is held back; `benchmarks/vehicle_recall.py` measures on it.
"""

from __future__ import annotations

import argparse
import csv
import random
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from alprcore.training.vehicles.box_net import STRIDE, VehicleBoxNet, export
from alprcore.training.vehicles.net import Early

CANVAS = (320, 256)  # columns, rows of a training picture
AREA = 320 * 192  # pixels that a whole photograph is shrunk to, as when the network is used

Boxes = NDArray[np.float64]
"""(n, 4) array: left, top, right, bottom."""
Frames = NDArray[np.uint8]
Photo = tuple[NDArray[np.uint8], Boxes]


def load(data: Path, labels: Path) -> tuple[list[Photo], list[Photo]]:
    """Return the photographs to train on and those held back, shrunk to twice `AREA`."""
    boxes: dict[tuple[str, str], list[list[float]]] = {}
    with labels.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found = boxes.setdefault((row["set"], row["image"]), [])
            if row["left"]:
                found.append([float(row[k]) / 100 for k in ("left", "top", "right", "bottom")])
    train: list[Photo] = []
    held: list[Photo] = []
    for (folder, name), found in sorted(boxes.items()):
        picture = cv2.imread(str(data / "plates" / folder / name))
        if picture is None:
            raise FileNotFoundError(data / "plates" / folder / name)
        rows, cols = picture.shape[:2]
        scale = (4 * AREA / (rows * cols)) ** 0.5
        size = (round(cols * scale), round(rows * scale))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        placed = np.array(found).reshape(-1, 4) * np.array([size[0], size[1]] * 2)
        (held if held_back(name) else train).append((small, placed))
    return train, held


def held_back(name: str) -> bool:
    """Return whether a photograph is kept from training; so is a fifth of them."""
    return zlib.crc32(name.encode()) % 5 == 0


def augmented(photo: Photo, rng: random.Random) -> Photo:
    """Return a part or a surrounding of the photograph on the canvas, changed in look."""
    picture, boxes = photo
    rows, cols = picture.shape[:2]
    scale = (AREA / (rows * cols)) ** 0.5 * 2 ** rng.uniform(-0.4, 0.7)
    wide, high = cols * scale, rows * scale
    shift = [
        rng.uniform(min(0.0, size - part), max(0.0, size - part))
        for size, part in zip(CANVAS, (wide, high), strict=True)
    ]
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale * rng.uniform(0.85, 1.18), shift[1]]])
    if rng.random() < 0.5:
        matrix[0] = [-matrix[0, 0], 0.0, CANVAS[0] - matrix[0, 2]]
    fill = rng.choice([(114, 114, 114), (0, 0, 0), (200, 200, 200)])
    view = cv2.warpAffine(picture, matrix, CANVAS, flags=cv2.INTER_AREA, borderValue=fill)
    view = view.astype(np.float32) * rng.uniform(0.5, 1.3) + rng.uniform(-25, 25)
    view *= np.array([rng.uniform(0.85, 1.15) for _ in range(3)], np.float32)
    if rng.random() < 0.15:
        view = np.repeat(view.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.3:
        view = cv2.GaussianBlur(view, (0, 0), rng.uniform(0.4, 1.4))
    view += np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0, 9), view.shape)
    return np.clip(view, 0, 255).astype(np.uint8), _moved(boxes, matrix)


def _moved(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    """Return the boxes on the canvas, without those of which little is left."""
    x = np.sort(boxes[:, [0, 2]] * matrix[0, 0] + matrix[0, 2], axis=1)
    y = boxes[:, [1, 3]] * matrix[1, 1] + matrix[1, 2]
    whole = np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)
    cut = np.clip(whole, 0, [*CANVAS, *CANVAS])
    area = np.prod(cut[:, 2:] - cut[:, :2], axis=1) / np.prod(whole[:, 2:] - whole[:, :2], axis=1)
    return cut[(area > 0.3) & ((cut[:, 2:] - cut[:, :2]).min(axis=1) >= 8)]


def targets(boxes: Boxes) -> NDArray[np.float32]:
    """Return heat, offsets, log sizes and the mask of centres: (6, rows, cols) of the map."""
    cols, rows = CANVAS[0] // STRIDE, CANVAS[1] // STRIDE
    maps = np.zeros((6, rows, cols), np.float32)
    ys, xs = np.mgrid[:rows, :cols] + 0.5
    # Small ones last, so that a cell that two share goes to the one in front.
    for left, top, right, bottom in sorted(boxes, key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
        x, y = (left + right) / 2 / STRIDE, (top + bottom) / 2 / STRIDE
        wide, high = (right - left) / STRIDE, (bottom - top) / STRIDE
        spread = 0.5 * ((xs - x) / max(0.6, wide / 7)) ** 2
        maps[0] = np.maximum(maps[0], np.exp(-spread - 0.5 * ((ys - y) / max(0.6, high / 7)) ** 2))
        near = (np.abs(xs - x) < max(0.75, wide / 8)) & (np.abs(ys - y) < max(0.75, high / 8))
        maps[1:, near] = np.stack(
            [
                (x - xs)[near],
                (y - ys)[near],
                np.full(near.sum(), np.log(wide)),
                np.full(near.sum(), np.log(high)),
                np.ones(near.sum()),
            ]
        )
        maps[0, min(rows - 1, int(y)), min(cols - 1, int(x))] = 1.0
    return maps


def loss_of(found: Tensor, wanted: Tensor) -> Tensor:
    """Return the focal loss of the heat and the absolute error of offsets and sizes."""
    probability = found[:, 0].sigmoid().clamp(1e-4, 1 - 1e-4)
    heat, centre = wanted[:, 0], wanted[:, 0] >= 0.999
    hit = (1 - probability) ** 2 * probability.log() * centre
    miss = (1 - heat) ** 4 * probability**2 * (1 - probability).log() * ~centre
    weight = wanted[:, 5] * (0.3 + heat)
    apart = nnf.smooth_l1_loss(found[:, 1:5], wanted[:, 1:5], reduction="none", beta=0.2).sum(1)
    boxes = (apart * weight).sum() / weight.sum().clamp(min=1)
    return -(hit + miss).sum() / centre.sum().clamp(min=1) + boxes


def batches(photos: list[Photo], size: int, rng: random.Random) -> Iterator[tuple[Frames, Tensor]]:
    """Yield one epoch of pictures (n, rows, cols, 3), red first, and their targets."""
    order = rng.sample(range(len(photos)), len(photos))
    for start in range(0, len(order) - size + 1, size):
        views = [augmented(photos[i], rng) for i in order[start : start + size]]
        wanted = np.stack([targets(boxes) for _, boxes in views])
        yield np.stack([view[:, :, ::-1] for view, _ in views]), torch.from_numpy(wanted)


def train(photos: list[Photo], *, epochs: int, batch: int, seed: int) -> VehicleBoxNet:
    """Return the network trained on the photographs; averages over the last third of the steps."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    net = VehicleBoxNet().to(memory_format=torch.channels_last)
    groups = [
        {"params": list(net.late.parameters()), "lr": 4e-4},
        {"params": list(net.head.parameters()), "lr": 2e-3},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.02)
    steps = epochs * (len(photos) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [4e-4, 2e-3], steps, pct_start=0.1)
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.98), use_buffers=True
    )
    early = Early(net)
    begin = time.monotonic()
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for pictures, wanted in batches(photos, batch, rng):
            loss = loss_of(net.from_early(early(pictures)), wanted)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            mean.update_parameters(net)
            total += float(loss.detach())
        if epoch % 5 == 4:
            spent = time.monotonic() - begin
            print(
                f"epoch {epoch + 1}: loss {total / (len(photos) // batch):.3f}, {spent:.0f} s",
                flush=True,
            )
    kept: VehicleBoxNet = mean.module
    return kept.eval()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runtime_data/models/vehicle_boxes.onnx"))
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="train on the held-back fifth as well")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    photos, held = load(chosen.data, chosen.labels)
    print(f"{len(photos)} photographs to train on, {len(held)} held back", flush=True)
    used = photos + held if chosen.all else photos
    net = train(used, epochs=chosen.epochs, batch=chosen.batch, seed=chosen.seed)
    export(net, chosen.out)


if __name__ == "__main__":
    main()
