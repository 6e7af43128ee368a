# SPDX-License-Identifier: Apache-2.0
"""One video from its file to the rows of the store: a group for each vehicle, and its best read.

A group is what all frames say together, with every vote; the read is its best frame, read as a
picture is, so that searches have a lattice of it.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Collection

import numpy as np

from alprcore.archive.canonical import canonical
from alprcore.archive.content import hash_file
from alprcore.archive.crops import CropFolder
from alprcore.archive.plate_row import Row, read_row
from alprcore.archive.signatures import origin_notices
from alprcore.archive.sources import Place
from alprcore.engine import Engine
from alprcore.ranking.record import Examination
from alprcore.records import Plate
from alprcore.video.engine import VideoEngine
from alprcore.video.group import Group
from alprcore.video.session import VideoSettings
from alprcore.video.source import FrameTime

_PIXEL_TASKS = ("color", "make", "makemodel")


def video_rows(
    place: Place, engine: Engine, tasks: Collection[str], crops: CropFolder, sha256: str
) -> tuple[Row, list[Row], list[Row]]:
    """Return the row of a video's source, and the rows of its reads and groups.

    Raises
    ------
    VideoError
        If it cannot be read.
    OSError
        If a crop cannot be written.
    """
    looks = tuple(task for task in _PIXEL_TASKS if task in tasks)
    watched = VideoEngine(engine=engine, video=VideoSettings(tasks=looks, keep_frames=True))
    reads: list[Row] = []
    groups: list[Row] = []
    size: tuple[int | None, int | None] = (None, None)
    for group in watched.read(os.fsdecode(place.path)):
        number = len(groups)
        size = (group.width, group.height)
        read = _best_read(group, engine, tasks, crops, f"{sha256}-{number}")
        if read is not None:
            reads.append({"number": len(reads), "group": number, **read})
        groups.append(_group_row(group, number, None if read is None else len(reads) - 1))
    source = {"width": size[0], "height": size[1], "format": _container(place.path)}
    return source, reads, groups


def hashed(place: Place) -> tuple[str, tuple[str, ...]]:
    """Return the SHA-256 of a file too large for memory, and its notices of origin.

    Raises
    ------
    OSError
        If it cannot be read, or changes meanwhile.
    """
    before = os.stat(place.path)  # noqa: PTH116 - names are bytes
    sha256 = hash_file(place.path)
    with (
        open(place.path, "rb") as file,  # noqa: PTH123 - names are bytes
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        notices = origin_notices(content)
    after = os.stat(place.path)  # noqa: PTH116
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError("it changed while it was read: another program is writing to it")
    return sha256, notices


def _container(path: bytes) -> str:
    """Return the container's name in words, by the file's first bytes."""
    with open(path, "rb") as file:  # noqa: PTH123 - names are bytes
        head = file.read(12)
    names = {b"\x1a\x45\xdf\xa3": "Matroska", b"RIFF": "AVI", b"FLV\x01": "FLV"}
    return names.get(head[:4], "MP4" if head[4:8] == b"ftyp" else "video")


def _best_read(
    group: Group, engine: Engine, tasks: Collection[str], crops: CropFolder, name: str
) -> Row | None:
    """Return the row of a group's best frame; None when nothing is read there any more."""
    if group.frame_image is None:
        return None
    found, examinations = engine.recognize_and_examine(group.frame_image, tasks=tasks)
    chosen = _same_plate(group, found.plates, examinations)
    if chosen is None:
        return None
    plate, examination = chosen
    return {
        **read_row(examination, plate, group.frame_image, crops, name, alphabet=engine.alphabet),
        **_time_columns(group.best),
    }


def _same_plate(
    group: Group, plates: tuple[Plate, ...], examinations: tuple[Examination, ...]
) -> tuple[Plate, Examination] | None:
    """Return the plate that stands where the group's best one does, at most its width away."""
    middle = group.best_plate.quad.to_points().mean(axis=0)
    reach = group.best_plate.quad.bounds().width
    pairs = [
        (float(np.hypot(*(plate.quad.to_points().mean(axis=0) - middle))), i)
        for i, plate in enumerate(plates)
    ]
    distance, i = min(pairs, default=(np.inf, -1))
    return (plates[i], examinations[i]) if distance <= reach else None


def _time_columns(at: FrameTime) -> Row:
    return {
        "stream": at.stream,
        "pts": at.pts,
        "time_base": str(at.time_base),
        "start_pts": at.start_pts,
        "frame": at.ordinal,
        "seconds": round(at.seconds, 6),
    }


def _group_row(group: Group, number: int, best: int | None) -> Row:
    direction = group.direction
    return {
        "number": number,
        "plate": group.text.replace("\n", ""),
        "text": group.text,
        "confidence": round(group.confidence, 9),
        "matches_template": int(group.matches_template),
        "country": group.country,
        "region": group.region,
        "region_confidence": round(group.region_confidence, 9),
        "reads": len(group.votes),
        "best_number": best,
        "frame_start": group.first.ordinal,
        "frame_end": group.last.ordinal,
        "seconds_start": round(group.first.seconds, 6),
        "seconds_end": round(group.last.seconds, 6),
        "direction": None if direction is None else round(direction, 3),
        "candidates": canonical(
            [
                [each.text, round(each.confidence, 9), int(each.matches_template)]
                for each in group.candidates
            ]
        ),
        "votes": canonical(
            [
                {
                    **_time_columns(vote.time),
                    "text": vote.text,
                    "confidence": round(vote.confidence, 9),
                    "quad": [
                        round(value, 2) for corner in vote.quad.to_points().tolist()
                        for value in corner
                    ],
                }
                for vote in group.votes
            ]
        ),
    }  # fmt: skip
