# SPDX-License-Identifier: Apache-2.0
"""What the agent's settings come to: how cameras are watched, who receives."""

from __future__ import annotations

from alprcore.agent.courier import Sink
from alprcore.agent.settings import AgentSettings
from alprcore.agent.sinks.beanstalk import Beanstalk
from alprcore.agent.sinks.lines import Lines
from alprcore.agent.sinks.mqtt import Mqtt
from alprcore.agent.sinks.webhook import Webhook
from alprcore.video.session import VideoSettings
from alprcore.video.track import TrackSettings


def video_settings(settings: AgentSettings) -> VideoSettings:
    """Return how the cameras are watched.

    Raises
    ------
    SettingsError
        If ``every`` is neither a number nor ``motion``.
    """
    every = settings.every
    return VideoSettings(
        every=int(every) if every.isdecimal() else every or None,
        tracks=TrackSettings(timeout_s=settings.plate_groups_time_delta_ms / 1000),
        min_votes=settings.plate_groups_min_plates_to_group,
        tasks=("color", "makemodel", "make") if settings.classify_vehicles else (),
        keep_frames=True,
    )


def sinks_of(settings: AgentSettings) -> list[Sink]:
    """Return the receivers.

    Raises
    ------
    AlprError
        If a URL is wrong or a package is missing.
    """
    single = settings.upload_single_plates
    addresses = settings.upload_address if settings.upload_data else ()
    sinks: list[Sink] = [
        Webhook(
            url,
            name=f"webhook-{number}",
            secret=settings.upload_secret,
            timeout_s=settings.upload_timeout_seconds,
            single=single,
        )
        for number, url in enumerate(addresses, 1)
    ]
    if settings.use_beanstalkd:
        host, port = settings.beanstalkd_host, settings.beanstalkd_port
        sinks.append(Beanstalk(host, port, settings.beanstalkd_tube))
    if settings.mqtt_host:
        sinks.append(Mqtt(settings))
    if settings.json_lines:
        sinks.append(Lines(settings.json_lines, single=single))
    return sinks
