# SPDX-License-Identifier: Apache-2.0
"""How sure the frames of a vehicle make its row: the last step from shares to stated confidence.

Fusion and the formats of countries give shares; of rows that they gave a share of 0.2 to 0.8 more
are right than that, and of those above 0.95 fewer, for what is misread alike in every frame. So the
share is corrected by what else is known: how much the frames, each alone, speak for the text, and
whether it has a format. Ranks stay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from alprcore.ranking.rank import Ranking
from alprcore.video.fuse import FrameEvidence
from alprcore.video.text_distance import plain

# Added to the support of frames, in frames, so that none at all has a logarithm.
LEAST_SUPPORT = 0.1
LEAST_SHARE = 1e-3  # and 1 less this: beyond them a share's logit says nothing


@dataclass(frozen=True, slots=True)
class CertaintyWeights:
    """What is learned of rows; fitted by ``python -m alprcore.training.certainty``.

    Attributes
    ----------
    base, well_formed, support, share
        Logit of a row is ``base``, and ``well_formed`` where its text has a format, and ``support``
        times the log of how many frames read it, and ``share`` times the logit of its share.
    alike
        How often something is misread alike in every frame; not fitted, since the clips that the
        others are fitted on have too few of these.
    """

    base: float = 0.173
    well_formed: float = 0.761
    support: float = 0.924
    share: float = 0.830
    alike: float = 0.04


FITTED = CertaintyWeights()
AS_SHARED = CertaintyWeights(0.0, 0.0, 0.0, 1.0, 0.0)
"""Leaves shares as they are."""


def certain(
    ranking: Ranking,
    frames: Sequence[FrameEvidence],
    *,
    well_formed: bool,
    weights: CertaintyWeights = FITTED,
) -> Ranking:
    """Return the ranking with the confidence that its rows are right as often as they state.

    Parameters
    ----------
    ranking : Ranking
        Of the frames together.
    frames : sequence of FrameEvidence
        What it comes from.
    well_formed : bool
        Whether the first text has a format of the ranking's country.
    weights : CertaintyWeights, optional

    Returns
    -------
    Ranking
        In the same order. The first text has its new share, with it those that are the same but
        for lookalikes; what the others have keeps its proportions.
    """
    if not ranking.shares:
        return ranking
    first, before = first_and_share(ranking)
    alike = [plain(text) == first for text, _ in ranking.shares]
    after = certainty(before, support_of(frames, first), well_formed=well_formed, weights=weights)
    grown = after / max(before, 1e-12)
    # What the first one loses is nobody's: then the others keep their proportion to it.
    others = min(grown, (1.0 - after) / max(1.0 - before, 1e-12))
    shares: list[tuple[str, float]] = []
    most = 1.0
    for (text, share), same in zip(ranking.shares, alike, strict=True):
        most = min(most, share * (grown if same else others))
        shares.append((text, most))
    candidates = tuple(
        replace(candidate, confidence=share)
        for candidate, (_, share) in zip(ranking.candidates, shares, strict=False)
    )
    return replace(ranking, candidates=candidates, shares=tuple(shares))


def first_and_share(ranking: Ranking) -> tuple[str, float]:
    """Return the first text, its lookalikes being one, and the share of these together."""
    first = plain(ranking.shares[0][0])
    return first, sum(share for text, share in ranking.shares if plain(text) == first)


def certainty(
    share: float, support: float, *, well_formed: bool, weights: CertaintyWeights = FITTED
) -> float:
    """Return how probable it is that a row is right, [0, 1].

    Parameters
    ----------
    share : float
        Of its text and its lookalikes.
    support : float
        Of `support_of`.
    well_formed : bool
        Whether the text has a format.
    weights : CertaintyWeights, optional
    """
    known = min(max(share, LEAST_SHARE), 1.0 - LEAST_SHARE)
    logit = (
        weights.base
        + weights.well_formed * well_formed
        + weights.support * math.log(LEAST_SUPPORT + support)
        + weights.share * math.log(known / (1.0 - known))
    )
    return (1.0 - weights.alike) / (1.0 + math.exp(-logit))


def support_of(frames: Sequence[FrameEvidence], first: str) -> float:
    """Return how many frames read a text, each by the probability that it gives it alone."""
    said = ((text, value) for frame in frames if frame.lines for text, value in frame.texts)
    return sum(value for text, value in said if plain(text) == first)
