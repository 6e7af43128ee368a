# SPDX-License-Identifier: Apache-2.0
"""Messages through an MQTT broker, and what Home Assistant needs to find the cameras by itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from alprcore.agent.courier import UnreachableError
from alprcore.agent.messages import GROUP, HEARTBEAT, Message
from alprcore.agent.settings import AgentSettings, Camera
from alprcore.errors import AlprError
from alprcore.wire.pieces import compact

TIMEOUT_S = 10.0
KEEP_ALIVE_S = 30


@dataclass(frozen=True, slots=True)
class Post:
    """What is published under a topic; what is kept the broker gives to later subscribers."""

    topic: str
    payload: bytes
    keep: bool = False


class Mqtt:
    """A broker.

    Parameters
    ----------
    settings : AgentSettings
        Keys that begin with ``mqtt_``, and the cameras.

    Raises
    ------
    AlprError
        If paho-mqtt is not installed.
    """

    def __init__(self, settings: AgentSettings) -> None:
        try:
            from paho.mqtt import client  # noqa: PLC0415
        except ImportError as error:
            raise AlprError(
                "agent: mqtt_host needs paho-mqtt: pip install 'alprcore[agent]'"
            ) from error
        self.name = "mqtt"
        self.kinds = frozenset({GROUP, HEARTBEAT})
        self._paho: Any = client
        self._settings = settings
        self._client: Any = None

    def send(self, message: Message) -> None:
        """Publish a message; return when the broker has confirmed it."""
        client = self._connected()
        for post in posts(message, self._settings.mqtt_topic):
            self._publish(client, post)

    def close(self) -> None:
        """Say that the agent is offline and disconnect."""
        if self._client is not None:
            with suppress(UnreachableError):
                self._publish(self._client, Post(status_topic(self._settings), b"offline", True))
        self._drop()

    def _connected(self) -> Any:
        if self._client is not None and self._client.is_connected():
            return self._client
        self._drop()
        settings, paho = self._settings, self._paho
        client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=f"alprcore-{settings.agent_uid[:12]}"
        )
        if settings.mqtt_user:
            client.username_pw_set(settings.mqtt_user, settings.mqtt_password)
        if settings.mqtt_tls:
            client.tls_set()
        client.will_set(status_topic(settings), b"offline", qos=1, retain=True)
        client.connect_timeout = TIMEOUT_S
        try:
            client.connect(settings.mqtt_host, settings.mqtt_port, keepalive=KEEP_ALIVE_S)
        except (OSError, ValueError) as error:
            raise UnreachableError(str(error)) from error
        client.loop_start()
        self._client = client
        for post in greetings(settings):
            self._publish(client, post)
        return client

    def _publish(self, client: Any, post: Post) -> None:
        try:
            sent = client.publish(post.topic, post.payload, qos=1, retain=post.keep)
            sent.wait_for_publish(TIMEOUT_S)
        except (RuntimeError, ValueError, OSError) as error:
            self._drop()
            raise UnreachableError(str(error)) from error
        if not sent.is_published():
            self._drop()  # else it would publish once more by itself when it is connected again
            raise UnreachableError("the broker did not confirm")

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, RuntimeError):
                client.disconnect()
            client.loop_stop()


def status_topic(settings: AgentSettings) -> str:
    """Return the topic that says whether the agent runs: ``online`` or ``offline``."""
    return f"{settings.mqtt_topic}/status"


def posts(message: Message, root: str) -> list[Post]:
    """Return what is published of a message.

    A group is published whole under ``group``, in short under ``plate`` and its picture under
    ``plate.jpg``; the last two are kept: they are the last vehicle's.
    """
    body = message.body.encode()
    if message.kind != GROUP:
        return [Post(f"{root}/{message.kind}", body)]
    found, topic = json.loads(message.body), f"{root}/{message.camera_id}"
    picture = base64.b64decode(found["best_plate"]["plate_crop_jpeg"])
    short = compact({"id": message.key, **in_short(found)}).encode()
    return [
        Post(f"{topic}/group", body),
        *([Post(f"{topic}/plate.jpg", picture, keep=True)] if picture else []),
        Post(f"{topic}/plate", short, keep=True),
    ]


def in_short(group: dict[str, Any]) -> dict[str, Any]:
    """Return a group without pictures and paths: what fits into attributes of a sensor."""
    vehicle = {name: labels[0]["name"] for name, labels in group["vehicle"].items() if labels}
    return {
        "plate": group["best_plate_number"],
        "confidence": round(group["best_confidence"], 2),
        "region": group["best_region"],
        "candidates": [each["plate"] for each in group["candidates"][:5]],
        "epoch_start": group["epoch_start"],
        "epoch_end": group["epoch_end"],
        "travel_direction": group["travel_direction"],
        "is_parked": group["is_parked"],
        "is_preview": group["is_preview"],
        "uuid": group["best_uuid"],
        "vehicle": vehicle,
    }


def greetings(settings: AgentSettings) -> list[Post]:
    """Return what is published after connecting: that the agent runs, and its cameras."""
    found = [Post(status_topic(settings), b"online", keep=True)]
    if settings.mqtt_discovery:
        for camera in settings.cameras:
            found += discovery(settings, camera)
    return found


def discovery(settings: AgentSettings, camera: Camera) -> Sequence[Post]:
    """Return what makes Home Assistant show a camera: two sensors and the plate's picture."""
    node = f"alprcore_{settings.agent_uid[:12].lower()}_{camera.camera_id}"
    topic = f"{settings.mqtt_topic}/{camera.camera_id}"
    shared = {
        "availability_topic": status_topic(settings),
        "device": {"identifiers": [node], "name": camera.camera_name, "manufacturer": "alprcore"},
    }
    parts: dict[str, dict[str, Any]] = {
        "sensor/{}/plate": {
            "name": "Plate",
            "icon": "mdi:car",
            "state_topic": f"{topic}/plate",
            "value_template": "{{ value_json.plate }}",
            "json_attributes_topic": f"{topic}/plate",
        },
        "sensor/{}/confidence": {
            "name": "Plate confidence",
            "state_topic": f"{topic}/plate",
            "value_template": "{{ value_json.confidence }}",
            "unit_of_measurement": "%",
        },
        "image/{}/picture": {
            "name": "Plate picture",
            "image_topic": f"{topic}/plate.jpg",
            "content_type": "image/jpeg",
        },
    }
    return [
        Post(
            f"{settings.mqtt_discovery}/{place.format(node)}/config",
            compact({"unique_id": place.format(node).replace("/", "_"), **part, **shared}).encode(),
            keep=True,
        )
        for place, part in parts.items()
    ]
