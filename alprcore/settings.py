# SPDX-License-Identifier: Apache-2.0
"""Every knob of the engine, once: default, range, meaning and flag of the command line.

From this table come the checks, the options of the commands, the documentation of `Settings` and
the page of settings.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any, TypedDict

from alprcore.errors import SettingsError, shown

MOST_CANDIDATES = 1000
MOST_ANALYSES = 64
VEHICLE_TASKS = ("color", "make", "makemodel")
TASKS = ("plate", *VEHICLE_TASKS)  # what a picture can be asked for


def _knob(default: Any, meaning: str, flag: str, **more: Any) -> Any:
    """Return a field; `flag` is its option, ``""`` where the command line has none."""
    return field(default=default, metadata={"meaning": meaning, "flag": flag, **more})


def _count(default: int, low: int, high: int, meaning: str, flag: str = "") -> Any:
    """Return a field that holds a whole number from `low` to `high`."""
    return _knob(default, meaning, flag, low=low, high=high, metavar="N")


def _share(default: float, meaning: str, flag: str = "", *, metavar: str = "SHARE") -> Any:
    """Return a field that holds a number from 0 to 1."""
    return _knob(default, meaning, flag, low=0, high=1, metavar=metavar)


def _percent(default: float, meaning: str, flag: str = "") -> Any:
    """Return a field that holds a number from 0 to 100."""
    return _knob(default, meaning, flag, low=0, high=100, metavar="P")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an engine does; immutable."""

    country: tuple[str, ...] = _knob(
        ("auto",),
        "codes of `alprcore countries`, comma-separated, or auto for all; a prior, never a filter:"
        " a plate from elsewhere is still read",
        "--country",
        metavar="CODES",
    )
    country_dirs: tuple[str, ...] = _knob(
        (),
        "folder with country files, CODE.toml, on top of the shipped ones: a code there adds a"
        " country or replaces one; may be given several times",
        "--country-dir",
        metavar="DIR",
    )
    topn: int = _count(10, 1, MOST_CANDIDATES, "maximum number of readings per plate", "--topn")
    default_region: str = _knob(
        "",
        "region to report for every plate, with a confidence of 0; a reading with a format of it"
        " becomes the text unless another is 6 times likelier",
        "--region",
        metavar="CODE",
    )
    must_match_pattern: bool = _knob(
        False,
        "drop readings without a format of the region, else of the countries, and plates without"
        " any other reading",
        "--must-match-pattern",
    )
    detect_region: bool = _knob(
        True,
        "infer the region of a US plate from its appearance as well as its text, in 2.4 ms",
        "--detect-region",
    )
    min_confidence: float = _share(
        0.0, "drop plates whose best reading is less probable", "--min-confidence"
    )
    min_character_confidence: float = _share(
        0.0,
        "drop readings with a character that is less probable where it stands",
        "--min-character-confidence",
    )
    unsure_below: float = _share(
        0.0,
        "show ? for less probable characters in `text_with_unsure`; readings and --json stay as"
        " they are",
        "--unsure",
    )
    bank: str = _knob(
        "",
        "template bank made by `alprcore train-bank`; the shipped one when empty",
        "--bank",
        metavar="FILE",
    )
    prewarp: str = _knob(
        "",
        "turn pictures before they are searched, planar,W,H,rx,ry,rz,stretchX,dist,panX,panY;"
        " results are in the original picture; an empty or malformed text turns nothing",
        "--prewarp",
        metavar="TEXT",
    )
    detection_mask: str = _knob(
        "",
        "picture that is white where plates are wanted and black elsewhere; resized to each"
        " picture",
        "--mask",
        metavar="FILE",
    )
    skip_detection: bool = _knob(
        False, "take each picture, or each region of interest, for a plate", "--skip-detection"
    )
    max_plate_width_percent: float = _percent(
        100.0,
        "drop plates that take more of the width of the searched area",
        "--max-plate-width-percent",
    )
    max_plate_height_percent: float = _percent(
        100.0,
        "drop plates that take more of the height of the searched area",
        "--max-plate-height-percent",
    )
    analysis_count: int = _count(
        1,
        1,
        MOST_ANALYSES,
        "how often each plate is read, each time cut out a little differently; the mean counts,"
        " which helps with small and blurred ones",
        "--analysis-count",
    )
    min_plate_score: float = _share(0.3, "plates that the network scores lower are doubtful")
    doubtful_plate_score: float = _share(
        0.15,
        "from this score on doubtful plates are read where there is no sure one, and reported when"
        " they read as letters with digits; 1 leaves them all out",
    )
    min_plausibility: float = _knob(
        0.5,
        "drop plates whose score plus half their legibility is less (`ranking.select`)",
        "",
        low=0,
        high=2,
    )
    max_plates: int = _count(32, 1, 10_000, "maximum number of plates per picture")
    max_vehicles: int = _count(
        8, 1, 10_000, "maximum number of vehicles looked at per picture, some milliseconds each"
    )
    find_vehicles: bool = _knob(
        False,
        "box vehicles even when their appearance is not asked for, by another network",
        "--find-vehicles",
    )
    min_vehicle_score: float = _share(0.35, "vehicles that the network scores lower are dropped")
    detection_pixels: int = _count(
        960 * 540,
        10_000,
        4_000_000,
        "pixels a picture is shrunk to when plates are looked for; 230400 (640x360) take half the"
        " time and lose plates narrower than 30 of 1,280 pixels",
        "--detection-pixels",
    )
    tilted: bool = _knob(
        True,
        "search a picture without a sure plate again, turned by 30 degrees either way",
        "--tilted",
    )
    tiled: bool = _knob(True, "search large pictures in tiles as well, for small plates", "--tiled")
    plate_margin: float = _share(
        0.12, "surroundings read with a plate, in plate heights on each side"
    )
    max_pixels: int = _count(
        100_000_000, 1, 2**31, "larger pictures are refused before they are decoded"
    )
    line_proposals: int = _count(3, 1, 8, "lines tried per plate; the best-read one wins")
    unsure_line_proposals: int = _count(
        2, 1, 8, "the same for a plate that the network is not sure of"
    )
    more_line_proposals: int = _count(
        4,
        0,
        16,
        "lines tried on top of these where the network is sure of the plate and none is legible,"
        " or the second of two is missing; 0 also leaves out the search above and below the first",
    )
    sure_plate_score: float = _share(0.45, "from this score on the network is sure of a plate")
    threads: int = _count(
        1, 1, 256, "threads of the networks; one is best when several pictures are read at once"
    )

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for each in fields(self):
            value: Any = getattr(self, each.name)
            if (wanted := _expected(each, value)) is not None:
                raise SettingsError(f"{each.name}: expected {wanted}, got {shown(value)}")
        if not self.country:
            raise SettingsError("country: expected at least one code")


def _expected(knob: Field[Any], value: Any) -> str | None:
    """Return what a field should hold in place of `value`; None where it may hold that."""
    if isinstance(knob.default, tuple):
        fits = isinstance(value, tuple) and all(isinstance(text, str) for text in value)
        return None if fits else "a tuple of texts"
    if isinstance(knob.default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(knob.default, str):
        return None if isinstance(value, str) else "a text"
    kind = Integral if isinstance(knob.default, int) else Real
    low, high = knob.metadata["low"], knob.metadata["high"]
    # Not turned into a float: a whole number may be too large for one.
    if isinstance(value, kind) and low <= value <= high:
        return None
    return f"{low} to {high}"


class Changes(TypedDict, total=False):
    """The settings by name, but the country; a test compares it with `Settings`."""

    country_dirs: Sequence[str]
    topn: int
    default_region: str
    must_match_pattern: bool
    detect_region: bool
    min_confidence: float
    min_character_confidence: float
    unsure_below: float
    bank: str
    prewarp: str
    detection_mask: str
    skip_detection: bool
    max_plate_width_percent: float
    max_plate_height_percent: float
    analysis_count: int
    min_plate_score: float
    doubtful_plate_score: float
    min_plausibility: float
    max_plates: int
    max_vehicles: int
    find_vehicles: bool
    min_vehicle_score: float
    detection_pixels: int
    tilted: bool
    tiled: bool
    plate_margin: float
    max_pixels: int
    line_proposals: int
    unsure_line_proposals: int
    more_line_proposals: int
    sure_plate_score: float
    threads: int


class CountryChanges(Changes, total=False):
    """The settings by name."""

    country: str | Sequence[str]


def documented() -> str:
    """Return the settings as a table in Markdown: name, flag, default, range and meaning."""
    rows = ["| setting | flag | default | range | meaning |", "| --- | --- | --- | --- | --- |"]
    for knob in fields(Settings):
        meta = knob.metadata
        span = f"{meta['low']} to {meta['high']}" if "low" in meta else ""
        flag = f"`{meta['flag']}`" if meta["flag"] else ""
        rows.append(f"| `{knob.name}` | {flag} | {default_of(knob)} | {span} | {meta['meaning']} |")
    return "\n".join(rows) + "\n"


def default_of(knob: Field[Any]) -> str:
    """Return the default as a person would type it."""
    if isinstance(knob.default, bool):
        return "on" if knob.default else "off"
    return ",".join(knob.default) if isinstance(knob.default, tuple) else str(knob.default)


def _attributes() -> str:
    """Return the attributes as numpydoc has them."""
    lines = ["", "", "Attributes", "----------"]
    for knob in fields(Settings):
        span = (
            f", {knob.metadata['low']} to {knob.metadata['high']}" if "low" in knob.metadata else ""
        )
        lines += [f"{knob.name} : {knob.type}{span}", f"    {knob.metadata['meaning']}"]
    return "\n".join(lines)


Settings.__doc__ = f"{Settings.__doc__}{_attributes()}"


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return the settings with some changed; ``country`` may be a text, separated by commas.

    Lists become tuples; codes of countries and regions are folded to lower case.

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
