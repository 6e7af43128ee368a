# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from alprcore import Engine
from alprcore.reading.legible import legibility
from alprcore.resources import sample_path

LENGTHS = range(5, 9)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([], 0.0),
        ([("AB12CD", 0.9)], 0.9),
        ([("AB\n12CD", 0.9)], 0.9),
        ([("0SG719", 0.5), ("OSG719", 0.4)], 0.9),
        ([("AB12CD", 0.5), ("AB12C", 0.2), ("AB1", 0.3)], 0.7),
        ([("AB", 1.0)], 0.0),
        ([("IIIII", 0.5), ("I1III", 0.3), ("11111", 0.1)], 0.0),
        ([("OO00OO", 1.0)], 0.0),
        ([("11111A", 0.6)], 0.6),
        ([("AB12CD", 0.7), ("AB12CO", 0.31)], 1.0),
    ],
)
def test_texts_of_a_usual_length_count(shares: list[tuple[str, float]], expected: float) -> None:
    assert legibility(shares, LENGTHS) == pytest.approx(expected)


def test_how_many_texts_are_asked_for_does_not_change_what_is_reported() -> None:
    picture = str(sample_path("two_plates.jpg"))
    few, many = (Engine(topn=n).recognize(picture).plates for n in (1, 500))
    assert [p.legibility for p in few] == pytest.approx([p.legibility for p in many], abs=1e-3)
    assert all(p.confidence <= p.legibility + 1e-9 <= 1.0 + 1e-9 for p in few)
