# SPDX-License-Identifier: Apache-2.0
"""The region of a plate: what the formats of its text, and its look, say together.

By Bayes' rule: how many plates a region issues, times how likely its formats make the text, times
how likely its designs make the look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from alprcore.countries.fit import UNLISTED_FORMATS
from alprcore.records import Fit, Label

# A region is named when it is at least this probable.
REGION_SHARE = 0.5


def is_formatted(fits: Sequence[Fit], country: str) -> bool:
    """Whether a text that fits so has a format of a country."""
    return any(fit.regions for fit in fits if fit.country == country)


def region_probabilities(
    texts: Sequence[tuple[str, float]],
    fits: Mapping[str, Fit],
    weights: Mapping[str, float],
    *,
    country_share: float = 1.0,
    look: Mapping[str, float] | None = None,
) -> tuple[Label, ...]:
    """Return how probable each region of the plate's country is, the most probable first.

    Parameters
    ----------
    texts
        (text, probability) of the plate's readings; what the probabilities leave to 1 is a text
        that says nothing.
    fits
        How each text fits the plate's country.
    weights
        Code of each region of that country, and the plates it issues, in any unit. A region of
        weight 0 is not a place and is left out.
    country_share
        How probable it is that the plate is one of this country, [0, 1].
    look
        Code of a region and the natural logarithm of how likely its designs make the look of this
        plate; a constant may be left out. Regions that it lacks are taken to be as unlikely as the
        least likely one. None when the look is not known.

    Returns
    -------
    tuple of Label
        Probabilities that sum to `country_share`, equal ones in the order of `weights`; empty
        without regions.
    """
    places = {code: weight for code, weight in weights.items() if weight > 0}
    if not places:
        return ()
    issued = sum(places.values())
    prior = {code: weight / issued for code, weight in places.items()}
    unlisted = max(0.0, 1.0 - sum(value for _, value in texts))
    shares = [unlisted * share for share in prior.values()]
    # Most texts of a plate fit the same formats: worked out once for all of them.
    known: dict[tuple[tuple[str, float], ...], tuple[list[float], float]] = {}
    for text, value in texts:
        logs = fits[text].region_logs
        if logs not in known:
            likely = _joint(prior, dict(logs))
            known[logs] = likely, sum(likely)
        joint, total = known[logs]
        shares = [share + value * each / total for share, each in zip(shares, joint, strict=True)]
    found = dict(zip(prior, shares, strict=True))
    if look:
        found = _seen(found, look)
    scale = country_share / sum(found.values())
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return tuple(Label(code, value * scale) for code, value in ranked)


def _joint(prior: Mapping[str, float], logs: Mapping[str, float]) -> list[float]:
    """Return how many plates each region of `prior` issues, times how likely it makes a text."""
    return [
        share * (UNLISTED_FORMATS + (1 - UNLISTED_FORMATS) * _exp(logs.get(code)))
        for code, share in prior.items()
    ]


def named_region(labels: Sequence[Label], *, speaks: bool) -> tuple[str, float]:
    """Return the region to report and its probability, ``("", 0.0)`` for none.

    Parameters
    ----------
    labels
        From `region_probabilities`.
    speaks
        Whether text or look said anything; else the first one is merely the largest.
    """
    if not speaks or not labels or labels[0].confidence < REGION_SHARE:
        return "", 0.0
    return labels[0].name, labels[0].confidence


def _exp(value: float | None) -> float:
    return 0.0 if value is None else math.exp(value)


def _seen(found: Mapping[str, float], look: Mapping[str, float]) -> dict[str, float]:
    """Return `found` times the look, scaled so that the likeliest look counts 1."""
    highest, lowest = max(look.values()), min(look.values())
    return {
        code: value * math.exp(look.get(code, lowest) - highest) for code, value in found.items()
    }
