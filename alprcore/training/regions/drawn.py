# SPDX-License-Identifier: Apache-2.0
"""Drawn plates of designs that no state issued, but with a state's name on them.

Every state has dozens of designs that are in no training set; on most of them the name stands at
the upper rim. These plates have nothing else to go by.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alprcore.countries.file import parse_country
from alprcore.records import Frame
from alprcore.resources import country_text
from alprcore.training.drawing import phrases
from alprcore.training.drawing.faces import Mask, phrase_mask
from alprcore.training.drawing.plate_art import near, paste_words
from alprcore.training.drawing.plate_ground import median_level, paint_ground, pick_ink
from alprcore.training.drawing.plate_ink import Canvas

ROWS, COLS = 100, 200
# What stands on plates besides the name of the country file.
OTHER_NAMES = {
    "dc": ("Washington, D.C.", "Washington, DC", "District of Columbia"),
    "fl": ("Florida", "MyFlorida.com"),
    "hi": ("Hawaii", "Hawai'i"),
    "pa": ("Pennsylvania", "Penna"),
}


class DrawnPlates:
    """A source of drawn plates.

    Parameters
    ----------
    codes
        The states in the order of the classes.
    fonts
        Folder with font files, as `training.fonts` fills it; faces for words lie in ``word/``.

    Raises
    ------
    FileNotFoundError
        If there is no font.
    """

    def __init__(self, codes: Sequence[str], fonts: Path) -> None:
        from PIL import ImageFont  # noqa: PLC0415

        files = [p for p in sorted(fonts.rglob("*")) if p.suffix in {".ttf", ".otf", ".woff"}]
        if not files:
            message = f"fonts: expected font files below {fonts}, found none"
            raise FileNotFoundError(message)
        words = [path for path in files if "word" in path.parts]
        faces = [ImageFont.truetype(str(path), 48) for path in [*words, *files[::8]]]
        country = parse_country(country_text("us"), "us.toml")
        names = {region.code: (region.name,) for region in country.regions} | OTHER_NAMES
        self.names = [
            [
                phrase_mask(face, text)
                for face in faces
                for name in names[code]
                for text in (name, name.upper())
            ]
            for code in codes
        ]
        # No slogans: most belong to one state.
        self.words: list[Mask] = [
            phrase_mask(faces[i % len(faces)], text)
            for i, text in enumerate(phrases.by_kind["county"] + phrases.by_kind["frame"])
        ]

    def draw(self, state: int, rng: np.random.Generator) -> Frame:
        """Return a (100, 200, 3) plate without characters that carries the state's name."""
        canvas: Canvas = np.zeros((ROWS, COLS, 3), np.float32)
        paint_ground(canvas, rng, light=bool(rng.random() < 0.8))
        on_top = rng.random() < 0.8
        masks = self.names[state]
        self._write(canvas, rng, masks[int(rng.integers(len(masks)))], on_top=on_top)
        if rng.random() < 0.7:
            mask = self.words[int(rng.integers(len(self.words)))]
            self._write(canvas, rng, mask, on_top=not on_top)
        return np.clip(canvas, 0, 255).astype(np.uint8)

    @staticmethod
    def _write(canvas: Canvas, rng: np.random.Generator, mask: Mask, *, on_top: bool) -> None:
        inset, high = COLS * rng.uniform(0.05, 0.3), ROWS * rng.uniform(0.13, 0.24)
        top = ROWS * rng.uniform(0.02, 0.06)
        if not on_top:
            top = ROWS - top - high
        color = near(rng, pick_ink(rng, median_level(canvas, top, top + high)), 20)
        paste_words(canvas, mask, (inset, top, COLS - inset, top + high), color)
