# SPDX-License-Identifier: Apache-2.0
"""OpenALPR's library: an engine, its configuration file and the rules for regions.

The Python class and the ``alpr`` command both stand on this.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alprcore.countries.fit import CountrySet
from alprcore.countries.formats import match_patterns
from alprcore.engine import Engine
from alprcore.openalpr.config import MissingConfigError, OpenAlprConfig, find_config, read_config
from alprcore.openalpr.form import Rules, in_openalpr_form
from alprcore.picture.load import ImageSource
from alprcore.records import Box
from alprcore.settings import MOST_CANDIDATES
from alprcore.wire.results import Recognition

VERSION = "2.3.0"
"""The OpenALPR version whose behaviour this is."""

DEFAULT_COUNTRY = "us"
LEAST_CANDIDATES = 25  # looked through for one that matches, however few are wanted

Area = tuple[float, float, float, float]
"""x, y, width, height in pixels."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user of the library may change at any time.

    Attributes
    ----------
    country
        Codes, separated by commas; ``""`` for OpenALPR's default.
    topn
        Candidates a plate; less than 1 gives 1.
    region
        Region whose formats are tested where none is detected, ``""`` for none.
    detect_region
        Whether regions are detected.
    prewarp
        In place of the configuration file's; None for that one.
    """

    country: str
    topn: int
    region: str = ""
    detect_region: bool = False
    prewarp: str | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """A loaded OpenALPR: immutable, safe to share between threads. Made by `load_library`."""

    wishes: Wishes
    config: OpenAlprConfig
    _engine: Engine

    def recognize(self, image: ImageSource, areas: Sequence[Area] = ()) -> Recognition:
        """Return the plates of a picture as OpenALPR states them.

        Parameters
        ----------
        image
            As for `Engine.recognize`.
        areas
            Areas to search; all of the picture when there is none. They may reach beyond it.

        Raises
        ------
        ImageError
            If the picture cannot be read.
        SettingsError
            If an area has no width or height.
        """
        boxes = [Box(x, y, x + width, y + height) for x, y, width, height in areas]
        return self.stated(self._engine.recognize(image, regions_of_interest=boxes))

    @property
    def engine(self) -> Engine:
        """The engine that reads."""
        return self._engine

    def stated(self, found: Recognition) -> Recognition:
        """Return what the engine found as OpenALPR states it."""
        return in_openalpr_form(found, _rules(self.wishes, self.config, self._engine.countries))

    def regions_of(self, country: str, text: str) -> frozenset[str]:
        """Return the regions of a country that have a format for a text."""
        return _regions_of(self._engine.countries, country, text)

    def changed(self, **changes: Any) -> Library:
        """Return a library with some wishes changed; it shares what is loaded with this one.

        Raises
        ------
        AlprError
            As `load_library`.
        """
        wishes = replace(self.wishes, **changes)
        engine = self._engine.with_settings(**_settings(wishes, self.config))
        return Library(wishes, self.config, engine)

    def region_problem(self) -> str:
        """Return lines that say that no country has the given region; ``""`` when one has it."""
        countries = self._engine.countries
        if not countries.lacks(self.wishes.region):
            return ""
        known = countries.region_codes
        valid = f"Valid patterns are: {', '.join(known)}" if known else "There are none"
        return f"Invalid pattern provided: {self.wishes.region}\n{valid}"


def load_library(wishes: Wishes, config: OpenAlprConfig) -> Library:
    """Return the library that a configuration and a user's wishes describe.

    Raises
    ------
    AlprError
        If a country is unknown or cannot be read, a setting is wrong, or a shipped file is missing.
    """
    return Library(wishes, config, Engine(**_settings(wishes, config)))


def load_config(named: str, runtime_dir: str = "") -> OpenAlprConfig:
    """Return the configuration that OpenALPR would find; an empty one when there is no file.

    Parameters
    ----------
    named
        Path of the file, ``""`` to look where OpenALPR looks.
    runtime_dir
        Folder of runtime data, ``""`` for the file's. All that is taken from it is country files,
        ``countries/<code>.toml``, on top of the shipped ones.

    Raises
    ------
    SettingsError
        If a file was named and cannot be read.

    Notes
    -----
    A named file that is not there is only warned of, as with an OpenALPR that is fully installed:
    programs name ``/etc/openalpr/openalpr.conf``, which exists only beside the original.
    """
    program = Path(sys.argv[0] if sys.argv and Path(sys.argv[0]).is_file() else sys.executable)
    try:
        path = find_config(named, environment=os.environ, program=program.resolve())
        config = OpenAlprConfig() if path is None else _without_lost_mask(read_config(path))
    except MissingConfigError as error:
        config = OpenAlprConfig(warning=f"{error}; the defaults are used")
    folder = runtime_dir or config.runtime_dir
    countries = Path(folder, "countries")
    if not folder or not countries.is_dir():
        return config
    return replace(config, settings={**config.settings, "country_dirs": (str(countries),)})


def checked_text(name: str, value: str | bytes) -> str:
    """Return an argument of the binding as text, or raise TypeError: both kinds are in use."""
    if not isinstance(value, str | bytes):
        raise TypeError(f"{name}: expected str or bytes, got {type(value).__name__}")
    return os.fsdecode(value)


def unread(*areas: Box) -> Recognition:
    """Return what OpenALPR states of a picture that it could not read: sizes of 0, now."""
    return Recognition(0, 0, time.time_ns() // 1_000_000, 0.0, areas, ())


def tell(message: str) -> None:
    """Write lines to standard error, as OpenALPR's library does with its complaints."""
    if message and sys.stderr is not None:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()


def _without_lost_mask(config: OpenAlprConfig) -> OpenAlprConfig:
    """Return the configuration without a mask that is not there: OpenALPR then searches it all."""
    mask = config.settings.get("detection_mask", "")
    if not mask or Path(mask).is_file():
        return config
    lost = f"detection_mask_image: no file {mask!r}, everything is searched"
    return replace(
        config,
        settings={**config.settings, "detection_mask": ""},
        warning="\n".join(filter(None, (config.warning, lost))),
    )


def _codes(country: str) -> tuple[str, ...]:
    codes = [code.strip().lower() for code in country.split(",")]
    return tuple(filter(None, codes)) or (DEFAULT_COUNTRY,)


def _rules(wishes: Wishes, config: OpenAlprConfig, countries: CountrySet) -> Rules:
    return Rules(
        given_region=wishes.region,
        only_regions=countries.only_regions,
        detect_region=wishes.detect_region,
        must_match_pattern=bool(config.settings.get("must_match_pattern")),
        requested_topn=wishes.topn,
        regions_of=lambda country, text: _regions_of(countries, country, text),
        lengths=countries.text_lengths,
    )


def _regions_of(countries: CountrySet, country: str, text: str) -> frozenset[str]:
    """Return the regions of a country that have a format for the text."""
    found = (patterns for each, patterns in countries.entries if each.code == country)
    return frozenset(match.region for known in found for match in match_patterns(text, known))


def _settings(wishes: Wishes, config: OpenAlprConfig) -> dict[str, Any]:
    """Return the engine's settings; what regions decide is left to the rules."""
    settings = {
        **config.settings,
        "country": _codes(wishes.country),
        "topn": min(max(wishes.topn, LEAST_CANDIDATES), MOST_CANDIDATES),
        "detect_region": wishes.detect_region,
        "must_match_pattern": False,
    }
    if wishes.prewarp is not None:
        settings["prewarp"] = wishes.prewarp
    return settings
