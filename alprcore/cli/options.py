# SPDX-License-Identifier: Apache-2.0
"""The options that several sub-commands share."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.engine import Engine
from alprcore.openalpr_config import OpenAlprConfig, read_config
from alprcore.records import Box
from alprcore.settings import MOST_ANALYSES, MOST_CANDIDATES, TASKS, Settings
from alprcore.stages.prewarp import parse_prewarp

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


_DEFAULTS = Settings()
# Options that go into the settings under their own name.
_SETTINGS = (
    "analysis_count",
    "bank",
    "default_region",
    "detect_region",
    "detection_mask",
    "max_plate_height_percent",
    "max_plate_width_percent",
    "min_confidence",
    "must_match_pattern",
    "prewarp",
    "skip_detection",
    "topn",
    "unsure_below",
)


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the engine."""
    parser.set_defaults(**{name: getattr(_DEFAULTS, name) for name in _SETTINGS})
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
        help=f"most readings per plate, 1 to {MOST_CANDIDATES} (default: %(default)s)",
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
        "--detect-region",
        action=argparse.BooleanOptionalAction,
        help="tell the region from the plate's look as well (default: %(default)s)",
    )
    parser.add_argument(
        "--must-match-pattern",
        action="store_true",
        help="drop readings that have no format of the region, or of the countries",
    )
    parser.add_argument(
        "--min-confidence",
        type=float,
        metavar="SHARE",
        help="drop plates whose reading is less probable, 0 to 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--unsure",
        dest="unsure_below",
        type=float,
        metavar="SHARE",
        help="show ? for characters less probable than this, 0 to 1, such as 0.6; readings and"
        " --json stay as they are (default: %(default)s)",
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
        " (default: %(default)s)",
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
        "--skip-detection",
        action="store_true",
        help="take each picture, or each --roi, for a plate",
    )
    for side in ("width", "height"):
        parser.add_argument(
            f"--max-plate-{side}-percent",
            type=float,
            metavar="P",
            help=f"drop plates that take more of the searched {side} (default: %(default)s)",
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
    config = OpenAlprConfig() if chosen.config is None else read_config(chosen.config)
    if config.warning:
        print(config.warning, file=sys.stderr)
    given = {name: getattr(chosen, name) for name in _SETTINGS}
    changed = {name: value for name, value in given.items() if value != getattr(_DEFAULTS, name)}
    if chosen.country_dirs:
        changed["country_dirs"] = tuple(chosen.country_dirs)
    return Engine(country=chosen.country, **{**config.settings, **changed})


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
