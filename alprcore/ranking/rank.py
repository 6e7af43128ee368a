# SPDX-License-Identifier: Apache-2.0
"""Readings and what is known of countries to ranked candidates and a country.

What is known is a prior with a stated weight, never a filter: it settles what the glyphs leave
open (O or 0, I or 1) and leaves alone what they show.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from alprcore.countries.pattern import LOOKALIKES
from alprcore.records import Candidate, Fit

# Natural-log weights. A format counts by what it says: "two letters, three digits, two letters" has
# a specificity of 5.1 and is worth 1.5, a row of "any character" nothing. A reading that is six
# times more probable than every well-formed one stays as it is.
FORMAT_WEIGHT = 0.3
MOST_FORMAT_WEIGHT = 1.8
# O and 0, I and 1 are one shape on many plates, so between texts that differ in these alone the
# formats count in full, up to this.
MOST_LOOKALIKE_WEIGHT = 5.0
# With a default region, a reading with a format of it overrides likelier ones, unless these are
# more than 6 times likelier: a plate from elsewhere, or of the owner's choice, stays as it is. From
# 20 times on, characters are dropped for the sake of a format.
LEAST_MATCH = 0.15
ODD_LENGTH_WEIGHT = -1.2
RARE_LETTER_WEIGHT = -1.6
# What weighs against all texts that were read: the plate's own text may not be among them, for a
# line that was taken for the other or a character that the crop cuts off, and no glyph shows it.
# It is as likely as a text without a format of this probability, so that well-formed texts lose
# 0.4 % by it and texts of an odd length 6 %. Fitted by `alprcore.training.bank.calibration`.
UNREAD = 0.02


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates of a plate, best first, the country they speak for, and the region given for it.

    `chosen` is the index of the plate's own candidate: the first one, or where there is a default
    region the first one that has a format of it. The region is ``""`` when none is given: then it
    is for `ranking.region` to infer. `shares` are the probabilities of all texts that were ranked,
    also of those beyond the most wanted; `country_share` is that of the country among those known.
    """

    candidates: tuple[Candidate, ...]
    country: str
    region: str
    chosen: int = 0
    shares: tuple[tuple[str, float], ...] = ()
    country_share: float = 1.0


def rank_candidates(
    texts: Sequence[tuple[str, float]],
    fits: Mapping[str, Sequence[Fit]],
    *,
    topn: int,
    default_region: str,
    must_match_pattern: bool,
    only_regions: Mapping[str, str],
    unread: float = UNREAD,
) -> Ranking:
    """Return the candidates ordered by what the glyphs and the formats say together.

    Parameters
    ----------
    texts
        (text, probability) pairs, most probable first.
    fits
        For each text, how it fits each country.
    topn
        Most candidates returned.
    default_region
        Region to match when not empty.
    must_match_pattern
        Whether texts without a format are dropped.
    only_regions
        Region that counts as given, whatever the default is, by the country that has no other.
    unread
        Weight of "the plate's text is none of these"; see `UNREAD`.

    Returns
    -------
    Ranking
        Probabilities sum to at most 1; what the listed texts leave over stays unlisted.
    """
    allowed: set[str] | None = None
    if must_match_pattern:
        allowed = {
            fit.country
            for text, _ in texts
            for fit in fits[text]
            if _matches(fit, only_regions.get(fit.country, default_region))
        }
    country, country_share = _country(texts, fits, allowed)
    if not country:
        return Ranking((), "", default_region)
    region = only_regions.get(country, default_region)
    weighed = [(text, value, _of(fits[text], country)) for text, value in texts]
    if must_match_pattern:
        weighed = [item for item in weighed if _matches(item[2], region)]
    shapes: dict[str, float] = {}
    for text, _, fit in weighed:
        shape = text.translate(LOOKALIKES)
        shapes[shape] = max(shapes.get(shape, 0.0), _log_likelihood(fit))
    odds = [
        (text, value * math.exp(_log_weight(fit) + _lookalike_weight(text, fit, shapes)), fit)
        for text, value, fit in weighed
    ]
    unlisted = max(0.0, 1.0 - sum(value for _, value in texts))
    total = sum(value for _, value, _ in odds) + unlisted + unread
    ranked = sorted(odds, key=lambda item: (-item[1], item[0]))
    shares = tuple(
        (text, min(1.0, value / total) if total > 0 else 0.0) for text, value, _ in ranked
    )
    candidates = tuple(
        Candidate(text, share, _matches(fit, region))
        for (text, share), (_, _, fit) in zip(shares[:topn], ranked[:topn], strict=True)
    )
    chosen = _chosen(candidates) if default_region else 0
    return Ranking(candidates, country, region, chosen, shares, country_share)


def extended(ranking: Ranking, wider: Ranking, topn: int) -> Ranking:
    """Return the ranking with candidates of a wider one of the same plate, up to `topn`.

    They come last: none of them is more probable than the least one before, nor are all together
    than what these leave over.
    """
    known = {text for text, _ in ranking.shares}
    more = [candidate for candidate in wider.candidates if candidate.text not in known]
    left = max(0.0, 1.0 - sum(share for _, share in ranking.shares))
    scale = min(1.0, left / max(sum(candidate.confidence for candidate in more), 1e-9))
    most = min(candidate.confidence for candidate in ranking.candidates)
    added = [replace(each, confidence=min(most, scale * each.confidence)) for each in more]
    return replace(ranking, candidates=(*ranking.candidates, *added)[:topn])


def _chosen(candidates: Sequence[Candidate]) -> int:
    """Return the first candidate that has a format of the given region, else the first of all."""
    least = LEAST_MATCH * max((c.confidence for c in candidates), default=0.0)
    return next(
        (i for i, c in enumerate(candidates) if c.matches_template and c.confidence >= least), 0
    )


def _of(fits: Sequence[Fit], country: str) -> Fit:
    return next(fit for fit in fits if fit.country == country)


def _specificity(fit: Fit) -> float:
    """Return what the formats of the text say together, 0 when it has none.

    A format that twelve countries use is twelve times as likely to be met as one that a single
    country uses.
    """
    return math.log(sum(math.exp(specificity) for _, specificity in fit.regions) or 1.0)


def _log_likelihood(fit: Fit) -> float:
    """Return how much likelier the formats make the text than chance does, 0 when they do not.

    Unlike `_specificity`, which asks what a format has to say, this counts how common it is: the
    grey Brazilian plates have 1 where the newer ones have I, and are five times as many.
    """
    return max(0.0, math.log(sum(math.exp(value) for _, value in fit.region_logs) or 1.0))


def _log_weight(fit: Fit) -> float:
    """Return what the country has to say about a text, little where the plate is not its own."""
    return fit.native * (
        min(MOST_FORMAT_WEIGHT, FORMAT_WEIGHT * _specificity(fit))
        + ODD_LENGTH_WEIGHT * fit.odd_length
        + RARE_LETTER_WEIGHT * fit.rare_letters
    )


def _lookalike_weight(text: str, fit: Fit, shapes: Mapping[str, float]) -> float:
    gap = shapes[text.translate(LOOKALIKES)] - _log_likelihood(fit)
    return -min(MOST_LOOKALIKE_WEIGHT, gap)


def _matches(fit: Fit, region: str) -> bool:
    if region:
        return any(code == region for code, _ in fit.regions)
    return bool(fit.regions)


def _country(
    texts: Sequence[tuple[str, float]],
    fits: Mapping[str, Sequence[Fit]],
    allowed: Collection[str] | None,
) -> tuple[str, float]:
    """Return the country that the texts' formats and the plate speak for; the first on a tie.

    And its share of what they say for all countries.

    Lookalikes are one shape here, whose spelling is the one that the country would have: else a
    country of unusual formats wins for a 0 that was read as O.
    """
    said: dict[str, float] = {}
    for members in _by_shape(texts).values():
        value = sum(share for _, share in members)
        for spelt in zip(*(fits[text] for text, _ in members), strict=True):
            likeliest = max(math.exp(_country_weight(fit)) for fit in spelt)
            said[spelt[0].country] = said.get(spelt[0].country, 0.0) + value * likeliest
    possible = [country for country in said if allowed is None or country in allowed]
    best = max(possible, key=lambda country: said[country], default="")
    total = sum(said.values())
    return best, said[best] / total if best and total > 0 else 0.0


def _by_shape(texts: Sequence[tuple[str, float]]) -> dict[str, list[tuple[str, float]]]:
    """Return the texts with their probabilities, those together that are lookalikes."""
    shapes: dict[str, list[tuple[str, float]]] = {}
    for text, value in texts:
        shapes.setdefault(text.translate(LOOKALIKES), []).append((text, value))
    return shapes


def _country_weight(fit: Fit) -> float:
    return (
        fit.country_log + ODD_LENGTH_WEIGHT * fit.odd_length + RARE_LETTER_WEIGHT * fit.rare_letters
    )
