# SPDX-License-Identifier: Apache-2.0
"""OpenALPR's Python classes on this engine: programs written for it change one import.

``from alprcore.openalpr import Alpr`` in place of ``from openalpr import Alpr``, and
``VehicleClassifier`` in place of the one of ``vehicleclassifier``.
"""

from __future__ import annotations

from alprcore.openalpr.binding import Alpr, NotLoadedError
from alprcore.openalpr.vehicles import VehicleClassifier

__all__ = ["Alpr", "NotLoadedError", "VehicleClassifier"]
