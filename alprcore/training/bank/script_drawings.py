# SPDX-License-Identifier: Apache-2.0
"""Drawn plates of several scripts, for the network that tells them apart.

``python -m alprcore.training.bank.script_drawings --fonts DIR --chinese-fonts DIR --out FILE``

The real crops at hand are nearly all blue and of one province in China, white and of one line in
Korea; drawn ones bring the other colours, provinces and two-line plates, and Latin plates as
various as they are, so that being drawn says nothing.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np

from alprcore.records import GrayImage
from alprcore.training.bank.rendered import crop_of, korean_faces, korean_styles
from alprcore.training.drawing.faces import FontSet, load_fonts
from alprcore.training.drawing.plate_cn import chinese_fonts, draw_chinese
from alprcore.training.drawing.render import RenderedPlate, render_plate

Draw = Callable[[np.random.Generator], RenderedPlate]


def drawn_scripts(
    latin: FontSet, korean: FontSet, chinese: FontSet, count: int, seed: int
) -> dict[str, list[GrayImage]]:
    """Return `count` grey crops with surroundings for each script that is drawn."""
    draws: dict[str, Draw] = {
        "Latin": lambda rng: render_plate(rng, latin),
        "Hangul": lambda rng: render_plate(
            rng, korean, style=korean_styles[int(rng.integers(len(korean_styles)))]
        ),
        "Chinese": lambda rng: draw_chinese(rng, chinese),
    }
    return {
        script: [_crop(draw, np.random.default_rng((seed, number, i))) for i in range(count)]
        for number, (script, draw) in enumerate(draws.items())
    }


def _crop(draw: Draw, rng: np.random.Generator) -> GrayImage:
    while True:
        plate = draw(rng)
        if all(line.text for line in plate.lines):
            return crop_of(plate, int(rng.integers(len(plate.lines))), rng).image


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds glyphs/")
    parser.add_argument("--fonts", type=Path, required=True, help="as `training fonts` leaves them")
    parser.add_argument(
        "--chinese-fonts", type=Path, required=True, help="fonts that have Chinese characters"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1800, help="of each script")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    latin = load_fonts(options.fonts, glyphs=options.data / "glyphs")
    korean = korean_faces(latin, options.fonts)
    chinese = chinese_fonts(options.chinese_fonts)
    crops = drawn_scripts(latin, korean, chinese, options.count, options.seed)
    options.out.write_bytes(pickle.dumps(crops))
    print({script: len(some) for script, some in crops.items()}, f"in {options.out}")


if __name__ == "__main__":
    main()
