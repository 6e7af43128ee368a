# SPDX-License-Identifier: Apache-2.0
"""Object storage, by the file systems of Arrow: ``s3://``, ``gs://``, ``abfs://``, ``file://``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alprcore.archive.sources import Found, Place, Refusal
from alprcore.picture.load import MAX_BYTES

_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(path: bytes) -> bool:
    """Whether a path is in object storage, and not on this machine's disks.

    Examples
    --------
    >>> is_url(b"s3://bucket/a.jpg"), is_url(b"/data/a.jpg")
    (True, False)
    """
    return _URL.match(path) is not None


def walk_url(url: bytes) -> Iterator[Found]:
    """Yield the files at and below a URL, in the order of their names; archives are not opened."""
    from pyarrow import fs  # noqa: PLC0415 - a second that local paths do not need

    prefix = url[: url.index(b"://") + 3].decode()
    try:
        system, path = fs.FileSystem.from_uri(url.decode())
        root = system.get_file_info(path)
        below = (
            system.get_file_info(fs.FileSelector(path, recursive=True))
            if root.type == fs.FileType.Directory
            else [root]
        )
    except (OSError, ValueError) as error:
        yield Refusal(url, b"", f"cannot be listed: {error}")
        return
    for each in sorted(below, key=lambda each: each.path.encode()):
        if each.type == fs.FileType.NotFound:
            yield Refusal(url, b"", "cannot be read: No such file or directory")
        elif each.type == fs.FileType.File:
            # Some stores keep no times; then a changed object shows by its size alone.
            yield Place(
                (prefix + each.path).encode(), size=each.size, modified_ns=each.mtime_ns or 0
            )


def read_url(url: bytes) -> bytes:
    """Return an object's bytes.

    Raises
    ------
    OSError
        If it cannot be read or is too large.
    """
    from pyarrow import fs  # noqa: PLC0415

    try:
        system, path = fs.FileSystem.from_uri(url.decode())
        with system.open_input_stream(path) as stream:
            content: bytes = stream.read(MAX_BYTES + 1)
    except ValueError as error:
        raise OSError(str(error)) from error
    if len(content) > MAX_BYTES:
        raise OSError(f"more than the limit of {MAX_BYTES} bytes")
    return content
