# SPDX-License-Identifier: Apache-2.0
"""The side of a vehicle that is seen, as OpenALPR writes it: where it heads in the picture."""

from __future__ import annotations

from collections.abc import Iterable

from alprcore.records import Label

ORIENTATIONS = {"front": "180", "rear": "0", "side": "90"}
"""Degrees clockwise from up. Of a vehicle that is seen from a side it does not say which side."""

_SIDES = {degrees: side for side, degrees in ORIENTATIONS.items()} | {"270": "side"}


def as_degrees(sides: Iterable[Label]) -> tuple[Label, ...]:
    """Return the labels with degrees for names."""
    return tuple(Label(ORIENTATIONS.get(each.name, each.name), each.confidence) for each in sides)


def as_sides(degrees: Iterable[Label]) -> tuple[Label, ...]:
    """Return the labels with sides for names; degrees between them, of another sender, stay."""
    return tuple(Label(_SIDES.get(each.name, each.name), each.confidence) for each in degrees)
