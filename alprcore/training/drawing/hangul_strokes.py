# SPDX-License-Identifier: Apache-2.0
"""Hangul syllables of one stroke width, as plate dies are cut: letters in boxes, boxes at random.

The dies of Korean plates are no free font. A syllable is two or three letters, each a few
polylines in the unit square (notation of `stroke_faces.parse`), in the boxes that its vowel asks
for; one `SyllableShape` fixes the proportions of a face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.showing.hangul import letter_places
from alprcore.training.drawing.stroke_faces import parse, rounded

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in the syllable's unit square."""

ring = "0,0r 1,0r 1,1r 0,1r z"
consonants: dict[str, str] = {
    "ㄱ": "0,0 1,0 0.86,1",
    "ㄴ": "0,0 0,1 1,1",
    "ㄷ": "1,0 0,0 0,1 1,1",
    "ㄹ": "0,0 1,0 1,0.5 0,0.5 0,1 1,1",
    "ㅁ": "0,0 1,0 1,1 0,1 z",
    "ㅂ": "0,0 0,1 1,1 1,0; 0,0.5 1,0.5",
    "ㅅ": "0.5,0 0.38,0.5 0,1; 0.47,0.35 1,1",
    "ㅇ": ring,
    "ㅈ": "0,0 1,0; 0.5,0 0.4,0.5 0,1; 0.47,0.4 1,1",
    "ㅊ": "0.3,0 0.7,0; 0,0.28 1,0.28; 0.5,0.28 0,1; 0.47,0.55 1,1",
    "ㅎ": "0.3,0 0.7,0; 0,0.25 1,0.25; 0.1,0.46r 0.9,0.46r 0.9,1r 0.1,1r z",
}
upright_vowels: dict[str, str] = {
    "ㅏ": "0,0 0,1; 0,0.5 1,0.5",
    "ㅐ": "0,0 0,1; 1,0 1,1; 0,0.5 1,0.5",
    "ㅓ": "1,0 1,1; 0,0.5 1,0.5",
    "ㅔ": "0.6,0 0.6,1; 1,0 1,1; 0,0.5 0.6,0.5",
    "ㅕ": "1,0 1,1; 0,0.36 1,0.36; 0,0.66 1,0.66",
    "ㅣ": "0.5,0 0.5,1",
}
level_vowels: dict[str, str] = {
    "ㅗ": "0,1 1,1; 0.5,0 0.5,1",
    "ㅜ": "0,0 1,0; 0.5,0 0.5,1",
    "ㅠ": "0,0 1,0; 0.3,0 0.3,1; 0.7,0 0.7,1",
}
double_vowels = {"ㅘ": ("ㅗ", "ㅏ"), "ㅝ": ("ㅜ", "ㅓ")}

# The letters in the order of `hangul.letter_places`.
_first = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_middle = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_last = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


@dataclass(frozen=True, slots=True)
class SyllableShape:
    """Proportions of a face, in units of the syllable's height unless said otherwise."""

    width: float
    stroke: float
    first: float
    vowel_gap: float
    upper: float
    inset: float
    tick: float


def random_syllables(rng: np.random.Generator) -> SyllableShape:
    """Return a random face."""
    return SyllableShape(
        width=float(rng.uniform(0.75, 1.05)),
        stroke=float(rng.uniform(0.06, 0.13)),
        first=float(rng.uniform(0.45, 0.58)),
        vowel_gap=float(rng.uniform(0.1, 0.2)),
        upper=float(rng.uniform(0.46, 0.56)),
        inset=float(rng.uniform(0.0, 0.14)),
        tick=float(rng.uniform(0.8, 1.1)),
    )


def letters_of(syllable: str) -> tuple[str, str, str]:
    """Return first consonant, vowel and last consonant of a syllable; the last one may be empty."""
    first, vowel, last = letter_places(syllable)
    return _first[first], _middle[vowel], _last[last].strip()


def placed_letters(syllable: str, shape: SyllableShape) -> list[tuple[str, Box]]:
    """Return the polylines of a syllable's letters, each with its box."""
    first, vowel, last = letters_of(syllable)
    f, i = shape.first, shape.inset
    side = f + shape.vowel_gap  # where an upright vowel begins
    # With a last consonant all else is in the upper part.
    floor = shape.upper if last else 1.0
    under: list[tuple[str, Box]] = []
    if last:
        under = [(consonants[last], (i, shape.upper + 0.18, 1.0 - i, 1.0))]
    if vowel in upright_vowels:
        right = side + (1 - side) * shape.tick if vowel == "ㅏ" else 1.0
        return [
            (consonants[first], (0.0, 0.06, f, floor - (0.0 if last else 0.12))),
            (upright_vowels[vowel], (side, 0.0, right, floor)),
            *under,
        ]
    if vowel in level_vowels:
        parted = 0.55 if not last else 0.5
        low = floor if not last else floor + 0.02
        return [
            (consonants[first], (i, 0.0, 1.0 - i, parted * floor)),
            (level_vowels[vowel], (0.0, (parted + 0.17) * floor, 1.0, low)),
            *under,
        ]
    level, upright = double_vowels[vowel]
    return [
        (consonants[first], (0.04, 0.02, f, 0.48 * floor)),
        (level_vowels[level], (0.0, 0.64 * floor, side, 0.9 * floor)),
        (upright_vowels[upright], (side + 0.06, 0.0, 1.0, floor)),
        *under,
    ]


def syllable_mask(syllable: str, shape: SyllableShape, rows: int) -> NDArray[np.uint8]:
    """Return a syllable drawn `rows` high, ink 255, with empty columns on both sides.

    Raises
    ------
    ValueError, KeyError
        If it is not a syllable, or one with a letter that no plate carries.
    """
    scale = 3
    height = rows * scale
    stroke = shape.stroke * height
    size = np.array([shape.width * height - stroke, height - stroke])
    pad = height // 4
    canvas = np.zeros((height, round(size[0] + stroke) + 2 * pad), np.uint8)
    for drawn, (left, top, right, bottom) in placed_letters(syllable, shape):
        corner, span = np.array([left, top]) * size, np.array([right - left, bottom - top]) * size
        for closed, corners in parse(drawn):
            scaled = tuple((x * span[0], y * span[1], r) for x, y, r in corners)
            points = rounded((closed, scaled), 0.5 * float(span.max())) + corner
            line = np.round((points + (pad + stroke / 2, stroke / 2)) * 16).astype(np.int32)
            thickness = max(1, round(stroke))
            cv2.polylines(canvas, [line[:, None]], False, 255, thickness, cv2.LINE_AA, 4)
    small = cv2.resize(canvas, (canvas.shape[1] // scale, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
