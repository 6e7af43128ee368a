# SPDX-License-Identifier: Apache-2.0
"""Number-plate recognition on this machine alone, in OpenALPR's language."""

from __future__ import annotations

from alprcore.engine import Engine
from alprcore.errors import AlprError, CountryError, ImageError, ResourceError, SettingsError
from alprcore.records import Box, Candidate, Glyph, Plate, Quad, VehicleBox
from alprcore.results import Recognition
from alprcore.settings import Settings

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
