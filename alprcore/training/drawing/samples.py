# SPDX-License-Identifier: Apache-2.0
"""Draw the sample pictures that ship with the package: streets with cars, no photographs.

``python -m alprcore.training.drawing.samples --out runtime_data/samples`` writes five JPEG files,
``truth.csv`` and ``README.md``; the same fonts give the same pictures.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from alprcore.records import Frame
from alprcore.training.drawing.faces import FontSet, load_fonts
from alprcore.training.drawing.hangul_faces import load_hangul
from alprcore.training.drawing.plate_art import (
    blob_points,
    fill_gradient,
    near,
    polygon,
    smooth_noise,
)
from alprcore.training.drawing.plate_ink import Canvas, Color
from alprcore.training.drawing.plate_kr import draw_korean, draw_korean_two
from alprcore.training.drawing.plate_text import TextPlan
from alprcore.training.drawing.plate_us import draw_us
from alprcore.training.drawing.plate_wide import draw_wide
from alprcore.training.drawing.sample_car import draw_car, sheet_size

width, height = 1024, 768
# Drawn larger and shrunk, so that edges are smooth.
oversize = 2
horizon = 0.42


@dataclass(frozen=True, slots=True)
class SampleCar:
    """A car to draw: its plate, colour, and where its sheet lies, in fractions of the picture.

    `text` is in groups, or in lines where the family has two. `family` is a family of `render`;
    `seed` chooses the plate's look. `left` and `top` place the sheet's corner, `size` is its width,
    `turn` narrows one side as if seen at an angle.
    """

    text: tuple[str, ...]
    family: str
    country: str
    seed: int
    color: Color
    left: float
    top: float
    size: float
    turn: float
    plate_width: int = 300


scenes: dict[str, tuple[SampleCar, ...]] = {
    "us.jpg": (
        SampleCar(("LMR", "4827"), "us", "us", 9, (120, 60, 40), 0.2, 0.2, 0.62, 0.06, 270),
    ),
    "eu.jpg": (
        SampleCar(("M", "KV3726"), "de", "eu", 11, (52, 50, 150), 0.24, 0.24, 0.58, -0.05, 360),
    ),
    "br.jpg": (
        SampleCar(("QTB4F73",), "brm", "br", 3, (165, 168, 170), 0.16, 0.2, 0.64, 0.04, 320),
    ),
    "two_plates.jpg": (
        SampleCar(("GX", "482", "RT"), "fr", "eu", 10, (70, 90, 45), 0.53, 0.36, 0.36, 0.05, 390),
        SampleCar(("82", "KNT", "6"), "nl", "eu", 7, (60, 60, 64), 0.03, 0.26, 0.52, -0.05, 360),
    ),
}
# In a folder of its own: "auto" leaves out what is not in Latin script.
korean_scenes: dict[str, tuple[SampleCar, ...]] = {
    "kr.jpg": (
        SampleCar(
            ("경기37", "바2694"), "kr2", "kr2", 3, (130, 80, 60), 0.51, 0.32, 0.45, 0.04, 300
        ),
        SampleCar(("158하", "7203"), "kr", "kr", 19, (60, 60, 64), 0.02, 0.26, 0.52, -0.05, 380),
    ),
}


def plain_plate(fonts: FontSet, car: SampleCar) -> Frame:
    """Return the clean plate of a car."""
    rng = np.random.default_rng(car.seed)
    plan = TextPlan((car.text,))
    if car.family == "kr":
        canvas, _ = draw_korean(rng, fonts, plan, 180)
    elif car.family == "kr2":
        canvas, _ = draw_korean_two(rng, fonts, TextPlan(tuple((line,) for line in car.text)), 240)
    elif car.family == "us":
        canvas, _ = draw_us(rng, fonts, plan, 240)
    else:
        canvas, _ = draw_wide(rng, fonts, plan, 180, car.family)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def draw_houses(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw a row of houses with windows above the horizon."""
    rows, columns = canvas.shape[:2]
    left = -0.05
    while left < 1:
        wide, tall = float(rng.uniform(0.1, 0.22)), float(rng.uniform(0.2, 0.36))
        wall = near(rng, (158, 172, 186), 13)
        x0, x1 = int(left * columns), int((left + wide) * columns)
        y0, y1 = int((horizon - tall) * rows), int((horizon + 0.02) * rows)
        fill_gradient(
            canvas,
            [(0, wall), (1, near(rng, wall, 12))],
            (max(0, x0), max(0, y0), min(columns, x1), y1),
        )
        roof = np.array([[x0 - 12, y0], [(x0 + x1) / 2, y0 - 0.06 * rows], [x1 + 12, y0]])
        polygon(canvas, roof, near(rng, (75, 82, 112), 9))
        pane = near(rng, (95, 82, 70), 8)
        step = (x1 - x0) / 4
        for column in range(3):
            for storey in range(3):
                x, y = int(x0 + (column + 0.55) * step), int(y0 + (storey + 0.3) * (y1 - y0) / 3.3)
                size = (int(step * 0.55), int((y1 - y0) / 6))
                cv2.rectangle(
                    canvas, (x - 4, y - 4), (x + size[0] + 4, y + size[1] + 4), (225, 228, 230), -1
                )
                cv2.rectangle(canvas, (x, y), (x + size[0], y + size[1]), near(rng, pane, 6), -1)
                cv2.line(
                    canvas,
                    (x + size[0] // 2, y),
                    (x + size[0] // 2, y + size[1]),
                    (225, 228, 230),
                    3,
                )
        left += wide + float(rng.uniform(-0.005, 0.03))


def draw_street(rng: np.random.Generator) -> Canvas:
    """Return an empty street: sky, houses, trees, pavement and road."""
    rows, columns = height * oversize, width * oversize
    canvas = np.zeros((rows, columns, 3), np.float32)
    fill_gradient(
        canvas,
        [
            (0, (232, 196, 150)),
            (horizon, (240, 226, 208)),
            (horizon, (100, 100, 102)),
            (1, (128, 127, 126)),
        ],
    )
    clouds = np.clip(smooth_noise(rng, (rows, columns), 260) + 0.2, 0, 1)
    clouds[int(horizon * rows) :] = 0
    canvas += (np.array((246, 244, 242), np.float32) - canvas) * (0.7 * clouds)[..., None]
    draw_houses(canvas, rng)
    draw_trees(canvas, rng)
    draw_pavement(canvas)
    road = canvas[int((horizon + 0.08) * rows) :]
    road += rng.normal(0, 5, road.shape[:2]).astype(np.float32)[..., None]
    return canvas


def draw_trees(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw trees in front of the houses."""
    rows, columns = canvas.shape[:2]
    foot = rows * horizon
    for _ in range(5):
        x, y = float(rng.uniform(0, columns)), foot - rows * float(rng.uniform(0.04, 0.12))
        trunk = np.array([[x - 9, y], [x + 9, y], [x + 12, foot], [x - 12, foot]])
        polygon(canvas, trunk, (45, 60, 75))
        for _ in range(9):
            spot = (x + float(rng.normal(0, 45)), y + float(rng.normal(0, 40)))
            leaves = blob_points(rng, spot, float(rng.uniform(28, 55)))
            polygon(canvas, leaves, near(rng, (50, 105, 70), 12))


def draw_pavement(canvas: Canvas) -> None:
    """Draw pavement, kerb and the line of the lane; corners as fractions of the picture."""
    size = np.array([canvas.shape[1], canvas.shape[0]], np.float64)
    pavement = [(0, horizon), (1, horizon), (1, horizon + 0.07), (0, horizon + 0.05)]
    kerb = [(0, horizon + 0.05), (1, horizon + 0.07), (1, horizon + 0.08), (0, horizon + 0.06)]
    lane = [(0.93, 1), (1, 1), (0.79, horizon + 0.09), (0.78, horizon + 0.09)]
    polygon(canvas, np.array(pavement) * size, (165, 170, 172))
    polygon(canvas, np.array(kerb) * size, (120, 124, 126))
    polygon(canvas, np.array(lane) * size, (215, 218, 220))


def place_car(canvas: Canvas, fonts: FontSet, car: SampleCar) -> tuple[int, int, int, int]:
    """Lay a car and its shadow into the street; return the plate's box in the final picture."""
    drawn = draw_car(plain_plate(fonts, car), car.color, plate_width=car.plate_width)
    rows, columns = canvas.shape[:2]
    wide = car.size * columns
    tall = wide * sheet_size[1] / sheet_size[0]
    x, y = car.left * columns, car.top * rows
    lift, sink = max(0.0, car.turn) * tall, max(0.0, -car.turn) * tall
    source = np.array(
        [[0, 0], [sheet_size[0], 0], list(sheet_size), [0, sheet_size[1]]], np.float32
    )
    target = np.array(
        [[x, y + sink], [x + wide, y + lift], [x + wide, y + tall - lift], [x, y + tall - sink]],
        np.float32,
    )
    matrix = cv2.getPerspectiveTransform(source, target)
    shadow = np.zeros((rows, columns), np.float32)
    cv2.ellipse(
        shadow,
        (int(x + wide / 2), int(y + 0.9 * tall)),
        (int(0.47 * wide), int(0.05 * tall)),
        0,
        0,
        360,
        0.75,
        -1,
    )
    canvas *= 1 - cv2.GaussianBlur(shadow, (0, 0), 14)[..., None]
    cover = cv2.warpPerspective(drawn.cover, matrix, (columns, rows), flags=cv2.INTER_AREA)
    layer = cv2.warpPerspective(drawn.sheet, matrix, (columns, rows), flags=cv2.INTER_AREA)
    canvas += (layer - canvas) * cover[..., None]
    corners = cv2.perspectiveTransform(drawn.plate[None].astype(np.float32), matrix)[0] / oversize
    left, top = np.floor(corners.min(axis=0))
    right, bottom = np.ceil(corners.max(axis=0))
    return int(left), int(top), int(right - left), int(bottom - top)


def draw_scene(
    fonts: FontSet, cars: tuple[SampleCar, ...], seed: int
) -> tuple[Frame, list[tuple[int, int, int, int]]]:
    """Return a picture of a street with `cars`, and the boxes of their plates."""
    rng = np.random.default_rng(seed)
    canvas = draw_street(rng)
    boxes = [place_car(canvas, fonts, car) for car in cars]
    light = 1 + 0.12 * smooth_noise(rng, canvas.shape[:2], 900)
    small = cv2.resize(canvas * light[..., None], (width, height), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.55) + rng.normal(0, 2.2, small.shape)
    return np.clip(small, 0, 255).astype(np.uint8), boxes


def write_samples(fonts: FontSet, out: Path) -> None:
    """Write all sample pictures with their truth below `out`."""
    rows = write_scenes(fonts, scenes, out, 0)
    more = write_scenes(fonts, korean_scenes, out / "kr", len(scenes))
    rows += [(f"kr/{row[0]}", *row[1:]) for row in more]
    listed = "".join(f"| {row[0]} | {row[5]} | {row[6]} |\n" for row in rows)
    (out / "README.md").write_text(
        "# Sample pictures\n\nDrawn by `python -m alprcore.training samples`,"
        " not photographed; the plates are made up.\n`truth.csv` has the boxes of the plates: left,"
        " top, width, height in pixels.\n\n"
        f"| picture | plate | country |\n| --- | --- | --- |\n{listed}",
        encoding="utf-8",
    )


def write_scenes(
    fonts: FontSet, drawn: dict[str, tuple[SampleCar, ...]], out: Path, seed: int
) -> list[tuple[str, int, int, int, int, str, str]]:
    """Write pictures with their truth into `out`, the first from `seed`; return the truth."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (name, cars) in enumerate(drawn.items(), start=seed):
        picture, boxes = draw_scene(fonts, cars, number)
        cv2.imwrite(str(out / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
        rows += [
            (name, *box, "".join(car.text), car.country)
            for car, box in zip(cars, boxes, strict=True)
        ]
    with (out / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("image", "x", "y", "w", "h", "plate", "country"))
        writer.writerows(rows)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="draw the sample pictures")
    parser.add_argument("--out", type=Path, default=Path("runtime_data/samples"))
    parser.add_argument("--fonts", type=Path, default=Path("training_data/fonts"))
    parser.add_argument("--glyphs", type=Path, help="sheets of real plate characters")
    options = parser.parse_args(arguments)
    hangul = load_hangul(options.fonts / "hangul_held_back")
    fonts = replace(load_fonts(options.fonts, glyphs=options.glyphs), hangul=hangul)
    write_samples(fonts, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
