# SPDX-License-Identifier: Apache-2.0
"""One source from its bytes to the rows of the store: what a worker process does."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Literal

from alprcore.archive.canonical import canonical
from alprcore.archive.content import Content, Unreadable, content_of
from alprcore.archive.crops import CropFolder
from alprcore.archive.exif import read_exif
from alprcore.archive.moving import hashed, video_rows
from alprcore.archive.plate_row import Row, look_json, read_row, vehicle_row
from alprcore.archive.signatures import origin_notices
from alprcore.archive.sources import Place
from alprcore.engine import Engine
from alprcore.errors import ImageError, VideoError
from alprcore.picture.header import read_header
from alprcore.picture.load import load_frame


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What became of one place.

    Attributes
    ----------
    place
        Without its content.
    outcome
        ``"read"``; ``"unreadable"``; ``"known"`` for a source that has this reading already;
        ``"other"`` for what is neither picture nor video, ``"link"`` for a symbolic link;
        ``"failed"`` when the case cannot be written, which ends the run.
    reason
        Why, of what is unreadable or failed.
    sha256
        Of the content, empty when it could not be read.
    source
        The row of ``sources``.
    reading
        The row of ``readings``.
    reads, groups
        The rows of ``reads`` and ``groups``; a read has its group's number as ``group``.
    """

    place: Place
    outcome: Literal["read", "unreadable", "known", "other", "link", "failed"]
    reason: str = ""
    sha256: str = ""
    source: Row = field(default_factory=dict)
    reading: Row = field(default_factory=dict)
    reads: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)


def read_picture(
    content: Content, place: Place, engine: Engine, tasks: Collection[str], crops: CropFolder
) -> SourceResult:
    """Return the rows of a picture; its crops are written.

    Raises
    ------
    OSError
        If a crop cannot be written.
    """
    try:
        header = read_header(content.data)
        frame = load_frame(content.data, max_pixels=engine.settings.max_pixels)
    except ImageError as error:
        reason = str(error).removeprefix("image: ")
        return SourceResult(
            place, "unreadable", reason, content.sha256, source_row(content), _failed(reason)
        )
    recognition, examinations = engine.recognize_and_examine(frame, tasks=tasks)
    source = source_row(content)
    source |= {"format": header.format, "width": recognition.width, "height": recognition.height}
    reads = [
        {"number": number}
        | read_row(
            examination,
            plate,
            frame,
            crops,
            f"{content.sha256}-{number}",
            alphabet=engine.alphabet,
        )
        for number, (plate, examination) in enumerate(
            zip(recognition.plates, examinations, strict=True)
        )
    ]
    reading = {
        "plates": len(reads),
        "error": None,
        "vehicles": canonical([vehicle_row(each) for each in recognition.vehicles]),
        "main_vehicle": look_json(recognition.main_vehicle),
    }
    return SourceResult(place, "read", "", content.sha256, source, reading, reads)


def read_video(
    place: Place,
    engine: Engine,
    tasks: Collection[str],
    crops: CropFolder,
    is_known: Callable[[str], bool],
) -> SourceResult:
    """Return what becomes of a video: a group for each vehicle."""
    try:
        sha256, notices = hashed(place)
    except OSError as error:
        return SourceResult(place, "unreadable", f"cannot be read: {error.strerror or error}")
    if is_known(sha256):
        return SourceResult(place, "known", "", sha256)
    source = {**source_row(Content(b"", sha256)), "size": place.size, "kind": "video"}
    source["notices"] = canonical(list(notices))
    try:
        more, reads, groups = video_rows(place, engine, tasks, crops, sha256)
    except VideoError as error:
        return SourceResult(place, "unreadable", str(error), sha256, source, _failed(str(error)))
    except OSError as error:
        return SourceResult(place, "failed", f"a crop cannot be written: {error.strerror or error}")
    reading = {"plates": len(reads), "error": None, "vehicles": "[]", "main_vehicle": None}
    return SourceResult(place, "read", "", sha256, {**source, **more}, reading, reads, groups)


def source_row(content: Content) -> Row:
    """Return the row of a source, but for what only a decoder knows of it."""
    exif = read_exif(content.data)
    moment = exif.moment()
    return {
        "sha256": content.sha256,
        "size": len(content.data),
        "kind": "picture",
        "format": "",
        "width": None,
        "height": None,
        "time": moment[0] if moment else None,
        "epoch": moment[1] if moment else None,
        "time_source": moment[2] if moment else None,
        "exif_time": exif.time,
        "exif_zone": exif.zone,
        "gps_time": exif.gps_time,
        "latitude": exif.latitude,
        "longitude": exif.longitude,
        "altitude": exif.altitude,
        "camera": exif.camera,
        "notices": canonical([*exif.notices, *origin_notices(content.data)]),
    }


def _failed(reason: str) -> Row:
    return {"plates": 0, "error": reason, "vehicles": "[]", "main_vehicle": None}


def result_of(
    place: Place,
    *,
    engine: Engine,
    tasks: Collection[str],
    crops: CropFolder,
    is_known: Callable[[str], bool],
) -> SourceResult:
    """Return what becomes of a place; only what is wrong with the case itself ends a run.

    Parameters
    ----------
    place
        Where the source lies.
    engine, tasks
        As for `Engine.recognize`.
    crops
        Where crops go.
    is_known : callable
        Takes a SHA-256 and returns whether the case has this reading of it.
    """
    bare = without_content(place)
    if place.is_video:
        return read_video(bare, engine, tasks, crops, is_known)
    try:
        content = content_of(place)
    except Unreadable as error:
        return SourceResult(
            bare, "other" if error.is_other else "unreadable", str(error), error.sha256
        )
    if is_known(content.sha256):
        return SourceResult(bare, "known", "", content.sha256)
    try:
        return read_picture(content, bare, engine, tasks, crops)
    except OSError as error:
        return SourceResult(bare, "failed", f"a crop cannot be written: {error.strerror or error}")


def without_content(place: Place) -> Place:
    """Return a place without the bytes that came with it."""
    return Place(place.path, place.member, place.how, place.size, place.modified_ns, place.index,
                 is_video=place.is_video)  # fmt: skip
