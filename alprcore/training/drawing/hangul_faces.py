# SPDX-License-Identifier: Apache-2.0
"""The Hangul of Korean plates: which syllables they carry, and the faces to draw these with."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from alprcore.training.drawing.faces import (
    Face,
    HangulFace,
    Mask,
    cap_rows,
    distance_field,
    margin,
    tight_columns,
)
from alprcore.training.drawing.hangul_strokes import random_syllables, syllable_mask

# The letter of a plate says what the vehicle is used for: private cars, taxis and buses, parcels,
# hire cars, the army.
private = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
others = "바사아자배하허호육공해국합"
use_letters = private + others
# Plates of trade carry their province or city, all plates did until 2003.
places = (
    "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기", "강원", "충북", "충남",
    "전북", "전남", "경북", "경남", "제주",
)  # fmt: skip
syllables = "".join(dict.fromkeys(use_letters + "".join(places)))
drawn_faces = 40


def outline_syllables(path: Path, chars: str = syllables, *, index: int = 0) -> HangulFace:
    """Return the syllables, or others, of a font file; the tallest span all rows.

    Others stand as they do; `index` is that of the face in a collection.

    Raises
    ------
    ValueError
        If one of them is missing.
    """
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    font = ImageFont.truetype(str(path), 160, index=index)
    drawn: dict[str, Mask] = {}
    for syllable in chars:
        picture = Image.new("L", (400, 400))
        ImageDraw.Draw(picture).text((100, 280), syllable, font=font, fill=255, anchor="ls")
        drawn[syllable] = np.asarray(picture, np.uint8)
        if not drawn[syllable].any():
            raise ValueError(f"{path}: expected the character {syllable}")
    rows = np.flatnonzero(np.max([mask.max(axis=1) for mask in drawn.values()], axis=0) > 127)
    scale = cap_rows / (np.ptp(rows) + 1)
    size = (round(400 * scale), cap_rows)
    return HangulFace(
        path.stem,
        {
            syllable: np.asarray(
                cv2.resize(mask[rows[0] : rows[-1] + 1], size, interpolation=cv2.INTER_AREA),
                np.uint8,
            )
            for syllable, mask in drawn.items()
        },
    )


def stroke_syllables(index: int) -> HangulFace:
    """Return the parametric face number `index`."""
    shape = random_syllables(np.random.default_rng(index))
    masks = {syllable: syllable_mask(syllable, shape, cap_rows) for syllable in syllables}
    return HangulFace(f"hangul{index}", masks)


def drawn_hangul() -> tuple[HangulFace, ...]:
    """Return the parametric faces."""
    return tuple(map(stroke_syllables, range(drawn_faces)))


def load_hangul(folder: Path) -> tuple[HangulFace, ...]:
    """Return the faces of the font files below `folder`.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    files = sorted(folder.rglob("*.woff"))
    if not files:
        raise FileNotFoundError(f"fonts: expected font files below {folder}, found none")
    return tuple(map(outline_syllables, files))


def with_hangul(
    face: Face, hangul: HangulFace, text: str, *, height: float, stretch: float, down: float
) -> Face:
    """Return a face that has the Hangul of `text` too.

    Parameters
    ----------
    face, hangul
    text
    height
        Of the tallest syllables, as a share of the digits'; at most 1.2.
    stretch
        Factor of their width.
    down
        Of the room that their height leaves, the share above them.
    """
    fields = dict(face.fields)
    rows = round(cap_rows * height)
    above = round((cap_rows - rows) * down)
    for syllable in set(text) & set(hangul.masks):
        mask = hangul.masks[syllable]
        size = (max(4, round(mask.shape[1] * height * stretch)), rows)
        body = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
        rims = (margin + above, margin + cap_rows - rows - above)
        fields[syllable] = distance_field(tight_columns(np.pad(body, (rims, (0, 0)))))
    return Face(f"{face.name}+{hangul.name}", fields)
