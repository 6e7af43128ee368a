# SPDX-License-Identifier: Apache-2.0
"""Where sources lie: folders of any depth, zip and tar files, walked in one fixed order.

What a file is, its content decides and never its name. The order is that of the names as bytes, so
that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alprcore.archive.signatures import HEAD, kind_of
from alprcore.picture.load import MAX_BYTES

MOST_MEMBERS = 1_000_000
"""Files of one zip or tar file that are looked at."""

_COMPRESSED = (gzip.GzipFile, bz2.BZ2File, lzma.LZMAFile)
_UNPACKING = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, EOFError)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source may lie.

    Attributes
    ----------
    path
        The file, as bytes: names need not be UTF-8.
    member
        Name inside a zip or tar file, as bytes; empty for the file itself.
    how
        ``"file"``, ``"zip"``, or ``"tar"`` for a part of an uncompressed tar file; ``"bytes"`` for
        one whose content comes with it.
    size, modified_ns
        Of the file, or the member's size and the file's time: what shows that it is still the same.
    index
        The member's number in a zip file; where its bytes begin in a tar file.
    content
        The member's bytes, of a compressed tar file.
    is_video
        Whether its content is a video's.
    """

    path: bytes
    member: bytes = b""
    how: Literal["file", "zip", "tar", "bytes"] = "file"
    size: int = 0
    modified_ns: int = 0
    index: int = 0
    content: bytes = b""
    is_video: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A place that cannot be read, and why."""

    path: bytes
    member: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is left out: ``"other"`` for what is neither picture nor video, or ``"link"``."""

    kind: Literal["other", "link"]


Found = Place | Refusal | Skipped


def shown(path: bytes, member: bytes = b"") -> str:
    r"""Return a name for people: odd bytes and control characters escaped, ``!`` before a member.

    Examples
    --------
    >>> shown(b"a/two\nlines.zip", b"x.jpg")
    'a/two\\nlines.zip!x.jpg'
    """
    name = path + (b"!" + member if member else b"")
    text = name.decode("utf-8", "backslashreplace")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def walk(
    paths: Iterable[str | bytes | os.PathLike[str]],
    *,
    follow: bool = False,
    leave_out: Path | None = None,
) -> Iterator[Found]:
    """Yield what lies at and below the paths, in one fixed order.

    Parameters
    ----------
    paths
        Files and folders.
    follow : bool
        Whether symbolic links are followed; a folder is entered once all the same. A path that is
        given is followed in any case.
    leave_out : Path, optional
        A folder that is not entered: the case itself.
    """
    own = _identity(os.fsencode(leave_out)) if leave_out else None
    seen: set[tuple[int, int]] = {own} if own else set()
    for path in paths:
        whole = os.path.abspath(os.fsencode(path))  # noqa: PTH100 - names are bytes, links stay
        yield from _below(whole, seen, follow=follow)


def _identity(path: bytes) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - names are bytes
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _below(path: bytes, seen: set[tuple[int, int]], *, follow: bool) -> Iterator[Found]:
    """Yield a file, or what a folder holds; a stack in place of recursion, however deep it is."""
    stack: list[tuple[bytes, bool]] = [(path, True)]
    while stack:
        current, given = stack.pop()
        try:
            status = os.stat(current) if follow or given else os.lstat(current)  # noqa: PTH116
        except (OSError, ValueError) as error:
            yield Refusal(current, b"", _reason(error))
            continue
        if stat.S_ISLNK(status.st_mode):
            yield Skipped("link")
        elif stat.S_ISDIR(status.st_mode):
            key = status.st_dev, status.st_ino
            if key in seen:
                continue
            seen.add(key)
            try:
                names = sorted(os.listdir(current), reverse=True)  # noqa: PTH208
            except OSError as error:
                yield Refusal(current, b"", f"the folder cannot be listed: {_reason(error)}")
                continue
            stack += [(os.path.join(current, name), False) for name in names]  # noqa: PTH118
        elif stat.S_ISREG(status.st_mode):
            yield from _file(current, status)
        else:
            yield Skipped("other")  # a pipe or a device: it may never end


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _file(path: bytes, status: os.stat_result) -> Iterator[Found]:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - names are bytes
            kind, words = kind_of(file.read(HEAD))
    except OSError as error:
        yield Refusal(path, b"", f"cannot be read: {_reason(error)}")
        return
    if kind == "zip":
        yield from _zip_members(path, status)
    elif kind == "tar":
        yield from _tar_members(path, status)
    elif kind in {"picture", "video"}:
        yield Place(path, size=status.st_size, modified_ns=status.st_mtime_ns,
                    is_video=kind == "video")  # fmt: skip
    elif kind == "other":
        yield Skipped("other")
    else:
        yield Refusal(path, b"", words)


def _zip_members(path: bytes, status: os.stat_result) -> Iterator[Found]:
    try:
        with zipfile.ZipFile(os.fsdecode(path)) as archive:
            entries = archive.infolist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        yield Refusal(path, b"", f"the zip file cannot be read: {_reason(error)}")
        return
    if len(entries) > MOST_MEMBERS:
        words = f"the zip file has {len(entries)} members, more than {MOST_MEMBERS}"
        yield Refusal(path, b"", words)
        return
    for index, entry in enumerate(entries):
        name = entry.filename.encode("utf-8", "surrogateescape")
        if entry.is_dir():
            continue
        if entry.flag_bits & 1:
            yield Refusal(path, name, "it is encrypted in its zip file")
            continue
        # What it is shows when it is unpacked, by the process that reads it.
        yield Place(path, name, "zip", entry.file_size, status.st_mtime_ns, index)


def _tar_members(path: bytes, status: os.stat_result) -> Iterator[Found]:
    """Yield the members of a tar file; of a compressed one with their bytes, read in one pass."""
    number = -1
    try:
        with tarfile.open(os.fsdecode(path), "r:*") as archive:
            plain = not isinstance(archive.fileobj, _COMPRESSED)
            for number, entry in enumerate(archive):
                if number >= MOST_MEMBERS:
                    yield Refusal(path, b"", f"the tar file has more than {MOST_MEMBERS} members")
                    return
                if entry.isfile():
                    yield _tar_member(archive, entry, path, status, plain=plain)
    except (OSError, ValueError, *_UNPACKING) as error:
        if number < 0 and isinstance(error, tarfile.ReadError):
            yield Skipped("other")  # compressed, but no tar file
        else:
            yield Refusal(path, b"", f"the archive cannot be read to its end: {_reason(error)}")


def _tar_member(
    archive: tarfile.TarFile,
    entry: tarfile.TarInfo,
    path: bytes,
    status: os.stat_result,
    *,
    plain: bool,
) -> Found:
    name = entry.name.encode("utf-8", "surrogateescape")
    if plain and not entry.issparse():
        return Place(path, name, "tar", entry.size, status.st_mtime_ns, entry.offset_data)
    if entry.size > MAX_BYTES:
        return Refusal(path, name, f"{entry.size} bytes, more than the limit of {MAX_BYTES}")
    file = archive.extractfile(entry)
    content = file.read(MAX_BYTES) if file is not None else b""
    return Place(path, name, "bytes", entry.size, status.st_mtime_ns, 0, content)
