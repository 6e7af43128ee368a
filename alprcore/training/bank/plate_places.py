# SPDX-License-Identifier: Apache-2.0
"""Places that the finder takes for plates: ``python -m alprcore.training.bank.plate_places``.

``--data DIR --fonts DIR --out FILE`` draws signs, shop fronts, logos and stamps, hangs them and
plates into windows of street photographs, and cuts out what the finder takes for plates there and
on the street photographs themselves, for `plate_looks` to learn from.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.engine import Engine
from alprcore.geometry import overlap
from alprcore.picture.rectify import rectify_grey
from alprcore.reading.looks import AROUND, OVER, grown
from alprcore.records import Box, Frame, Quad
from alprcore.training.bank.data import HELD_BACK, boxes_of
from alprcore.training.bank.script_crops import is_held_back
from alprcore.training.drawing.faces import FontSet, load_fonts
from alprcore.training.drawing.render import render_plate
from alprcore.training.drawing.signs import FONT_ROWS, KINDS, Art, Pen, hung

STREETS = ("openimages", "kaggle", "tunisian", "romanian", "egypt", "spain")
READ = ("us", "br", "ar", "eu", "eu_two_line", "vn", "cz", "kr", "cn", "eg")
PLATE = (96, 32)  # columns and rows of a place in its canvas
WIDE, TALL = AROUND + 0.2, OVER + 0.25  # of the canvas beside and above it; the network sees less
CANVAS = (round(PLATE[0] * (1 + 2 * WIDE)), round(PLATE[1] * (1 + 2 * TALL)))
SURE = 0.5  # overlap from which on a place is a labelled plate
WINDOW = (160, 520), (120, 420)  # columns, rows


class Place(NamedTuple):
    """What the finder took for a plate: its canvas, whether it is one, and is held back."""

    canvas: NDArray[np.uint8]
    plate: bool
    held: bool
    drawn: bool


def canvas_of(frame: Frame, quad: Quad) -> NDArray[np.uint8]:
    """Return a place with its surroundings, (rows, cols) grey."""
    return rectify_grey(frame, grown(quad, WIDE, TALL), size=CANVAS)


def windows(data: Path, rng: np.random.Generator, *, held: bool) -> Iterator[Frame]:
    """Yield windows of street photographs without labelled plates, again and again."""
    folder = data / "plates" / "openimages"
    boxes = boxes_of(folder)
    names = [n for n in sorted(boxes) if (zlib.crc32(n.encode()) % HELD_BACK == 0) == held]
    while True:
        name = names[int(rng.integers(len(names)))]
        picture = cv2.imread(str(folder / name))
        if picture is None:
            continue
        rows, cols = picture.shape[:2]
        wide = int(rng.integers(WINDOW[0][0], min(WINDOW[0][1], cols)))
        tall = int(rng.integers(WINDOW[1][0], min(WINDOW[1][1], rows)))
        x, y = int(rng.integers(0, cols - wide + 1)), int(rng.integers(0, rows - tall + 1))
        window = Box(x, y, x + wide, y + tall)
        if all(overlap(window, box) == 0.0 for box in boxes[name]):
            yield np.ascontiguousarray(picture[y : y + tall, x : x + wide], np.uint8)


def font_files(fonts: Path) -> list[Path]:
    """Return the font files of plates and words."""
    suffixes = {".woff", ".ttf", ".otf"}
    folders = (fonts / "plate", fonts / "word")
    return sorted(p for f in folders for p in f.rglob("*") if p.suffix in suffixes)


def pens(fonts: Path, rng: np.random.Generator) -> tuple[Pen, Pen]:
    """Return a pen to learn from and one for what is held back: no family is in both."""
    from PIL import ImageFont  # noqa: PLC0415

    loaded: dict[bool, list[ImageFont.FreeTypeFont]] = {False: [], True: []}
    for path in font_files(fonts):
        held = zlib.crc32(path.parent.name.encode()) % HELD_BACK == 0
        loaded[held].append(ImageFont.truetype(str(path), FONT_ROWS))
    return Pen(loaded[False], rng), Pen(loaded[True], rng)


def signs(pen: Pen, ground: Iterator[Frame]) -> Iterator[tuple[str, Frame]]:
    """Yield pictures with a sign, and its kind, without end."""
    kinds = sorted(KINDS)
    while True:
        kind = kinds[int(pen.rng.integers(len(kinds)))]
        yield kind, hung(KINDS[kind](pen), next(ground), pen.rng)[0]


def plate_arts(
    data: Path, fonts: FontSet, rng: np.random.Generator, *, held: bool
) -> Iterator[Art]:
    """Yield plates, real crops and drawn ones in turn, without end."""
    crops = []
    for name in READ:
        folder = data / "reading" / name
        with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        some = [r for r in rows if is_held_back(r.get("plate") or r["image"]) == held]
        crops.append([folder / row["image"] for row in some])
    while True:
        files = crops[int(rng.integers(len(crops)))]
        picture = cv2.imread(str(files[int(rng.integers(len(files)))]))
        if picture is not None:
            yield _opaque(np.asarray(picture, np.uint8))
        yield _opaque(render_plate(rng, fonts).image)


def _opaque(picture: Frame) -> Art:
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def found_places(engine: Engine, frame: Frame, box: Box | None) -> list[NDArray[np.uint8]]:
    """Return canvases of what the finder takes for plates; with `box`, of what lies on it alone."""
    places = [place.quad for place in engine.find(frame)]
    if box is not None:
        places = [quad for quad in places if overlap(quad.bounds(), box) > SURE]
    return [canvas_of(frame, quad) for quad in places]


def places(data: Path, fonts: Path, count: int, seed: int) -> list[Place]:
    """Return places on streets, on `count` pictures with signs and half as many with plates."""
    engine = Engine("auto")
    found: list[Place] = []
    for name in STREETS:
        folder = data / "plates" / name
        for image, boxes in sorted(boxes_of(folder).items()):
            picture = cv2.imread(str(folder / image))
            if picture is None:
                continue
            held = zlib.crc32(image.encode()) % HELD_BACK == 0
            frame = np.asarray(picture, np.uint8)
            found += [
                Place(canvas_of(frame, place.quad), True, held, False)
                for place in engine.find(frame)
                if any(overlap(place.quad.bounds(), box) > SURE for box in boxes)
            ]
        print(name, len(found), flush=True)
    drawn_fonts = load_fonts(fonts, glyphs=data / "glyphs")
    for held, many in ((False, count), (True, count // HELD_BACK)):
        rng = np.random.default_rng((seed, int(held)))
        pen = pens(fonts, rng)[held]
        ground = windows(data, rng, held=held)
        sign, art = signs(pen, ground), plate_arts(data, drawn_fonts, rng, held=held)
        for _ in range(many):
            frame = next(sign)[1]
            found += [Place(c, False, held, True) for c in found_places(engine, frame, None)]
        print("signs", len(found), flush=True)
        for _ in range(many // 2):
            frame, corners = hung(next(art), next(ground), rng)
            (left, top), (right, bottom) = corners.min(0), corners.max(0)
            box = Box(float(left), float(top), float(right), float(bottom))
            found += [Place(c, True, held, True) for c in found_places(engine, frame, box)]
        print("plates", len(found), flush=True)
        for _ in range(many // 4):  # tight crops, as whole pictures
            picture = np.ascontiguousarray(next(art)[..., :3])
            rows, cols = picture.shape[:2]
            scale = min(1.0, float(rng.uniform(60, 300)) / cols)
            size = (max(24, round(cols * scale)), max(12, round(rows * scale)))
            frame = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
            whole = Box(0, 0, *size)
            found += [Place(c, True, held, True) for c in found_places(engine, frame, whole)]
        print("tight", len(found), flush=True)
    return found


def save(found: Sequence[Place], file: Path) -> None:
    """Write places as arrays."""
    canvas, plate, held, drawn = (list(column) for column in zip(*found, strict=True))
    np.savez(
        file,
        canvases=np.stack(canvas),
        plate=np.array(plate),
        held=np.array(held),
        drawn=np.array(drawn),
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="plates/, reading/ and glyphs/")
    parser.add_argument("--fonts", type=Path, required=True, help="as `training fonts` leaves them")
    parser.add_argument("--count", type=int, default=10000, help="pictures with signs")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    save(places(options.data, options.fonts, options.count, options.seed), options.out)


if __name__ == "__main__":
    main()
