# SPDX-License-Identifier: Apache-2.0
"""The segments of a JPEG file, and where its scan ends: whether a file is whole."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from alprcore.errors import ImageError

END, SCAN = 0xD9, 0xDA
_END, _SCAN = bytes([0xFF, END]), bytes([0xFF, SCAN])
_FILL = re.compile(b"\xff+")
_MOST_SEGMENTS = 10_000  # before the first scan; a profile of colours has 255 at most


def scan_count(data: bytes) -> int:
    """Return how many scans the JPEG file `data` has before its end marker."""
    scan = _scan_start(data)
    if scan is None:
        return 0
    end = data.find(_END, scan[2])
    return 1 + data.count(_SCAN, scan[2], end if end >= 0 else len(data))


def is_single_scan(data: bytes) -> bool:
    """Return whether one scan holds every component: sequential and interleaved, or grey."""
    scan = _scan_start(data)
    if scan is None:
        return False
    frame_marker, components, header = scan
    return frame_marker in {0xC0, 0xC1} and data[header] == components


def with_filler(data: bytes, filler: bytes) -> bytes:
    """Return the JPEG file `data` with `filler` put between its scan and its end marker.

    Parameters
    ----------
    data
        A file for which `is_single_scan` holds; its end marker may be missing.
    filler
        Bytes that hold no 0xFF.

    Returns
    -------
    bytes
        A file that ends with the end marker.
    """
    scan = _scan_start(data)
    start = scan[2] if scan else 0
    end = data.find(_END, start)
    body = data[:end] if end >= 0 else data.removesuffix(b"\xff")
    return body + filler + _END


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the segments of a JPEG file: marker, and where its body begins and ends.

    Raises
    ------
    ImageError
        Where no marker stands, or after more segments than any encoder writes.
    IndexError, struct.error
        Where the data end.
    """
    position = 2
    for _ in range(_MOST_SEGMENTS):
        fill = _FILL.match(data, position)
        if fill is None:
            if position >= len(data):
                raise IndexError(position)
            raise ImageError("image: the JPEG file is corrupted in its header")
        position = fill.end()
        marker = data[position]
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # without a body
            position += 1
            continue
        (length,) = struct.unpack_from(">H", data, position + 1)
        yield marker, position + 3, position + 1 + length
        position += 1 + length
    raise ImageError(f"image: the JPEG file has more than {_MOST_SEGMENTS} segments in its header")


def is_frame(marker: int) -> bool:
    """Return whether a marker begins a frame header, which has the size of the picture."""
    return 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}


def _scan_start(data: bytes) -> tuple[int, int, int] | None:
    """Return the frame's marker and component count and where the first scan header's body is."""
    frame_marker, components = 0, 0
    try:
        for marker, body, _ in segments(data):
            if marker == SCAN:
                return (frame_marker, components, body) if body < len(data) else None
            if is_frame(marker):
                frame_marker, components = marker, data[body + 5]
    except (ImageError, IndexError, struct.error):
        return None
    return None
