# SPDX-License-Identifier: Apache-2.0
"""Train the network that refines a plate's corners.

``python -m alprcore.training.finding.corners --data DIR --out FILE --steps 4000 --seed 1``

Plates with known corners are pasted in perspective into real photographs, mostly over a real plate,
so that bumpers, shadows and holders surround them; the network sees them through the same crop as
at run time, around a box that is off by a little. A share of each batch are real plates of which
only the box is known: there the bounds of the corners are compared with it.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as nnf

from alprcore.finding.corners import corner_crop
from alprcore.records import Frame
from alprcore.training.finding.corner_model import CornerNet, export_corners
from alprcore.training.finding.data import Photo, load_photos
from alprcore.training.finding.place import Corners, random_corners
from alprcore.training.finding.scene import developed, load_crops, paste, rendered_plates

batch_size = 64
real_share = 0.25  # of a batch
box_weight = 0.3  # of the loss on real plates: hand-drawn boxes are off by a few pixels

Crop = tuple[NDArray[np.uint8], Corners]


class CornerScenes:
    """A source of crops with their corners, in crop pixels."""

    def __init__(self, photos: list[Photo], plates: list[Frame], rng: np.random.Generator) -> None:
        self.photos = [photo for photo in photos if len(photo.plates)]
        self.plates = plates
        self.rng = rng

    def scene(self, width: float, covered: bool) -> tuple[Frame, NDArray[np.float64]]:
        """Return surroundings in which a plate would be `width` wide, and that plate's box."""
        rng = self.rng
        photo = self.photos[rng.integers(len(self.photos))]
        box = photo.plates[rng.integers(len(photo.plates))].astype(np.float64)
        size = np.maximum(box[2:] - box[:2], [8.0, 4.0])
        centre = (box[:2] + box[2:]) / 2
        if not covered:
            centre = rng.uniform(0.2, 0.8, 2) * photo.levels[0].shape[1::-1]
        scale = width / size[0]
        level = int(np.clip(np.floor(np.log2(1 / scale) + 0.3), 0, len(photo.levels) - 1))
        factor = photo.levels[0].shape[1] / photo.levels[level].shape[1]
        side = np.array(
            [round(width * 2.2) + 24, round(max(width * 1.5, size[1] * scale * 2.4)) + 24]
        )
        matrix = np.zeros((2, 3))
        matrix[0, 0] = matrix[1, 1] = scale * factor
        matrix[:, 2] = side / 2 - scale * centre + 0.5 * scale * factor - 0.5
        shape = (int(side[0]), int(side[1]))
        image = cv2.warpAffine(photo.levels[level], matrix, shape, borderMode=cv2.BORDER_REPLICATE)
        half = size * scale / 2
        return np.asarray(image, np.uint8), np.concatenate([side / 2 - half, side / 2 + half])

    def pasted(self) -> Crop:
        """Return a crop of a pasted plate with its corners."""
        rng = self.rng
        plate = self.plates[rng.integers(len(self.plates))]
        aspect = plate.shape[1] / plate.shape[0] * np.exp(rng.normal(0, 0.05))
        width = float(np.exp(rng.uniform(np.log(20), np.log(230))))
        covered = rng.random() < 0.75
        image, box = self.scene(width, covered)
        if covered:  # large enough to hide the real one
            width = max(width, (box[3] - box[1]) * aspect) * rng.uniform(1.0, 1.1)
            width = min(width, 0.7 * image.shape[1])
        middle = np.array(image.shape[1::-1]) / 2 + rng.uniform(-2, 2, 2)
        corners = random_corners(rng, middle, width, aspect, rng.uniform(0.1, 1.7))
        paste(image, plate, corners, rng)
        return self.seen(developed(image, rng), corners)

    def real(self) -> Crop:
        """Return a crop of a real plate with the corners of its box."""
        rng = self.rng
        for _ in range(50):
            width = float(np.exp(rng.uniform(np.log(30), np.log(200))))
            image, box = self.scene(width, covered=True)
            if (box[3] - box[1]) * 8 > width:
                break
        corners = box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
        return self.seen(developed(image, rng), corners)

    def seen(self, image: Frame, corners: Corners) -> Crop:
        """Return what the refiner sees of a plate whose box is a little off."""
        bounds = np.concatenate([corners.min(0), corners.max(0)])
        size = np.tile(bounds[2:] - bounds[:2], 2)
        box = bounds + np.clip(self.rng.normal(0, 1, 4), -2.5, 2.5) * size * [
            0.05,
            0.09,
            0.05,
            0.09,
        ]
        crop, matrix = corner_crop(image, box)
        return crop, (corners - matrix[:, 2]) / np.diag(matrix[:, :2])


def corner_error(guess: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return each crop's mean distance of the corners, in heights of the plate."""
    height = (truth[:, 3] - truth[:, 0]).norm(dim=1) + (truth[:, 2] - truth[:, 1]).norm(dim=1)
    return (guess - truth).norm(dim=2).mean(1) / (height / 2).clamp(min=1)


def batch(scenes: CornerScenes, count: int, real: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return crops and corners, the `real` ones last."""
    crops = [scenes.pasted() for _ in range(count - real)] + [scenes.real() for _ in range(real)]
    images = torch.from_numpy(np.stack([c[0] for c in crops]).astype(np.float32))
    return images, torch.from_numpy(np.stack([c[1] for c in crops]).astype(np.float32))


def bounds_of(corners: torch.Tensor) -> torch.Tensor:
    """Return left, top, right, bottom of each quad."""
    return torch.cat([corners.amin(1), corners.amax(1)], 1)


def train(net: CornerNet, scenes: CornerScenes, check: CornerScenes, steps: int) -> None:
    """Train, printing the error on plates and photographs that are not trained on."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
    images, truth = batch(check, 256, 0)
    real = int(batch_size * real_share)
    for step in range(steps):
        share = step / steps
        rate = 2e-3 * min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-6
        for group in optimiser.param_groups:
            group["lr"] = rate
        crops, corners = batch(scenes, batch_size, real)
        guess = net(crops)
        # Down counts double: the crop shows a plate about twice as coarse across as down.
        weight = torch.tensor([1.0, 2.0])
        loss = nnf.smooth_l1_loss(guess[:-real] * weight, corners[:-real] * weight, beta=2.0)
        limits = torch.tensor([1.0, 2.0, 1.0, 2.0])
        seen, wanted = bounds_of(guess[-real:]) * limits, bounds_of(corners[-real:]) * limits
        loss = loss + box_weight * nnf.smooth_l1_loss(seen, wanted, beta=2.0)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        if (step + 1) % 200 == 0:
            net.eval()
            with torch.no_grad():
                error = corner_error(net(images), truth)
            net.train()
            shown = f"median {error.median():.3f} mean {error.mean():.3f} of the height"
            print(f"step {step + 1}, loss {loss.detach():.3f}, error {shown}", flush=True)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, default=Path("training_data/fonts"))
    parser.add_argument("--rendered", type=Path, default=Path("training_data/plates"))
    parser.add_argument(
        "--count", type=int, default=2500, help="plates to render if there are fewer"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    photos = load_photos(args.data / "plates")
    plates = load_crops([args.data / "regions" / "us_designs", args.data / "reading" / "us"], 240)
    plates += 2 * rendered_plates(args.rendered, args.fonts, args.count, rng)
    photos = [photos[i] for i in rng.permutation(len(photos))]
    plates = [plates[i] for i in rng.permutation(len(plates))]
    scenes = CornerScenes(photos[100:], plates[200:], rng)
    check = CornerScenes(photos[:100], plates[:200], np.random.default_rng(args.seed + 1))
    net = CornerNet()
    train(net, scenes, check, args.steps)
    export_corners(net, args.out)
    torch.save(net.state_dict(), args.out.with_suffix(".pt"))
    print(f"{args.out}, sha256 {hashlib.sha256(args.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
