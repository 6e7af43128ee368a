# SPDX-License-Identifier: Apache-2.0
"""What is kept of a vehicle while it is in view, and the row that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alprcore.engine import Engine
from alprcore.ranking.rank import Ranking, rank_candidates
from alprcore.ranking.region import is_formatted
from alprcore.records import Candidate, Fit, Frame, Plate, Quad
from alprcore.video.again import MOST_CUTS, UNSURE, read_mean
from alprcore.video.certainty import certain
from alprcore.video.fuse import FrameEvidence, fuse
from alprcore.video.group import Group, Vote
from alprcore.video.sharpest import CutOut, cut_out_of, part_around, sharpest
from alprcore.video.source import FrameTime

MOST_EVIDENCE = 32  # frames whose lattices are kept; then every second one is given up
MOST_VOTES = 2000  # readings that are kept; then the less probable half of neighbours is given up
AROUND = 0.5  # of the plate's height, around its cut-out


@dataclass(slots=True)
class Collected:
    """The readings of one track so far.

    Attributes
    ----------
    number
        Of the track.
    votes
        Readings in the order of time.
    evidence
        Lattices of some of them, evenly spread.
    cuts
        The sharpest cut-outs, at most `MOST_CUTS`.
    of_mean
        What the mean of these says, once that was read.
    """

    number: int
    votes: list[Vote] = field(default_factory=list)
    evidence: list[FrameEvidence] = field(default_factory=list)
    cuts: list[CutOut] = field(default_factory=list)
    of_mean: FrameEvidence | None = None
    first: FrameTime | None = None
    last: FrameTime | None = None
    best: FrameTime | None = None
    best_plate: Plate | None = None
    best_worth: float = -1.0
    plate_image: Frame | None = None
    frame_image: Frame | None = None
    elapsed_ms: float = 0.0
    regions: dict[str, float] = field(default_factory=dict)
    _stride: int = 1
    _turn: int = 0

    def add(
        self, time: FrameTime, plate: Plate, evidence: FrameEvidence, image: Frame, *, whole: bool
    ) -> None:
        """Take a reading; `whole` keeps all of the best frame, not only the plate."""
        self.first = self.first or time
        self.last = time
        self.elapsed_ms += plate.elapsed_ms
        vote = Vote(
            time, plate.text, plate.confidence, plate.quad, plate.legibility, plate.plate_index
        )
        self.votes.append(vote)
        if plate.region:
            share = plate.confidence * plate.region_confidence
            self.regions[plate.region] = self.regions.get(plate.region, 0.0) + share
        if len(self.votes) > MOST_VOTES:
            self.votes = _thinned(self.votes)
        if self._turn % self._stride == 0:
            self.evidence.append(evidence)
        self._turn += 1
        if len(self.evidence) > MOST_EVIDENCE:
            self.evidence = self.evidence[::2]
            self._stride *= 2
        if not plate.truncated:
            self.cuts = sharpest([*self.cuts, cut_out_of(image, plate.quad)], MOST_CUTS)
        worth = _worth(plate, evidence)
        if worth > self.best_worth:
            self.best_worth, self.best, self.best_plate = worth, time, plate
            self.plate_image = cut_out(image, plate.quad)
            self.frame_image = image if whole else None

    @property
    def said(self) -> list[FrameEvidence]:
        """What frames say, and what their mean does where it was read."""
        return [*self.evidence, *([] if self.of_mean is None else [self.of_mean])]

    def seen(self, time: FrameTime) -> None:
        """Take note that it still stands where it was."""
        if self.last is not None and time.seconds > self.last.seconds:
            self.last = time


def cut_out(image: Frame, quad: Quad) -> Frame:
    """Return the plate and a little around it, a copy."""
    return part_around(image, quad, AROUND)[0]


def _worth(plate: Plate, evidence: FrameEvidence) -> float:
    """Return how good a frame is to show: its reading counts, then its size; not when cut off."""
    worth = plate.confidence * max(plate.legibility, 0.05) + 0.05 * (evidence.quality + 2.0)
    return worth * (0.5 if plate.truncated else 1.0)


def _thinned(votes: Sequence[Vote]) -> list[Vote]:
    """Return the more probable vote of each two neighbours; first and last stay."""
    inner = [
        max(pair, key=lambda v: v.confidence)
        for pair in zip(votes[1:-1:2], votes[2:-1:2], strict=False)
    ]
    return [votes[0], *inner, votes[-1]]


def fused_ranking(evidence: Sequence[FrameEvidence], quad: Quad, engine: Engine) -> Ranking:
    """Return the candidates of several frames together, as certain as they are.

    Parameters
    ----------
    evidence
        Of the frames.
    quad
        The plate's shape, which speaks for countries too.
    engine : Engine
        Whose countries and settings count.
    """
    ranking, fits = shares_of(evidence, quad, engine)
    return certain(ranking, evidence, well_formed=is_well_formed(ranking, fits))


def shares_of(
    evidence: Sequence[FrameEvidence], quad: Quad, engine: Engine
) -> tuple[Ranking, Mapping[str, Sequence[Fit]]]:
    """Return what frames and formats, these counted once, give each text; and how texts fit.

    Parameters are those of `fused_ranking`.
    """
    texts = fuse(evidence).texts
    settings, countries = engine.settings, engine.countries
    fits = countries.fits([text for text, _ in texts], quad)
    ranking = rank_candidates(
        texts,
        fits,
        topn=settings.topn,
        default_region=settings.default_region,
        must_match_pattern=settings.must_match_pattern,
        only_regions=countries.only_regions,
        unread=0.0,
    )
    return ranking, fits


def is_well_formed(ranking: Ranking, fits: Mapping[str, Sequence[Fit]]) -> bool:
    """Whether the first text has a format of the country that the ranking is for."""
    return bool(ranking.shares) and is_formatted(fits[ranking.shares[0][0]], ranking.country)


def group_of(
    collected: Collected,
    engine: Engine,
    size: tuple[int, int],
    *,
    epoch_ms: int,
    parked: bool,
    preview: bool = False,
    reader: Engine | None = None,
) -> Group | None:
    """Return the row of a track; None where its frames together read as nothing.

    Parameters
    ----------
    collected : Collected
    engine : Engine
        Whose countries rank the readings.
    size
        Width and height of the frames.
    epoch_ms, parked, preview
        As in `Group`.
    reader : Engine, optional
        Of `again.mean_reader`: reads a mean where the frames leave the text unsure.
    """
    plate, best = collected.best_plate, collected.best
    first, last = collected.first, collected.last
    if plate is None or best is None or first is None or last is None:
        return None
    ranking = fused_ranking(collected.said, plate.quad, engine)
    if reader is not None and _is_unsure(ranking):
        collected.of_mean = read_mean(collected.cuts, reader)
        ranking = fused_ranking(collected.said, plate.quad, engine)
    candidates: tuple[Candidate, ...] = ranking.candidates
    if not candidates:
        return None
    chosen = candidates[ranking.chosen]
    region, region_confidence = _region(collected.regions)
    return Group(
        number=collected.number,
        text=chosen.text,
        confidence=chosen.confidence,
        matches_template=chosen.matches_template,
        candidates=candidates,
        country=ranking.country,
        region=ranking.region or region,
        region_confidence=0.0 if ranking.region else region_confidence,
        votes=tuple(collected.votes),
        first=first,
        last=last,
        best=best,
        best_plate=plate,
        width=size[0],
        height=size[1],
        is_parked=parked,
        is_preview=preview,
        plate_image=collected.plate_image,
        frame_image=collected.frame_image,
        epoch_ms=epoch_ms,
        elapsed_ms=collected.elapsed_ms,
    )


def _is_unsure(ranking: Ranking) -> bool:
    """Whether a row with these candidates would state little."""
    candidates = ranking.candidates
    return not candidates or candidates[ranking.chosen].confidence < UNSURE


def _region(shares: dict[str, float]) -> tuple[str, float]:
    """Return the region that most of the readings' probability speaks for, and its share."""
    total = sum(shares.values())
    if total <= 0:
        return "", 0.0
    region = min(shares, key=lambda code: (-shares[code], code))
    return region, min(1.0, shares[region] / total)
