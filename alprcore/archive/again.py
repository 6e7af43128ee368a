# SPDX-License-Identifier: Apache-2.0
"""The picture that a read stands in, opened again: a file, a member of an archive, or a frame.

What was read has a SHA-256, so a file that was changed or replaced since is refused.
"""

from __future__ import annotations

import os
from fractions import Fraction

from alprcore.archive.content import Unreadable, content_of, hash_file
from alprcore.archive.sources import Place, shown, walk
from alprcore.archive.store import Case
from alprcore.errors import AlprError, CaseError
from alprcore.picture.load import load_frame
from alprcore.records import Frame
from alprcore.video.frames import frame_at
from alprcore.video.source import FrameTime


def places_of(case: Case, source_id: int) -> list[tuple[bytes, bytes]]:
    """Return path and member of each place of a source, in the order in which they were found."""
    return [
        (bytes(row["path_bytes"]), bytes(row["member_bytes"]))
        for row in case.rows(
            "SELECT path_bytes, member_bytes FROM places WHERE source_id = ? ORDER BY id",
            (source_id,),
        )
    ]


def frame_time(case: Case, read_id: int) -> FrameTime | None:
    """Return which frame of its video a read is of; None for one of a picture.

    Raises
    ------
    CaseError
        If its row is damaged.
    """
    (row,) = case.rows(
        "SELECT stream, pts, time_base, start_pts, frame FROM reads WHERE id = ?", (read_id,)
    )
    if row["pts"] is None:
        return None
    try:
        base = Fraction(row["time_base"])
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise CaseError(f"case.sqlite: the time base of the read {read_id} is damaged") from error
    return FrameTime(row["stream"], row["pts"], base, row["start_pts"], row["frame"])


def source_picture(places: list[tuple[bytes, bytes]], sha256: str, at: FrameTime | None) -> Frame:
    """Return the picture of a source, or a frame of it, from the first place that still has it.

    Parameters
    ----------
    places
        From `places_of`.
    sha256
        Of the content that was read.
    at
        Which frame, of a video.

    Returns
    -------
    (rows, cols, 3) uint8 array
        Blue, green, red, upright.

    Raises
    ------
    CaseError
        If no place has the content any more; it says what is wrong with each.
    """
    reasons = []
    for path, member in places:
        try:
            if at is not None:
                return _video_frame(path, sha256, at)
            return _picture(path, member, sha256)
        except (AlprError, Unreadable, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            reasons.append(f"{shown(path, member)}: {reason}")
    raise CaseError("; ".join(reasons) or "the case knows no place of it")


def _video_frame(path: bytes, sha256: str, at: FrameTime) -> Frame:
    _check(hash_file(path), sha256)
    return frame_at(os.fsdecode(path), at).image()


def _picture(path: bytes, member: bytes, sha256: str) -> Frame:
    status = os.stat(path)  # noqa: PTH116 - names are bytes
    if not member:
        place = Place(path, size=status.st_size, modified_ns=status.st_mtime_ns)
    else:
        found = (
            each
            for each in walk([path])
            if isinstance(each, Place) and (each.path, each.member) == (path, member)
        )
        place = next(found, Place(path))
        if not place.member:
            raise CaseError("it is no longer in its archive")
    content = content_of(place)
    _check(content.sha256, sha256)
    return load_frame(content.data)


def _check(found: str, sha256: str) -> None:
    if found != sha256:
        raise CaseError(f"it was changed since it was read: its SHA-256 is {found} now")
