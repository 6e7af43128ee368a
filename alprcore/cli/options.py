# SPDX-License-Identifier: Apache-2.0
"""The options that several sub-commands share."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alprcore.engine import Engine
from alprcore.openalpr.config import OpenAlprConfig, read_config
from alprcore.picture.prewarp import parse_prewarp
from alprcore.records import Box
from alprcore.settings import MOST_ANALYSES, MOST_CANDIDATES, TASKS, Settings, changed

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


_DEFAULTS = Settings()
# Options that go into the settings under their own name. None stands for one that is not given;
# one that is given, be it with its default, goes before the configuration file.
_SETTINGS = (
    "analysis_count",
    "bank",
    "default_region",
    "detect_region",
    "detection_mask",
    "detection_pixels",
    "find_vehicles",
    "max_plate_height_percent",
    "max_plate_width_percent",
    "min_character_confidence",
    "min_confidence",
    "must_match_pattern",
    "prewarp",
    "skip_detection",
    "tiled",
    "tilted",
    "topn",
    "unsure_below",
)


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the engine."""
    parser.add_argument(
        "--country",
        default=",".join(_DEFAULTS.country),
        help="codes of `alprcore countries`, comma-separated, or auto for all (default:"
        " %(default)s); a plate from elsewhere is still read",
    )
    add_country_dir_option(parser)
    parser.add_argument(
        "--topn",
        type=_count,
        metavar="N",
        help=f"most readings per plate, 1 to {MOST_CANDIDATES} (default: {_DEFAULTS.topn})",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings of an openalpr.conf, for what no option changes",
    )
    _add_reading_options(parser)
    _add_search_options(parser)


def add_country_dir_option(parser: argparse.ArgumentParser) -> None:
    """Add folders of country files."""
    parser.add_argument(
        "--country-dir",
        dest="country_dirs",
        action="append",
        default=[],
        metavar="DIR",
        help="folder with country files, CODE.toml, on top of the shipped ones; may be given"
        " several times",
    )


def _add_reading_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--region",
        dest="default_region",
        metavar="CODE",
        help="region to report for every plate; readings with a format of it go first",
    )
    parser.add_argument(
        "--bank",
        metavar="FILE",
        help="template bank made by `alprcore train-bank` (default: the shipped one)",
    )
    parser.add_argument(
        "--analysis-count",
        type=int,
        metavar="N",
        help=f"read each plate N times, 1 to {MOST_ANALYSES}; helps with small and blurred ones"
        f" (default: {_DEFAULTS.analysis_count})",
    )
    _add_switches(
        parser,
        ("detect_region", "tell the region from the plate's look as well"),
        ("must_match_pattern", "drop readings without a format of the region, or the countries"),
    )
    for name, dest, what in (
        ("min-confidence", "min_confidence", "drop plates whose reading is less probable"),
        (
            "min-character-confidence",
            "min_character_confidence",
            "drop readings with a character that is less probable",
        ),
        (
            "unsure",
            "unsure_below",
            "show ? for less probable characters, readings and --json stay as they are",
        ),
    ):
        parser.add_argument(
            f"--{name}",
            dest=dest,
            type=float,
            metavar="SHARE",
            help=f"{what}; 0 to 1 (default: {getattr(_DEFAULTS, dest)})",
        )


def _add_search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prewarp",
        type=_prewarp,
        metavar="TEXT",
        help="turn pictures before they are searched: planar,W,H,rx,ry,rz,stretchX,dist,panX,panY",
    )
    parser.add_argument(
        "--mask",
        dest="detection_mask",
        metavar="FILE",
        help="picture that is white where plates are wanted and black elsewhere",
    )
    parser.add_argument(
        "--detection-pixels",
        type=int,
        metavar="N",
        help="pixels a picture is shrunk to when plates are looked for"
        f" (default: {_DEFAULTS.detection_pixels})",
    )
    _add_switches(
        parser,
        ("tiled", "search large pictures in tiles as well, for small plates"),
        ("tilted", "search a picture without a sure plate again, turned"),
        ("find_vehicles", "box vehicles even when their look is not asked for"),
        ("skip_detection", "take each picture, or each --roi, for a plate"),
    )
    for side in ("width", "height"):
        default = getattr(_DEFAULTS, f"max_plate_{side}_percent")
        parser.add_argument(
            f"--max-plate-{side}-percent",
            type=float,
            metavar="P",
            help=f"drop plates that take more of the searched {side} (default: {default})",
        )


def _add_switches(parser: argparse.ArgumentParser, *switches: tuple[str, str]) -> None:
    """Add settings that are on or off, each with what it does."""
    for name, what in switches:
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            action=argparse.BooleanOptionalAction,
            help=f"{what} (default: {'on' if getattr(_DEFAULTS, name) else 'off'})",
        )


def add_roi_option(parser: argparse.ArgumentParser) -> None:
    """Add the areas of the picture to search."""
    parser.add_argument(
        "--roi",
        action="append",
        default=[],
        type=_area,
        metavar="X,Y,W,H",
        help="search this area of each picture, in pixels; may be given several times",
    )


def add_tasks_option(parser: argparse.ArgumentParser) -> None:
    """Add what is wanted of each picture."""
    parser.add_argument(
        "--tasks",
        type=_tasks,
        default=("plate",),
        metavar="LIST",
        help=f"what to look for, comma-separated, of {', '.join(TASKS)} (default: plate)",
    )


def engine_of(chosen: argparse.Namespace) -> Engine:
    """Return the engine that the options ask for.

    Raises
    ------
    AlprError
        If the country is unknown, an option is out of its range, the mask or the configuration
        cannot be read or a shipped file is missing.
    """
    engine = Engine(settings=settings_of(chosen))
    region = engine.settings.default_region
    if engine.countries.lacks(region):
        countries = ",".join(engine.settings.country)
        print(
            f"alprcore: no region {region!r} in {countries}: no reading matches its formats",
            file=sys.stderr,
        )
    return engine


def settings_of(chosen: argparse.Namespace) -> Settings:
    """Return the settings of the options, which go before those of the configuration.

    Raises
    ------
    AlprError
        If an option is out of its range or the configuration cannot be read.
    """
    asked = {name: getattr(chosen, name) for name in _SETTINGS}
    return configured(chosen, country=chosen.country, **asked)


def configured(chosen: argparse.Namespace, **asked: Any) -> Settings:
    """Return the settings of ``--config`` with those asked for in their place, None for no change.

    Folders of country files are taken from ``--country-dir``. What is asked wins over the file.

    Raises
    ------
    AlprError
        If a setting is out of its range or the configuration cannot be read.
    """
    config = OpenAlprConfig() if chosen.config is None else read_config(chosen.config)
    if config.warning:
        print(config.warning, file=sys.stderr)
    asked["country_dirs"] = tuple(chosen.country_dirs) or None
    given = {name: value for name, value in asked.items() if value is not None}
    return changed(Settings(), {**config.settings, **given})


def _tasks(text: str) -> tuple[str, ...]:
    tasks = tuple(task.strip() for task in text.split(","))
    if not set(tasks) <= set(TASKS):
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(TASKS)}, got {text!r}")
    return tasks


def _prewarp(text: str) -> str:
    # The engine ignores a malformed text, as old installations expect; who types one wants to know.
    if text and parse_prewarp(text) is None:
        raise argparse.ArgumentTypeError(
            f"expected planar,W,H,rx,ry,rz,stretchX,dist,panX,panY, got {text!r}"
        )
    return text


def _area(text: str) -> Box:
    try:
        left, top, width, height = (float(item) for item in text.split(","))
    except ValueError:
        width = height = 0.0
    if not (0 < width < math.inf and 0 < height < math.inf and math.isfinite(left + top)):
        raise argparse.ArgumentTypeError(f"expected X,Y,W,H in pixels, got {text!r}")
    return Box(left, top, left + width, top + height)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CANDIDATES:
        raise argparse.ArgumentTypeError(f"expected 1 to {MOST_CANDIDATES}, got {text!r}")
    return int(text)
