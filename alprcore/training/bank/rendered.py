# SPDX-License-Identifier: Apache-2.0
"""Rendered plates as training crops: grey, with surroundings, their lines known exactly."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from alprcore.records import GrayImage
from alprcore.training.bank.data import Crop, proposed_lines
from alprcore.training.drawing.hangul_faces import drawn_hangul, load_hangul
from alprcore.training.drawing.render import FontSet, RenderedPlate, load_fonts, render_plate

# Characters are kept at this height: more than the reader's 24 rows, less than the renderer's.
TEXT_HEIGHT = 34.0
korean_styles = ("kr", "kr2")


def _surrounded(image: GrayImage, rng: np.random.Generator) -> tuple[GrayImage, int, int]:
    """Return the plate on a bumper-like ground, and how far it was moved right and down."""
    height, width = image.shape
    left, top, right, bottom = (int(v) for v in height * rng.uniform(-0.03, 0.3, 4))
    ground = np.full(
        (height + max(0, top) + max(0, bottom), width + max(0, left) + max(0, right)), 0, np.float32
    )
    ground += (
        rng.uniform(10, 230)
        + np.linspace(0, rng.normal(0, 40), ground.shape[0], dtype=np.float32)[:, None]
    )
    ground += cv2.resize(
        rng.normal(0, 12, (6, 8)).astype(np.float32),
        ground.shape[::-1],
        interpolation=cv2.INTER_CUBIC,
    )
    out = np.clip(ground, 0, 255).astype(np.uint8)
    y, x = max(0, top), max(0, left)
    out[y : y + height, x : x + width] = image
    cut = out[
        max(0, -top) : out.shape[0] - max(0, -bottom), max(0, -left) : out.shape[1] - max(0, -right)
    ]
    return np.ascontiguousarray(cut), left, top


def crop_of(plate: RenderedPlate, line: int, rng: np.random.Generator) -> Crop:
    """Return line `line` of a rendered plate as a training crop; other proposals count as wrong."""
    grey = np.asarray(cv2.cvtColor(plate.image, cv2.COLOR_BGR2GRAY), np.uint8)
    wanted = plate.lines[line]
    scale = TEXT_HEIGHT / (wanted.bottom - wanted.top)
    size = (max(16, round(grey.shape[1] * scale)), max(16, round(grey.shape[0] * scale)))
    grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    image, right, down = _surrounded(grey, rng)
    exact = np.array(
        [[wanted.top * scale + down, wanted.bottom * scale + down, 0.0, 0.0]], np.float32
    )
    lines = np.concatenate([exact, proposed_lines(image)])
    inks = (wanted.boxes[:, [0, 2]] * scale + right).astype(np.float32)
    crop = Crop(image, wanted.text, "rendered", lines, inks=inks)
    crop.choose(0)
    # The other main line of a two-line plate is text too: never taught as "nothing here".
    others = [other for k, other in enumerate(plate.lines) if k != line]
    crop.wrong = [
        k
        for k in crop.wrong
        if not any(
            min(o.bottom * scale + down, crop.lines[k][1])
            - max(o.top * scale + down, crop.lines[k][0])
            > 0.4 * (o.bottom - o.top) * scale
            for o in others
        )
    ]
    return crop


def drawn_crops(faces: FontSet, count: int, seed: int, *, korean_every: int = 0) -> list[Crop]:
    """Return `count` rendered plates as training crops, one in `korean_every` of them Korean."""
    rng = np.random.default_rng(seed)
    crops: list[Crop] = []
    while len(crops) < count:
        korean = korean_every > 0 and len(crops) % korean_every == 0
        style = korean_styles[int(rng.integers(2))] if korean else None
        plate = render_plate(rng, faces, style=style)
        line = int(rng.integers(len(plate.lines)))
        if plate.lines[line].text:
            crops.append(crop_of(plate, line, rng))
    return crops


def korean_faces(faces: FontSet, fonts: Path) -> FontSet:
    """Return the faces with those of Hangul below `fonts` and the ones drawn of strokes."""
    return replace(faces, hangul=(*load_hangul(fonts / "hangul"), *drawn_hangul()))


def rendered_crops(
    fonts: Path, data: Path, count: int, seed: int, cache: Path, *, korean: bool = False
) -> list[Crop]:
    """Return `count` training crops drawn from `seed`; `data` holds the real glyph sheets.

    Plates are of the whole world, or `korean`. Drawing takes 24 ms a plate, so the crops are kept
    in `cache`; a cache of another seed or smaller than `count` is drawn anew.
    """
    if cache.exists():
        with cache.open("rb") as file:
            kept_seed, crops = pickle.load(file)
        if kept_seed == seed and len(crops) >= count:
            return list(crops[:count])
    faces: FontSet = load_fonts(fonts, glyphs=data / "glyphs")
    if korean:
        faces = korean_faces(faces, fonts)
    crops = drawn_crops(faces, count, seed, korean_every=1 if korean else 0)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.open("wb") as file:
        pickle.dump((seed, crops), file)
    return crops
