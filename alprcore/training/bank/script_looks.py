# SPDX-License-Identifier: Apache-2.0
"""Learn which script a crop shows: ``python -m alprcore.training.bank.script_looks``.

A network of a hundred thousand weights looks at the grey crop that is read anyway. It need not
read: Chinese characters are dense, Arabic ones hang from a line, Hangul stands between digits.
Polarity says nothing to it, every crop is shown in both: nearly all Chinese crops are blue.
"""

from __future__ import annotations

import argparse
import csv
import pickle
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alprcore.reading.looks import SCRIPT_SIZE, SCRIPTS
from alprcore.records import GrayImage
from alprcore.training.bank.data import HELD_BACK, boxes_of, degraded, read_grey
from alprcore.training.bank.look_net import evened, export, teach
from alprcore.training.bank.script_crops import is_held_back

SETS = {
    "Latin": ("us", "br", "ar", "eu", "eu_two_line", "vn", "cz"),
    "Hangul": ("kr",),
    "Chinese": ("cn",),
    "Arabic": ("eg",),
}
MOST_OF_A_SET = 700
DRAWN_SHARE = 0.5  # of the views of a script that was drawn
# The finder often takes the white part of an Egyptian plate for all of it, without its strip; a
# network that had never seen it so took it for Latin. So many views of each script, and how much of
# the height is cut from their top.
WITHOUT_TOP = {"Arabic": 0.4}
WITHOUT_TOP_OTHERS = 0.12
TOP = (0.15, 0.42)
OTHER = len(SCRIPTS)  # the class of what is no plate
CHANNELS = (16, 32, 48, 64)


class Shown(NamedTuple):
    """A crop to learn from: its class, and whether it is for measuring only, or drawn."""

    crop: GrayImage
    kind: int
    held: bool
    drawn: bool = False


class ScriptNet(nn.Module):
    """Grey crops (n, 48, 128), 0 to 255, to logits (n, scripts + 1); the last is "no plate"."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = CHANNELS
        self.maps = nn.Sequential(
            nn.Conv2d(1, a, 5, 2, 2, bias=False), nn.BatchNorm2d(a), nn.ReLU(),
            nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
            nn.Conv2d(b, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, d, 3, 2, 1, bias=False), nn.BatchNorm2d(d), nn.ReLU(),
        )  # fmt: skip
        # Cells of a sixth of the height and an eighth of the width: where something stands
        # matters, the province is on the left.
        cells = (SCRIPT_SIZE[1] // 8) * 8
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(d * cells, len(SCRIPTS) + 1))

    def forward(self, crops: Tensor) -> Tensor:
        """Return the logits."""
        maps = self.maps(evened(crops))
        n, d, rows, cols = maps.shape
        cells = maps.reshape(n, d, rows, 8, cols // 8).mean(4)
        logits: Tensor = self.head(cells.flatten(1))
        return logits


def labelled_crops(data: Path, drawn: Mapping[str, Sequence[GrayImage]]) -> list[Shown]:
    """Return the real crops and the drawn ones; `drawn` is by script."""
    found: list[Shown] = []
    for number, (script, sets) in enumerate(SETS.items()):
        for name in sets:
            folder = data / "reading" / name
            with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
                rows = list(csv.DictReader(file))
            names = [(row["image"], row.get("plate") or row["image"]) for row in rows]
            for image, plate in names[:: max(1, len(names) // MOST_OF_A_SET)]:
                crop = read_grey(folder / image)
                if crop is not None:
                    found.append(Shown(_small(crop), number, is_held_back(plate)))
        crops = drawn.get(script, ())
        found += [
            Shown(_small(crop), number, i % HELD_BACK == 0, drawn=True)
            for i, crop in enumerate(crops)
        ]
    return found


def _small(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a crop no wider than 1.3 times what the network sees: more takes time only."""
    scale = 1.3 * SCRIPT_SIZE[0] / crop.shape[1]
    if scale >= 1:
        return crop
    size = (round(crop.shape[1] * scale), max(6, round(crop.shape[0] * scale)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def empty_crops(data: Path, count: int, seed: int) -> list[Shown]:
    """Return windows of street photographs that no labelled plate touches."""
    rng = np.random.default_rng(seed)
    found: list[Shown] = []
    for name in ("kaggle", "tunisian", "romanian", "openimages"):
        folder = data / "plates" / name
        boxes = boxes_of(folder)
        names = sorted(boxes)
        for image in names[:: max(1, len(names) // (count // 12))]:
            grey = read_grey(folder / image)
            if grey is None:
                continue
            for _ in range(6):
                wide = int(rng.uniform(40, min(260, grey.shape[1] - 2)))
                tall = int(min(wide / rng.uniform(1.3, 5), grey.shape[0] - 2))
                x, y = (int(rng.integers(0, grey.shape[k] - v)) for k, v in ((1, wide), (0, tall)))
                clear = all(
                    x + wide < box.left or x > box.right or y + tall < box.top or y > box.bottom
                    for box in boxes[image]
                )
                part = grey[y : y + tall, x : x + wide]
                if clear and part.std() > 12:
                    held = zlib.crc32(image.encode()) % HELD_BACK == 0
                    found.append(Shown(_small(part), OTHER, held))
    return found[:count]


def view(crop: NDArray[np.uint8], rng: np.random.Generator | None) -> NDArray[np.uint8]:
    """Return a crop as the network sees it; with `rng` degraded, moved and at times inverted."""
    if rng is None:
        return np.asarray(cv2.resize(crop, SCRIPT_SIZE, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.7:
        crop, _ = degraded(crop, 0.55 * crop.shape[0], rng)
    rows, cols = crop.shape
    left, right, top, bottom = rng.uniform(-0.12, 0.12, 4)
    size = np.array([cols, rows], np.float32)
    tilt = rng.normal(0, 0.04)
    source = np.array(
        [[left, top - tilt], [1 + right, top + tilt], [left, 1 + bottom - tilt]], np.float32
    )
    target = np.array([[0, 0], [SCRIPT_SIZE[0], 0], [0, SCRIPT_SIZE[1]]], np.float32)
    matrix = cv2.getAffineTransform(source * size, target)
    seen = cv2.warpAffine(
        crop, matrix, SCRIPT_SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(255 - seen if rng.random() < 0.5 else seen, np.uint8)


def train(crops: list[Shown], options: argparse.Namespace, rng: np.random.Generator) -> ScriptNet:
    """Train a network on the crops that are not held back."""
    learn = [shown for shown in crops if not shown.held]
    real, drawn = (
        [[s.crop for s in learn if s.kind == kind and s.drawn == of] for kind in range(OTHER + 1)]
        for of in (False, True)
    )
    print([len(some) for some in real], [len(some) for some in drawn], flush=True)
    net = ScriptNet()
    if options.state:
        net.load_state_dict(torch.load(options.state))

    def drawn_view(kind: int) -> NDArray[np.uint8]:
        # Real crops as often as drawn ones, however few there are.
        some = drawn[kind] if drawn[kind] and rng.random() < DRAWN_SHARE else real[kind]
        crop = some[int(rng.integers(len(some)))]
        script = SCRIPTS[kind] if kind < OTHER else ""
        if rng.random() < WITHOUT_TOP.get(script, WITHOUT_TOP_OTHERS):
            crop = crop[int(rng.uniform(*TOP) * crop.shape[0]) :]
        return view(crop, rng)

    # Latin plates are the ones that must not be lost. Degrading takes four times as long as a step
    # of the network, so each view is shown about ten times, moved and inverted at random.
    pool_kinds = rng.choice(OTHER + 1, size=options.views, p=[0.4, 0.16, 0.16, 0.16, 0.12])
    pool = np.stack([drawn_view(int(k)) for k in pool_kinds])
    print("views drawn", flush=True)

    def batch() -> tuple[Tensor, Tensor]:
        picks = rng.integers(len(pool), size=64)
        views = np.roll(pool[picks], tuple(rng.integers(-3, 4, 2)), (1, 2)).astype(np.float32)
        views = np.where(rng.random((64, 1, 1)) < 0.5, 255 - views, views).astype(np.float32)
        return torch.from_numpy(views), torch.from_numpy(pool_kinds[picks])

    teach(net, batch, options.out, steps=options.steps, decay=1e-2, smoothing=0.01)
    return net


def report(net: ScriptNet, crops: list[Shown]) -> None:
    """Print, for each script, what the crops that are held back are taken for."""
    held = [shown for shown in crops if shown.held]
    with torch.no_grad():
        seen = torch.from_numpy(np.stack([view(s.crop, None) for s in held]).astype(np.float32))
        shares = torch.softmax(net(seen), 1).numpy()
    for kind, name in enumerate((*SCRIPTS, "no plate")):
        for of in (False, True):
            mine = shares[[shown.kind == kind and shown.drawn == of for shown in held]]
            if len(mine):
                taken = np.bincount(mine.argmax(1), minlength=OTHER + 1).tolist()
                what = f"{name}, {'drawn' if of else 'real'}"
                print(what, len(mine), "taken for", taken, f"mean {mine[:, kind].mean():.3f}")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--drawn", type=Path, required=True, help="crops of `script_drawings`")
    parser.add_argument("--out", type=Path, required=True, help="the network to write, .onnx")
    parser.add_argument("--steps", type=int, default=2500, help="of 64 views")
    parser.add_argument("--views", type=int, default=14000, help="drawn once")
    parser.add_argument("--state", type=Path, help="a .pt state to go on from")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    crops = labelled_crops(options.data, pickle.loads(options.drawn.read_bytes()))
    crops += empty_crops(options.data, 1500, options.seed)
    net = train(crops, options, rng)
    report(net, crops)
    export(net, options.out, size=SCRIPT_SIZE, output="logs", last=torch.log_softmax)


if __name__ == "__main__":
    main()
