# SPDX-License-Identifier: Apache-2.0
"""Frames of videos, image folders, streams and cameras, each with the time its container gives it.

Time is the presentation time stamp (PTS). A frame number alone does not find a frame again: seeking
by number lands on wrong frames in MP4, Matroska and every time in MPEG-TS.
"""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path

from alprcore.errors import VideoError
from alprcore.video.container import open_container, seek_frame
from alprcore.video.folder import open_folder
from alprcore.video.source import Frames, FrameTime, VideoFrame, VideoInfo, is_live

__all__ = ["FrameTime", "Frames", "VideoFrame", "VideoInfo", "frame_at", "frames", "is_live"]


def frames(
    source: str | PathLike[str] | int,
    *,
    start_s: float = 0.0,
    threads: int = 1,
    timeout_s: float = 10.0,
    rate: float = 25.0,
) -> Frames:
    """Return the frames of a video file, image folder, network stream or camera.

    Parameters
    ----------
    source : str, path or int
        A file of any container that FFmpeg reads; a folder of images, with their times in
        ``times.csv`` (columns ``file,time_s``) or, without it, in the order of their names at
        `rate`; a URL; ``/dev/videoN``, ``webcam`` or a number for a camera.
    start_s : float
        Frames that are shown before so many seconds are left out. Where the container can seek,
        the ordinals are counted from where it landed, not from the first frame.
    threads : int
        Threads of the decoder.
    timeout_s : float
        So long is waited for a stream to open, and for each of its packets.
    rate : float
        Frames per second where the source has no times.

    Raises
    ------
    VideoError
        If it cannot be opened, has no video, or no frame can be decoded (raised by the first
        ``next``); if the extra ``video`` is not installed.

    Examples
    --------
    >>> with frames("clip.mp4") as clip:  # doctest: +SKIP
    ...     times = [frame.time.seconds for frame in clip]
    """
    name = _camera(source) if isinstance(source, int) else fspath(source)
    if not name:
        raise VideoError("video: the name is empty")
    if not is_live(name) and not Path(name).exists():
        raise VideoError(f"video: no file '{name}'")
    if Path(name).is_dir():
        return Frames(lambda of: open_folder(Path(name), of, rate, start_s))
    return Frames(
        lambda of: open_container(
            name, of, start_s=start_s, threads=threads, timeout_s=timeout_s, rate=rate
        )
    )


def frame_at(
    source: str | PathLike[str], time: FrameTime, *, threads: int = 1, rate: float = 25.0
) -> VideoFrame:
    """Return exactly the frame of that time, found by its time stamp.

    Parameters
    ----------
    source, threads, rate
        As for `frames`.
    time : FrameTime
        As a frame of the same source had it.

    Raises
    ------
    VideoError
        If the source has no such frame.
    """
    name = fspath(source)
    if not Path(name).is_dir():
        found = seek_frame(name, time, threads=threads, rate=rate)
        if found is not None:
            return found
    with frames(name, threads=threads, rate=rate) as every:
        for frame in every:
            if frame.time.pts == time.pts and frame.time.ordinal == time.ordinal:
                return frame
    raise VideoError(f"video: '{name}' has no frame at {time.pts} x {time.time_base} s")


def _camera(number: int) -> str:
    return f"/dev/video{number}"
