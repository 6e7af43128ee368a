# SPDX-License-Identifier: Apache-2.0
"""What an engine holds: its settings, and what was loaded for them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from alprcore.countries.aliases import without_aliases
from alprcore.countries.fit import CountrySet, load_countries
from alprcore.finding.network import PlateFinder, load_finder
from alprcore.picture.prewarp import Prewarp, parse_prewarp
from alprcore.picture.view import load_mask
from alprcore.ranking.region_network import RegionModel
from alprcore.reading.attempts import Reader, load_reader
from alprcore.reading.looks import Looks, load_looks
from alprcore.records import GrayImage
from alprcore.resources import model_bytes
from alprcore.settings import Settings
from alprcore.vehicles.looks import VehicleNetworks, vehicle_networks


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks of an engine; those of plate finding are loaded at once, others when needed."""

    plates: PlateFinder
    regions: RegionModel
    looks: Looks
    vehicles: VehicleNetworks


@dataclass(frozen=True, slots=True)
class Parts:
    """All that an engine holds: settings, and what was loaded for them."""

    settings: Settings
    countries: CountrySet
    reader: Reader
    networks: Networks
    mask: GrayImage | None
    prewarp: Prewarp | None


def load_parts(settings: Settings, like: Parts | None = None) -> Parts:
    """Return the parts for the settings; what they have in common with `like` is shared.

    Countries by other names are replaced, with a warning.
    """
    settings, said = without_aliases(settings)
    for line in said:
        warnings.warn(line, stacklevel=3)

    def kept(part: str, *names: str) -> Any:
        same = like and all(getattr(settings, n) == getattr(like.settings, n) for n in names)
        return getattr(like, part) if same else None

    countries = kept("countries", "country", "country_dirs")
    countries = countries or load_countries(settings.country, settings.country_dirs)
    known: Reader | None = kept("reader", "bank")
    banks = {one.script: one.bank for one in known.all_scripts} if known else {}
    networks = kept("networks", "threads") or _load_networks(settings.threads)
    mask = kept("mask", "detection_mask")
    return Parts(
        settings,
        countries,
        load_reader(settings, countries, banks, networks.looks),
        networks,
        load_mask(settings.detection_mask, settings.max_pixels) if mask is None else mask,
        parse_prewarp(settings.prewarp),
    )


def _load_networks(threads: int) -> Networks:
    return Networks(
        load_finder(model_bytes, threads=threads),
        RegionModel(model_bytes, threads=threads),
        load_looks(model_bytes, threads=threads),
        vehicle_networks(model_bytes, threads=threads),
    )
