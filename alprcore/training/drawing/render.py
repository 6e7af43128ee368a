# SPDX-License-Identifier: Apache-2.0
"""Rendered plates of the whole world with known text, for training.

``render_plate`` draws a clean upright plate; ``degrade.degrade`` makes it look photographed. Every
draw comes from the generator that is passed in, so a seed reproduces a data set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame
from alprcore.training.drawing.degrade import degrade
from alprcore.training.drawing.faces import FontSet, load_fonts
from alprcore.training.drawing.plate_ink import Canvas, DrawnLine
from alprcore.training.drawing.plate_kr import draw_korean, draw_korean_two, korean_text
from alprcore.training.drawing.plate_text import TextPlan, one_line_text, two_line_text
from alprcore.training.drawing.plate_two_line import draw_two_line
from alprcore.training.drawing.plate_us import draw_us
from alprcore.training.drawing.plate_wear import finish
from alprcore.training.drawing.plate_wide import draw_wide

__all__ = [
    "FontSet",
    "RenderedLine",
    "RenderedPlate",
    "degrade",
    "load_fonts",
    "render_plate",
    "styles",
]

# Families of each style with their shares; a name ending in 2 has two lines.
families: dict[str, tuple[tuple[str, float], ...]] = {
    "us": (("us", 1.0),),
    "eu": (
        ("de", 0.15),
        ("nl", 0.12),
        ("fr", 0.13),
        ("gb", 0.12),
        ("es", 0.06),
        ("it", 0.06),
        ("pl", 0.06),
        ("be", 0.04),
        ("rs", 0.04),
        ("eu", 0.17),
        ("sk", 0.05),
    ),
    "br": (("br", 0.75), ("brm", 0.25)),
    "ar": (("ar", 0.7), ("arm", 0.3)),
    "au": (("au", 1.0),),
    "in": (("in", 0.7), ("in2", 0.3)),
    "mx": (("mx", 1.0),),
    "sg": (("sg", 1.0),),
    "world": (("world", 1.0),),
    "eu2": (("eu2", 1.0),),
    "br2": (("br2", 1.0),),
    "vn2": (("vn2", 1.0),),
    "world2": (("world2", 1.0),),
    "kr": (("kr", 1.0),),
    "kr2": (("kr2", 1.0),),
}
# How often each style is drawn when none is asked for: the American ones are the hardest to read.
# Those in another script are drawn only when asked for.
styles: dict[str, float] = {
    "us": 0.4, "eu": 0.24, "br": 0.07, "ar": 0.03, "au": 0.03, "in": 0.02, "mx": 0.03, "sg": 0.02,
    "world": 0.06, "eu2": 0.04, "br2": 0.02, "vn2": 0.02, "world2": 0.02,
    "kr": 0.0, "kr2": 0.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RenderedLine:
    """One line of the main text: its characters and each one's ink box in pixels.

    `boxes` is (n, 4) float32: left, top, right, bottom; `top` and `bottom` bound the capitals.
    """

    text: str
    boxes: NDArray[np.float32]
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class RenderedPlate:
    """A clean upright plate whose edge is the picture's edge, and its main text lines."""

    image: Frame
    lines: tuple[RenderedLine, ...]
    country: str


def draw_family(
    rng: np.random.Generator, fonts: FontSet, family: str
) -> tuple[Canvas, list[DrawnLine], TextPlan]:
    """Return a drawn plate of a family with its text."""
    if family == "kr":
        plan = korean_text(rng, 1)
        return *draw_korean(rng, fonts, plan, int(rng.integers(100, 161))), plan
    if family == "kr2":
        plan = korean_text(rng, 2)
        return *draw_korean_two(rng, fonts, plan, int(rng.integers(130, 201))), plan
    if family.endswith("2"):
        plan = two_line_text(rng, family[:-1])
        return *draw_two_line(rng, fonts, plan, int(rng.integers(130, 201)), family[:-1]), plan
    plan = one_line_text(rng, family)
    if family == "us":
        return *draw_us(rng, fonts, plan, int(rng.integers(120, 181))), plan
    return *draw_wide(rng, fonts, plan, int(rng.integers(100, 141)), family), plan


def render_plate(
    rng: np.random.Generator, fonts: FontSet, *, style: str | None = None
) -> RenderedPlate:
    """Return a random plate, 100 to 200 pixels high.

    Parameters
    ----------
    rng
        Source of every choice.
    fonts
        From `load_fonts`.
    style
        One of `styles`; drawn by their shares when None.
    """
    if style is None:
        style = str(
            rng.choice(list(styles), p=np.array(list(styles.values())) / sum(styles.values()))
        )
    names = [name for name, _ in families[style]]
    family = str(rng.choice(names, p=[share for _, share in families[style]]))
    canvas, drawn, plan = draw_family(rng, fonts, family)
    lines = tuple(
        RenderedLine("".join(groups), line.boxes, line.top, line.bottom)
        for groups, line in zip(plan.lines, drawn, strict=True)
    )
    image = np.clip(finish(canvas, rng), 0, 255).astype(np.uint8)
    return RenderedPlate(image, lines, style)
