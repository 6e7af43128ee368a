# SPDX-License-Identifier: Apache-2.0
"""Texts of rendered plates: the shapes real plates have, and plain random ones.

A shape is written with ``L`` for a letter, ``D`` for a digit, a blank between groups and ``/``
between lines; other characters stand for themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
digits = "0123456789"
# A third of the texts follows no format, so that no network learns formats by heart.
random_share = 0.35

Groups = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextPlan:
    """The text of a plate: lines from top to bottom, each in groups from left to right."""

    lines: tuple[Groups, ...]


one_line: dict[str, tuple[str, ...]] = {
    "us": (
        "LLL DDD",
        "LLL DDDD",
        "DDD LLL",
        "DLLLDDD",
        "LLL LLL",
        "DLL DDDD",
        "LD DDLLL",
        "LDD LLL",
        "LLL DDL",
        "DDLLL D",
        "DDD DDD",
        "DDDDDD",
        "LL DDDD",
        "LLDDDDD",
        "DDD DDDD",
        "L DDDDDD",
        "DDLL DD",
        "LLLL DD",
        "DDDD LL",
        "LDDDDDL",
        "DLL LLL",
        "LLLLLLL",
        "LLLLLL",
        "LLLLL",
        "LLL DLD",
        "DLDDLD",
        "DDLDDD",
        "DDDDD",
        "DDDD LLL",
        "LLDDDL",
    ),
    "de": (
        "L LDDDD",
        "LL LDDD",
        "LL LLDDD",
        "LLL LDDD",
        "LLL LLDD",
        "LL LDDDD",
        "L LLDDD",
        "LL LLDD",
        "LLL LLDDD",
        "LL LLDDE",
        "L DDDD",
        "LLL DDDD",
    ),
    "nl": (
        "LL LL DD",
        "DD LL LL",
        "DD LLL D",
        "D LLL DD",
        "LL DDD L",
        "L DDD LL",
        "LLL DD L",
        "LL DD LL",
        "DD LL DD",
    ),
    "fr": ("LL DDD LL", "LL DDD LL", "LL DDD LL", "DDD LLL DD", "DDDD LL DD"),
    "gb": ("LLDD LLL", "LLDD LLL", "LLDD LLL", "LDDD LLL", "LLL DDDL"),
    "es": ("DDDD LLL", "DDDD LLL", "L DDDD LL"),
    "it": ("LL DDDLL", "LL DDD LL"),
    "sk": ("LL DDDLL", "LL DDDLL", "DLD DDDD", "LLL DD DD"),
    "pl": ("LL DDDDD", "LLL DDDD", "LL DDDDL", "LL DDDLL", "LLL LDDD", "LLL DDLL", "LLL DDDDD"),
    "eu": (
        "LLL DDD",
        "LL DDDD",
        "LL DDDDD",
        "LL DDD LL",
        "LL DD LLL",
        "L DD LLL",
        "L DDDDDD",
        "DLD DDDD",
        "DDD LLL",
        "LLL DDDD",
        "DDD LLL",
        "LL DDDL",
        "D LLL DDD",
        "DD LL DD",
        "LL LDDD",
        "LLDDDD",
        "LL DDDLL",
        "L DDDL DD",
        "DDDD LLL",
        "DDDDD",
        "LL LDDDL",
        "DD D DDDD",
        "L DDD LL DD",
        "LLL DD",
        "LL DDDD LL",
        "DD LLL DD",
    ),
    "be": ("D LLL DDD", "LLL DDD", "DDD LLL"),
    "rs": ("LL DDD LL", "LL DDDD LL"),
    "br": ("LLL DDDD",),
    "brm": ("LLLDLDD", "LLL DLDD"),
    "ar": ("LLL DDD",),
    "arm": ("LL DDD LL",),
    "au": (
        "LLL DDD",
        "DLL DLL",
        "LLL DDL",
        "DDD LLL",
        "SDDD LLL",
        "LL DD LL",
        "LDDDDDD",
        "DLLL DDD",
    ),
    "in": ("LL DD LL DDDD", "LLDDLLDDDD", "LL DD L DDDD", "DD BH DDDD LL", "LL DD LLL DDDD"),
    "mx": ("LLL DD DD", "LDD LLL", "LLL DDD L", "LL DD DDD", "LLL DDDD", "DDD LLL"),
    "sg": ("SLL DDDD L", "SLLDDDDL", "LL DDDD L"),
    "world": (
        "LLL DDDD",
        "LL DDDD",
        "DDDD LL",
        "LLL DDD",
        "LL DDDDD",
        "DDD LLL",
        "DDDDDDD",
        "D DDDDD",
        "LL DD LLL",
        "LLLDDD",
        "DD DDD DD",
        "L DDDDD",
        "DDDDD LL",
        "DDL DDDDD",
        "LL DD DD LL",
        "LLL DDL",
        "LLL DDD LL",
        "DD LL DDDD",
    ),
}

two_lines: dict[str, tuple[str, ...]] = {
    "eu": (
        "LL/LL DDD",
        "LL/DDDDD",
        "L/DDDD LL",
        "LLL/LDDD",
        "LL/DDD LL",
        "LLLL/DDD",
        "LL D/DDDD",
        "LLDD/LLL",
        "LLLD/LLL",
        "DD/LL LL",
        "LL/LL DD",
        "LLL/DDDD",
        "LLL/DDLL",
        "DDDD/LLL",
        "LL/DDD LL",
        "DDD/LL DD",
        "LL/LDDDL",
    ),
    "br": ("LLL/DDDD", "LLL/DLDD"),
    "vn": ("DDL/DDDD", "DD LD/DDDDD", "DDL/DDD DD"),
    "in": ("LL DD/LL DDDD", "LL DD L/DDDD"),
    "world": ("LLL/DDD", "LL/DDDD", "LL DD/DDDD", "LLL/DDDD", "DD LL/DDDD", "DDD/DDDD", "LL/DDDDD"),
}


def fill_shape(rng: np.random.Generator, shape: str) -> TextPlan:
    """Return a plan with random characters in the places of a shape."""
    filled = "".join(
        letters[int(rng.integers(26))]
        if char == "L"
        else digits[int(rng.integers(10))]
        if char == "D"
        else char
        for char in shape
    )
    return TextPlan(tuple(tuple(line.split()) for line in filled.split("/")))


def random_line(rng: np.random.Generator, shortest: int, longest: int) -> Groups:
    """Return random characters in one to three groups."""
    count = int(rng.integers(shortest, longest + 1))
    share = float(rng.choice([0.0, 0.45, 0.72, 1.0], p=[0.05, 0.4, 0.45, 0.1]))
    chars = [
        letters[int(rng.integers(26))] if rng.random() < share else digits[int(rng.integers(10))]
        for _ in range(count)
    ]
    # Doubled and look-alike neighbours are rare in formats and hard to cut.
    if rng.random() < 0.25:
        spot = int(rng.integers(count))
        chars[spot] = str(rng.choice(list("1I0OQD8B5S2Z")))
        if spot:
            chars[spot - 1] = chars[spot] if rng.random() < 0.5 else chars[spot - 1]
    cuts = sorted({int(c) for c in rng.integers(1, max(2, count), size=int(rng.integers(0, 3)))})
    edges = [0, *[c for c in cuts if c < count], count]
    return tuple("".join(chars[a:b]) for a, b in pairwise(edges))


def one_line_text(rng: np.random.Generator, kind: str) -> TextPlan:
    """Return a text in a format of `kind`, or a random one of its length."""
    shapes = one_line[kind]
    if rng.random() < random_share:
        lengths = [len(shape.replace(" ", "")) for shape in shapes]
        shortest = max(3, min(lengths) - 1)
        return TextPlan((random_line(rng, shortest, min(10, max(lengths) + 1)),))
    return fill_shape(rng, shapes[int(rng.integers(len(shapes)))])


def two_line_text(rng: np.random.Generator, kind: str) -> TextPlan:
    """Return a two-line text in a format of `kind`, or a random one."""
    if rng.random() < random_share:
        return TextPlan((random_line(rng, 1, 5), random_line(rng, 2, 6)))
    shapes = two_lines[kind]
    return fill_shape(rng, shapes[int(rng.integers(len(shapes)))])
