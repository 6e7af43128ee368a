# SPDX-License-Identifier: Apache-2.0
"""Every knob of the engine with its default: the only defaults in the package."""

from __future__ import annotations

from dataclasses import dataclass

from alprcore.errors import SettingsError

MOST_CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """What an engine does; immutable.

    Attributes
    ----------
    country
        Country codes, or ``("auto",)`` for all of them. A prior, never a filter: a foreign plate
        is read as it stands.
    topn
        Candidates a plate, 1 to 1000.
    default_region
        Region code that is reported and matched when none can be inferred, ``""`` for none.
    must_match_pattern
        Whether a candidate that matches no format of the countries is dropped.
    min_plate_score
        Plates the network scores below this, in [0, 1], are not read.
    min_plausibility
        Plates are dropped whose finder score plus half their reading's probability is less; see
        `stages.select`.
    max_plates
        Most plates a picture.
    min_vehicle_score
        Vehicles the network scores below this, in [0, 1], are not reported.
    tiled
        Whether large pictures get a second pass in tiles, for small plates.
    plate_margin
        Surroundings read with a plate, in plate heights on each side.
    max_pixels
        Larger pictures are refused before they are decoded.
    line_proposals
        Lines tried a plate; the best-read one wins.
    more_line_proposals
        Lines tried on top of these where none is legible and the network is sure of the plate.
    sure_plate_score
        From this score on, in [0, 1], the network is sure.
    threads
        Threads of the plate network; one is best when several pictures are read at once.
    """

    country: tuple[str, ...] = ("auto",)
    topn: int = 10
    default_region: str = ""
    must_match_pattern: bool = False
    min_plate_score: float = 0.3
    min_plausibility: float = 0.5
    max_plates: int = 32
    min_vehicle_score: float = 0.4
    tiled: bool = True
    plate_margin: float = 0.12
    max_pixels: int = 100_000_000
    line_proposals: int = 3
    more_line_proposals: int = 4
    sure_plate_score: float = 0.45
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if not self.country:
            raise SettingsError("country: expected at least one code")
        _within("topn", self.topn, 1, MOST_CANDIDATES)
        _within("min_plate_score", self.min_plate_score, 0, 1)
        _within("min_plausibility", self.min_plausibility, 0, 2)
        _within("min_vehicle_score", self.min_vehicle_score, 0, 1)
        _within("plate_margin", self.plate_margin, 0, 1)
        _within("max_plates", self.max_plates, 1, 10_000)
        _within("max_pixels", self.max_pixels, 1, 2**31)
        _within("line_proposals", self.line_proposals, 1, 8)
        _within("more_line_proposals", self.more_line_proposals, 0, 16)
        _within("sure_plate_score", self.sure_plate_score, 0, 1)
        _within("threads", self.threads, 1, 256)


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{name}: expected {low} to {high}, got {value}")
