# SPDX-License-Identifier: Apache-2.0
"""Number-plate recognition on this machine alone, in OpenALPR's language."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("alprcore._native") is None:  # in the source folder this package hides the installed
    raise ImportError(
        f"alprcore: no compiled module in {__path__[0]}; if these are the sources, start Python"
        " in another folder or run `pip install -e .` here"
    )

from alprcore.engine import Engine
from alprcore.errors import AlprError, CountryError, ImageError, ResourceError, SettingsError
from alprcore.records import Box, Candidate, Glyph, Plate, Quad, VehicleBox
from alprcore.settings import Settings
from alprcore.wire.results import Recognition

__all__ = [
    "AlprError",
    "Box",
    "Candidate",
    "CountryError",
    "Engine",
    "Glyph",
    "ImageError",
    "Plate",
    "Quad",
    "Recognition",
    "ResourceError",
    "Settings",
    "SettingsError",
    "VehicleBox",
]
