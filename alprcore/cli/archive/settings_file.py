# SPDX-License-Identifier: Apache-2.0
"""``--settings FILE``: settings by their names, in TOML."""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import asdict
from pathlib import Path

from alprcore.errors import SettingsError
from alprcore.settings import Settings, changed


def settings_from(path: Path | None, given: Settings, chosen: argparse.Namespace) -> Settings:
    """Return the settings of a file with those of options, which override it.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting is unknown or out of range; it names the file.
    """
    if path is None:
        return given
    try:
        read = tomllib.loads(path.read_text("utf-8"))
        base = changed(Settings(), read)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error
    default = asdict(Settings())
    options = {name: value for name, value in asdict(given).items() if value != default[name]}
    if chosen.country != ",".join(Settings().country):
        options["country"] = given.country
    return changed(base, options)
