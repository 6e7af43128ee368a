# SPDX-License-Identifier: Apache-2.0
"""OpenALPR's Python classes on this engine: programs written for it change one import.

``from alprcore.openalpr import Alpr`` in place of ``from openalpr import Alpr``,
``alprcore.openalpr.alprstream`` in place of ``alprstream`` and
``alprcore.openalpr.vehicleclassifier`` in place of ``vehicleclassifier``.
"""

from __future__ import annotations

from alprcore.openalpr.alprstream import AlprStream
from alprcore.openalpr.alprvideo import AlprVideo
from alprcore.openalpr.binding import Alpr, NotLoadedError
from alprcore.openalpr.vehicleclassifier import VehicleClassifier

__all__ = ["Alpr", "AlprStream", "AlprVideo", "NotLoadedError", "VehicleClassifier"]
