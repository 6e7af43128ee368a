# SPDX-License-Identifier: Apache-2.0
"""The options that several sub-commands share."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alprcore.cli.numbers import whole
from alprcore.countries.aliases import without_aliases
from alprcore.engine import Engine
from alprcore.errors import AlprError
from alprcore.openalpr.config import OpenAlprConfig, read_config
from alprcore.picture.prewarp import parse_prewarp
from alprcore.records import Box
from alprcore.settings import MOST_CANDIDATES, TASKS, Settings, changed, default_of
from alprcore.wire.hashed import PlateHasher

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


# `None` means "not given". An option that is given, even with its default value, overrides the
# configuration file.
_KNOBS = {knob.name: knob for knob in fields(Settings) if knob.metadata["flag"]}


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the engine: `Settings`, as far as it names flags."""
    for knob in _KNOBS.values():
        if knob.name == "country_dirs":
            add_country_dir_option(parser)
        else:
            _add_setting(parser, knob)
    parser.set_defaults(country=default_of(_KNOBS["country"]))
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings of an openalpr.conf, for what no option changes",
    )


def _add_setting(parser: argparse.ArgumentParser, knob: Field[Any]) -> None:
    """Add the option of a setting, with the default that it has where it is not given."""
    meta, default = knob.metadata, default_of(knob)
    help_text = meta["meaning"].replace("%", "%%") + (f" (default: {default})" if default else "")
    if isinstance(knob.default, bool):
        parser.add_argument(
            meta["flag"], dest=knob.name, action=argparse.BooleanOptionalAction, help=help_text
        )
        return
    parser.add_argument(
        meta["flag"],
        dest=knob.name,
        type=_PARSED.get(knob.name, type(knob.default) if default != "auto" else str),
        metavar=meta["metavar"],
        help=help_text,
    )


def add_country_dir_option(parser: argparse.ArgumentParser) -> None:
    """Add folders of country files."""
    meta = _KNOBS["country_dirs"].metadata
    parser.add_argument(
        meta["flag"],
        dest="country_dirs",
        action="append",
        default=[],
        metavar=meta["metavar"],
        help=meta["meaning"],
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


def add_hash_option(parser: argparse.ArgumentParser) -> None:
    """Add the key that readings are hashed with."""
    parser.add_argument(
        "--hash-plates",
        type=Path,
        metavar="KEYFILE",
        help="print a keyed hash, HMAC-SHA256, in place of each reading; the key is the file's"
        " content, 16 bytes or more",
    )


def refuse_pictures(chosen: argparse.Namespace, *names: str) -> None:
    """Refuse outputs that show plates beside readings that are hashed.

    Raises
    ------
    AlprError
        If one of the options `names` is there along with ``--hash-plates``.
    """
    shown = [name for name in names if getattr(chosen, name) is not None]
    if shown and chosen.hash_plates is not None:
        raise AlprError(f"--hash-plates: --{shown[0]} would show the plates")


def hasher_of(chosen: argparse.Namespace) -> PlateHasher | None:
    """Return what hashes the readings; None where they are printed as they are.

    Raises
    ------
    AlprError
        If the key cannot be read or is too short.
    """
    key: Path | None = chosen.hash_plates
    return None if key is None else PlateHasher.from_file(key)


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
    """Return the settings of the options, which override those of the configuration.

    Raises
    ------
    AlprError
        If an option is out of its range or the configuration cannot be read.
    """
    return configured(chosen, **{name: getattr(chosen, name) for name in _KNOBS})


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
    settings, said = without_aliases(changed(Settings(), {**config.settings, **given}))
    for line in said:
        print(f"alprcore: {line}", file=sys.stderr)
    return settings


def _tasks(text: str) -> tuple[str, ...]:
    tasks = tuple(task.strip() for task in text.split(","))
    if not set(tasks) <= set(TASKS):
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(TASKS)}, got {text!r}")
    return tasks


def _prewarp(text: str) -> str:
    # The engine ignores a malformed text, as old installations expect; someone who types one should
    # be told.
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


_PARSED: dict[str, Callable[[str], Any]] = {
    "topn": whole(1, MOST_CANDIDATES),
    "prewarp": _prewarp,
}
