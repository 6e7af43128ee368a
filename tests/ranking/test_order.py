# SPDX-License-Identifier: Apache-2.0
"""The first result is the plate that a person would name first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alprcore.picture.view import Place
from alprcore.ranking.order import in_order
from alprcore.records import Box, Quad

FRAME = Box(0, 0, 1000, 800)


def plate(name: str, box: Box, *, score: float = 0.8, legibility: float = 1.0, cut: bool = False):
    corners = [(box.left, box.top), (box.right, box.top)]
    corners += [(box.right, box.bottom), (box.left, box.bottom)]
    quad = Quad(*corners)
    read = SimpleNamespace(
        text=name, quad=quad, detection_score=score, legibility=legibility, confidence=0.9
    )
    return read, Place(quad, (), cut)


def names(*plates: Any, areas: tuple[Box, ...] = (FRAME,)) -> list[str]:
    return [read.text for read, _ in in_order(plates, areas, FRAME)]


MIDDLE = plate("middle", Box(450, 380, 550, 410))


@pytest.mark.parametrize(
    "other",
    [
        plate("small", Box(600, 380, 640, 392), score=0.95),
        plate("in a corner", Box(5, 5, 105, 35)),
        plate("cut", Box(450, 500, 550, 530), cut=True),
        plate("doubtful", Box(450, 500, 560, 533), score=0.3, legibility=0.2),
    ],
    ids=lambda plate: plate[0].text,
)
def test_a_sure_large_whole_and_central_plate_comes_first(other):
    assert names(other, MIDDLE) == ["middle", other[0].text]
    assert names(MIDDLE, other) == ["middle", other[0].text]


def test_areas_keep_their_order():
    left, right = Box(0, 0, 500, 800), Box(500, 0, 1000, 800)
    small, large = plate("small", Box(100, 100, 140, 112)), plate("large", Box(600, 100, 800, 160))
    assert names(small, large, areas=(left, right)) == ["small", "large"]
    assert names(small, large, areas=(right, left)) == ["large", "small"]
    assert names(small, large) == ["large", "small"]
