# SPDX-License-Identifier: Apache-2.0
"""Teach the vehicle network the street: makes, colours and views of cars as cameras see them.

``python -m alprcore.training.vehicles.tune --data DIR --labels benchmarks/labels --start
vehicle.onnx --out street.pt --minutes 45 --seed 1``

It goes on from a network that `alprcore.training.vehicles.train` made, keeps teaching it the
classes, and adds heads for makes and views. ``--minutes`` counts processor time, so a busy machine
changes nothing; ``--steps`` repeats a run exactly. A run that was stopped goes on from
``OUT.part``.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from alprcore.training.vehicles.data import colours, load_backgrounds, split
from alprcore.training.vehicles.nothing import load_nothing
from alprcore.training.vehicles.street_net import StreetEarly, StreetNet, load_shipped
from alprcore.training.vehicles.varied import Varied
from alprcore.training.vehicles.worlds import UNKNOWN, held_back, load_worlds, with_views

SIZES = ((0.7, (160, 96)), (1.0, (192, 128)))  # cols, rows, up to which part of the run
STREET, PHOTOS, ADVERTS, COLOURED, NOTHING = 14, 5, 9, 2, 2  # pictures of a batch
RATE_BODY, RATE_HEADS = 2.5e-4, 2e-3
SHARES = (0.6, 1.0, 0.4, 0.4)  # of the losses of class, make, colour, view
SMOOTHING = (0.1, 0.1, 0.05, 0.02)
AVERAGE_AFTER, AVERAGE_SHARE = 50, 0.004  # steps; of a step's weights in their running mean


class Pools:
    """What is trained on, what is held back, and the draw of batches."""

    def __init__(self, data: Path, labels: Path, seed: int) -> None:
        rng = np.random.default_rng(seed)
        worlds = load_worlds(data, labels / "street_vehicles.csv")
        self.classes, self.makes = worlds.classes, worlds.makes
        adverts = with_views(worlds.adverts, labels / "advert_views.csv")
        self.adverts, _ = split(adverts)
        self.coloured, _ = split(worlds.coloured)
        street = [car for car in worlds.street if not held_back(car.photo)]
        self.street = [car for car in street if car.make != UNKNOWN]
        self.photos = [car for car in street if car.colour != UNKNOWN]
        self.nothing = [c for c in load_nothing(data, rng) if not held_back(c.photo)]
        self.varied = Varied(load_backgrounds(data / "plates" / "openimages", rng), rng)
        self.rng = rng
        self.odds = {
            "street": _odds([car.make for car in self.street]),
            "photos": _odds([car.colour for car in self.photos]),
            "coloured": _odds([car.colour for car in self.coloured]),
        }

    def batch(self, size: tuple[int, int]) -> tuple[NDArray[np.uint8], tuple[Tensor, ...]]:
        """Return pictures (blue first), and their classes, makes, colours and views."""
        rng = self.rng
        chosen = [self.street[i] for i in _drawn(rng, STREET, self.odds["street"])]
        chosen += [self.photos[i] for i in _drawn(rng, PHOTOS, self.odds["photos"])]
        chosen += [self.coloured[i] for i in _drawn(rng, COLOURED, self.odds["coloured"])]
        chosen += [self.adverts[i] for i in rng.choice(len(self.adverts), ADVERTS)]
        chosen += [self.nothing[i] for i in rng.choice(len(self.nothing), NOTHING)]
        made = [self.varied.of_car(car, size) for car in chosen]
        labels = [
            [car.vehicle for car in chosen],
            [car.make for car in chosen],
            [colour for _, colour in made],
            [car.view for car in chosen],
        ]
        return np.stack([image for image, _ in made]), tuple(torch.tensor(row) for row in labels)


def loss_of(outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> Tensor:
    """Return the loss of a batch; what is not known of a picture does not count."""
    total = torch.zeros(())
    for logits, wanted, share, smooth in zip(outputs, labels, SHARES, SMOOTHING, strict=True):
        if (wanted != UNKNOWN).any():
            total = total + share * nnf.cross_entropy(
                logits, wanted, ignore_index=UNKNOWN, label_smoothing=smooth
            )
    return total


class Run:
    """The state of a training run: network, running mean of its weights, optimizer, progress."""

    def __init__(self, pools: Pools, start: Path, path: Path) -> None:
        self.pools, self.part = pools, path.with_suffix(".part")
        self.net = StreetNet(len(pools.classes), len(pools.makes), len(colours))
        load_shipped(self.net, start)
        self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        heads = [p for head in self.net.heads for p in head.parameters()]
        groups = [
            {"params": list(self.net.late.parameters()), "top": RATE_BODY},
            {"params": heads, "top": RATE_HEADS},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=RATE_BODY, weight_decay=0.02)
        self.step, self.seconds = 0, 0.0
        self.mean = copy.deepcopy(self.net)
        if self.part.exists():
            kept = torch.load(self.part, map_location="cpu", weights_only=True)
            same = tuple(kept["makes"]) == pools.makes
            for net, name in ((self.net, "net"), (self.mean, "mean")):
                state = kept[name]
                net.load_state_dict(state if same else self._renamed(state, kept["makes"]))
            if same:
                self.optimizer.load_state_dict(kept["optimizer"])
            self.step, self.seconds = kept["step"], kept["seconds"]
        self.early = StreetEarly(self.net)

    def _renamed(self, state: dict[str, Tensor], makes: list[str]) -> dict[str, Tensor]:
        """Return a state whose make head fits the makes of today; there are more labels now."""
        fresh = self.net.state_dict()
        places = [makes.index(name) if name in makes else -1 for name in self.pools.makes]
        for key in ("make_head.weight", "make_head.bias"):
            for row, place in enumerate([*places, len(makes)]):
                if place >= 0:
                    fresh[key][row] = state[key][place]
            state[key] = fresh[key].clone()
        return state

    def advance(self, done: float) -> float:
        """Train one step, `done` of the run behind it; return the loss."""
        share = min(1.0, done / 0.03) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * max(share, 1e-3)
        size = next(size for end, size in SIZES if done <= end)
        pictures, labels = self.pools.batch(size)
        loss = loss_of(self.net.from_early(self.early(pictures)), labels)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        share = AVERAGE_SHARE if self.step > AVERAGE_AFTER else 1.0
        with torch.no_grad():
            for key, value in self.mean.state_dict().items():
                value.lerp_(self.net.state_dict()[key], share)
        return float(loss.detach())

    def save(self) -> None:
        """Write what a stopped run goes on from."""
        state = {
            "net": self.net.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "makes": list(self.pools.makes),
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, self.part.with_suffix(".new"))
        self.part.with_suffix(".new").replace(self.part)


def train(pools: Pools, start: Path, path: Path, *, minutes: float, steps: int) -> StreetNet:
    """Train until the minutes or the steps are over; return the mean of the last weights."""
    run = Run(pools, start, path)
    begin, losses = time.process_time() - run.seconds, []
    while True:
        run.seconds = time.process_time() - begin
        done = run.step / steps if steps else run.seconds / (60 * minutes)
        if done >= 1:
            break
        losses.append(run.advance(done))
        if run.step % 50 == 0:
            print(f"{run.step} {run.seconds / 60:.1f} min loss {np.mean(losses):.3f}", flush=True)
            losses = []
            run.save()
    run.save()
    return run.mean


def _odds(labels: list[int]) -> NDArray[np.float64]:
    """Return how often each is drawn: rare labels somewhat more often."""
    numbers = np.array(labels) + 1
    odds = 1 / np.sqrt(np.bincount(numbers)[numbers])
    return np.asarray(odds / odds.sum(), np.float64)


def _drawn(rng: np.random.Generator, count: int, odds: NDArray[np.float64]) -> NDArray[np.intp]:
    return rng.choice(len(odds), count, p=odds)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="teach the vehicle network the street")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="folder of labels by eye")
    parser.add_argument("--start", type=Path, required=True, help="vehicle.onnx to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=45.0, help="of processor time")
    parser.add_argument("--steps", type=int, default=0, help="instead of --minutes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    pools = Pools(options.data, options.labels, options.seed)
    net = train(pools, options.start, options.out, minutes=options.minutes, steps=options.steps)
    state: dict[str, Any] = {"net": net.state_dict(), "makes": pools.makes}
    torch.save({**state, "classes": pools.classes}, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
