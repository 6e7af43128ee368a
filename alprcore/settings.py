# SPDX-License-Identifier: Apache-2.0
"""Every knob of the engine with its default: the only defaults in the package."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, cast

from alprcore.errors import SettingsError, shown

MOST_CANDIDATES = 1000
MOST_ANALYSES = 64
TASKS = ("plate", "color", "make", "makemodel")
"""What a picture can be asked for: plates, and how the vehicles look."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an engine does; immutable.

    Attributes
    ----------
    country
        Country codes, ``"auto"`` for all of Latin script. A prior, never a filter: a foreign plate
        is read as it stands.
    country_dirs
        Folders with country files, ``<code>.toml``, on top of the shipped ones: a code there adds
        a country or takes the place of one.
    topn
        Candidates a plate, 1 to 1000.
    default_region
        Region code that is reported as it stands and matched, ``""`` for none.
    must_match_pattern
        Whether a candidate is dropped that matches no format: of the default region when there is
        one, else of the countries. A plate without any other candidate goes with them.
    detect_region
        Whether the look of a US plate has a say in its region, and not its text alone: 2.4 ms a
        plate.
    min_confidence
        Plates whose best reading is less probable than this are dropped, [0, 1].
    min_character_confidence
        Candidates are dropped with a character that is less probable than this where it stands,
        [0, 1].
    unsure_below
        Characters less probable than this, [0, 1], are ``?`` in `Plate.text_with_unsure`.
    bank
        Path of a template bank made by ``alprcore train-bank``, ``""`` for the shipped one.
    prewarp
        How the picture is turned before it is searched, ``"planar,…"`` (see `picture.prewarp`);
        ``""``, and what is no such text, for not at all. Results are in the original picture.
    detection_mask
        Path of a picture whose white part is searched, ``""`` for none; it is resized to each
        picture.
    skip_detection
        Whether the picture, or each of its regions of interest, is itself a plate.
    max_plate_width_percent, max_plate_height_percent
        Larger plates are dropped, in percent of the searched area.
    analysis_count
        How often each plate is read, each time cut out a little differently; the mean counts.
    min_plate_score
        Plates the network scores below this, in [0, 1], are doubtful.
    doubtful_plate_score
        From this score on doubtful plates are read where there is no sure one, and reported when
        they read as letters with digits (see `ranking.select`); 1 leaves them all out.
    min_plausibility
        Plates are dropped whose finder score plus half their `Plate.legibility` is less; see
        `ranking.select`.
    max_plates
        Most plates a picture.
    max_vehicles
        Most vehicles whose look is taken, where it is asked for; each takes some milliseconds.
    find_vehicles
        Whether vehicles are boxed when their look is not asked for; it takes another network.
    min_vehicle_score
        Vehicles the network scores below this, in [0, 1], are not reported.
    detection_pixels
        Pixels that a picture is shrunk to when plates are looked for; 230,400 (640x360) take half
        the time of the default 518,400 (960x540) and lose plates narrower than 30 of 1,280 pixels.
    tilted
        Whether a picture without a sure plate is searched again turned by 30 degrees either way.
    tiled
        Whether large pictures get a second pass in tiles, for small plates.
    plate_margin
        Surroundings read with a plate, in plate heights on each side.
    max_pixels
        Larger pictures are refused before they are decoded.
    line_proposals
        Lines tried a plate; the best-read one wins.
    unsure_line_proposals
        The same for a plate that the network is not sure of.
    more_line_proposals
        Lines tried on top of these where the network is sure of the plate and none is legible, or
        the second of two is missing; 0 also leaves out the search above and below the first.
    sure_plate_score
        From this score on, in [0, 1], the network is sure.
    threads
        Threads of the plate network; one is best when several pictures are read at once.
    """

    country: tuple[str, ...] = ("auto",)
    country_dirs: tuple[str, ...] = ()
    topn: int = 10
    default_region: str = ""
    must_match_pattern: bool = False
    detect_region: bool = True
    min_confidence: float = 0.0
    min_character_confidence: float = 0.0
    unsure_below: float = 0.0
    bank: str = ""
    prewarp: str = ""
    detection_mask: str = ""
    skip_detection: bool = False
    max_plate_width_percent: float = 100.0
    max_plate_height_percent: float = 100.0
    analysis_count: int = 1
    min_plate_score: float = 0.3
    doubtful_plate_score: float = 0.15
    min_plausibility: float = 0.5
    max_plates: int = 32
    max_vehicles: int = 8
    find_vehicles: bool = False
    min_vehicle_score: float = 0.35
    detection_pixels: int = 960 * 540
    tilted: bool = True
    tiled: bool = True
    plate_margin: float = 0.12
    max_pixels: int = 100_000_000
    line_proposals: int = 3
    unsure_line_proposals: int = 2
    more_line_proposals: int = 4
    sure_plate_score: float = 0.45
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name in ("country", "country_dirs"):
            texts: Any = getattr(self, name)
            if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
                raise SettingsError(f"{name}: expected a tuple of texts, got {shown(texts)}")
        if not self.country:
            raise SettingsError("country: expected at least one code")
        for name in ("default_region", "bank", "prewarp", "detection_mask"):
            if not isinstance(getattr(self, name), str):
                raise SettingsError(f"{name}: expected a text, got {shown(getattr(self, name))}")
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(
                    f"{name}: expected true or false, got {shown(getattr(self, name))}"
                )
        for name, low, high in _COUNTS:
            value: Any = getattr(self, name)
            if not isinstance(value, Integral) or not low <= int(value) <= high:
                raise SettingsError(f"{name}: expected {low} to {high}, got {shown(value)}")
        for name, highest in _SHARES:
            value = getattr(self, name)
            if not _is_between(value, highest):
                raise SettingsError(f"{name}: expected 0 to {highest}, got {shown(value)}")


def _is_between(value: Any, highest: float) -> bool:
    """Whether a value is a number from 0 on; not turned into a float, which may be too large."""
    return isinstance(value, Real) and bool(0 <= cast(Any, value) <= highest)


_FLAGS = (
    "must_match_pattern",
    "detect_region",
    "skip_detection",
    "find_vehicles",
    "tilted",
    "tiled",
)
_COUNTS = (
    ("topn", 1, MOST_CANDIDATES),
    ("max_plates", 1, 10_000),
    ("detection_pixels", 10_000, 4_000_000),
    ("max_vehicles", 1, 10_000),
    ("max_pixels", 1, 2**31),
    ("analysis_count", 1, MOST_ANALYSES),
    ("line_proposals", 1, 8),
    ("unsure_line_proposals", 1, 8),
    ("more_line_proposals", 0, 16),
    ("threads", 1, 256),
)
_SHARES = (
    ("min_plate_score", 1),
    ("doubtful_plate_score", 1),
    ("min_plausibility", 2),
    ("min_vehicle_score", 1),
    ("plate_margin", 1),
    ("sure_plate_score", 1),
    ("min_confidence", 1),
    ("min_character_confidence", 1),
    ("unsure_below", 1),
    ("max_plate_width_percent", 100),
    ("max_plate_height_percent", 100),
)


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return the settings with some changed; ``country`` may be a text, separated by commas.

    Lists are taken for tuples; codes of countries and regions are folded to lower case.

    Raises
    ------
    SettingsError
        If a name is unknown or a value out of its range.
    """
    wanted = dict(changes)
    if isinstance(country := wanted.get("country"), str):
        wanted["country"] = tuple(
            code.strip().lower() for code in country.split(",") if code.strip()
        )
    if isinstance(region := wanted.get("default_region"), str):
        wanted["default_region"] = region.strip().lower()
    for name in ("country", "country_dirs"):
        if isinstance(texts := wanted.get(name), list):
            wanted[name] = tuple(texts)
    if unknown := sorted(set(wanted) - set(Settings.__dataclass_fields__)):
        raise SettingsError(f"settings: {', '.join(unknown)}: unknown")
    return replace(settings, **wanted)


def checked_tasks(tasks: Collection[str]) -> frozenset[str]:
    """Return the tasks, of `TASKS`; a text is one task.

    Raises
    ------
    SettingsError
        If there is none, or one is unknown.
    """
    wanted = frozenset([tasks] if isinstance(tasks, str) else tasks)
    if not wanted or not wanted <= set(TASKS):
        raise SettingsError(
            f"tasks: expected some of {', '.join(TASKS)}, got {', '.join(sorted(wanted)) or 'none'}"
        )
    return wanted
