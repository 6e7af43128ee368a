# SPDX-License-Identifier: Apache-2.0
"""Half undo the tuning of the vehicle network's trunk, and fit its new heads to what comes out.

``python -m alprcore.training.vehicles.heads --data DIR --labels benchmarks/labels --start
adverts.onnx --weights street.pt --out street_heads.pt --seed 1``

The mean of the weights before and after tuning keeps what both know (Wortsman and others, "Robust
fine-tuning of zero-shot models", 2022): of 327 held-back adverts 80.4 % of the classes were right
with it, 72.5 % with the tuned weights, and of the makes in the street no fewer. Then the trunk
stands still: each picture is varied, its features are taken once, and makes and views are fitted to
them by L-BFGS, starting from the tuned heads and pulled towards them.
"""

from __future__ import annotations

import argparse
import copy
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as nnf

from alprcore.network import onnx_session
from alprcore.training.vehicles.colours import minimised
from alprcore.training.vehicles.data import in_frame
from alprcore.training.vehicles.export import load_net
from alprcore.training.vehicles.net import grey, spread
from alprcore.training.vehicles.street_net import StreetNet, load_shipped
from alprcore.training.vehicles.tune import Pools
from alprcore.training.vehicles.worlds import UNKNOWN, Car
from alprcore.vehicles.look import vehicle_crop
from alprcore.vehicles.model import CROP_SIZE

TUNED = 0.5  # share of the tuned weights; of those before, the rest
VARIED = 1  # pictures of each vehicle in the street beside the plain one
ADVERTS = 2  # every second advert is taken, and those whose view is known
STREET_SHARE = 0.75  # of the street in what the makes are fitted to
PULL = 3e-3  # towards the tuned heads
SMOOTHING = 0.05

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pictures:
    """Pictures as the network sees them, with what is known of each."""

    images: NDArray[np.uint8]
    makes: NDArray[np.intp]
    views: NDArray[np.intp]
    street: NDArray[np.bool_]


def pictures_of(pools: Pools) -> Pictures:
    """Return the pictures that the heads are fitted to."""
    street, images = [*pools.street], []
    cars: list[Car] = []
    for car in street:
        plain = vehicle_crop(car.image, car.boxes[0])
        if plain is None:
            raise ValueError(f"{car.name}: its box is outside the picture")
        images.append(plain)
        images += [pools.varied.of_car(car, CROP_SIZE)[0] for _ in range(VARIED)]
        cars += [car] * (1 + VARIED)
    taken = [car for i, car in enumerate(pools.adverts) if i % ADVERTS == 0 or car.view != UNKNOWN]
    beside = [*taken, *pools.nothing]
    images += [in_frame(car.image, CROP_SIZE) for car in beside]
    cars += beside
    return Pictures(
        np.stack(images),
        np.array([car.make for car in cars]),
        np.array([car.view for car in cars]),
        np.arange(len(cars)) < len(street) * (1 + VARIED),
    )


class _Trunk(nn.Module):
    """From (n, rows, cols, 3) uint8 pictures, blue first, to features."""

    def __init__(self, net: StreetNet) -> None:
        super().__init__()
        self.early, self.late = net.early, net.late

    def forward(self, image: Tensor) -> Tensor:
        """Return (n, features)."""
        x = (image.permute(0, 3, 1, 2).flip(1).float() - grey) * (1 / spread)
        pooled: Tensor = self.late(self.early(x)).mean((2, 3))
        return pooled


def features_of(net: StreetNet, images: NDArray[np.uint8]) -> Floats:
    """Return (n, features) of pictures, taken by ONNX Runtime."""
    file = io.BytesIO()
    torch.onnx.export(
        _Trunk(net).eval(),
        (torch.zeros(1, *images.shape[1:], dtype=torch.uint8),),
        file,  # type: ignore[arg-type]
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        dynamic_axes={"image": {0: "n"}},
    )
    session = onnx_session(file.getvalue(), 1, one_size=False)
    parts = [session.run(None, {"image": images[i : i + 16]})[0] for i in range(0, len(images), 16)]
    return np.concatenate(parts)


def fitted_head(
    head: nn.Linear, features: Floats, labels: NDArray[np.intp], share: NDArray[np.floating]
) -> tuple[Tensor, Tensor]:
    """Return weight and bias under which the labels are likely, not far from the head's own.

    Parameters
    ----------
    head : Linear
    features : (n, features) array
    labels : (n,) array
    share : (n,) array
        How much each picture counts; sums to 1.
    """
    x, y = torch.from_numpy(features), torch.from_numpy(labels)
    counts = torch.from_numpy(share).float()
    weight, bias = head.weight.detach().clone(), head.bias.detach().clone()
    start = [weight.clone(), bias.clone()]
    weight.requires_grad_(True)
    bias.requires_grad_(True)

    def loss() -> Tensor:
        logits = x @ weight.T + bias
        losses = nnf.cross_entropy(logits, y, reduction="none", label_smoothing=SMOOTHING)
        far = (weight - start[0]).square().sum() + (bias - start[1]).square().sum()
        return (losses * counts).sum() + PULL * far

    found = minimised(loss, [weight, bias])
    return torch.from_numpy(found[0]).float(), torch.from_numpy(found[1]).float()


def shares(labels: NDArray[np.intp], street: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how much each picture counts: rare labels more, the street its share."""
    odds = 1 / np.sqrt(np.bincount(labels)[labels])
    for part, share in ((street, STREET_SHARE), (~street, 1 - STREET_SHARE)):
        odds[part] *= share / max(odds[part].sum(), 1e-9)
    return np.asarray(odds / odds.sum())


def half_undone(net: StreetNet, start: Path) -> None:
    """Give the network the mean of its weights and of those it started from, new heads apart."""
    before = copy.deepcopy(net)
    load_shipped(before, start)
    old = before.state_dict()
    mixed = {key: (1 - TUNED) * old[key] + TUNED * value for key, value in net.state_dict().items()}
    net.load_state_dict(mixed)


def refit(net: StreetNet, pictures: Pictures, features: Floats) -> None:
    """Give the network the make and view heads that fit the features."""
    for head, labels in ((net.make_head, pictures.makes), (net.view_head, pictures.views)):
        known = labels != UNKNOWN
        share = shares(labels[known], pictures.street[known])
        weight, bias = fitted_head(head, features[known], labels[known], share)
        with torch.no_grad():
            head.weight.copy_(weight)
            head.bias.copy_(bias)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="fit the heads of the vehicle network")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="folder of labels by eye")
    parser.add_argument("--start", type=Path, required=True, help="what `tune` started from")
    parser.add_argument("--weights", type=Path, required=True, help="what `tune` wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    net, kept = load_net(options.weights)
    if not isinstance(net, StreetNet):
        parser.error(f"{options.weights}: not what `tune` wrote")
    half_undone(net, options.start)
    pictures = pictures_of(Pools(options.data, options.labels, options.seed))
    refit(net, pictures, features_of(net, pictures.images))
    torch.save({**kept, "net": net.state_dict()}, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
