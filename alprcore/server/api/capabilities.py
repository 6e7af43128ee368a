# SPDX-License-Identifier: Apache-2.0
"""What ``/v3/config`` says: the countries that can be read, the labels that vehicles can have."""

from __future__ import annotations

from typing import Any

from alprcore.countries.file import parse_country
from alprcore.resources import country_codes, country_file, model_bytes
from alprcore.settings import Settings
from alprcore.vehicles.model import VehicleModel
from alprcore.wire.orientation import ORIENTATIONS


def config_body(settings: Settings) -> dict[str, Any]:
    """Return the reply of ``/v3/config``.

    Raises
    ------
    AlprError
        If a file is missing or damaged.
    """
    folders = settings.country_dirs
    countries = [parse_country(*country_file(code, folders)) for code in country_codes(folders)]
    labels = VehicleModel(model_bytes).labels
    names: dict[str, tuple[str, ...]] = {  # not spelt as the keys of a vehicle's look are
        "bodytype": labels.bodies,
        "color": labels.colors,
        "make": labels.makes,
        "makemodel": labels.models,
        "orientation": tuple(ORIENTATIONS.values()),
        "year": labels.years,
    }
    return {
        "countries": [
            {
                "code": country.code,
                "name": country.name,
                "regions": [
                    {"code": region.code, "name": region.name} for region in country.regions
                ],
            }
            for country in countries
            if country.readable
        ],
        "vehicle_labels": {kind: sorted(set(found)) for kind, found in names.items()},
    }
