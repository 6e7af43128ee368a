# SPDX-License-Identifier: Apache-2.0
"""Events of Frigate as they come over MQTT, under ``frigate/events``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alprcore.records import Box, Plate

VEHICLES = ("car", "motorcycle", "bus", "truck")
"""Labels that carry plates."""

_ID = re.compile(r"[\w.-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """What one message says of a tracked object.

    Attributes
    ----------
    id, camera, label
        Of the object.
    zones
        Those that it entered.
    has_snapshot
        Whether there is a picture of it.
    ended
        Whether this is the last message.
    taken
        When its best picture was taken, in seconds; 0 where the message does not say.
    box
        Where it is in that picture, in pixels; None where the message does not say.
    """

    id: str
    camera: str
    label: str
    zones: tuple[str, ...]
    has_snapshot: bool
    ended: bool
    taken: float
    box: Box | None


def parsed_event(payload: bytes) -> Event | None:
    """Return the event of a message; None for one that is not an event or a false alarm."""
    try:
        message = json.loads(payload)
        after = message["after"]
        if after.get("false_positive") or not _ID.fullmatch(after["id"]):
            return None
        picture = after.get("snapshot")
        snapshot = picture if isinstance(picture, dict) else {}
        return Event(
            id=after["id"],
            camera=str(after["camera"]),
            label=str(after["label"]),
            zones=tuple(map(str, after.get("entered_zones") or ())),
            has_snapshot=bool(after.get("has_snapshot")),
            ended=message.get("type") == "end",
            taken=float(snapshot.get("frame_time") or 0.0),
            box=_box(snapshot.get("box") or after.get("box")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _box(corners: Any) -> Box | None:
    if not isinstance(corners, list) or len(corners) != 4:
        return None
    left, top, right, bottom = map(float, corners)
    if not all(map(math.isfinite, (left, top, right, bottom))) or right <= left or bottom <= top:
        return None
    return Box(left, top, right, bottom)


def plate_of(event: Event, plates: Sequence[Plate]) -> Plate | None:
    """Return the surest plate whose middle is in the object's box; None where there is none."""
    inside = [plate for plate in plates if event.box is None or _is_in(plate, event.box)]
    return max(inside, key=lambda plate: plate.confidence, default=None)


def _is_in(plate: Plate, box: Box) -> bool:
    bounds = plate.quad.bounds()
    x, y = (bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2
    return box.left <= x <= box.right and box.top <= y <= box.bottom
