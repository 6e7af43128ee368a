# SPDX-License-Identifier: Apache-2.0
"""Every key of the agent's configuration, once: default, range and meaning.

Keys that OpenALPR's ``alprd.conf`` has keep their names. From this table come the checks of both
forms of the file and the page of settings.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any


def _text(default: str, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


def _switch(default: bool, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


def _number(default: float, low: float, high: float, meaning: str) -> Any:
    """Return a field that holds a number; a whole one where the default is whole."""
    return field(default=default, metadata={"meaning": meaning, "low": low, "high": high})


def _several(meaning: str) -> Any:
    """Return a field whose key may be given several times."""
    return field(default=(), metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Camera:
    """One source of frames; the fields are keys of ``stream.d/*.conf`` and of ``[[camera]]``."""

    stream: str = _text("", "URL, `/dev/videoN`, `webcam` or file; a file is read once, whole")
    camera_id: int = _number(
        -1, -1, 2**31 - 1, "number in messages; -1: its place in the configuration, from 1"
    )
    camera_name: str = _text("", "name for people; the name of its file in `stream.d` when empty")
    gps_latitude: float = _number(-1.0, -90, 90, "degrees; -1 where not set")
    gps_longitude: float = _number(-1.0, -180, 180, "degrees; -1 where not set")
    country: str = _text("", "as `country` below, for this camera")
    pattern: str = _text("", "as `pattern` below, for this camera")
    prewarp: str = _text("", "turns frames before they are searched, as in `openalpr.conf`")
    detection_mask_image: str = _text("", "picture that is white where plates are wanted")


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What the agent does; the fields are keys of ``alprd.conf`` and of the TOML."""

    cameras: tuple[Camera, ...] = ()
    country: str = _text("auto", "codes of `alprcore countries`, comma-separated, or auto")
    pattern: str = _text("", "default region")
    topn: int = _number(10, 1, 1000, "maximum number of readings per plate")
    analysis_threads: int = _number(
        0, 0, 256, "frames that are read at once, all cameras together; 0: one per core"
    )
    every: str = _text("", "frames that are searched, as `alprcore video --every`")
    company_id: str = _text("unspecified", "text that every message carries")
    site_id: str = _text("", "name of the agent for people, `agent_label` in messages")
    agent_uid: str = _text("", "40 letters and digits; made at the first start when empty")
    user_data: str = _text("", "text that every message carries")
    state_location: str = _text(
        "", "folder of the spool; `$STATE_DIRECTORY`, else `~/.local/state/alprcore-agent`"
    )
    spool_maxsize_mb: int = _number(
        4000, 1, 10**7, "messages that wait; beyond it the oldest are lost, and counted"
    )
    heartbeat_seconds: int = _number(60, 1, 86_400, "time between heartbeats")
    camera_buffer_size: int = _number(
        30,
        1,
        1000,
        "frames that wait per camera, 3 MB each at 1920 x 1080; beyond it the oldest is dropped,"
        " and counted",
    )
    camera_timeout_seconds: float = _number(
        10.0, 0.1, 3600, "a stream that sends nothing for so long is connected again"
    )
    reconnect_max_seconds: float = _number(
        60.0, 0.1, 3600, "longest wait between attempts to connect, to camera or receiver"
    )
    classify_vehicles: bool = _switch(True, "colour, make, model, body of the vehicle of a group")
    plate_groups_time_delta_ms: int = _number(
        2500, 100, 600_000, "a group ends when its vehicle was not seen for so long"
    )
    plate_groups_min_plates_to_group: int = _number(
        2, 1, 1000, "a group has so many readings, or fewer that are surely of a plate"
    )
    plate_groups_min_confidence: float = _number(
        0.0, 0, 100, "groups that are less probable, in percent, are not sent"
    )
    plate_group_enable_preview: bool = _switch(False, "send a group early, too, with `is_preview`")
    plate_group_preview_min_reads: int = _number(5, 1, 1000, "after so many readings")
    group_version: int = _number(3, 2, 3, "version of `alpr_group`")
    store_plates: bool = _switch(True, "keep frames with plates")
    store_plates_location: str = _text("", "folder for them; `plateimages` beside the spool")
    store_plates_maxsize_mb: int = _number(8000, 1, 10**9, "beyond it the oldest are deleted")
    store_plates_jpeg_quality: int = _number(85, 1, 100, "of the frames that are kept")
    upload_data: bool = _switch(True, "whether webhooks are used")
    upload_address: tuple[str, ...] = _several(
        "URL of a webhook; may be given several times, in TOML as a list"
    )
    upload_secret: str = _text("", "key of `X-Alprcore-Signature`; no signature when empty")
    upload_timeout_seconds: float = _number(10.0, 0.1, 600, "time for a webhook to answer")
    upload_single_plates: bool = _switch(False, "send `alpr_results` of each frame, too")
    use_beanstalkd: bool = _switch(False, "put messages into a beanstalkd queue")
    beanstalkd_host: str = _text("127.0.0.1", "its address")
    beanstalkd_port: int = _number(11300, 1, 65_535, "its port")
    beanstalkd_tube: str = _text("alprd", "its tube")
    mqtt_host: str = _text("", "address of an MQTT broker; none when empty")
    mqtt_port: int = _number(1883, 1, 65_535, "its port")
    mqtt_user: str = _text("", "name for it")
    mqtt_password: str = _text("", "password for it")
    mqtt_tls: bool = _switch(False, "whether it speaks TLS")
    mqtt_topic: str = _text("alprcore", "first part of the topics")
    mqtt_discovery: str = _text(
        "homeassistant", "topic of Home Assistant's discovery; none when empty"
    )
    json_lines: str = _text("", "file that messages are appended to, `-` for standard output")
    web_server_enabled: bool = _switch(False, "whether pictures and metrics can be fetched")
    web_server_port: int = _number(8355, 0, 65_535, "its port; 0 takes a free one")
    web_server_host: str = _text(
        "127.0.0.1", "its address; whoever reaches it sees everything: there are no passwords"
    )


def documented() -> str:
    """Return both tables in Markdown."""
    parts = []
    for title, kind in (("Each camera", Camera), ("The agent", AgentSettings)):
        rows = [f"## {title}\n", "| key | default | range | meaning |", "| --- | --- | --- | --- |"]
        rows += [_row(each) for each in fields(kind) if each.name != "cameras"]
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _row(key: Field[Any]) -> str:
    meta, default = key.metadata, key.default
    span = f"{meta['low']} to {meta['high']}" if "low" in meta else ""
    shown = {True: "1", False: "0"}[default] if isinstance(default, bool) else default
    shown = "" if default == () else shown
    return f"| `{key.name}` | {shown} | {span} | {meta['meaning']} |"
