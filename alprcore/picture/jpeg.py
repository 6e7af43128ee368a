# SPDX-License-Identifier: Apache-2.0
"""Where the scan of a JPEG file ends: how `picture.load` tells a whole file from a cut one."""

from __future__ import annotations

import struct

_END = b"\xff\xd9"
_SCAN = b"\xff\xda"


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


def _scan_start(data: bytes) -> tuple[int, int, int] | None:
    """Return the frame's marker and component count and where the first scan header's body is."""
    position, frame_marker, components = 2, 0, 0
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        body = position + 4
        if marker == 0xDA:
            return (frame_marker, components, body) if body < len(data) else None
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC} and body + 5 < len(data):
            frame_marker, components = marker, data[body + 5]
        position += 2 + length
    return None
