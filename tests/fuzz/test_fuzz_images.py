# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes come, a picture is whole or it is an `ImageError`."""

from __future__ import annotations

import struct
import time

import cv2
import numpy as np
import pytest
from fuzz.budget import bounded
from fuzz.mutation import damaged, whole_and_damaged
from hypothesis import given
from hypothesis import strategies as st

from alprcore.errors import ImageError
from alprcore.picture.header import read_header
from alprcore.picture.jpeg import is_single_scan, scan_count, with_filler
from alprcore.picture.load import load_frame

PIXELS = 10_000
RNG = np.random.default_rng(7)
SMALL = RNG.integers(0, 256, (21, 34, 3), np.uint8)
SMOOTH = cv2.resize(SMALL[:4, :5], (45, 29), interpolation=cv2.INTER_CUBIC)
CLEAR = np.dstack([SMALL, RNG.integers(0, 256, SMALL.shape[:2], np.uint8)])
EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"


def encoded(ending: str, picture: np.ndarray, *flags: int) -> bytes:
    return cv2.imencode(ending, picture, list(flags))[1].tobytes()


def with_exif(jpeg: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(EXIF) + 2) + EXIF + jpeg[2:]


FILES = {
    "jpeg": encoded(".jpg", SMALL),
    "jpeg grey": encoded(".jpg", SMALL[:, :, 0]),
    "jpeg smooth": encoded(".jpg", SMOOTH, cv2.IMWRITE_JPEG_QUALITY, 40),
    "jpeg restarts": encoded(".jpg", SMALL, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    "jpeg turned": with_exif(encoded(".jpg", SMALL)),
    "jpeg progressive": encoded(".jpg", SMALL, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "png": encoded(".png", SMALL),
    "png alpha": encoded(".png", CLEAR),
    "png 16": encoded(".png", SMALL.astype(np.uint16) * 257),
    "bmp": encoded(".bmp", SMALL),
    "tiff": encoded(".tiff", SMALL),
    "tiff plain": encoded(".tiff", SMALL, cv2.IMWRITE_TIFF_COMPRESSION, 1),
    "tiff alpha": encoded(".tiff", CLEAR),
    "webp": encoded(".webp", SMALL),
    "webp lossless": encoded(".webp", CLEAR, cv2.IMWRITE_WEBP_QUALITY, 101),
    "gif": encoded(".gif", SMALL),
}
ALL = list(FILES.values())
JPEGS = [content for name, content in FILES.items() if name.startswith("jpeg")]


def frame_of(data: bytes) -> np.ndarray | None:
    """The frame, or None where the picture is refused, as it must be."""
    try:
        frame = load_frame(data, max_pixels=PIXELS)
    except ImageError as error:
        assert str(error).startswith("image: ")
        return None
    assert frame.dtype == np.uint8
    assert frame.ndim == 3
    assert frame.shape[2] == 3
    assert 0 < frame.shape[0] * frame.shape[1] <= PIXELS
    assert not frame.flags.writeable
    assert frame.flags.c_contiguous
    return frame


@bounded(120)
@given(whole_and_damaged(ALL))
def test_a_header_is_read_or_refused(data):
    try:
        header = read_header(data)
    except ImageError as error:
        assert str(error).startswith("image: ")
    else:
        assert header.width > 0
        assert header.height > 0
        assert 1 <= header.orientation <= 8


@bounded(120)
@given(whole_and_damaged(ALL))
def test_a_file_is_a_checked_frame_or_refused(data):
    frame_of(data)


@bounded(120)
@given(damaged(JPEGS), st.binary(max_size=40).map(lambda filler: filler.replace(b"\xff", b"\xfe")))
def test_how_whole_a_jpeg_file_is_can_be_asked_of_any_bytes(data, filler):
    assert scan_count(data) >= 0
    is_single_scan(data)
    sealed = with_filler(data, filler)
    assert sealed.endswith(filler + b"\xff\xd9")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_stops_early_is_refused_or_all_there(name):
    """At each of a hundred places, and at every one of the last forty bytes."""
    data = FILES[name]
    whole = frame_of(data)
    assert whole is not None
    ends = {*range(1, len(data), max(1, len(data) // 100)), *range(len(data) - 40, len(data))}
    for end in sorted(ends):
        part = frame_of(data[:end])
        assert part is None or np.array_equal(part, whole), f"{end} of {len(data)} bytes"


@pytest.mark.parametrize("name", FILES)
def test_what_stands_behind_a_file_changes_nothing(name):
    whole = frame_of(FILES[name])
    assert np.array_equal(frame_of(FILES[name] + bytes(range(200))), whole)


def tiff_of(entries: list[bytes], room: int) -> bytes:
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    return head + b"".join(entries) + bytes(room)


def bytes_field(tag: int, count: int) -> bytes:
    return struct.pack("<HHII", tag, 1, count, 8)


def exif_segment(block: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block


NUMBER = [struct.pack("<HHII", tag, 4, 1, 8) for tag in (256, 257)]
COSTLY = {
    # Each of many fields claims all of the file; unpacked one by one they would be 40 gigabytes.
    "tiff fields": lambda: tiff_of([bytes_field(256, 650_000)] * 60_000, 0),
    "tiff strips": lambda: tiff_of(
        [*NUMBER, bytes_field(273, 4_000_000), bytes_field(279, 4_000_000)], 4_000_000
    ),
    "jpeg exif": lambda: (
        b"\xff\xd8" + 60 * exif_segment(tiff_of([bytes_field(1, 60_000)] * 5_000, 0))
    ),
    "jpeg fill": lambda: b"\xff\xd8" + b"\xff" * 4_000_000,
    "jpeg markers": lambda: b"\xff\xd8" + b"\xff\x01" * 2_000_000,
    "jpeg segments": lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * 1_000_000,
    "png chunks": lambda: FILES["png"][:33] + 300_000 * b"\0\0\0\0abcd\0\0\0\0" + FILES["png"][33:],
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_header_that_is_made_to_be_costly_is_not(name):
    """In processor time of this thread, against a loop over its bytes: up to 15 times as much."""
    data = COSTLY[name]()
    begin = time.thread_time()
    sum(data)
    yardstick = time.thread_time() - begin
    begin = time.thread_time()
    assert frame_of(data) is None
    assert time.thread_time() - begin < 0.2 + 60 * yardstick
