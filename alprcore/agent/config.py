# SPDX-License-Identifier: Apache-2.0
"""The agent's configuration file: OpenALPR's ``alprd.conf``, or TOML with the same keys.

Every error names the file and the line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from typing import Any

from alprcore.agent.settings import AgentSettings, Camera
from alprcore.errors import SettingsError, shown

NAME = "alprd.conf"
# Keys of OpenALPR's agents that mean nothing here; all others that are unknown are errors in TOML
# and a warning in `alprd.conf`.
WITHOUT_EFFECT = frozenset(
    {
        "auto_start_on_boot",
        "gpu_batch_size",
        "gpu_id",
        "gstreamer_format",
        "hardware_acceleration",
        "motion_detection",
        "motion_stickiness",
        "parked_car_max_delta_ms",
        "plate_groups_enabled",
        "plate_groups_max_delay_to_send",
        "plate_groups_max_plates_to_group",
        "plate_groups_span_cameras",
        "store_plates_cleanup_interval_seconds",
        "store_video",
        "store_video_maxsize_gb",
        "upload_threads",
        "websockets_enabled",
    }
)
_CAMERA = {each.name: each for each in fields(Camera)}
_AGENT = {each.name: each for each in fields(AgentSettings) if each.name != "cameras"}


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration comes to.

    Attributes
    ----------
    settings
        For the agent.
    warnings
        A line for each key that has no effect.
    """

    settings: AgentSettings
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value and where it stands."""

    key: str
    value: Any
    where: str


def read_config(path: Path) -> Config:
    """Return what a configuration file says.

    Parameters
    ----------
    path
        A file that ends in ``.toml``; an ``alprd.conf``, with one file per camera in the folder
        ``stream.d`` beside it; or the folder of such a file.

    Raises
    ------
    SettingsError
        If it cannot be read, a value is wrong or there is no camera; it names the line.
    """
    if path.is_dir():
        path /= NAME
    text = _text_of(path)
    if path.suffix.lower() == ".toml":
        own, cameras = _toml(text, path)
    else:
        own, cameras = _conf(text, path)
    agent, warnings = _values(own, _AGENT, strict=path.suffix.lower() == ".toml")
    made: list[Camera] = []
    for entries in cameras:
        values, more = _values(entries, _CAMERA, strict=path.suffix.lower() == ".toml")
        warnings += more
        if not values.get("stream"):
            raise SettingsError(f"{entries[0].where}: the camera has no stream")
        made.append(Camera(**values))
    if not made:
        raise SettingsError(f"{path}: No video streams defined in the configuration.")
    settings = AgentSettings(**agent, cameras=_numbered(made, cameras))
    return Config(settings, tuple(warnings))


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}, line {line}: not UTF-8") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"{path}: cannot be read: {reason}") from error


def _conf(text: str, path: Path) -> tuple[list[Entry], list[list[Entry]]]:
    """Return the keys of ``[daemon]`` and, for each camera, its own."""
    own = list(_lines(text, path))
    cameras = [[each] for each in own if each.key == "stream"]
    own = [each for each in own if each.key != "stream"]
    gigabytes = [each for each in own if each.key == "store_plates_maxsize_gb"]
    own = [each for each in own if each not in gigabytes]
    own += [
        replace(each, key="store_plates_maxsize_mb", value=f"{each.value}000") for each in gigabytes
    ]
    for each in sorted((path.parent / "stream.d").glob("*.conf")):
        entries = list(_lines(_text_of(each), each))
        if not any(entry.key == "camera_name" for entry in entries):
            entries.append(Entry("camera_name", each.stem, f"{each}, line 1"))
        cameras.append(entries)
    return own, cameras


def _lines(text: str, path: Path) -> Iterator[Entry]:
    """Yield the keys of an ini file, of ``[daemon]`` or of no section."""
    section = "daemon"
    for number, line in enumerate(text.splitlines(), 1):
        plain, where = line.strip(), f"{path}, line {number}"
        if not plain or plain[0] in ";#":
            continue
        if heading := re.fullmatch(r"\[(.+)\]", plain):
            section = heading[1].strip().lower()
            continue
        key, equals, value = plain.partition("=")
        if section != "daemon":
            continue
        if not equals or not key.strip():
            raise SettingsError(f"{where}: expected key = value, got {shown(plain)}")
        yield Entry(key.strip().lower(), value.strip(), where)


def _toml(text: str, path: Path) -> tuple[list[Entry], list[list[Entry]]]:
    """Return the keys at the top and, for each ``[[camera]]``, its own."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {_with_line(str(error))}") from error
    cameras = table.pop("camera", [])
    if not isinstance(cameras, list) or not all(isinstance(each, dict) for each in cameras):
        raise SettingsError(f"{path}, line {_line_of(text, 'camera')}: expected [[camera]] tables")
    own = [Entry(key, value, f"{path}, line {_line_of(text, key)}") for key, value in table.items()]
    several = [
        replace(each, value=value)
        for each in own
        for value in (each.value if _is_several(each) else [each.value])
    ]
    return several, [
        [
            Entry(key, value, f"{path}, line {_line_of(text, key, camera)}")
            for key, value in {"stream": "", **each}.items()
        ]
        for camera, each in enumerate(cameras)
    ]


def _is_several(entry: Entry) -> bool:
    key = _AGENT.get(entry.key)
    return isinstance(entry.value, list) and key is not None and key.default == ()


def _with_line(message: str) -> str:
    """Return a message of tomllib with the line first, as all others have it."""
    found = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    return f"line {found[1]}, column {found[2]}: {message[: found.start()]}" if found else message


def _line_of(text: str, key: str, camera: int | None = None) -> int:
    """Return the line of a key: of the nth ``[[camera]]``, or outside of them."""
    at = -1
    heading = 1
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[", line) and "=" not in line.split("]")[0]:
            at += 1
            if at == camera:
                heading = number
        elif re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line) and (
            camera is None or at == camera
        ):
            return number
    return heading


def _values(
    entries: Sequence[Entry], table: dict[str, Field[Any]], *, strict: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of keys by name, checked, and a line for those without effect."""
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for entry in entries:
        if entry.key not in table:
            if strict and entry.key not in WITHOUT_EFFECT:
                raise SettingsError(f"{entry.where}: unknown key {entry.key!r}")
            warnings.append(f"{entry.where}: {entry.key} has no effect")
            continue
        value = _value(entry, table[entry.key])
        if table[entry.key].default == ():
            values[entry.key] = (*values.get(entry.key, ()), value)
        else:
            values[entry.key] = value
    return values, warnings


def _value(entry: Entry, key: Field[Any]) -> Any:
    """Return the value of a key as its kind."""
    where, value = f"{entry.where}: {entry.key}", entry.value
    if isinstance(key.default, bool):
        if str(value).lower() in {"1", "true", "yes", "on"}:
            return True
        if str(value).lower() in {"0", "false", "no", "off"}:
            return False
        raise SettingsError(f"{where}: expected 0 or 1, got {shown(value)}")
    if isinstance(key.default, int | float):
        return _number(value, key, where)
    if not isinstance(value, str):
        raise SettingsError(f"{where}: expected a text, got {shown(value)}")
    return value


def _number(value: Any, key: Field[Any], where: str) -> float:
    low, high = key.metadata["low"], key.metadata["high"]
    kind = int if isinstance(key.default, int) else float
    try:
        number = None if isinstance(value, bool) or kind(value) != float(value) else kind(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not low <= number <= high:
        what = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{where}: expected {what} from {low} to {high}, got {shown(value)}")
    return number


def _numbered(cameras: Sequence[Camera], entries: Sequence[Sequence[Entry]]) -> tuple[Camera, ...]:
    """Return the cameras, each with a number and a name."""
    found: list[Camera] = []
    for place, camera in enumerate(cameras, 1):
        number = place if camera.camera_id < 0 else camera.camera_id
        if any(each.camera_id == number for each in found):
            where = next((e.where for e in entries[place - 1] if e.key == "camera_id"), "")
            raise SettingsError(
                f"{where or entries[place - 1][0].where}: another camera has camera_id {number}"
            )
        name = camera.camera_name or f"camera {number}"
        found.append(replace(camera, camera_id=number, camera_name=name))
    return tuple(found)
