# SPDX-License-Identifier: Apache-2.0
"""Where plates may be, before any is read."""

from __future__ import annotations

from alprcore.finding.search import search
from alprcore.picture.areas import clamped_areas
from alprcore.picture.view import detections_in_picture, view_of
from alprcore.records import Detection, Frame
from alprcore.running.parts import Parts


def places_of(parts: Parts, frame: Frame) -> tuple[Detection, ...]:
    """Return every place of a frame that may be a plate, in its pixels."""
    areas = clamped_areas((), *frame.shape[1::-1])
    view = view_of(frame, areas, parts.prewarp, parts.mask)
    return detections_in_picture(view, search(view, parts.networks.plates, parts.settings))
