# SPDX-License-Identifier: Apache-2.0
"""Number-plate recognition on this machine alone, in OpenALPR's language."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path

# By the path alone: the finder of an editable install offers its own compiled module to any copy.
if PathFinder.find_spec("alprcore._native", __path__) is None:
    # Python was started in the source folder, where this package hides the installed one.
    _here = Path(__path__[0]).resolve().parent
    _elsewhere = [entry for entry in sys.path if Path(entry).resolve() != _here]
    _installed = PathFinder.find_spec("alprcore", _elsewhere)
    if _installed is None or not _installed.submodule_search_locations:
        raise ImportError(
            f"alprcore: no compiled module in {__path__[0]}; if these are the sources, run"
            " `pip install .` or `pip install -e .` here"
        )
    __path__[:] = _installed.submodule_search_locations

from alprcore.engine import Engine
from alprcore.errors import AlprError, CountryError, ImageError, ResourceError, SettingsError
from alprcore.picture.load import load_frame
from alprcore.records import Box, Candidate, Glyph, Plate, Quad, VehicleBox
from alprcore.resources import sample_path
from alprcore.settings import Settings
from alprcore.wire.results import Recognition

__version__ = "0.1.0"

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
    "__version__",
    "load_frame",
    "sample_path",
]
