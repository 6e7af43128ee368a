# SPDX-License-Identifier: Apache-2.0
"""One row per vehicle in OpenALPR's form: `alpr_group`.

Written from a description of the messages that agents 2.5 to 4.1 send: fields, order and types.
"""

from __future__ import annotations

from typing import Any

from alprcore.errors import SettingsError
from alprcore.records import Box, Frame, Label, VehicleLook
from alprcore.wire.orientation import as_degrees
from alprcore.wire.pieces import (
    box_dict,
    candidates_list,
    corners_list,
    jpeg_base64,
    percent,
    within,
)
from alprcore.wire.sender import GroupLike, Moment, Sender

OVERVIEW_SIZE, OVERVIEW_QUALITY = (560, 315), 55  # as AlprStream has it
VEHICLE_WIDTH = 320  # pixels; about 10 kB
NO_DIRECTION = -1  # `direction_of_travel_id`: not set
UNKNOWN = "unknown"  # receivers take the first of each list and fail on an empty one


def group_dict(group: GroupLike, sender: Sender, *, version: int = 3) -> dict[str, Any]:
    """Return the `alpr_group` object of a group, keys in the order of agents 4.x.

    Parameters
    ----------
    group
        A `video.group.Group`.
    sender : Sender
    version : int
        3; or 2, without paths, overview, ``best_uuid_epoch_ms`` and signature.

    Raises
    ------
    SettingsError
        If the version is another.

    Notes
    -----
    ``epoch_*`` are `Group.epoch_ms` plus the time in the source. A read's uuid is that of its
    frame. A list of the vehicle's look that would be empty says ``unknown`` at 0, for receivers
    that take the first entry. Neither `vehicle_signature`, which nobody can make but its maker, nor
    `missing_plate` and `is_vehicle` are sent.
    """
    if version not in {2, 3}:
        raise SettingsError(f"alpr_group: expected version 2 or 3, got {version!r}")
    start, end = (_epoch(group, time) for time in (group.first, group.last))
    vehicle_region = group.vehicle_region or _around(group.best_plate.quad.bounds(), group)
    found: dict[str, Any] = {
        "data_type": "alpr_group",
        "version": version,
        "epoch_start": start,
        "epoch_end": end,
        "frame_start": group.first.ordinal,
        "frame_end": group.last.ordinal,
        **sender.heading(),
        "country": group.country,
        "uuids": [sender.uuid(_epoch(group, vote.time)) for vote in group.votes],
        "vehicle_path": [_step(group, group.best, vehicle_region)] if group.vehicle_region else [],
        "plate_indexes": [vote.plate_index for vote in group.votes],
        "candidates": candidates_list(group.candidates),
        "best_plate": _best_plate(group, vehicle_region, version),
        "best_confidence": percent(group.confidence),
        "best_plate_number": group.text,
        "best_region": _region(group.country, group.region),
        "best_region_confidence": percent(group.region_confidence),
        "matches_template": group.matches_template,
        "plate_path": [_step(group, vote.time, vote.quad.bounds()) for vote in group.votes],
        "vehicle_crop_jpeg": _vehicle_crop(group, vehicle_region),
        "overview_jpeg": _overview(group.frame_image),
        "best_uuid": sender.uuid(_epoch(group, group.best)),
        "best_uuid_epoch_ms": _epoch(group, group.best),
        "best_image_width": group.width,
        "best_image_height": group.height,
        "travel_direction": round(group.direction or 0.0, 8),
        "is_parked": group.is_parked,
        "is_preview": group.is_preview,
        "vehicle": look_dict(group.vehicle),
    }
    if sender.camera_label or sender.agent_label:
        labels = {"camera_label": sender.camera_label, "agent_label": sender.agent_label}
        found["web_server_config"] = labels
        found["direction_of_travel_id"] = NO_DIRECTION
    if sender.user_data:
        found["user_data"] = sender.user_data
    if version == 2:
        for key in ("vehicle_path", "plate_path", "overview_jpeg", "best_uuid_epoch_ms"):
            del found[key]
    return found


def look_dict(look: VehicleLook | None) -> dict[str, Any]:
    """Return the ``vehicle`` of a group; no list is empty."""
    seen = look or VehicleLook()
    lists: dict[str, tuple[Label, ...]] = {
        "color": seen.color,
        "make": seen.make,
        "make_model": seen.make_model,
        "body_type": seen.body_type,
        "year": seen.year,
        "orientation": as_degrees(seen.orientation),
    }
    nothing = (Label(UNKNOWN, 0.0),)
    return {
        name: [
            {"name": label.name, "confidence": percent(label.confidence)}
            for label in labels or nothing
        ]
        for name, labels in lists.items()
    }


def _best_plate(group: GroupLike, vehicle_region: Box, version: int) -> dict[str, Any]:
    plate = group.best_plate
    found: dict[str, Any] = {
        "plate": plate.text,
        "confidence": percent(plate.confidence),
        "matches_template": int(plate.matches_template),
        "plate_index": plate.plate_index,
        "region": _region(plate.country, plate.region),
        "region_confidence": int(percent(plate.region_confidence)),
        "processing_time_ms": round(plate.elapsed_ms, 8),
        "requested_topn": plate.requested_topn,
        "coordinates": corners_list(plate.quad),
        "plate_crop_jpeg": jpeg_base64(group.plate_image),
        "vehicle_region": _rectangle(vehicle_region),
    }
    if version >= 3:
        found["vehicle_detected"] = group.vehicle_region is not None
    found["candidates"] = candidates_list(plate.candidates)
    return found


def _region(country: str, region: str) -> str:
    """Return a region as receivers split it, ``cc-xx``; the country alone where none is known."""
    return f"{country}-{region}" if region else country


def _epoch(group: GroupLike, time: Moment) -> int:
    return group.epoch_ms + round(1000 * time.seconds)


def _step(group: GroupLike, time: Moment, box: Box) -> dict[str, int]:
    return {
        **box_dict(box),
        "t": _epoch(group, time) - _epoch(group, group.first),
        "f": time.ordinal - group.first.ordinal,
    }


def _rectangle(box: Box) -> dict[str, int]:
    x, y, width, height = box_dict(box).values()
    return {"x": x, "y": y, "width": width, "height": height}


def _around(plate: Box, group: GroupLike) -> Box:
    """Return a square about where the vehicle of a plate is: 4 widths wide, the plate low in it."""
    side = min(4.0 * plate.width, float(group.width), float(group.height))
    left = min(max(0.0, (plate.left + plate.right - side) / 2), group.width - side)
    top = min(max(0.0, plate.bottom - 0.8 * side), group.height - side)
    return Box(left, top, left + side, top + side)


def _vehicle_crop(group: GroupLike, box: Box) -> str:
    image = group.frame_image
    if image is None:
        return jpeg_base64(group.plate_image)
    part = image[max(0, int(box.top)) : int(box.bottom), max(0, int(box.left)) : int(box.right)]
    return jpeg_base64(within(part, (VEHICLE_WIDTH, VEHICLE_WIDTH)))


def _overview(image: Frame | None) -> str:
    return "" if image is None else jpeg_base64(within(image, OVERVIEW_SIZE), OVERVIEW_QUALITY)
