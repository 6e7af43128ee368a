# SPDX-License-Identifier: Apache-2.0
"""Train the network that names a vehicle's make, model and colour.

``python -m alprcore.training.vehicles.train --data DIR --out vehicle.pt --minutes 80 --seed 1``

DIR holds ``vehicles/makemodel``, ``vehicles/colour`` and, for backgrounds, ``plates/openimages``.
The order of the samples depends on the seed alone; ``--minutes`` ends the run by the clock, so name
``--steps`` to repeat a run exactly. A run that was stopped goes on from ``OUT.part``.
``--leave-out`` keeps makes out of training, to see what the network says of a make it never saw.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from alprcore.training.vehicles.data import (
    Augmenter,
    Example,
    class_weights,
    colours,
    in_frame,
    load_backgrounds,
    load_colours,
    load_makemodel,
    split,
)
from alprcore.training.vehicles.net import Early, VehicleNet, load_imagenet

vehicles_in_batch, colours_in_batch = 26, 6
sizes = ((0.55, (160, 96)), (1.0, (192, 128)))  # cols, rows, up to which part of the run
full_size = sizes[-1][1]
rate_body, rate_heads = 6e-4, 3e-3
average_after, average_share = 50, 0.004  # steps; of a step's weights in their running mean


class Data:
    """What is trained on, what is held back, and the draw of batches."""

    def __init__(self, folder: Path, seed: int, left_out: Sequence[str] = ()) -> None:
        self.folder = folder
        vehicles, self.classes = load_makemodel(folder / "vehicles" / "makemodel")
        self.unseen = [e for e in vehicles if self.classes[e.vehicle][0] in left_out]
        seen = [e for e in vehicles if self.classes[e.vehicle][0] not in left_out]
        self.vehicles, self.held_vehicles = split(seen)
        self.coloured, self.held_coloured = split(load_colours(folder / "vehicles" / "colour"))
        rng = np.random.default_rng(seed)
        self.augment = Augmenter(load_backgrounds(folder / "plates" / "openimages", rng), rng)
        self.rng = rng
        self.odds = class_weights(np.array([e.colour for e in self.coloured]))
        self.queue: list[int] = []
        makes = sorted({make for make, _, _ in self.classes})
        self.make_of = torch.tensor([makes.index(make) for make, _, _ in self.classes])

    def batch(self, size: tuple[int, int]) -> tuple[np.ndarray[Any, Any], Tensor, Tensor]:
        """Return pictures (red green blue), classes and colours; vehicles first, then colours."""
        rng = self.rng
        while len(self.queue) < vehicles_in_batch:
            self.queue += rng.permutation(len(self.vehicles)).tolist()
        chosen = [self.vehicles[self.queue.pop(0)] for _ in range(vehicles_in_batch)]
        picked = rng.choice(len(self.coloured), colours_in_batch, p=self.odds)
        chosen += [self.coloured[i] for i in picked]
        made = [self.augment(example, size) for example in chosen]
        pictures = np.stack([image[..., ::-1] for image, _ in made])
        labels = torch.tensor([e.vehicle for e in chosen[:vehicles_in_batch]])
        return pictures, labels, torch.tensor([c for _, c in made[vehicles_in_batch:]])


def loss_of(
    outputs: tuple[Tensor, Tensor], labels: Tensor, paints: Tensor, make_of: Tensor
) -> Tensor:
    """Return the loss of a batch: class, make (the sum of its classes) and colour."""
    logits = outputs[0][:vehicles_in_batch]
    by_class = nnf.cross_entropy(logits, labels, label_smoothing=0.1)
    shares = torch.zeros(len(logits), int(make_of.max()) + 1)
    shares = shares.index_add(1, make_of, logits.softmax(1))
    by_make = nnf.nll_loss(shares.clamp(min=1e-6).log(), make_of[labels])
    by_colour = nnf.cross_entropy(outputs[1][vehicles_in_batch:], paints, label_smoothing=0.05)
    return by_class + 0.3 * by_make + 0.4 * by_colour


def logits_of(
    net: VehicleNet, examples: Sequence[Example], size: tuple[int, int], *, flip: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the logits of both heads for pictures in plain frames."""
    net.eval()
    found = []
    with torch.no_grad():
        for start in range(0, len(examples), 32):
            part = [in_frame(e.image, size)[..., ::-1] for e in examples[start : start + 32]]
            pictures = np.stack([p[:, ::-1] if flip else p for p in part])
            x = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float()
            found.append(net(x.contiguous(memory_format=torch.channels_last)))
    net.train()
    return torch.cat([f[0] for f in found]), torch.cat([f[1] for f in found])


def figures(net: VehicleNet, data: Data, size: tuple[int, int] = full_size) -> str:
    """Return the shares of held-back pictures that are named right."""
    if not data.held_vehicles:
        return "nothing is held back"
    logits, _ = logits_of(net, data.held_vehicles, size)
    labels = torch.tensor([e.vehicle for e in data.held_vehicles])
    best = logits.topk(5, 1).indices
    hits = best == labels[:, None]
    make = data.make_of[best[:, 0]] == data.make_of[labels]
    _, paints = logits_of(net, data.held_coloured, size)
    right = paints.argmax(1) == torch.tensor([e.colour for e in data.held_coloured])
    shares = (hits[:, 0], hits.any(1), make, right)
    top1, top5, makes, tints = (float(share.float().mean()) for share in shares)
    return f"class {top1:.3f} top-5 {top5:.3f} make {makes:.3f} colour {tints:.3f}"


class Run:
    """The state of a training run: network, running mean of its weights, optimizer, progress."""

    def __init__(self, data: Data, path: Path) -> None:
        self.data, self.part = data, path.with_suffix(".part")
        self.net = VehicleNet(len(data.classes), len(colours))
        load_imagenet(self.net)
        self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        heads = [*self.net.class_head.parameters(), *self.net.colour_head.parameters()]
        groups = [
            {"params": list(self.net.late.parameters()), "top": rate_body},
            {"params": heads, "top": rate_heads},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=rate_body, weight_decay=0.03)
        self.step, self.seconds = 0, 0.0
        self.mean = copy.deepcopy(self.net)
        if self.part.exists():
            kept = torch.load(self.part, map_location="cpu", weights_only=True)
            self.net.load_state_dict(kept["net"])
            self.mean.load_state_dict(kept["mean"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.step, self.seconds = kept["step"], kept["seconds"]
        self.early = Early(self.net)

    def advance(self, done: float) -> float:
        """Train one step, `done` of the run behind it; return the loss."""
        share = min(1.0, done / 0.04) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * max(share, 1e-3)
        size = next(size for end, size in sizes if done <= end)
        pictures, labels, paints = self.data.batch(size)
        outputs = self.net.from_early(self.early(pictures))
        loss = loss_of(outputs, labels, paints, self.data.make_of)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        share = average_share if self.step > average_after else 1.0
        with torch.no_grad():
            state = self.net.state_dict()
            for key, value in self.mean.state_dict().items():
                if value.is_floating_point():
                    value.lerp_(state[key], share)
                else:
                    value.copy_(state[key])
        return float(loss.detach())

    def save(self) -> None:
        """Write what a stopped run goes on from."""
        state = {
            "net": self.net.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, self.part.with_suffix(".new"))
        self.part.with_suffix(".new").replace(self.part)


def train(data: Data, path: Path, *, minutes: float, steps: int) -> VehicleNet:
    """Train until the minutes or the steps are over; return the mean of the last weights."""
    run = Run(data, path)
    begin, losses = time.perf_counter() - run.seconds, []
    while True:
        run.seconds = time.perf_counter() - begin
        done = run.step / steps if steps else run.seconds / (60 * minutes)
        if done >= 1:
            break
        losses.append(run.advance(done))
        if run.step % 100 == 0:
            print(f"{run.step} {run.seconds / 60:.1f} min loss {np.mean(losses):.3f}", flush=True)
            losses = []
        if run.step % 250 == 0:
            run.save()
        if run.step % 1000 == 0:
            print(f"  {figures(run.mean, data)}", flush=True)
    run.save()
    return run.mean


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="train the network that names a vehicle")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--steps", type=int, default=0, help="instead of --minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leave-out", default="", help="makes, comma-separated")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    left_out = [make for make in options.leave_out.split(",") if make]
    data = Data(options.data, options.seed, left_out)
    net = train(data, options.out, minutes=options.minutes, steps=options.steps)
    print(figures(net, data), flush=True)
    state = {"net": net.state_dict(), "classes": data.classes, "left_out": left_out}
    torch.save(state, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
