# SPDX-License-Identifier: Apache-2.0
"""`heartbeat`: what an agent says of itself once a minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class VideoStream:
    """One camera in a heartbeat; the fields are those of the message, in their order.

    Attributes
    ----------
    camera_id, camera_name, url
        The camera.
    fps
        Frames per second, whole: receivers read an integer.
    is_streaming
        Whether frames arrive.
    last_update
        Milliseconds since 1970 of what is said here.
    gps_latitude, gps_longitude
        Degrees; -1 where not set.
    last_plate_read
        Milliseconds since 1970; 0 for never.
    total_plate_reads
        Since the agent started.
    """

    camera_id: int
    camera_name: str
    url: str
    fps: int
    is_streaming: bool
    last_update: int
    gps_latitude: float = -1.0
    gps_longitude: float = -1.0
    last_plate_read: int = 0
    total_plate_reads: int = 0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The state of an agent; fields as in the message. Times are milliseconds since 1970.

    Attributes
    ----------
    timestamp
        When it was made.
    company_id, agent_uid, agent_type, agent_version, openalpr_version, agent_hostname, os
        Who says it.
    license_key, license_systemid, license_valid
        There is no licence: empty, and valid.
    recording_enabled
        Whether pictures are kept.
    system_uptime_seconds, daemon_uptime_seconds
        Since when.
    cpu_cores, cpu_last_update, cpu_usage_percent
        The last whole: receivers read an integer.
    memory_total_bytes, memory_consumed_bytes, memory_swaptotal_bytes, memory_swapused_bytes
        As the operating system has it.
    memory_last_update
        When.
    disk_quota_total_bytes, disk_quota_consumed_bytes, disk_quota_earliest_result
        Of the pictures that are kept; the last -1 when there is none.
    disk_drive_total_bytes, disk_drive_free_bytes
        Of the drive that they are on.
    processing_threads_active, processing_threads_configured
        Threads that read plates.
    beanstalk_queue_size
        -1 when no queue is used.
    video_streams
        The cameras.
    """

    timestamp: int
    company_id: str = "unspecified"
    agent_uid: str = "0" * 40
    agent_type: str = "alprd"
    agent_version: str = "4.1.1"
    openalpr_version: str = "4.1.1"
    agent_hostname: str = ""
    os: str = "linux"
    license_key: str = ""
    license_systemid: str = ""
    license_valid: bool = True
    recording_enabled: bool = False
    system_uptime_seconds: int = 0
    daemon_uptime_seconds: int = 0
    cpu_cores: int = 1
    cpu_last_update: int = 0
    cpu_usage_percent: int = 0
    memory_total_bytes: int = 0
    memory_consumed_bytes: int = 0
    memory_swaptotal_bytes: int = 0
    memory_swapused_bytes: int = 0
    memory_last_update: int = 0
    disk_quota_total_bytes: int = 0
    disk_quota_consumed_bytes: int = 0
    disk_quota_earliest_result: int = -1
    disk_drive_total_bytes: int = 0
    disk_drive_free_bytes: int = 0
    processing_threads_active: int = 0
    processing_threads_configured: int = 1
    beanstalk_queue_size: int = -1
    video_streams: Sequence[VideoStream] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the message, keys in the order of agents 2.7."""
        found = asdict(self)
        found["video_streams"] = [asdict(stream) for stream in self.video_streams]
        return {"data_type": "heartbeat", **found}
