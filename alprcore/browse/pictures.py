# SPDX-License-Identifier: Apache-2.0
"""The pictures of the page: crops as they are stored, and sources small enough for a screen."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from alprcore.archive.again import frame_time, places_of, source_picture
from alprcore.archive.case import Case
from alprcore.errors import CaseError
from alprcore.records import Frame
from alprcore.video.source import FrameTime

LONGEST_SIDE = 1600
"""Pixels of a source on the page; `full` shows all of them."""

_QUALITY = 90


def stored_crop(case: Case, number: int) -> bytes:
    """Return the JPEG file of a read's crop.

    Raises
    ------
    CaseError
        If there is no such read, or the file is missing, elsewhere or another one.
    """
    rows = case.rows("SELECT crop, crop_sha256 FROM reads WHERE id = ?", (number,))
    if not rows:
        raise CaseError(f"no read has the id {number}")
    home = (case.folder / "crops").resolve()
    path: Path = (case.folder / str(rows[0]["crop"])).resolve()
    if home not in path.parents:  # a case that somebody else made may name any file
        raise CaseError("the crop is not in the case's folder")
    try:
        data: bytes = path.read_bytes()
    except OSError as error:
        raise CaseError(f"the crop cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != rows[0]["crop_sha256"]:
        raise CaseError("the crop is not the one that was stored")
    return data


Wanted = tuple[list[tuple[bytes, bytes]], str, FrameTime | None]


def wanted_source(case: Case, number: int) -> Wanted:
    """Return where the picture is that a read stands in, for `source_jpeg`.

    Raises
    ------
    CaseError
        If there is no such read.
    """
    read = case.read(number)
    return places_of(case, read.source_id), read.sha256, frame_time(case, number)


def source_jpeg(wanted: Wanted, *, full: bool) -> bytes:
    """Return the picture that a read stands in as JPEG, upright.

    Raises
    ------
    CaseError
        If it is not there any more, or changed.
    """
    frame = source_picture(*wanted)
    return _encoded(frame if full else _shrunk(frame))


def _shrunk(frame: Frame) -> Frame:
    zoom = LONGEST_SIDE / max(frame.shape[:2])
    if zoom >= 1:
        return frame
    small = cv2.resize(frame, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _encoded(frame: Frame) -> bytes:
    done, content = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise CaseError("the picture cannot be encoded")
    return bytes(content)


def name_for_download(folder: Path, kind: str) -> str:
    """Return the name of an exported file: letters of the case's name that any system takes."""
    kept = "".join(
        each for each in folder.name if each.isascii() and (each.isalnum() or each in "-_")
    )
    return f"{kept or 'case'}-selection.{kind}"
