# SPDX-License-Identifier: Apache-2.0
"""How often the country of a photograph is told right, and a foreign plate bent; floors only rise.

The photographs may not be shipped: without them these tests are skipped.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from alprcore import Engine
from alprcore.countries.fit import load_countries
from alprcore.countries.pattern import LOOKALIKES
from alprcore.evaluation.scoring import clean
from alprcore.geometry import overlap
from alprcore.ranking.rank import rank_candidates
from alprcore.records import Box

PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "photos_dev"
SETS = {"us": 76, "eu": 38, "br": 37}
LEAST_COUNTRY_SHARE = 0.97  # of the plates that were found
MOST_BENT_SHARE = 0.005  # of the plates whose first reading, before formats, was right

pytestmark = pytest.mark.skipif(not PHOTOS.exists(), reason="the photographs are not here")


@cache
def examined():
    """For each labelled plate that was found: its set, its text and how it was examined."""
    engine = Engine(country="auto")
    found = []
    for name, count in SETS.items():
        with (PHOTOS / name / "truth.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert len(rows) == count
        for row in rows:
            left, top, width, height = (float(row[key]) for key in "xywh")
            label = Box(left, top, left + width, top + height)
            overlaps = [
                (overlap(label, each.plate.quad.bounds()), each)
                for each in engine.examine(PHOTOS / name / row["image"])
            ]
            share, best = max(overlaps, key=lambda item: item[0], default=(0.0, None))
            if left + top == 0 or share > 0.3:
                found.append((name, clean(row["plate"]), best))
    return found


def test_the_country_is_told_right():
    wrong = [
        (name, want, each.plate.country)
        for name, want, each in examined()
        if each.plate.country != name
    ]
    assert len(wrong) <= (1 - LEAST_COUNTRY_SHARE) * len(examined()), wrong


def test_a_plate_is_not_bent_into_the_format_of_another_country():
    right, bent = 0, []
    for foreign in SETS:
        countries = load_countries((foreign,))
        for name, want, each in examined():
            texts = each.reading.texts
            if name == foreign or not texts or folded(texts[0][0]) != folded(want):
                continue
            ranking = rank_candidates(
                texts,
                countries.fits([text for text, _ in texts], each.plate.quad),
                topn=1,
                default_region="",
                must_match_pattern=False,
                only_regions={},
            )
            right += 1
            if folded(ranking.candidates[0].text) != folded(want):
                bent.append((name, foreign, want, ranking.candidates[0].text))
    assert right > 250
    assert len(bent) <= MOST_BENT_SHARE * right, bent


def folded(text):
    return clean(text).translate(LOOKALIKES)
