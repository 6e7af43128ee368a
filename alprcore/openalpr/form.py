# SPDX-License-Identifier: Apache-2.0
"""A recognition as OpenALPR would state it: regions, template matches and the best plate.

OpenALPR tests the candidates of a plate against the formats of one region, the plate's. A plate
has a region because its country has no other, because one was detected, or because the caller gave
one. The best plate is the first candidate with a format of that region, else the first one.

Where there is a region, candidates far less probable than the first are not listed: OpenALPR
leaves out characters that its OCR scores low, and without that nearly any plate has some candidate
with the format. Measured on 74 American photographs with each of 70 regions and 25 candidates: of
the 4,652 times that the plate lacks the region's format, a wrong candidate that has it replaced a
right reading 1,080 times before, and 172 times so. The one wrong reading that a right region mends
is mended still; with a limit of 10 % it is not.

OpenALPR lists no text shorter or longer than the country's plates, and no plate without any other.
Here one that is surely read stays: plates of the owner's choice may be short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from alprcore.records import Candidate, Plate
from alprcore.wire.results import Recognition

LEAST_LISTED = 0.02
"""Share of the first candidate's probability that one has at least where there is a region."""

SURE = 0.65
"""From this probability on a text may be of any length: no first candidate of OpenALPR has less."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides the region of a plate and what becomes of its candidates.

    Attributes
    ----------
    given_region
        Region that the caller gave, ``""`` for none.
    only_regions
        Code of the region of each country that has no other.
    detect_region
        Whether the region that the engine found is taken.
    must_match_pattern
        Whether candidates without a format of the plate's region are dropped.
    requested_topn
        Candidates wanted; one is given even when it is less.
    regions_of
        Regions of a country that have a format for a text: ``(country, text)``.
    lengths
        Lengths that the texts of each country have, lines together.
    """

    given_region: str
    only_regions: Mapping[str, str]
    detect_region: bool
    must_match_pattern: bool
    requested_topn: int
    regions_of: Callable[[str, str], frozenset[str]]
    lengths: Mapping[str, range]

    def region(self, plate: Plate) -> tuple[str, float]:
        """Return the region of a plate and how sure it is, 0 when it was not detected."""
        if self.detect_region and plate.region and plate.region_confidence > 0:
            return plate.region, plate.region_confidence
        return self.only_regions.get(plate.country, self.given_region), 0.0


def in_openalpr_form(found: Recognition, rules: Rules) -> Recognition:
    """Return the plates of `found` with region, matches and best candidate as OpenALPR has them.

    A plate of which no candidate is left goes. Vehicles go too: OpenALPR's library knows none.
    """
    stated = [_stated(plate, rules) for plate in found.plates]
    plates = tuple(plate for plate in stated if plate is not None)
    return replace(found, plates=plates, vehicles=(), main_vehicle=None)


def of_usual_length(found: Recognition, lengths: Mapping[str, range]) -> Recognition:
    """Return `found` without candidates of odd lengths, and without plates that have no other.

    Parameters
    ----------
    found : Recognition
    lengths : mapping
        Lengths that the texts of each country have, lines together.
    """
    plates = (_shortened(plate, lengths[plate.country]) for plate in found.plates)
    return replace(found, plates=tuple(plate for plate in plates if plate is not None))


def _shortened(plate: Plate, lengths: range) -> Plate | None:
    admitted = tuple(each for each in plate.candidates if _admits(each, lengths))
    if len(admitted) == len(plate.candidates) or not admitted:
        return plate if admitted else None
    best = next((each for each in admitted if each.text == plate.text), admitted[0])
    return replace(
        plate,
        text=best.text,
        confidence=best.confidence,
        matches_template=best.matches_template,
        candidates=admitted,
    )


def _admits(candidate: Candidate, lengths: range) -> bool:
    """Return whether a text has one of these lengths, or is sure."""
    length = len(candidate.text.replace("\n", ""))
    return candidate.confidence >= SURE or length in lengths


def _stated(plate: Plate, rules: Rules) -> Plate | None:
    admitted = tuple(
        each for each in plate.candidates if _admits(each, rules.lengths[plate.country])
    )
    if not admitted:
        return None
    plate = replace(plate, candidates=admitted)
    region, confidence = rules.region(plate)
    if region:
        candidates = _tested(plate, region, rules)
    else:
        candidates = tuple(replace(each, matches_template=False) for each in plate.candidates)
    if region and rules.must_match_pattern:
        candidates = tuple(each for each in candidates if each.matches_template)
    candidates = candidates[: max(1, rules.requested_topn)]
    if not candidates:
        return None
    best = next((each for each in candidates if each.matches_template), candidates[0])
    return replace(
        plate,
        text=best.text,
        confidence=best.confidence,
        matches_template=best.matches_template,
        region=region,
        region_confidence=confidence,
        candidates=candidates,
        requested_topn=rules.requested_topn,
        vehicle_region=None,
        vehicle=None,
    )


def _tested(plate: Plate, region: str, rules: Rules) -> tuple[Candidate, ...]:
    least = LEAST_LISTED * plate.candidates[0].confidence
    return tuple(
        replace(each, matches_template=region in rules.regions_of(plate.country, each.text))
        for each in plate.candidates
        if each.confidence >= least
    )
