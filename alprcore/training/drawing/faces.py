# SPDX-License-Identifier: Apache-2.0
"""The character faces that rendered plates are drawn with, as distance fields.

Three kinds: outline fonts, parametric stroke faces (`stroke_faces`) and real binarised plate
characters. A glyph is kept as a distance field, so that any stroke weight can be drawn crisply at
any size. Everything is plain NumPy once loaded; Pillow is needed only by `load_fonts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.training.drawing import phrases, stroke_faces

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Rows of a capital in a stored glyph. Plates are drawn with characters of 40-110 px.
cap_rows = 80
# Field around the capital's box: room for the tail of Q and for heavier strokes.
margin = 14
# Units of the stored field for one pixel of distance; 128 is the edge.
units_per_pixel = 8.0
word_rows = 40
# Real characters blended into one glyph: their binarisation noise averages out.
blended = 5
# Faces made from each sheet of real characters, and parametric faces.
faces_per_sheet = 6
stroke_face_count = 60

Mask = NDArray[np.uint8]
Field = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Face:
    """One typeface: a distance field per character, `margin` around the capital's box."""

    name: str
    fields: dict[str, Field]

    def has(self, text: str) -> bool:
        """Whether every character of `text` can be drawn."""
        return all(char in self.fields for char in text)


@dataclass(frozen=True, slots=True)
class HangulFace:
    """A mask (ink 255) `cap_rows` high for each syllable, empty columns on both sides."""

    name: str
    masks: dict[str, Mask]


@dataclass(frozen=True, slots=True)
class FontSet:
    """Faces by kind, and masks of whole phrases for state names, slogans and stickers.

    Those of `hangul` are loaded by `hangul_faces.load_hangul`, for plates that need them.
    """

    outline: tuple[Face, ...]
    stroke: tuple[Face, ...]
    real: dict[str, tuple[Face, ...]]
    words: dict[str, tuple[Mask, ...]]
    hangul: tuple[HangulFace, ...] = ()


def distance_field(mask: Mask) -> Field:
    """Return the field of a mask (ink 255) of `cap_rows` rows plus `margin` on every side."""
    ink = (mask > 127).astype(np.uint8)
    inside = cv2.distanceTransform(ink, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - ink, cv2.DIST_L2, 3)
    # Grey edge pixels carry the sub-pixel position of the outline.
    edge = np.where((mask > 10) & (mask < 245), mask / 255.0 - 0.5, inside - outside)
    edge = np.where((ink > 0) & (mask >= 245), inside - 0.5, edge)
    edge = np.where((ink == 0) & (mask <= 10), 0.5 - outside, edge)
    return np.clip(128 + units_per_pixel * edge, 0, 255).astype(np.uint8)


def tight_columns(mask: Mask) -> Mask:
    """Return the columns that hold ink, with `margin` empty columns on both sides."""
    columns = np.flatnonzero(mask.max(axis=0) > 60)
    body = mask[:, columns[0] : columns[-1] + 1]
    return np.pad(body, ((0, 0), (margin, margin)))


def outline_mask(font: FreeTypeFont, char: str) -> Mask:
    """Return one character of a font, its baseline `margin` above the last row."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    size = (3 * cap_rows, cap_rows + 2 * margin)
    picture = Image.new("L", size)
    ImageDraw.Draw(picture).text(
        (cap_rows, cap_rows + margin), char, font=font, fill=255, anchor="ls"
    )
    return np.asarray(picture, dtype=np.uint8)


def outline_face(path: Path) -> Face | None:
    """Return the face of a font file, or None when its digits are not as tall as its capitals."""
    from PIL import ImageFont  # noqa: PLC0415

    probe = ImageFont.truetype(str(path), 200)
    _, top, _, bottom = probe.getbbox("H", anchor="ls")
    font = ImageFont.truetype(str(path), round(200 * cap_rows / (bottom - top)))
    fields = {}
    for char in alphabet:
        mask = outline_mask(font, char)
        rows = np.flatnonzero(mask.max(axis=1) > 127)
        if rows.size == 0 or not 0.86 * cap_rows < np.ptp(rows) + 1 < 1.34 * cap_rows:
            return None
        fields[char] = distance_field(tight_columns(mask))
    return Face(path.stem, fields)


def sheet_glyphs(path: Path) -> dict[str, list[Mask]]:
    """Return the characters of a sheet with its ``.box`` file, ink 255, cut to their boxes."""
    sheet = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if sheet is None:
        return {}
    glyphs: dict[str, list[Mask]] = {}
    for row in path.with_suffix(".box").read_text(encoding="utf-8").splitlines():
        char, left, bottom, right, top = row.split()[:5]
        body = (
            255
            - sheet[
                sheet.shape[0] - int(top) : sheet.shape[0] - int(bottom), int(left) : int(right)
            ]
        )
        if char.upper() in alphabet and min(body.shape) > 4:
            glyphs.setdefault(char.upper(), []).append(body.astype(np.uint8))
    return glyphs


def blend_glyph(rng: np.random.Generator, samples: list[Mask]) -> Field:
    """Return the field of a few similar real characters, averaged."""
    chosen = samples[int(rng.integers(len(samples)))]
    aspect = chosen.shape[1] / chosen.shape[0]
    similar = [s for s in samples if abs(s.shape[1] / s.shape[0] / aspect - 1) < 0.08]
    others = rng.integers(len(similar), size=blended - 1)
    picks = [chosen, *(similar[int(i)] for i in others)]
    size = (max(6, round(cap_rows * aspect)), cap_rows)
    mean = np.mean([cv2.resize(p, size, interpolation=cv2.INTER_CUBIC) for p in picks], axis=0)
    soft = cv2.GaussianBlur(np.pad(mean, margin), (0, 0), 1.5)
    return distance_field(np.clip((soft - 127.5) * 3 + 127.5, 0, 255).astype(np.uint8))


def real_faces(folder: Path) -> dict[str, tuple[Face, ...]]:
    """Return faces of real characters by country, from the sheets in `folder`."""
    faces: dict[str, tuple[Face, ...]] = {}
    for path in sorted(folder.glob("*.tif")):
        rng = np.random.default_rng(len(faces))
        country = path.name.split(".")[1]
        glyphs = {char: some for char, some in sheet_glyphs(path).items() if len(some) >= 3}
        faces[country] = tuple(
            Face(f"{country}{i}", {c: blend_glyph(rng, some) for c, some in glyphs.items()})
            for i in range(faces_per_sheet)
        )
    return faces


def stroke_face(index: int) -> Face:
    """Return the parametric face number `index`."""
    rng = np.random.default_rng(index)
    shape = stroke_faces.random_shape(rng)
    fields = {}
    for char in alphabet:
        mask = stroke_faces.glyph_mask(char, shape, cap_rows)
        fields[char] = distance_field(tight_columns(np.pad(mask, ((margin, margin), (0, 0)))))
    return Face(f"stroke{index}", fields)


def phrase_mask(font: FreeTypeFont, phrase: str) -> Mask:
    """Return a phrase drawn in `word_rows` rows, cut to its ink."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    left, top, right, bottom = (int(v) for v in font.getbbox(phrase))
    picture = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(picture).text((2 - left, 2 - top), phrase, font=font, fill=255)
    mask = np.asarray(picture, dtype=np.uint8)
    width = max(4, round(mask.shape[1] * word_rows / mask.shape[0]))
    return np.asarray(cv2.resize(mask, (width, word_rows), interpolation=cv2.INTER_AREA), np.uint8)


def phrase_masks(paths: list[Path]) -> dict[str, tuple[Mask, ...]]:
    """Return masks of every phrase of `phrases`, by kind, each in two faces."""
    from PIL import ImageFont  # noqa: PLC0415

    rng = np.random.default_rng(7)
    fonts = [ImageFont.truetype(str(path), 48) for path in paths]
    masks: dict[str, tuple[Mask, ...]] = {}
    for kind, texts in phrases.by_kind.items():
        drawn = []
        for text in texts:
            for i in rng.integers(len(fonts), size=2):
                drawn.append(phrase_mask(fonts[int(i)], text))
                if rng.random() < 0.4:
                    drawn.append(phrase_mask(fonts[int(i)], text.upper()))
        masks[kind] = tuple(drawn)
    return masks


def plain_words() -> dict[str, tuple[Mask, ...]]:
    """Return the phrases that plates carry besides their text, in a face that needs no font."""
    words: dict[str, tuple[Mask, ...]] = {}
    for kind, texts in phrases.by_kind.items():
        masks = []
        for text in texts:
            (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)
            mask = np.zeros((height + below + 4, width + 4), np.uint8)
            cv2.putText(mask, text, (2, height + 2), cv2.FONT_HERSHEY_DUPLEX, 1.0, 255, 2)
            size = (max(4, round(mask.shape[1] * word_rows / mask.shape[0])), word_rows)
            masks.append(np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8))
        words[kind] = tuple(masks)
    return words


def load_fonts(folder: Path, *, glyphs: Path | None = None) -> FontSet:
    """Return the faces below `folder` (see `training.fonts`) and of the sheets in `glyphs`.

    Parameters
    ----------
    folder
        Holds ``plate/`` and ``word/`` with font files.
    glyphs
        Holds sheets of real binarised characters, ``*.tif`` with ``*.box``.

    Raises
    ------
    FileNotFoundError
        If there is no usable font below `folder`.
    """
    files = [p for p in sorted(folder.rglob("*")) if p.suffix in {".ttf", ".otf", ".woff"}]
    plate = [p for p in files if "plate" in p.parts and "italic" not in p.stem]
    found = [face for face in map(outline_face, plate) if face is not None]
    if not found:
        message = f"fonts: expected font files below {folder}/plate, found none"
        raise FileNotFoundError(message)
    words = [p for p in files if "word" in p.parts]
    return FontSet(
        outline=tuple(found),
        stroke=tuple(stroke_face(i) for i in range(stroke_face_count)),
        real=real_faces(glyphs) if glyphs is not None else {},
        words=phrase_masks(words + words + plate[::6]),
    )
