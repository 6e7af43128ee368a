# SPDX-License-Identifier: Apache-2.0
"""`alpr_results` as agents send them for one frame: the library's, and who sends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alprcore.wire.results import Recognition
from alprcore.wire.sender import Sender


def agent_results(
    found: Recognition, sender: Sender, *, epoch_ms: int, crops: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the message of a frame that holds plates, keys in the order of agents 4.x.

    Parameters
    ----------
    found : Recognition
        Of the frame.
    sender : Sender
    epoch_ms : int
        When the frame was taken, milliseconds since 1970; also in its uuid.
    crops : sequence of str, optional
        For each plate the JPEG of its cut-out in base64, as `wire.group.jpeg_base64` makes it.
    """
    base = found.to_dict()
    results: list[dict[str, Any]] = []
    for i, plate in enumerate(base["results"]):
        candidates, look = plate.pop("candidates"), plate.pop("vehicle", None)
        box = plate.pop("vehicle_region", None)
        plate["plate_crop_jpeg"] = crops[i] if i < len(crops) else ""
        if box is not None:
            plate["vehicle_region"] = box
        plate["vehicle_detected"] = box is not None
        plate["candidates"] = candidates
        if look is not None:
            plate["vehicle"] = look
        results.append(plate)
    message: dict[str, Any] = {
        "processing_time_ms": base["processing_time_ms"],
        "data_type": base["data_type"],
        "uuid": sender.uuid(epoch_ms),
        "version": base["version"],
        "camera_id": sender.camera_id,
        "results": results,
        "agent_version": sender.agent_version,
        "error": False,
        "company_id": sender.company_id,
        "epoch_time": epoch_ms,
        "agent_uid": sender.agent_uid,
        "img_width": base["img_width"],
        "regions_of_interest": base["regions_of_interest"],
        "agent_type": sender.agent_type,
        "img_height": base["img_height"],
        "vehicles": base.get("vehicles", []),
    }
    if sender.user_data:
        message["user_data"] = sender.user_data
    return message
