# SPDX-License-Identifier: Apache-2.0
"""A folder of images as a video: in the order of their names, with times from ``times.csv``."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from alprcore.errors import ImageError, VideoError
from alprcore.picture.load import load_frame
from alprcore.video.source import Frames, FrameTime, Opened, VideoFrame, VideoInfo, nothing

TIMES = "times.csv"
ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
MILLISECOND = Fraction(1, 1000)


def open_folder(folder: Path, of: Frames, rate: float, start_s: float) -> Opened:
    """Return what a folder of images holds, its frames, and how to close it.

    Raises
    ------
    VideoError
        If it holds no image, or ``times.csv`` cannot be read.
    """
    timed = (folder / TIMES).is_file()
    places = _times(folder) if timed else _counted(folder, rate)
    if not places:
        raise VideoError(f"video: no image in the folder '{folder}'")
    span = (places[-1][1] - places[0][1]) / 1000
    own_rate = (len(places) - 1) / span if span > 0 else rate
    info = VideoInfo("images", "images", 0, 0, span, len(places), own_rate, 0)
    found = _images(folder, places, of, timed=timed, start_s=start_s)
    return info, found, nothing


def _images(
    folder: Path, places: list[tuple[str, int]], of: Frames, *, timed: bool, start_s: float
) -> Iterator[VideoFrame]:
    start, good = places[0][1], 0
    for ordinal, (name, pts) in enumerate(places):
        time = FrameTime(0, pts, MILLISECOND, start, ordinal)
        if time.seconds < start_s:
            continue
        try:
            image = load_frame(folder / name)
        except ImageError:
            of.note("undecodable", time.seconds)
            continue
        good += 1
        yield VideoFrame(time, False, timed, image, 0)
    if not good and of.problems:
        raise VideoError(f"video: no image in the folder '{folder}' can be read")


def _times(folder: Path) -> list[tuple[str, int]]:
    """Return the names of ``times.csv`` with their times in milliseconds."""
    found: list[tuple[str, int]] = []
    try:
        with (folder / TIMES).open(newline="", encoding="utf-8-sig") as table:
            for row in csv.DictReader(table):
                name, seconds = row["file"], float(row["time_s"])
                if not math.isfinite(seconds) or Path(name).name != name:
                    raise ValueError(f"{name}, {seconds}")
                found.append((name, round(1000 * seconds)))
    except (KeyError, TypeError, ValueError, OSError) as error:
        where = f"{folder / TIMES}, row {len(found) + 1}"
        raise VideoError(
            f"video: {where}: expected file,time_s, a name in the folder and seconds, got {error}"
        ) from error
    return found


def _counted(folder: Path, rate: float) -> list[tuple[str, int]]:
    """Return the images of a folder with times counted from a rate."""
    try:
        names = [path.name for path in folder.iterdir() if path.suffix.lower() in ENDINGS]
    except OSError as error:
        raise VideoError(f"video: '{folder}' cannot be listed: {error.strerror}") from error
    return [(name, round(1000 * i / rate)) for i, name in enumerate(sorted(names, key=_natural))]


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that puts ``frame_10`` after ``frame_9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
