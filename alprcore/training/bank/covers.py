# SPDX-License-Identifier: Apache-2.0
"""Learn whether something covers a part of a plate's text.

``python -m alprcore.training.bank.covers canvases --data DIR --out FILE`` cuts the plates of street
photographs out, with much around them. ``... covers train --canvases FILE --out FILE`` draws bars,
patches of other photographs and bent shapes across them, on half of them so that a character or
more is hidden, and teaches a small network to tell these from the others.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alprcore.finding.detect import find_plates
from alprcore.finding.network import load_finder
from alprcore.geometry import overlap
from alprcore.picture.rectify import rectify_grey
from alprcore.reading.looks import ABOVE, BESIDE, COVER_SIZE, PLACES, grown
from alprcore.resources import model_bytes
from alprcore.settings import Settings
from alprcore.training.bank.data import HELD_BACK, boxes_of
from alprcore.training.bank.look_net import evened, export, teach

FOLDERS = ("kaggle", "tunisian", "romanian", "egypt", "spain", "openimages")
MOST_OF_A_FOLDER = 1400
# A canvas holds the plate in its middle, this much of its width beside it, of its height above it.
WIDE, TALL = 0.9, 0.9
PLATE = (160, 40)  # columns and rows of the plate in the canvas
CANVAS = (round(PLATE[0] * (1 + 2 * WIDE)), round(PLATE[1] * (1 + 2 * TALL)))
NARROWEST = 36.0  # pixels of a plate in its photograph
# A cover hides something from this share of the plate's width on, taken from its end; text begins
# at 3 to 13 % and a character is as wide. What hides between the two shares is not taught.
HARMLESS, HIDING = 0.05, 0.12
VIEWS = 100000
MIRRORED = torch.tensor([0, 2, 1, 3])


def canvases(data: Path) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return (n, rows, cols) plates of photographs, and which of them are held back."""
    finder = load_finder(model_bytes, threads=1)
    found, held = [], []
    for name in FOLDERS:
        boxes = boxes_of(data / "plates" / name)
        names = sorted(boxes)
        for image in names[:: max(1, len(names) // MOST_OF_A_FOLDER)]:
            if max(box.width for box in boxes[image]) < NARROWEST:
                continue
            picture = cv2.imread(str(data / "plates" / name / image))
            if picture is None:
                continue
            frame = np.asarray(picture, np.uint8)
            plates = find_plates(
                frame, finder, min_score=0.4, max_plates=9,
                area=Settings().detection_pixels, tiled=False,
            )  # fmt: skip
            for plate in plates:
                bounds = plate.quad.bounds()
                if bounds.width < NARROWEST or all(overlap(bounds, b) < 0.4 for b in boxes[image]):
                    continue
                found.append(rectify_grey(frame, grown(plate.quad, WIDE, TALL), size=CANVAS))
                held.append(zlib.crc32(image.encode()) % HELD_BACK == 0)
        print(name, len(found), flush=True)
    return np.stack(found), np.array(held)


def covered(
    canvas: NDArray[np.uint8], other: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], int]:
    """Return what the network sees of a plate, and the index in `PLACES` of what a cover hides."""
    seen = canvas.copy()
    left, top = PLATE[0] * WIDE, PLATE[1] * TALL
    hides, hidden = rng.random() < 0.5, 0
    first, last = left, left + PLATE[0]  # what shows of the plate
    if hides or rng.random() < 0.5:
        share = float(rng.uniform(HIDING, 0.6) if hides else rng.uniform(-0.4, HARMLESS))
        inside = hides and rng.random() < 0.2  # not at an end
        wide = PLATE[0] * float(rng.uniform(0.15, 0.3) if inside else rng.uniform(0.3, 1.2))
        on_left = rng.random() < 0.5
        if inside:
            x0 = left + PLATE[0] * float(rng.uniform(0.15, 0.6))
            x1 = x0 + wide
            hidden = 3
        elif on_left:
            x1 = left + share * PLATE[0]
            x0 = min(x1 - wide, left - 0.04 * PLATE[0] if hides else x1 - wide)
            first = max(first, x1)
            hidden = int(hides)
        else:
            x0 = left + (1 - share) * PLATE[0]
            x1 = max(x0 + wide, last + 0.04 * PLATE[0] if hides else x0 + wide)
            last = min(last, x0)
            hidden = 2 * int(hides)
        _draw_cover(seen, other, rng, (x0, x1, top, top + PLATE[1]))
    # The corners that are found may end where the cover begins, or not.
    if rng.random() < 0.5:
        first, last = left, left + PLATE[0]
    wide, tall = last - first, float(PLATE[1])
    shift = rng.normal(0, 0.03, 4) * [wide, wide, tall, tall]
    x0, x1 = first - BESIDE * wide + shift[0], last + BESIDE * wide + shift[1]
    y0, y1 = top - ABOVE * tall + shift[2], top + tall + ABOVE * tall + shift[3]
    source = np.array([[x0, y0], [x1, y0], [x0, y1]], np.float32)
    target = np.array([[0, 0], [COVER_SIZE[0], 0], [0, COVER_SIZE[1]]], np.float32)
    view = cv2.warpAffine(
        seen, cv2.getAffineTransform(source, target), COVER_SIZE,
        flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    tone = view.astype(np.float32) * rng.uniform(0.7, 1.2) + rng.uniform(-25, 25)
    return np.clip(tone, 0, 255).astype(np.uint8), hidden


def _draw_cover(
    seen: NDArray[np.uint8],
    other: NDArray[np.uint8],
    rng: np.random.Generator,
    place: tuple[float, float, float, float],
) -> None:
    """Draw a cover over (left, right, top, bottom): even, shaded or of a photograph."""
    x0, x1, top, bottom = place
    tall = bottom - top
    y0, y1 = top - tall * rng.uniform(-0.02, 0.9), bottom + tall * rng.uniform(-0.02, 0.9)
    lean = rng.normal(0, 0.12, 2) * tall if rng.random() < 0.5 else np.zeros(2)
    mask = np.zeros(seen.shape, np.float32)
    corners = [[x0 + lean[0], y0], [x1 + lean[1], y0], [x1 - lean[1], y1], [x0 - lean[0], y1]]
    points = np.round(np.array(corners) * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], 1.0, cv2.LINE_AA, 4)
    soft = float(rng.uniform(0, 2.0))
    if soft > 0.4:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32)
    level = float(rng.uniform(0, 255))
    fill = np.full(seen.shape, level, np.float32)
    kind = rng.random()
    if kind < 0.35:
        fill = np.roll(other, (int(rng.integers(40)), int(rng.integers(200))), (0, 1)).astype(
            np.float32
        )
    elif kind < 0.6:
        fill += np.linspace(-1, 1, seen.shape[1], dtype=np.float32) * float(rng.normal(0, 60))
        fill += rng.normal(0, float(rng.uniform(0, 12)), seen.shape).astype(np.float32)
    seen[:] = np.clip(seen + (fill - seen) * mask, 0, 255).astype(np.uint8)


class CoverNet(nn.Module):
    """Grey crops (n, 48, 160), 0 to 255, to logits (n, places)."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv2d(1, 12, 5, 2, 2, bias=False), nn.BatchNorm2d(12), nn.ReLU(),
            nn.Conv2d(12, 24, 3, 2, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU(),
            nn.Conv2d(24, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 48, 3, 2, 1, bias=False), nn.BatchNorm2d(48), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(48 * 6 * 10, 32), nn.ReLU(), nn.Linear(32, len(PLACES))
        )

    def forward(self, crops: Tensor) -> Tensor:
        """Return the logits."""
        maps = self.maps(evened(crops))
        n, d, rows, cols = maps.shape
        cells = maps.reshape(n, d, rows, 10, cols // 10).mean(4)
        logits: Tensor = self.head(cells.flatten(1))
        return logits


def train(canvas_file: Path, out: Path, steps: int, seed: int) -> None:
    """Train a network on canvases and write it as ONNX."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    with np.load(canvas_file) as arrays:
        plates, held = arrays["plates"], arrays["held"]
    learn, apart = plates[~held], plates[held]
    net = CoverNet()
    # Drawing takes longer than a step of the network: each view is shown some ten times.
    views, kinds = _batch(learn, rng, VIEWS)
    print("views drawn", flush=True)

    def batch() -> tuple[Tensor, Tensor]:
        picks = torch.from_numpy(rng.integers(len(views), size=64))
        x, y = views[picks].float(), kinds[picks]
        return (x.flip(2), MIRRORED[y]) if rng.random() < 0.5 else (x, y)

    teach(net, batch, out, steps=steps, decay=2e-2)
    with torch.no_grad():
        x, y = _batch(apart, np.random.default_rng(0), 600)
        p = 1.0 - torch.softmax(net(x.float()), 1)[:, 0].numpy()
    for limit in (0.1, 0.3, 0.5, 0.8):
        right = (p[y.numpy() > 0] > limit).mean(), (p[y.numpy() == 0] > limit).mean()
        print(f"above {limit}: {100 * right[0]:.1f} % of covered, {100 * right[1]:.1f} % of others")
    export(net, out, size=COVER_SIZE, output="shares", last=torch.softmax)


def _batch(
    plates: NDArray[np.uint8], rng: np.random.Generator, count: int
) -> tuple[Tensor, Tensor]:
    picks = rng.integers(len(plates), size=(count, 2))
    seen = [covered(plates[a], plates[b], rng) for a, b in picks]
    x = torch.from_numpy(np.stack([view for view, _ in seen]))
    return x, torch.tensor([y for _, y in seen])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("canvases", "train"))
    parser.add_argument("--data", type=Path, help="folder that holds plates/")
    parser.add_argument("--canvases", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    if options.step == "canvases":
        plates, held = canvases(options.data)
        np.savez_compressed(options.out, plates=plates, held=held)
    else:
        train(options.canvases, options.out, options.steps, options.seed)


if __name__ == "__main__":
    main()
