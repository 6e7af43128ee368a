# SPDX-License-Identifier: Apache-2.0
"""The bytes of a source, read once and hashed, wherever it lies."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import zipfile
import zlib
from dataclasses import dataclass

from alprcore.archive.signatures import HEAD, kind_of
from alprcore.archive.sources import Place
from alprcore.picture.load import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a picture and their SHA-256."""

    data: bytes
    sha256: str


class Unreadable(Exception):  # noqa: N818 - it is an answer, not a fault
    """A source cannot be read; its text says why.

    Attributes
    ----------
    is_other
        Whether it is neither picture nor video, and nothing is missing.
    sha256
        Of its content, where that could be read.
    """

    def __init__(self, reason: str, *, is_other: bool = False, sha256: str = "") -> None:
        super().__init__(reason)
        self.is_other = is_other
        self.sha256 = sha256


def content_of(place: Place) -> Content:
    """Return the bytes at a place.

    Raises
    ------
    Unreadable
        If they cannot be read, change meanwhile, are too many or are not a picture's.
    """
    try:
        data = _data(place)
    except (OSError, ValueError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    kind, words = kind_of(data[:HEAD])
    sha256 = hashlib.sha256(data).hexdigest()
    if kind == "picture":
        return Content(data, sha256)
    if kind == "other":
        raise Unreadable("neither a picture nor a video", is_other=True, sha256=sha256)
    if kind in {"zip", "tar"}:
        words = "an archive inside an archive, which is not opened"
    elif kind == "video":
        words = "a video inside an archive: unpack it to have it read"
    raise Unreadable(words, sha256=sha256)


def hash_file(path: bytes) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - names are bytes
        return hashlib.file_digest(file, "sha256").hexdigest()


def _data(place: Place) -> bytes:
    if place.size > MAX_BYTES:
        raise Unreadable(f"{place.size} bytes, more than the limit of {MAX_BYTES}")
    if place.how == "bytes":
        return place.content
    if place.how == "zip":
        return _zip_data(place)
    if place.how == "tar":
        with open(place.path, "rb") as file:  # noqa: PTH123 - names are bytes
            file.seek(place.index)
            data = file.read(place.size)
        if len(data) < place.size:
            raise Unreadable("its tar file ends before it")
        return data
    return _file_data(place.path)


def _file_data(path: bytes) -> bytes:
    """Return a file's bytes, read again when it was written to meanwhile."""
    for _ in range(2):
        with open(path, "rb") as file:  # noqa: PTH123 - names are bytes
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise Unreadable("not a regular file")
            data = file.read(MAX_BYTES + 1)
            after = os.fstat(file.fileno())
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if len(data) > MAX_BYTES:
            raise Unreadable(f"more than the limit of {MAX_BYTES} bytes")
        if same and len(data) == after.st_size:
            return data
    raise Unreadable("it changed while it was read: another program is writing to it")


class _OpenZip(threading.local):
    """The zip file that was read last: opening one takes as long as it has members."""

    key: tuple[bytes, int] | None = None
    archive: zipfile.ZipFile | None = None


_LAST = _OpenZip()


def _zip_data(place: Place) -> bytes:
    key = (place.path, place.modified_ns)
    if key != _LAST.key or _LAST.archive is None:
        if _LAST.archive is not None:
            _LAST.archive.close()
        _LAST.key, _LAST.archive = None, None
        _LAST.archive = zipfile.ZipFile(os.fsdecode(place.path))
        _LAST.key = key
    entries = _LAST.archive.infolist()
    if place.index >= len(entries):
        raise Unreadable("it is no longer in its zip file")
    with _LAST.archive.open(entries[place.index]) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(f"it unpacks to more than the limit of {MAX_BYTES} bytes")
    return data
