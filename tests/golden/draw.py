# SPDX-License-Identifier: Apache-2.0
"""Draw the pictures of the golden replies: ``python -m tests.golden.draw``, from the repository.

They are kept as files, since fonts and smoothing change between versions of Pillow and OpenCV.
Plates are drawn with Pillow's built-in font (Aileron, CC0) and laid over the plates of the cars of
the shipped samples.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SAMPLES = Path(__file__).resolve().parents[2] / "runtime_data" / "samples"
PICTURES = Path(__file__).parent / "pictures"
QUALITY = 90

Picture = NDArray[np.uint8]
Area = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

# The plates of the samples, a little larger than they are, so that nothing of them shows.
CARS: dict[str, tuple[Area, Area]] = {
    # sample: (the plate, the part of the picture that is kept)
    "us.jpg": ((442, 374, 641, 492), (270, 170, 830, 620)),
    "br.jpg": ((394, 390, 614, 496), (220, 170, 800, 640)),
}


def plate(
    lines: tuple[str, ...], *, size: tuple[int, int], ink: int = 25, paper: int = 235, weight: int
) -> Picture:
    """Return a plate with a rim, of (width, height) pixels; every line as tall as all others."""
    width, height = size
    image = Image.new("L", (4 * width, 4 * height), paper)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle(
        (8, 8, 4 * width - 9, 4 * height - 9),
        radius=height // 3,
        outline=ink,
        width=max(6, height // 12),
    )
    row = 4 * height / len(lines)
    margin = 0.1 if len(lines) > 1 else 0.17
    for number, line in enumerate(lines):
        cap = row * (1 - 2 * margin)
        font = ImageFont.load_default(size=cap / 0.72)
        left, top, right, bottom = draw.textbbox((0, 0), line, font=font, stroke_width=weight)
        scale = min(1.0, 0.9 * 4 * width / (right - left))
        strip = Image.new("L", (right - left, bottom - top), 0)
        ImageDraw.Draw(strip).text((-left, -top), line, font=font, fill=255, stroke_width=weight)
        strip = strip.resize(
            (max(1, round(strip.width * scale)), round(cap)), Image.Resampling.LANCZOS
        )
        place = (round((4 * width - strip.width) / 2), round(row * (number + margin)))
        image.paste(ink, place, strip)
    return np.asarray(image.resize(size, Image.Resampling.BOX).convert("RGB"), np.uint8)


def on_car(sample: str, drawn: Picture, *, down: int = 0) -> Picture:
    """Return the sample's car with its plate painted over and the drawn one in its place."""
    picture = cv2.imread(str(SAMPLES / sample))
    (left, top, right, bottom), (x0, y0, x1, y1) = CARS[sample]
    column = picture[top:bottom, left - 6 : left].mean(axis=1, keepdims=True)
    picture[top:bottom, left:right] = np.repeat(column, right - left, axis=1)
    rows, cols = drawn.shape[:2]
    x, y = (left + right - cols) // 2, (top + bottom - rows) // 2 + down
    picture[y : y + rows, x : x + cols] = drawn
    picture[top - 60 : bottom + 60] = cv2.GaussianBlur(picture[top - 60 : bottom + 60], (0, 0), 0.6)
    return np.ascontiguousarray(picture[y0:y1, x0:x1])


def turned(picture: Picture, degrees: float) -> Picture:
    """Return the picture turned about its middle, counter-clockwise."""
    rows, cols = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((cols / 2, rows / 2), degrees, 1.0)
    return cv2.warpAffine(picture, matrix, (cols, rows), borderMode=cv2.BORDER_REPLICATE)


def faded(picture: Picture, *, blur: float, contrast: float, noise: float) -> Picture:
    """Return the picture blurred, flattened and noisy."""
    rng = np.random.default_rng(15)
    flat = 120 + contrast * (cv2.GaussianBlur(picture, (0, 0), blur).astype(np.float64) - 120)
    return np.clip(flat + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def pictures() -> dict[str, Picture]:
    """Return every picture under its name."""
    one = on_car("us.jpg", plate(("KVM3058",), size=(190, 62), weight=5))
    two = on_car("br.jpg", plate(("HZL", "6291"), size=(150, 118), weight=7))
    return {
        "one_line": one,
        "two_lines": two,
        "three_lines": on_car("br.jpg", plate(("GA", "07", "5183"), size=(124, 132), weight=6)),
        "lookalikes": on_car("us.jpg", plate(("B0I8O1S",), size=(190, 62), weight=4)),
        "rare_letters": on_car("us.jpg", plate(("IQO5Q21",), size=(190, 62), weight=4)),
        "light_on_dark": on_car(
            "us.jpg", plate(("TRN7146",), size=(190, 56), ink=230, paper=40, weight=5)
        ),
        # Words are anywhere: a plate of letters alone that the network is not sure of is left out.
        "letters": on_car("us.jpg", plate(("KVMRTN",), size=(190, 62), weight=5)),
        "faded": faded(
            cv2.resize(one, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA),
            blur=1.5,
            contrast=0.4,
            noise=1,
        ),
        "turned": turned(one, 31.0),
        "leaning": turned(one, -9.0),
        "small": cv2.resize(one, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA),
    }


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    mask = np.zeros((96, 128), np.uint8)
    mask[30:80, :70] = 255
    cv2.imwrite(str(PICTURES / "mask.png"), mask)
    for name, picture in pictures().items():
        cv2.imwrite(str(PICTURES / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


if __name__ == "__main__":
    main()
