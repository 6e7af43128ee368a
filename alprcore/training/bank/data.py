# SPDX-License-Identifier: Apache-2.0
"""Text lines to learn the bank from: labelled crops and rendered plates, degraded on the fly."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.records import Box, GrayImage
from alprcore.training.bank.likelihood import ONE_OR_I, ZERO_OR_O
from alprcore.training.bank.model import ALPHABETS

PROPOSALS = 5
STEEPEST = 0.2
"""Crops straight from a box tilt by up to about 11 degrees."""

LABELLED_SETS = ("us", "br", "ar", "spain_masked")

ZERO_MEANS_EITHER = frozenset({"us"})
"""Sets whose labels write O as 0; their texts carry a lower-case ``o`` there, "one of the two"."""

FOLD = str.maketrans("OoIi", "0011")
"""Texts are compared with O as 0 and I as 1, which some labels do not tell apart."""

HELD_BACK = 5
"""Every fifth labelled crop, by a hash of its name, is never trained on."""


_CLASS = {c: i for alphabet in ALPHABETS.values() for i, c in enumerate(alphabet)}
_CLASS |= {"o": ZERO_OR_O, "i": ONE_OR_I}


@dataclass(slots=True)
class Crop:
    """A plate crop, its text, and the lines it may be on.

    Attributes
    ----------
    image
        (rows, cols) uint8.
    text
        What the line says; empty for a crop that shows no text.
    source
        Name of the set, for weights and for figures.
    lines
        (n, 4) float32 proposals: top, bottom, slope, slant.
    inks
        (characters, 2) float32: left and right rim of each character's ink in pixels, where known.
    chosen
        Index of the line that carries the text, -1 while unknown.
    held_back
        Whether the crop is for measuring only.
    """

    image: GrayImage
    text: str
    source: str
    lines: NDArray[np.float32]
    inks: NDArray[np.float32] | None = None
    chosen: int = -1
    held_back: bool = False
    wrong: list[int] = field(default_factory=list)

    def choose(self, line: int) -> None:
        """Take proposal `line` as the one that carries the text; lines apart from it carry none."""
        self.chosen = line
        self.wrong = [
            k for k in range(len(self.lines)) if _overlap(self.lines[line], self.lines[k]) < 0.5
        ]


def _overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    both = min(a[1], b[1]) - max(a[0], b[0])
    return float(max(0.0, both) / (max(a[1], b[1]) - min(a[0], b[0])))


def proposed_lines(image: GrayImage) -> NDArray[np.float32]:
    """Return the (n, 4) line proposals of a crop, best first."""
    return _native.text_lines(image, PROPOSALS, STEEPEST)[:, :4].copy()


def read_grey(path: Path) -> GrayImage | None:
    """Return a picture as (rows, cols) uint8, or None when it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return None if image is None else np.asarray(image, np.uint8)


def read_labelled(folder: Path, source: str, *, either: bool = False) -> list[Crop]:
    """Return the crops of one labelled set (a folder with ``truth.csv``) that have a text.

    A ``-`` in a text marks a character that was greyed out: nothing legible stands there, so the
    text is trained without it. With `either`, a lower-case ``o`` is "O or 0" and a
    lower-case ``i`` is "I or 1".
    """
    crops = []
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            plate = row["plate"] if either else row["plate"].upper()
            text = "".join(c for c in plate if c in _CLASS)
            image = read_grey(folder / row["image"])
            if image is None or len(text) < 2:
                continue
            if source in ZERO_MEANS_EITHER:
                text = text.replace("0", "o")
            held = zlib.crc32(row["image"].encode()) % HELD_BACK == 0
            crops.append(Crop(image, text, source, proposed_lines(image), held_back=held))
    return crops


def read_unlabelled(folder: Path, source: str) -> list[Crop]:
    """Return the crops of a folder with pictures but no texts; see `bank_choice.label_crops`."""
    crops = []
    for path in sorted(folder.glob("*.jpg")) + sorted(folder.glob("*.png")):
        image = read_grey(path)
        if image is not None:
            crops.append(Crop(image, "", source, proposed_lines(image)))
    return crops


def read_all_labelled(data: Path) -> list[Crop]:
    """Return the labelled crops of all sets below ``data/reading``."""
    names = [name for name in LABELLED_SETS if (data / "reading" / name).is_dir()]
    return [crop for name in names for crop in read_labelled(data / "reading" / name, name)]


class TrainingLine(NamedTuple):
    """A (32, w) line image, its text, and (characters, 2) ink rims in columns where known."""

    image: NDArray[np.float32]
    text: str
    inks: NDArray[np.float32] | None = None


class Batch(NamedTuple):
    """Lines (n, 1, 32, w), lengths in columns (n,), texts (n, longest), ink rims (n, longest, 2).

    Texts are padded with -1, rims with NaN.
    """

    lines: NDArray[np.float32]
    lengths: NDArray[np.int64]
    texts: NDArray[np.int64]
    inks: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Jitter:
    """How far a training line may be off: shares of the text height, and slopes."""

    rim: float = 0.10
    slope: float = 0.025
    slant: float = 0.09


def jittered(
    line: NDArray[np.float32], width: int, jitter: Jitter, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the line moved at random, about the middle of the crop."""
    top, bottom, slope, slant = (float(v) for v in line)
    height = bottom - top
    turn = rng.normal(0, jitter.slope)
    middle = -turn * 0.5 * width
    top += middle + height * rng.normal(0, jitter.rim)
    bottom += middle + height * rng.normal(0, jitter.rim)
    bottom = max(bottom, top + 0.5 * height)
    return np.array(
        [top, bottom, slope + turn, slant + rng.normal(0, jitter.slant)], dtype=np.float32
    )


def boxes_of(folder: Path) -> dict[str, list[Box]]:
    """Return the labelled plates of a set of photographs by image."""
    found: dict[str, list[Box]] = {}
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[key] or 0) for key in "xywh")
            found.setdefault(row["image"], []).append(Box(x, y, x + w, y + h))
    return found


def degraded(
    image: GrayImage, text_height: float, rng: np.random.Generator
) -> tuple[GrayImage, float]:
    """Return the crop as a worse camera would have seen it, and the factor it was resized by.

    Characters come out 7-30 px high; blur, motion, noise, sharpening, tone and JPEG follow.
    """
    target = 7.0 + 23.0 * rng.random() ** 1.5
    scale = min(1.0, target / text_height)
    seen: NDArray[np.float32] = image.astype(np.float32)
    if scale < 1.0:
        size = (max(8, round(image.shape[1] * scale)), max(6, round(image.shape[0] * scale)))
        how = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
        seen = np.asarray(cv2.resize(seen, size, interpolation=how), np.float32)
    seen = _blurred(seen, min(target, text_height), rng)
    seen = _lit(seen, rng)
    if rng.random() < 0.6:
        seen = seen + rng.normal(0, rng.exponential(4.0), seen.shape).astype(np.float32)
    out = np.clip(seen, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
        out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return out, scale


def _blurred(
    seen: NDArray[np.float32], text_height: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Defocus, motion and the halo of a sharpening camera."""
    if rng.random() < 0.4:
        sigma = 0.3 + rng.random() * 0.045 * text_height
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), sigma), np.float32)
    if rng.random() < 0.15:
        length = int(rng.integers(2, 5))
        kernel = np.zeros((length, length), np.float32)
        start = [(0, 0), (0, length - 1), (length // 2, 0)][int(rng.integers(3))]
        cv2.line(kernel, start, (length - 1 - start[0], length - 1 - start[1]), 1.0)
        seen = np.asarray(cv2.filter2D(seen, -1, kernel / kernel.sum()), np.float32)
    if rng.random() < 0.2:
        soft = np.asarray(cv2.GaussianBlur(seen, (0, 0), 1.0), np.float32)
        seen = seen + np.float32(rng.uniform(0.3, 1.5)) * (seen - soft)
    return seen


def _lit(seen: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Shadow, gamma, contrast and brightness."""
    if rng.random() < 0.25:
        across = np.linspace(-1, 1, seen.shape[1], dtype=np.float32)[None]
        down = np.linspace(-1, 1, seen.shape[0], dtype=np.float32)[:, None]
        edge = across * rng.normal() + down * rng.normal() + rng.normal(0, 0.3)
        shade = 1 / (1 + np.exp(-edge * rng.choice([2.0, 20.0])))
        seen = (seen * (1 - rng.uniform(0.2, 0.7) * shade)).astype(np.float32)
    tone = 255 * np.clip(seen / 255, 0, 1) ** np.exp(rng.normal(0, 0.3))
    return (tone * rng.uniform(0.25, 1.1) + rng.uniform(-10, 60)).astype(np.float32)


def cut_line(image: GrayImage, line: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the normalised (32, w) line image of one line."""
    top, bottom, slope, slant = (float(v) for v in line)
    return _native.line_image(image, top, bottom, slope, slant)[0]


def training_view(crop: Crop, line: int) -> TrainingLine:
    """Return one line of a crop as it is, with the crop's text."""
    return TrainingLine(cut_line(crop.image, crop.lines[line]), crop.text)


def training_line(crop: Crop, rng: np.random.Generator, *, wrong: bool) -> TrainingLine:
    """Return one degraded, jittered line of a crop and its text; a `wrong` line has none."""
    use_wrong = wrong and bool(crop.wrong)
    line = crop.lines[int(rng.choice(crop.wrong)) if use_wrong else crop.chosen]
    image, scale = degraded(crop.image, float(line[1] - line[0]), rng)
    scaled = line * np.array([scale, scale, 1.0, 1.0], dtype=np.float32)
    cut = cut_line(image, jittered(scaled, image.shape[1], Jitter(), rng))
    # The polarity measure errs on some lines; one in eight is shown the wrong way round on purpose.
    if rng.random() < 0.12:
        cut = -cut
    if use_wrong:
        return TrainingLine(cut, "")
    # Halfway up, a line image spans the crop's width exactly; a column is two of its pixels.
    columns = 0.5 * cut.shape[1] / crop.image.shape[1]
    inks = None if crop.inks is None else crop.inks * np.float32(columns)
    return TrainingLine(cut, crop.text, inks)


def batched(samples: Sequence[TrainingLine]) -> Batch:
    """Return the lines padded to the longest, with their texts and ink rims."""
    width = max(sample.image.shape[1] for sample in samples)
    longest = max(1, *(len(sample.text) for sample in samples))
    lines = np.zeros((len(samples), 1, samples[0].image.shape[0], width), np.float32)
    texts = np.full((len(samples), longest), -1, np.int64)
    inks = np.full((len(samples), longest, 2), np.nan, np.float32)
    for i, sample in enumerate(samples):
        lines[i, 0, :, : sample.image.shape[1]] = sample.image
        texts[i, : len(sample.text)] = [_CLASS[c] for c in sample.text]
        if sample.inks is not None:
            inks[i, : len(sample.text)] = sample.inks
    lengths = np.array([sample.image.shape[1] // 2 for sample in samples], np.int64)
    return Batch(lines, lengths, texts, inks)
