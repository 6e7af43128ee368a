# SPDX-License-Identifier: Apache-2.0
"""Train the network that finds plates and vehicles.

``python -m alprcore.training.finding.train --data DIR --out FILE --steps 10500 --seed 1``

DIR holds ``plates/*/truth.csv`` (labelled photographs), ``regions/us_designs`` and ``reading/us``
(tight plate pictures to paste) and ``vehicles/makemodel`` (pictures cropped to the car). The order
of the samples depends on the seed alone.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from alprcore.records import Frame
from alprcore.training.finding.data import Boxes, Photo, Sample, load_photos, photo_sample
from alprcore.training.finding.distract import add_distractor
from alprcore.training.finding.model import (
    DetectorNet,
    batch_targets,
    export,
    map_loss,
    plate_stride,
    plate_typical,
    vehicle_stride,
    vehicle_typical,
)
from alprcore.training.finding.scene import (
    add_plate,
    add_vehicle,
    developed,
    fade,
    load_crops,
)

batch_size = 16
vehicle_share = 0.4  # of the plate's loss: a vehicle's box is of secondary use


class Scenes:
    """An endless source of training pictures."""

    def __init__(
        self, data: Path, rendered: Path, mined: Path | None, rng: np.random.Generator
    ) -> None:
        self.photos = load_photos(data / "plates")
        if mined is not None:
            add_mined(self.photos, mined)
        weights = np.array([photo.weight for photo in self.photos])
        self.odds = weights / weights.sum()
        self.plates = load_crops([data / "regions" / "us_designs", data / "reading" / "us"])
        self.plates += load_crops([rendered])
        self.cars = [p.read_bytes() for p in sorted((data / "vehicles/makemodel").glob("*.jpg"))]
        self.rng = rng

    def sample(self) -> Sample:
        """Return the next picture."""
        rng = self.rng
        sample = photo_sample(self.photos[rng.choice(len(self.photos), p=self.odds)], rng)
        if rng.random() < 0.25:
            bytes_ = np.frombuffer(self.cars[rng.integers(len(self.cars))], np.uint8)
            add_vehicle(sample, np.asarray(cv2.imdecode(bytes_, 1), np.uint8), rng)
        if rng.random() < 0.3:
            add_plate(sample, self.plate(), rng)
        if rng.random() < 0.3:
            add_distractor(sample, rng)
        if rng.random() < 0.12:
            fade(sample, rng)
        sample.image = developed(sample.image, rng)
        return sample

    def plate(self) -> Frame:
        """Return a plate to paste."""
        return self.plates[self.rng.integers(len(self.plates))]


def add_mined(photos: list[Photo], mined: Path) -> None:
    """Enter what `mine` wrote: places that fooled a network, and doubtful ones to leave alone."""
    by_name = {photo.name: photo for photo in photos}
    with mined.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            photo = by_name.get(row["image"])
            if photo is None:
                continue
            box: Boxes = np.array(
                [[row[k] for k in ("left", "top", "right", "bottom")]], np.float32
            )
            if row["kind"] == "hard":
                photo.hard = np.concatenate([photo.hard, box])
                photo.weight = min(photo.weight * 1.3, 2.5)
            else:
                photo.doubtful = np.concatenate([photo.doubtful, box])


def train(
    net: DetectorNet,
    scenes: Scenes,
    steps: int,
    save: Callable[[dict[str, torch.Tensor]], None],
    peak_rate: float,
) -> None:
    """Train for so many steps. Saves now and then."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak_rate, weight_decay=0.01)
    average = {key: value.clone() for key, value in net.state_dict().items()}
    started = saved = time.monotonic()
    totals = np.zeros(4)
    for step in range(1, steps + 1):
        fall = 0.5 + 0.5 * math.cos(math.pi * (step - 1) / steps)
        rate = peak_rate * min(1.0, step / 100) * fall
        for group in optimiser.param_groups:
            group["lr"] = rate + 1e-6
        tensors = batch_targets([scenes.sample() for _ in range(batch_size)])
        plates, vehicles = net(tensors["image"].contiguous(memory_format=torch.channels_last))
        losses = [
            *map_loss(
                plates, tensors["plate"], tensors["plate_weight"], plate_typical, plate_stride
            ),
            *map_loss(
                vehicles,
                tensors["vehicle"],
                tensors["vehicle_weight"],
                vehicle_typical,
                vehicle_stride,
            ),
        ]
        loss = losses[0] + losses[1] + vehicle_share * (losses[2] + losses[3])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        smooth(average, net, min(0.998, 1 - 10 / (step + 10)))
        totals = 0.98 * totals + 0.02 * np.array([float(v.detach()) for v in losses])
        if step % 100 == 0:
            shown = " ".join(f"{v / (1 - 0.98**step):.3f}" for v in totals)
            print(f"step {step} {time.monotonic() - started:.0f} s, losses {shown}", flush=True)
        if time.monotonic() - saved > 240:
            saved = time.monotonic()
            save(average)
    save(average)


def smooth(average: dict[str, torch.Tensor], net: DetectorNet, keep: float) -> None:
    """Move the running average of the weights towards the network's."""
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                average[key].lerp_(value, 1 - keep)
            else:
                average[key].copy_(value)


def save(weights: dict[str, torch.Tensor], out: Path, width: float, depth: int) -> None:
    """Write the weights beside the ONNX file, to go on from, and the ONNX file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(weights, out.with_suffix(".pt"))
    net = DetectorNet(width, depth)
    net.load_state_dict(weights)
    export(net, out)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=10500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--resume", type=Path, help="weights (.pt) to start from")
    parser.add_argument(
        "--rendered", type=Path, default=Path("training_data/plates"), help="from corners"
    )
    parser.add_argument("--mined", type=Path, help="hard and doubtful places, from detector_mine")
    parser.add_argument("--width", type=float, default=1.0, help="of the network's channels")
    parser.add_argument("--depth", type=int, default=1, help="of the network's stages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    net = DetectorNet(args.width, args.depth)
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if args.resume:
        net.load_state_dict(torch.load(args.resume, weights_only=True))
    scenes = Scenes(args.data, args.rendered, args.mined, np.random.default_rng(args.seed))
    keep = partial(save, out=args.out, width=args.width, depth=args.depth)
    train(net, scenes, args.steps, keep, args.rate)
    digest = hashlib.sha256(args.out.read_bytes()).hexdigest()
    print(f"{args.out}, sha256 {digest}")


if __name__ == "__main__":
    main()
