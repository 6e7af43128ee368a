# SPDX-License-Identifier: Apache-2.0
"""When, where and with what a picture was taken, as its EXIF block says.

Of JPEG, PNG, WebP and TIFF files; Exif 2.32 (CIPA DC-008). A block may say anything: what is not a
possible time or place is left out and noted.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}  # bytes of each type of value
_MOST_VALUE = 1 << 16  # bytes of a value that is looked at
_MOST_ENTRIES = 1000
_MAKE, _MODEL, _EXIF, _GPS = 0x010F, 0x0110, 0x8769, 0x8825
_CHANGED, _ORIGINAL, _ZONE, _ZONE_ORIGINAL, _PART = 0x0132, 0x9003, 0x9010, 0x9011, 0x9291
# No digital photograph is older. The end is fixed, so that a picture says the same on any day.
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Exif:
    """What an EXIF block says; None or empty for what it leaves out.

    Attributes
    ----------
    time
        When the picture was taken, ``YYYY-MM-DDThh:mm:ss[.fff]``, by the camera's clock.
    zone
        Of that time, ``+hh:mm`` or ``-hh:mm``.
    gps_time
        By the satellites, in UTC, ``…Z``.
    latitude, longitude
        Degrees, north and east positive.
    altitude
        Metres.
    camera
        Make and model.
    notices
        What the block says that cannot be.
    """

    time: str | None = None
    zone: str | None = None
    gps_time: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    camera: str | None = None
    notices: tuple[str, ...] = field(default=())

    def moment(self) -> tuple[str, float, str] | None:
        """Return the time, its seconds since 1970 and where it is from; None when there is none.

        A camera's time without a zone counts as UTC in the seconds, and the text has no ``Z``.
        """
        if self.time is not None and self.zone is not None:
            at = datetime.fromisoformat(self.time + self.zone).astimezone(UTC)
            return _text(at), at.timestamp(), "exif"
        if self.gps_time is not None:
            at = datetime.fromisoformat(self.gps_time)
            return self.gps_time, at.timestamp(), "gps"
        if self.time is not None:
            at = datetime.fromisoformat(self.time).replace(tzinfo=UTC)
            return self.time, at.timestamp(), "exif without zone"
        return None


def read_exif(data: bytes) -> Exif:
    """Return what the EXIF block of an encoded picture says; never raises for a damaged one."""
    for block in _blocks(data):
        try:
            return _Block(block).exif()
        except (struct.error, IndexError, ValueError, OverflowError):
            return Exif(notices=("the EXIF block is damaged",))
    return Exif()


def _blocks(data: bytes) -> Iterator[bytes]:
    """Yield the EXIF blocks of a picture, each a TIFF structure."""
    if data[:4] in {b"II*\0", b"MM\0*"}:
        yield data
    elif data[:2] == b"\xff\xd8":
        yield from _jpeg_blocks(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _chunks(data, 8, b"eXIf", ">I4s", 4, name_first=False)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _chunks(data, 12, b"EXIF", "<4sI", 0, name_first=True)


def _jpeg_blocks(data: bytes) -> Iterator[bytes]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in {0xD9, 0xDA}:
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            yield data[at + 10 : at + 2 + length]
        at += 2 + length


def _chunks(
    data: bytes, at: int, wanted: bytes, layout: str, behind: int, *, name_first: bool
) -> Iterator[bytes]:
    while at + 8 <= len(data):
        first, second = struct.unpack_from(layout, data, at)
        name, length = (first, second) if name_first else (second, first)
        if name == wanted:
            yield data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
        at += 8 + length + behind
        if name_first:
            at += length & 1


class _Block:
    """A TIFF structure, its directories read as they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = {b"II": "<", b"MM": ">"}[data[:2]] if data[:2] in {b"II", b"MM"} else ""
        if not self._order:
            raise ValueError("no byte order")
        (offset,) = struct.unpack_from(self._order + "I", data, 4)
        self._main = self._directory(offset)
        self._exif = self._inner(_EXIF)
        self._gps = self._inner(_GPS)
        self._notices: list[str] = []

    def exif(self) -> Exif:
        """Return what it says."""
        part = self._exif.get(_PART)
        time = self._time(self._exif.get(_ORIGINAL) or self._main.get(_CHANGED), part)
        zone = self._zone(self._exif.get(_ZONE_ORIGINAL) or self._exif.get(_ZONE))
        latitude = self._degrees(2, 1, "S", 90)
        longitude = self._degrees(4, 3, "W", 180)
        if latitude is None or longitude is None or latitude == longitude == 0:
            latitude = longitude = None
        make, model = (self._words(tag) for tag in (_MAKE, _MODEL))
        camera = model if model.lower().startswith(make.lower()) else f"{make} {model}"
        return Exif(
            time=time,
            zone=zone,
            gps_time=self._gps_time(),
            latitude=latitude,
            longitude=longitude,
            altitude=self._altitude(),
            camera=camera.strip() or None,
            notices=tuple(self._notices),
        )

    def _inner(self, tag: int) -> dict[int, Any]:
        offset = self._main.get(tag)
        return self._directory(offset) if isinstance(offset, int) else {}

    def _directory(self, offset: int) -> dict[int, Any]:
        (count,) = struct.unpack_from(self._order + "H", self._data, offset)
        found: dict[int, Any] = {}
        for i in range(min(count, _MOST_ENTRIES)):
            at = offset + 2 + 12 * i
            tag, kind, number = struct.unpack_from(self._order + "HHI", self._data, at)
            size = _SIZES.get(kind, 0) * number
            if not 0 < size <= _MOST_VALUE:
                continue
            start = at + 8
            if size > 4:
                (start,) = struct.unpack_from(self._order + "I", self._data, at + 8)
            if start + size <= len(self._data):
                found.setdefault(tag, self._value(kind, number, start))
        return found

    def _value(self, kind: int, number: int, start: int) -> Any:
        if kind in {2, 7}:
            return self._data[start : start + number].split(b"\0")[0].decode("utf-8", "replace")
        if kind in {5, 10}:
            layout = self._order + ("II" if kind == 5 else "ii") * number
            values = struct.unpack_from(layout, self._data, start)
            return [
                top / bottom if bottom else None
                for top, bottom in zip(values[::2], values[1::2], strict=True)
            ]
        code = {1: "B", 3: "H", 4: "I", 9: "i"}[kind]
        numbers = struct.unpack_from(f"{self._order}{number}{code}", self._data, start)
        return numbers[0] if number == 1 else list(numbers)

    def _words(self, tag: int) -> str:
        value = self._main.get(tag)
        return " ".join(value.split())[:200] if isinstance(value, str) else ""

    def _time(self, value: Any, part: Any) -> str | None:
        if not isinstance(value, str) or not value.strip(" :0"):
            return None
        match = re.fullmatch(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", value.strip())
        try:
            at = _moment("-".join(match.groups())) if match else None
        except ValueError:
            at = None
        if at is None or not _EARLIEST <= at < _LATEST:
            self._notices.append(f"the EXIF time {value[:40]!r} is not a possible one")
            return None
        digits = part.strip() if isinstance(part, str) else ""
        fraction = f".{digits[:3]:0<3}" if re.fullmatch(r"\d+", digits, re.ASCII) else ""
        return at.strftime("%Y-%m-%dT%H:%M:%S") + fraction

    def _zone(self, value: Any) -> str | None:
        if not isinstance(value, str) or not value.strip(" :"):
            return None
        zone = value.strip().replace("Z", "+00:00")
        if re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", zone, re.ASCII):
            return zone
        self._notices.append(f"the EXIF time zone {value[:20]!r} is not a possible one")
        return None

    def _degrees(self, tag: int, side: int, negative: str, most: int) -> float | None:
        parts = self._gps.get(tag)
        if not isinstance(parts, list) or len(parts) != 3 or None in parts:
            return None
        degrees = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
        if not 0 <= degrees <= most:
            self._notices.append(f"the EXIF place, {degrees:.6g} degrees, is not a possible one")
            return None
        return round(-degrees if self._gps.get(side) == negative else degrees, 7)

    def _altitude(self) -> float | None:
        values = self._gps.get(6)
        if not isinstance(values, list) or values[0] is None or abs(values[0]) > 100_000:
            return None
        return round(float(-values[0] if self._gps.get(5) == 1 else values[0]), 2)

    def _gps_time(self) -> str | None:
        day, clock = self._gps.get(29), self._gps.get(7)
        if not isinstance(day, str) or not isinstance(clock, list) or None in clock[:3]:
            return None
        try:
            date = datetime.strptime(day.strip(), "%Y:%m:%d").replace(tzinfo=UTC)
            at = date + timedelta(hours=clock[0], minutes=clock[1], seconds=clock[2])
        except (ValueError, OverflowError, IndexError):
            at = None
        if at is None or not _EARLIEST <= at < _LATEST:
            self._notices.append(f"the GPS time {day[:40]!r} is not a possible one")
            return None
        return _text(at)


def _moment(parts: str) -> datetime:
    return datetime.strptime(parts, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
