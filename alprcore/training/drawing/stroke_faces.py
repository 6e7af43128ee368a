# SPDX-License-Identifier: Apache-2.0
"""Parametric faces of one stroke width with rounded corners, as plate dies are cut.

Most American plates use such faces and no free font has them all. A character is a few polylines
in the unit square; corners marked round get an arc. One `StrokeShape` fixes the proportions.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Corner = tuple[float, float, bool]
Path = tuple[bool, tuple[Corner, ...]]
"""Whether it is closed, and its corners: x, y, rounded."""


@dataclass(frozen=True, slots=True)
class StrokeShape:
    """Proportions of a face, in units of the character height unless said otherwise."""

    width: float
    stroke: float
    radius: float
    middle: float
    wide_m: float
    flag: int
    serif_i: bool
    oval_o: float
    slashed_zero: int
    flat_a: bool
    flat_three: bool
    open_tail: float
    straight_six: bool


def random_shape(rng: np.random.Generator) -> StrokeShape:
    """Return a random face."""
    width = float(rng.uniform(0.38, 0.62))
    return StrokeShape(
        width=width,
        stroke=float(rng.uniform(0.09, 0.19)),
        radius=float(rng.choice([0.12, 0.2, 0.3, 0.5], p=[0.2, 0.35, 0.3, 0.15])),
        middle=float(rng.uniform(0.44, 0.53)),
        wide_m=float(rng.choice([1.0, 1.1, 1.25])),
        flag=int(rng.choice(3, p=[0.3, 0.35, 0.35])),
        serif_i=bool(rng.random() < 0.5),
        oval_o=float(rng.choice([1.0, 1.0, 1.15, 0.9])),
        slashed_zero=int(rng.choice(3, p=[0.88, 0.1, 0.02])),
        flat_a=bool(rng.random() < 0.15),
        flat_three=bool(rng.random() < 0.12),
        open_tail=float(rng.uniform(0.14, 0.28)),
        straight_six=bool(rng.random() < 0.2),
    )


def parse(text: str) -> tuple[Path, ...]:
    """Return the polylines written in `text`.

    Corners are ``x,y`` or ``x,yr`` (rounded), polylines are separated by ``;``, ``z`` closes.
    """
    paths = []
    for part in text.split(";"):
        words = part.split()
        corners = []
        for word in words:
            if word == "z":
                continue
            x, y = word.rstrip("r").split(",")
            corners.append((float(x), float(y), word.endswith("r")))
        paths.append((words[-1] == "z", tuple(corners)))
    return tuple(paths)


def outline(char: str, shape: StrokeShape) -> str:
    """Return the polylines of `char` in the notation of `parse`."""
    m, t = shape.middle, shape.open_tail
    ring = "0,0r 1,0r 1,1r 0,1r z"
    plain: dict[str, str] = {
        "0": ring + ("", "; 0.1,0.85 0.9,0.15", "; 0.5,0.45 0.5,0.55")[shape.slashed_zero],
        "1": ("0.5,0 0.5,1", "0.05,0.24 0.5,0 0.5,1", "0.1,0.2 0.5,0 0.5,1; 0,1 1,1")[shape.flag],
        "2": f"0,{t} 0,0r 1,0r 1,{m}r 0,1 1,1",
        "3": f"0,{t} 0,0r 1,0r 1,{m}r 0.3,{m}; 0.3,{m} 1,{m}r 1,1r 0,1r 0,{1 - t}",
        "4": "0.72,1 0.72,0 0,0.7 1,0.7",
        "5": f"1,0 0.04,0 0,{m} 1,{m - 0.06}r 1,1r 0,1r 0,{1 - t}",
        "6": f"1,{t} 1,0r 0,0r 0,1r 1,1r 1,{m - 0.05}r 0,{m - 0.05}r 0,0.75",
        "7": "0,0 1,0 0.35,1",
        "8": f"0.05,0r 0.95,0r 0.95,{m}r 0.05,{m}r z; 0,{m}r 1,{m}r 1,1r 0,1r z",
        "9": f"0,{1 - t} 0,1r 1,1r 1,0r 0,0r 0,{1.05 - m}r 1,{1.05 - m}r 1,0.25",
        "A": "0,1 0.5,0 1,1; 0.17,0.68 0.83,0.68",
        "B": f"0,0 0.94,0r 0.94,{m}r 0,{m} z; 0,{m} 1,{m}r 1,1r 0,1 z",
        "C": f"1,{t} 1,0r 0,0r 0,1r 1,1r 1,{1 - t}",
        "D": "0,0 1,0r 1,1r 0,1 z",
        "E": f"1,0 0,0 0,1 1,1; 0,{m} 0.82,{m}",
        "F": f"1,0 0,0 0,1; 0,{m} 0.8,{m}",
        "G": f"1,{t} 1,0r 0,0r 0,1r 1,1r 1,{m + 0.06} 0.5,{m + 0.06}",
        "H": f"0,0 0,1; 1,0 1,1; 0,{m} 1,{m}",
        "I": "0.5,0 0.5,1" + ("; 0,0 1,0; 0,1 1,1" if shape.serif_i else ""),
        "J": f"1,0 1,1r 0,1r 0,{0.96 - t}",
        "K": "0,0 0,1; 1,0 0,0.62; 0.33,0.42 1,1",
        "L": "0,0 0,1 1,1",
        "M": "0,1 0,0 0.5,0.62 1,0 1,1",
        "N": "0,1 0,0 1,1 1,0",
        "O": ring,
        "P": f"0,1 0,0 1,0r 1,{m + 0.06}r 0,{m + 0.06}",
        "Q": ring + "; 0.5,0.68 1.02,1.04",
        "R": f"0,1 0,0 1,0r 1,{m + 0.05}r 0,{m + 0.05}; 0.42,{m + 0.05} 1,1",
        "S": f"1,{t} 1,0r 0,0r 0,{m}r 1,{m}r 1,1r 0,1r 0,{1 - t}",
        "T": "0,0 1,0; 0.5,0 0.5,1",
        "U": "0,0 0,1r 1,1r 1,0",
        "V": "0,0 0.5,1 1,0",
        "W": "0,0 0.24,1 0.5,0.3 0.76,1 1,0",
        "X": "0,0 1,1; 1,0 0,1",
        "Y": "0,0 0.5,0.5 1,0; 0.5,0.5 0.5,1",
        "Z": "0,0 1,0 0,1 1,1",
    }
    return special_outline(char, shape) or plain[char]


def special_outline(char: str, shape: StrokeShape) -> str:
    """Return the polylines of a character that the face draws in its own way, else nothing."""
    t = shape.open_tail
    if char == "A" and shape.flat_a:
        return "0,1 0,0r 1,0r 1,1; 0,0.58 1,0.58"
    if char == "3" and shape.flat_three:
        return f"0,0 1,0 0.4,0.4 1,0.4r 1,1r 0,1r 0,{1 - t}"
    if char == "6" and shape.straight_six:
        return "0.7,0 0,0.6 0,1r 1,1r 1,0.45r 0,0.45r 0,0.8"
    if char == "9" and shape.straight_six:
        return "0.3,1 1,0.4 1,0r 0,0r 0,0.55r 1,0.55r 1,0.2"
    return ""


def relative_width(char: str, shape: StrokeShape) -> float:
    """Return the width of a character in units of the face's width."""
    if char == "I":
        return 0.55 if shape.serif_i else 0.02
    if char == "1":
        return (0.02, 0.5, 0.6)[shape.flag]
    if char in "MW":
        return shape.wide_m
    return shape.oval_o if char == "O" else 1.0


def rounded(path: Path, radius: float) -> NDArray[np.float64]:
    """Return the points of a polyline in pixels with its marked corners rounded."""
    closed, corners = path
    points = np.array([(x, y) for x, y, _ in corners])
    out: list[NDArray[np.float64]] = []
    for i, (_, _, is_round) in enumerate(corners):
        at = points[i]
        if not is_round or (not closed and i in {0, len(corners) - 1}):
            out.append(at[None])
            continue
        before, after = points[i - 1] - at, points[(i + 1) % len(points)] - at
        length_in, length_out = float(np.hypot(*before)), float(np.hypot(*after))
        reach = min(radius, 0.5 * length_in, 0.5 * length_out)
        if reach < 1e-6:
            out.append(at[None])
            continue
        start, end = at + before / length_in * reach, at + after / length_out * reach
        # Rational quadratic with weight cos 45 degrees: a circle's arc at a right angle.
        s = np.linspace(0, 1, 9)[:, None]
        w = 0.7071
        top = (1 - s) ** 2 * start + 2 * w * s * (1 - s) * at + s**2 * end
        out.append(top / ((1 - s) ** 2 + 2 * w * s * (1 - s) + s**2))
    if closed:
        out.append(out[0][:1])
    return np.concatenate(out)


def glyph_mask(char: str, shape: StrokeShape, rows: int) -> NDArray[np.uint8]:
    """Return `char` drawn `rows` high, ink 255, with empty columns on both sides."""
    scale = 3
    height = rows * scale
    stroke = shape.stroke * height
    width = max(0.0, shape.width * height * relative_width(char, shape) - stroke)
    pad = height // 4
    canvas = np.zeros((height, round(width + stroke) + 2 * pad), np.uint8)
    size = np.array([width, height - stroke])
    for closed, corners in parse(outline(char, shape)):
        scaled = tuple((x * size[0], y * size[1], r) for x, y, r in corners)
        points = rounded((closed, scaled), shape.radius * shape.width * height)
        points = points + (pad + stroke / 2, stroke / 2)
        line = np.round(points * 16).astype(np.int32)[:, None]
        cv2.polylines(
            canvas,
            [line],
            isClosed=False,
            color=255,
            thickness=max(1, round(stroke)),
            lineType=cv2.LINE_AA,
            shift=4,
        )
    small = cv2.resize(canvas, (canvas.shape[1] // scale, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
