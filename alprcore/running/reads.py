# SPDX-License-Identifier: Apache-2.0
"""From what was found in a view to the plates to report."""

from __future__ import annotations

from collections.abc import Sequence

from alprcore.picture.view import Place, View
from alprcore.ranking.examine import read_detection
from alprcore.ranking.record import Read
from alprcore.ranking.select import select_plates
from alprcore.records import Detection
from alprcore.running.parts import Parts


def reads_of(parts: Parts, view: View, found: Sequence[Detection]) -> list[tuple[Read, Place]]:
    """Return the plates to report, read, with their places in the picture."""
    settings = parts.settings
    reads = [
        read_detection(view.frame, detection, parts.reader, parts.networks.regions, index=index)
        for index, detection in enumerate(found)
    ]
    readable = [read for read in reads if read is not None]
    chosen = select_plates(
        readable,
        min_plausibility=settings.min_plausibility,
        min_confidence=settings.min_confidence,
        min_score=settings.min_plate_score,
    )
    placed = ((readable[i], readable[i].placed(view)) for i in chosen)
    return [(read, place) for read, place in placed if place is not None]
