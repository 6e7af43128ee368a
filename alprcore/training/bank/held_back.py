# SPDX-License-Identifier: Apache-2.0
"""Labelled crops that no bank is trained on, read and ranked as the engine does it.

What the figures of reading, calibration and unsure characters are taken from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alprcore.countries.fit import CountrySet, load_countries
from alprcore.ranking.rank import UNREAD, Ranking, rank_candidates
from alprcore.reading.attempts import read_upright
from alprcore.reading.bank import Bank
from alprcore.reading.glyphs import read_glyphs, settled_glyphs
from alprcore.records import Fit, Glyph, GrayImage, Quad
from alprcore.settings import Settings
from alprcore.training.bank.data import (
    FOLD,
    STEEPEST,
    Crop,
    read_all_labelled,
    read_labelled,
)

# The country that is given for each set.
COUNTRIES = {"us": "us", "br": "br", "ar": "ar", "eu_two_line": "eu", "spain_masked": "eu"}
# Never trained on, so that all of it is held back.
MEASURED_ONLY = ("eu_two_line",)


@dataclass(frozen=True, slots=True)
class CropReading:
    """What was read on a crop.

    Attributes
    ----------
    texts, fits
        Readings with their probabilities by the bank alone, and how they fit the country.
    ranking
        The same with the country's formats.
    glyphs
        The characters of the best candidate.
    text_height
        Of the best line, in pixels of the crop; 0 when nothing was read.
    """

    texts: tuple[tuple[str, float], ...]
    fits: Mapping[str, Sequence[Fit]]
    ranking: Ranking
    glyphs: tuple[Glyph, ...]
    text_height: float

    @property
    def text(self) -> str:
        """The best candidate without newlines, empty when there is none."""
        found = self.ranking.candidates
        return found[0].text.replace("\n", "") if found else ""

    def stated(self, unread: float = UNREAD) -> float:
        """Return the probability of `text`, O and 0, I and 1 taken as one, under a weight."""
        ranking = _ranked(self.texts, self.fits, unread) if unread != UNREAD else self.ranking
        best = self.text.translate(FOLD)
        shares = [v for t, v in ranking.shares if t.replace("\n", "").translate(FOLD) == best]
        return min(1.0, sum(shares))


def read_held_back(data: Path) -> list[Crop]:
    """Return the crops of all sets below ``data/reading`` that no bank is trained on."""
    crops = [crop for crop in read_all_labelled(data) if crop.held_back]
    for name in MEASURED_ONLY:
        if (data / "reading" / name).is_dir():
            crops += read_labelled(data / "reading" / name, name)
    return crops


def read_crop(image: GrayImage, bank: Bank, countries: CountrySet) -> CropReading:
    """Return what is read on an upright crop of a plate, loosely cut."""
    reading = read_upright(image, bank, countries, Settings(), steepest=STEEPEST)
    quad = plate_shape(image, countries)
    fits = countries.fits([text for text, _ in reading.texts], quad)
    ranking = _ranked(reading.texts, fits, UNREAD)
    if not ranking.candidates:
        return CropReading(reading.texts, fits, ranking, (), 0.0)
    best = ranking.candidates[0].text
    glyphs = settled_glyphs(read_glyphs(reading, best, bank, np.eye(3)), best, ranking.shares)
    text_height = float(max(line.line[1] - line.line[0] for line in reading.lines))
    return CropReading(reading.texts, fits, ranking, glyphs, text_height)


def plate_shape(image: GrayImage, countries: CountrySet) -> Quad:
    """Return a quad with the shape of the country's plates that is nearest to the crop's.

    The crops are cut loosely: their own shape would speak against plates that are the country's.
    """
    height, width = image.shape
    sizes = [
        size
        for country, _ in countries.entries
        for lines in (1, 2)
        for size in country.plate_sizes(lines)
    ]
    wide, high = min(sizes, key=lambda size: abs(math.log(size[0] / size[1] * height / width)))
    return Quad.from_points([(0, 0), (wide, 0), (wide, high), (0, high)])


def country_sets() -> dict[str, CountrySet]:
    """Return the countries that are given for each set of crops."""
    return {name: load_countries((code,)) for name, code in COUNTRIES.items()}


def is_right(text: str, label: str, *, fold: bool) -> bool:
    """Whether a text is what the label says; ``o`` and ``i`` in a label stand for either one."""
    if fold or len(text) != len(label):
        return text.translate(FOLD) == label.translate(FOLD)
    either = {"o": "O0", "i": "I1"}
    return all(a in either.get(b, b) for a, b in zip(text, label, strict=True))


def _ranked(
    texts: Sequence[tuple[str, float]], fits: Mapping[str, Sequence[Fit]], unread: float
) -> Ranking:
    return rank_candidates(
        texts,
        fits,
        topn=10,
        default_region="",
        must_match_pattern=False,
        only_regions={},
        unread=unread,
    )
