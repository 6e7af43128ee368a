# SPDX-License-Identifier: Apache-2.0
"""Families of plates outside North America: proportions, colours, faces and surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alprcore.training.drawing.faces import Face, FontSet
from alprcore.training.drawing.plate_ink import Color, InkStyle

black: Color = (30, 28, 28)
white: Color = (235, 235, 235)
yellow: Color = (30, 190, 245)
orange: Color = (20, 140, 240)
red: Color = (40, 35, 170)
dark_blue: Color = (130, 60, 20)
green: Color = (60, 110, 20)
grey: Color = (165, 170, 172)


@dataclass(frozen=True, slots=True)
class WideDesign:
    """One family of plates: proportions, colour pairs (ground, ink) and what surrounds the text."""

    aspect: float
    height: float
    colors: tuple[tuple[Color, Color], ...]
    faces: tuple[str, ...] = ()
    left_band: float = 0.0
    right_band: float = 0.0
    top_words: float = 0.0
    top_band: float = 0.0
    between: float = 0.0
    hyphen: float = 0.0
    stretch: tuple[float, float] = (0.9, 1.1)
    group_gap: tuple[float, float] = (0.3, 0.6)
    left_arms: float = 0.0


european = ((white, black),) * 6 + (
    (yellow, black),
    (white, red),
    (white, dark_blue),
    (white, green),
)
designs: dict[str, WideDesign] = {
    "de": WideDesign(
        4.73, 0.69, ((white, black),), ("germany",), 0.97, between=0.9, group_gap=(0.35, 0.75)
    ),
    "nl": WideDesign(
        4.73,
        0.69,
        ((yellow, black),) * 5 + ((white, black), (dark_blue, white)),
        ("netherlands",),
        0.9,
        hyphen=0.95,
    ),
    "fr": WideDesign(
        4.73,
        0.69,
        ((white, black),) * 4 + ((yellow, black), (black, white)),
        ("france",),
        0.9,
        right_band=0.8,
        hyphen=0.9,
    ),
    "gb": WideDesign(4.68, 0.71, ((white, black), (yellow, black)), ("uk",), 0.45),
    "es": WideDesign(4.73, 0.7, ((white, black),), (), 0.9),
    "it": WideDesign(4.73, 0.7, ((white, black),), (), 0.9, right_band=0.8),
    "sk": WideDesign(
        4.73, 0.68, ((white, black),), (), 0.4, between=0.8, hyphen=0.25, left_arms=0.9
    ),
    "pl": WideDesign(4.56, 0.7, ((white, black),), (), 0.95, between=0.5),
    "be": WideDesign(
        4.73, 0.69, ((white, red), (white, red), (red, white)), ("belgium",), 0.9, hyphen=0.9
    ),
    "rs": WideDesign(4.73, 0.69, ((white, black),), ("serbia",), 0.95, between=0.9, hyphen=0.5),
    "eu": WideDesign(
        4.65,
        0.69,
        european,
        ("germany", "serbia", "france"),
        0.85,
        0.08,
        between=0.5,
        hyphen=0.35,
        stretch=(0.8, 1.15),
    ),
    "br": WideDesign(
        3.08,
        0.5,
        ((grey, black),) * 5 + ((red, white), (red, white), (white, black), (green, white)),
        ("brazil",),
        top_words=0.95,
        hyphen=0.3,
        stretch=(0.95, 1.2),
        group_gap=(0.25, 0.5),
    ),
    "brm": WideDesign(
        3.08,
        0.52,
        ((white, black),) * 4 + ((white, red), (white, dark_blue)),
        ("germany",),
        top_band=1.0,
        group_gap=(0.1, 0.3),
    ),
    "ar": WideDesign(
        2.28,
        0.55,
        ((black, white),) * 4 + (((60, 55, 50), white),),
        (),
        top_words=0.9,
        between=0.3,
        stretch=(0.75, 1.0),
    ),
    "arm": WideDesign(
        3.08, 0.52, ((white, black),), ("germany",), top_band=1.0, group_gap=(0.2, 0.4)
    ),
    "au": WideDesign(
        2.76,
        0.6,
        (
            (white, black),
            (white, dark_blue),
            (yellow, black),
            (black, white),
            (white, green),
            (white, red),
        ),
        (),
        top_words=0.6,
        between=0.5,
        stretch=(0.75, 1.05),
    ),
    "in": WideDesign(
        4.6,
        0.62,
        ((white, black),) * 3 + ((yellow, black), (black, yellow), (green, white)),
        (),
        0.35,
        between=0.05,
        stretch=(0.7, 1.1),
        group_gap=(0.15, 0.5),
    ),
    "mx": WideDesign(
        2.0,
        0.4,
        ((white, black), (white, dark_blue), (white, green), (white, red)),
        (),
        top_words=0.9,
        between=0.3,
        hyphen=0.6,
        stretch=(0.75, 1.0),
    ),
    "sg": WideDesign(
        4.7,
        0.66,
        ((black, white),) * 2 + ((white, black), (yellow, black)),
        (),
        group_gap=(0.25, 0.5),
    ),
    "world": WideDesign(
        3.6,
        0.6,
        european
        + (
            (black, white),
            (red, white),
            (dark_blue, white),
            (green, white),
            (orange, black),
            (yellow, red),
        ),
        ("uk", "germany", "brazil"),
        0.15,
        0.1,
        top_words=0.4,
        between=0.3,
        hyphen=0.3,
        stretch=(0.7, 1.2),
    ),
}


# European plates without a sheet of real characters mostly use faces like these.
technical_faces = ("DIN", "routed-gothic", "barlow", "RG2014", "overpass", "saira", "rajdhani")


def pick_face(rng: np.random.Generator, fonts: FontSet, design: WideDesign, text: str) -> Face:
    """Return a face that has every character: a real one of the design, or another."""
    countries = [c for c in design.faces if c in fonts.real]
    if countries and rng.random() < 0.72:
        some = fonts.real[countries[int(rng.integers(len(countries)))]]
        face = some[int(rng.integers(len(some)))]
        if face.has(text):
            return face
    kind = rng.random()
    if kind < 0.35:
        return fonts.stroke[int(rng.integers(len(fonts.stroke)))]
    technical = [f for f in fonts.outline if any(part in f.name for part in technical_faces)]
    chosen = technical if kind < 0.7 and technical else fonts.outline
    return chosen[int(rng.integers(len(chosen)))]


def wide_ink(
    rng: np.random.Generator, design: WideDesign, *, height: float, color: Color
) -> InkStyle:
    """Return a random drawing style of a family."""
    return InkStyle(
        height=height,
        color=color,
        stretch=float(rng.uniform(*design.stretch)),
        weight=float(rng.normal(0, 0.01)),
        gap=float(rng.uniform(0.07, 0.22)),
        group_gap=float(rng.uniform(*design.group_gap)),
        emboss=float(rng.choice([0, 0.25, 0.6, 1.0], p=[0.3, 0.35, 0.25, 0.1])),
        wear=float(rng.uniform(0, 0.3)) if rng.random() < 0.15 else 0.0,
        opacity=float(rng.uniform(0.85, 1)),
    )
