# SPDX-License-Identifier: Apache-2.0
"""Readings and what is known of countries to ranked candidates, country and region.

What is known is a prior with a stated weight, never a filter: it settles what the glyphs leave
open (O or 0, I or 1) and leaves alone what they show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alprcore.records import Candidate, Fit

# Natural-log weights. A format counts by what it says: "two letters, three digits, two letters" has
# a specificity of 5.1 and is worth 1.5, a row of "any character" nothing. A reading that is six
# times more probable than every well-formed one stays as it is.
FORMAT_WEIGHT = 0.3
MOST_FORMAT_WEIGHT = 1.8
# O and 0, I and 1 are one shape on many plates, so between texts that differ in these alone the
# formats count in full, up to this.
MOST_LOOKALIKE_WEIGHT = 5.0
LOOKALIKES = str.maketrans("OI", "01")
ODD_LENGTH_WEIGHT = -1.2
RARE_LETTER_WEIGHT = -1.6
# How far a plate's width to height may be from its country's, as the deviation of its logarithm:
# corners are off by a tenth of the height and perspective narrows plates by as much again.
ASPECT_DEVIATION = 0.3
# A region is named when it holds at least this share of what the formats say.
REGION_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates of a plate, best first, and the country and region they speak for."""

    candidates: tuple[Candidate, ...]
    country: str
    region: str
    region_confidence: float


def rank_candidates(
    texts: Sequence[tuple[str, float]],
    fits: Mapping[str, Sequence[Fit]],
    *,
    aspect_misfit: Mapping[str, float],
    topn: int,
    default_region: str,
    must_match_pattern: bool,
) -> Ranking:
    """Return the candidates ordered by what the glyphs and the formats say together.

    Parameters
    ----------
    texts
        (text, probability) pairs, most probable first.
    fits
        For each text, how it fits each country.
    aspect_misfit
        For each country, the logarithm of the plate's width to height over the country's.
    topn
        Most candidates returned.
    default_region
        Region to report and match when not empty.
    must_match_pattern
        Whether texts without a format are dropped.

    Returns
    -------
    Ranking
        Probabilities sum to at most 1; what the listed texts leave over stays unlisted.
    """
    country = _country(texts, fits, aspect_misfit)
    weighed = [(text, value, fit) for text, value in texts for fit in [_of(fits[text], country)]]
    if must_match_pattern:
        weighed = [item for item in weighed if _matches(item[2], default_region)]
    shapes: dict[str, float] = {}
    for text, _, fit in weighed:
        shape = text.translate(LOOKALIKES)
        shapes[shape] = max(shapes.get(shape, 0.0), _specificity(fit))
    odds = [
        (text, value * math.exp(_log_weight(fit) + _lookalike_weight(text, fit, shapes)), fit)
        for text, value, fit in weighed
    ]
    unlisted = max(0.0, 1.0 - sum(value for _, value in texts))
    total = sum(value for _, value, _ in odds) + unlisted
    ranked = sorted(odds, key=lambda item: (-item[1], item[0]))[:topn]
    candidates = tuple(
        Candidate(
            text, min(1.0, value / total) if total > 0 else 0.0, _matches(fit, default_region)
        )
        for text, value, fit in ranked
    )
    if default_region or not ranked:
        return Ranking(candidates, country, default_region, 0.0)
    return Ranking(candidates, country, *_region(ranked[0][2]))


def _of(fits: Sequence[Fit], country: str) -> Fit:
    return next(fit for fit in fits if fit.country == country)


def _specificity(fit: Fit) -> float:
    """Return what the formats of the text say together, 0 when it has none.

    A format that twelve countries use is twelve times as likely to be met as one that a single
    country uses.
    """
    return math.log(sum(math.exp(specificity) for _, specificity in fit.regions) or 1.0)


def _log_weight(fit: Fit) -> float:
    return (
        min(MOST_FORMAT_WEIGHT, FORMAT_WEIGHT * _specificity(fit))
        + ODD_LENGTH_WEIGHT * fit.odd_length
        + RARE_LETTER_WEIGHT * fit.rare_letters
    )


def _lookalike_weight(text: str, fit: Fit, shapes: Mapping[str, float]) -> float:
    gap = shapes[text.translate(LOOKALIKES)] - _specificity(fit)
    return -min(MOST_LOOKALIKE_WEIGHT, gap)


def _matches(fit: Fit, default_region: str) -> bool:
    if default_region:
        return any(code == default_region for code, _ in fit.regions)
    return bool(fit.regions)


def _country(
    texts: Sequence[tuple[str, float]],
    fits: Mapping[str, Sequence[Fit]],
    aspect_misfit: Mapping[str, float],
) -> str:
    """Return the country whose formats and plate shape speak for the texts; the first on a tie."""
    best, highest = next(iter(aspect_misfit), ""), -math.inf
    for country, misfit in aspect_misfit.items():
        said = sum(
            value * math.exp(_log_weight(fit) + 0.25 * _specificity(fit))
            for text, value in texts
            for fit in [_of(fits[text], country)]
        )
        score = math.log(said + 1e-9) - 0.5 * (misfit / ASPECT_DEVIATION) ** 2
        if score > highest + 1e-9:
            best, highest = country, score
    return best


def _region(fit: Fit) -> tuple[str, float]:
    """Return the region that the text's formats point to, and its share; empty when several do."""
    if not fit.regions:
        return "", 0.0
    highest: dict[str, float] = {}
    for code, specificity in fit.regions:
        if code != "base":
            highest[code] = max(specificity, highest.get(code, 0.0))
    total = sum(math.exp(value) for value in highest.values())
    for code, value in highest.items():
        if math.exp(value) / total >= REGION_SHARE:
            return code, math.exp(value) / total
    return "", 0.0
