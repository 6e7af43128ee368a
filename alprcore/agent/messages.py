# SPDX-License-Identifier: Apache-2.0
"""Messages as they wait and travel: one JSON text, and a name that stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alprcore.agent.settings import AgentSettings, Camera
from alprcore.records import Frame, Plate
from alprcore.video.collect import cut_out
from alprcore.video.group import Group
from alprcore.wire.agent_results import agent_results
from alprcore.wire.group import group_dict
from alprcore.wire.heartbeat import Heartbeat
from alprcore.wire.pieces import compact, jpeg_base64
from alprcore.wire.results import Recognition
from alprcore.wire.sender import Sender

GROUP, RESULTS, HEARTBEAT = "alpr_group", "alpr_results", "heartbeat"


@dataclass(frozen=True, slots=True)
class Message:
    """What is delivered.

    Attributes
    ----------
    key
        Names it for ever: a receiver that gets the same key twice has the same message twice.
    kind
        Its ``data_type``.
    camera_id
        Of its camera; 0 for those of the whole agent.
    uuid
        Of the frame that it is about, empty for none.
    body
        JSON.
    """

    key: str
    kind: str
    camera_id: int
    uuid: str
    body: str


def sender_of(settings: AgentSettings, camera: Camera) -> Sender:
    """Return who sends the messages of a camera."""
    return Sender(
        company_id=settings.company_id,
        agent_uid=settings.agent_uid,
        camera_id=camera.camera_id,
        camera_label=camera.camera_name,
        agent_label=settings.site_id,
        latitude=camera.gps_latitude,
        longitude=camera.gps_longitude,
        user_data=settings.user_data,
    )


def group_message(group: Group, sender: Sender, *, version: int = 3) -> Message:
    """Return the message of a vehicle.

    Its key is ``best_uuid``, which two plates in one frame share, the number of the plate in that
    frame, and whether it is a preview.
    """
    found = group_dict(group, sender, version=version)
    uuid = str(found["best_uuid"])
    preview = "-preview" if group.is_preview else ""
    key = f"{uuid}-{group.best_plate.plate_index}{preview}"
    return Message(key, GROUP, sender.camera_id, uuid, compact(found))


def results_message(
    plates: Sequence[Plate], image: Frame, sender: Sender, *, epoch_ms: int
) -> Message:
    """Return the message of a frame with plates."""
    height, width = image.shape[:2]
    elapsed = sum(plate.elapsed_ms for plate in plates)
    found = Recognition(width, height, epoch_ms, elapsed, (), tuple(plates))
    crops = [jpeg_base64(cut_out(image, plate.quad)) for plate in plates]
    body = compact(agent_results(found, sender, epoch_ms=epoch_ms, crops=crops))
    uuid = sender.uuid(epoch_ms)
    return Message(uuid, RESULTS, sender.camera_id, uuid, body)


def heartbeat_message(beat: Heartbeat) -> Message:
    """Return the message of a heartbeat."""
    key = f"{beat.agent_uid}-heartbeat-{beat.timestamp}"
    return Message(key, HEARTBEAT, 0, "", compact(beat.to_dict()))
