# SPDX-License-Identifier: Apache-2.0
"""What is known of a plate once it is read: in the searched frame, and with all that led to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from alprcore.picture.view import Place, View, place_in_picture
from alprcore.reading.bank import Bank
from alprcore.reading.match import Reading
from alprcore.records import Candidate, Carrier, Detection, Glyph, GrayImage, Label, Plate, Quad


@dataclass(frozen=True, slots=True)
class Read:
    """A plate, read where it was found: everything in pixels of the searched frame.

    `crop` and `reading` are the upright crop and the lines that `text` was read from, by `bank`;
    the other fields are those of `Plate`.
    """

    text: str
    confidence: float
    matches_template: bool
    country: str
    region: str
    region_confidence: float
    regions: tuple[Label, ...]
    detection: Detection
    candidates: tuple[Candidate, ...]
    glyphs: tuple[Glyph, ...]
    index: int
    elapsed_ms: float
    text_with_unsure: str
    legibility: float
    crop: GrayImage
    reading: Reading
    bank: Bank
    occluded: bool = False

    def less_sure(self, share: float) -> Read:
        """Return the plate with its probabilities times `share`, in [0, 1]."""
        candidates = tuple(
            replace(each, confidence=share * each.confidence) for each in self.candidates
        )
        return replace(self, confidence=share * self.confidence, candidates=candidates)

    @property
    def quad(self) -> Quad:
        """The corners."""
        return self.detection.quad

    @property
    def detection_score(self) -> float:
        """What the finder says, [0, 1]."""
        return self.detection.score

    @property
    def whole(self) -> bool:
        """Whether its place was given, so that it does not go on beyond it."""
        return bool(self.detection.inner)

    def placed(self, view: View) -> Place | None:
        """Return where it is in the picture that `view` shows; None when that has no such place."""
        outlines = [glyph.quad for glyph in self.glyphs]
        return place_in_picture(view, self.quad, outlines, whole=self.whole)

    def reported(self, place: Place, carrier: Carrier, *, requested_topn: int) -> Plate:
        """Return the plate as it is reported, in pixels of the picture."""
        return Plate(
            text=self.text,
            confidence=self.confidence,
            matches_template=self.matches_template,
            country=self.country,
            region=self.region,
            region_confidence=self.region_confidence,
            quad=place.quad,
            detection_score=self.detection_score,
            candidates=self.candidates,
            glyphs=tuple(
                replace(glyph, quad=quad)
                for glyph, quad in zip(self.glyphs, place.glyphs, strict=True)
            ),
            plate_index=self.index,
            requested_topn=requested_topn,
            elapsed_ms=self.elapsed_ms,
            vehicle_region=carrier.region,
            vehicle=carrier.look,
            regions=self.regions,
            truncated=place.truncated,
            text_with_unsure=self.text_with_unsure,
            legibility=self.legibility,
            occluded=self.occluded,
        )


@dataclass(frozen=True, slots=True)
class Examination:
    """A plate and what led to its reading: the upright crop, its lines and lattices, the bank."""

    plate: Plate
    crop: GrayImage
    reading: Reading
    bank: Bank
