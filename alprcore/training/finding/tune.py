# SPDX-License-Identifier: Apache-2.0
"""Go on training the shipped detector with square, tilted, hidden and night plates.

``python -m alprcore.training.finding.tune --data DIR --start FILE --out FILE --steps 900``

DIR is as for the detector's own training, with ``reading/vn``, ``reading/eu_two_line`` and
``plates/egypt`` besides; a fifth of their plates, by a hash of the text, is held back. ``--start``
is a detector in 32 bits: its folded weights go on as they are, with normalisations that do nothing.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from alprcore.records import Frame
from alprcore.training.drawing.render import load_fonts, render_plate
from alprcore.training.finding.data import (
    Photo,
    Sample,
    labelled_boxes,
    no_boxes,
    photo_sample,
    pyramid,
)
from alprcore.training.finding.distract import add_distractor
from alprcore.training.finding.kinds import hang_plate, hide, night
from alprcore.training.finding.model import DetectorNet, grey, spread
from alprcore.training.finding.scene import add_plate, developed, fade, load_crops
from alprcore.training.finding.train import Scenes, save, train

EGYPT_WEIGHT = 0.8  # how often one of its photographs is drawn, beside 1 for Open Images
SQUARE_STYLES = ("vn2", "in", "world2", "br2", "eu2")
WIDE_STYLES = ("eu", "br", "ar", "world", "mx", "sg", "au", "eu")
DRAWN = 400  # plates of each kind
PEAK_RATE = 4e-4  # a fifth of the first training's: the weights are good already


def held_fifth(text: str) -> bool:
    """Return whether plates of this text are measured on and never trained on."""
    return hashlib.sha256(text.encode()).digest()[0] % 5 == 0


def square_crops(folder: Path) -> list[Frame]:
    """Return the two-line crops of a folder of labelled ones, without the held-back fifth."""
    crops = []
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get("lines", "2") != "2" or held_fifth(row["plate"] or row["image"]):
                continue
            image = cv2.imread(str(folder / row["image"]))
            if image is not None:
                crops.append(np.asarray(image, np.uint8))
    return crops


def egypt_photos(folder: Path) -> list[Photo]:
    """Return the photographs to train on; those of a held-back plate are left out."""
    held = set()
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if held_fifth(row["plate"] or row["image"]):
                held.add(row["image"])
    photos = []
    for name, boxes in labelled_boxes(folder).items():
        image = cv2.imread(str(folder / name))
        if name in held or image is None:
            continue
        frame = np.asarray(image, np.uint8)
        photos.append(Photo(f"egypt/{name}", pyramid(frame), boxes, no_boxes(), EGYPT_WEIGHT))
    return photos


def drawn_plates(
    folder: Path, fonts: Path, count: int, kinds: tuple[str, ...], seed: int
) -> list[Frame]:
    """Return drawn plates, as many of each style, kept in `folder` for the next time."""
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.glob("*.png"))) < count:
        rng, faces = np.random.default_rng(seed), load_fonts(fonts)
        for index in range(count):
            plate = render_plate(rng, faces, style=kinds[index % len(kinds)])
            cv2.imwrite(str(folder / f"{index:05d}.png"), plate.image)
    return load_crops([folder], 240)


class TuningScenes(Scenes):
    """The scenes of the first training, and plates that it rarely had."""

    def __init__(
        self, data: Path, drawn: Path, fonts: Path, mined: Path | None, rng: np.random.Generator
    ) -> None:
        drawn_plates(drawn / "wide", fonts, DRAWN, WIDE_STYLES, 1)
        super().__init__(data, drawn / "wide", mined, rng)
        self.photos += egypt_photos(data / "plates" / "egypt")
        weights = np.array([photo.weight for photo in self.photos])
        self.odds = weights / weights.sum()
        self.squares = drawn_plates(drawn / "square", fonts, DRAWN, SQUARE_STYLES, 2)
        for name in ("vn", "eu_two_line"):
            self.squares += square_crops(data / "reading" / name)

    def sample(self) -> Sample:
        """Return the next picture."""
        rng = self.rng
        sample = photo_sample(self.photos[rng.choice(len(self.photos), p=self.odds)], rng)
        kind = rng.random()
        if kind < 0.15:
            add_plate(sample, self.plate(), rng)
        elif kind < 0.3:
            hang_plate(sample, self.plate(), rng, bike=False)
        elif kind < 0.7:
            for _ in range(int(rng.choice([1, 1, 2, 3]))):
                square = self.squares[rng.integers(len(self.squares))]
                hang_plate(sample, square, rng, bike=rng.random() < 0.7)
        if rng.random() < 0.3:
            add_distractor(sample, rng)
        if rng.random() < 0.12:
            fade(sample, rng)
        if rng.random() < 0.1:
            hide(sample, rng)
        if rng.random() < 0.07:
            night(sample, rng)
        sample.image = developed(sample.image, rng)
        return sample


def started(path: Path) -> DetectorNet:
    """Return a network that does what the ONNX file does, its vehicle head untrained.

    Raises
    ------
    ValueError
        If the file holds another network.
    """
    graph = onnx.load(path).graph
    arrays = {array.name: numpy_helper.to_array(array) for array in graph.initializer}
    shipped = [
        [torch.tensor(arrays[name]) for name in node.input[1:3]]
        for node in graph.node
        if node.op_type == "Conv"
    ]
    # The scaling of pixels is folded into the first of them.
    shipped[0][1] += grey * shipped[0][0].sum((1, 2, 3))
    shipped[0][0] *= spread
    net = DetectorNet().eval()
    # Edges are edges: the two finest convolutions stay, which saves a third of each step.
    for part in (net.fine[0], net.fine[1], net.vehicle_head):
        part.requires_grad_(requires_grad=False)
    parts = [part for name, part in net.named_modules() if "vehicle_head" not in name]
    convs = [part for part in parts if isinstance(part, nn.Conv2d)]
    norms = iter([part for part in parts if isinstance(part, nn.BatchNorm2d)])
    with torch.no_grad():
        for part, (kernel, bias) in zip(convs, shipped, strict=True):
            if part.weight.shape != kernel.shape:
                raise ValueError(f"{path}: another network, with a kernel of {tuple(kernel.shape)}")
            part.weight.copy_(kernel)
            if part.bias is None:
                fold(next(norms), bias)
            else:
                part.bias.copy_(bias)
    return net


def fold(norm: nn.BatchNorm2d, bias: torch.Tensor) -> None:
    """Make the normalisation add the bias and do nothing else."""
    nn.init.zeros_(norm.running_mean)  # type: ignore[arg-type]
    nn.init.constant_(norm.running_var, 1 - norm.eps)  # type: ignore[arg-type]
    nn.init.ones_(norm.weight)
    norm.bias.copy_(bias)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="a detector (.onnx)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fonts", type=Path, default=Path("training_data/fonts"))
    parser.add_argument("--drawn", type=Path, default=Path("training_data/tune"))
    parser.add_argument("--mined", type=Path, help="hard and doubtful places, from mine")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    net = started(args.start).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    rng = np.random.default_rng(args.seed)
    scenes = TuningScenes(args.data, args.drawn, args.fonts, args.mined, rng)
    keep = partial(save, out=args.out, width=1.0, depth=1)
    train(net, scenes, args.steps, keep, PEAK_RATE, vehicles=False, batch=args.batch)
    print(f"{args.out}, sha256 {hashlib.sha256(args.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
