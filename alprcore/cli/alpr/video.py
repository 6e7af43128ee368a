# SPDX-License-Identifier: Apache-2.0
"""Frames of video files, cameras and streams for ``alpr``, and what moves in them."""

from __future__ import annotations

import importlib.util
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np

from alprcore.errors import VideoError as AlprVideoError
from alprcore.picture.quiet import quiet_stderr
from alprcore.records import Frame

STREAM_TIMEOUT_MS = 10_000
RECONNECT_PAUSE_S = 1.0
_NOISE_SIZE = (6, 6)  # columns, rows; specks that are smaller are no motion


class VideoError(Exception):
    """A video, camera or stream cannot be opened."""


class MotionDetector:
    """Tells where a frame differs from what the camera usually sees.

    The first frame is taken for the background, so nothing moves in it.
    """

    def __init__(self) -> None:
        # Shadows belong to what moves: telling them apart would only cost time.
        self._background = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
        self._element = cv2.getStructuringElement(cv2.MORPH_RECT, _NOISE_SIZE)
        self._begun = False

    def moving_area(self, frame: Frame) -> tuple[int, int, int, int] | None:
        """Return the smallest area (x, y, width, height) with all motion; None when all is still.

        Parameters
        ----------
        frame : (rows, cols, 3) uint8 array
            The next frame.
        """
        if not self._begun:
            self._background.apply(frame)
            self._begun = True
        moving = cv2.erode(self._background.apply(frame), self._element)
        x, y, width, height = cv2.boundingRect(moving)
        return (x, y, width, height) if width else None


def video_frames(path: str, *, seek_ms: int) -> Iterator[tuple[Frame, dict[str, Any]]]:
    """Yield the frames of a video file from a point in time on, each with its place in the video.

    That is ``frame_num`` from 0 and ``video_time_s`` from the first frame, named as in tables of
    OpenALPR's video program; with PyAV also ``pts`` and ``time_base``, by which the frame is found
    again.

    Raises
    ------
    VideoError
        If it cannot be opened.
    """
    if importlib.util.find_spec("av") is None:
        yield from _frames_by_opencv(path, seek_ms)
        return
    from alprcore.video.frames import frames  # noqa: PLC0415  # only with the extra

    try:
        with quiet_stderr():
            clip = frames(path)
        with clip:
            for frame in clip:
                time = frame.time
                if (
                    1000 * time.seconds < seek_ms - 0.5
                ):  # decoded all the same, so that it is counted
                    continue
                base = f"{time.time_base.numerator}/{time.time_base.denominator}"
                place = {"frame_num": time.ordinal, "video_time_s": round(time.seconds, 6)}
                yield frame.image(), {**place, "pts": time.pts, "time_base": base}
    except AlprVideoError as error:
        raise VideoError(path) from error


def _frames_by_opencv(path: str, seek_ms: int) -> Iterator[tuple[Frame, dict[str, Any]]]:
    """Yield the frames without PyAV: times as OpenCV tells them, from 0 whatever the file says."""
    with _opened(path) as video:
        for number in itertools.count():
            read, frame = video.read()
            if not read:
                return
            time_ms = video.get(cv2.CAP_PROP_POS_MSEC)
            if time_ms >= seek_ms - 0.5:
                place = {"frame_num": number, "video_time_s": round(time_ms / 1000, 6)}
                yield np.asarray(frame, np.uint8), place


def camera_frames(number: int) -> Iterator[Frame]:
    """Yield the frames of a camera of this machine.

    Raises
    ------
    VideoError
        If it cannot be opened.
    """
    with _opened(number) as video:
        yield from _frames(video)


def stream_frames(url: str) -> Iterator[Frame]:
    """Yield the newest frame of a stream, again and again; connect again when it breaks.

    Raises
    ------
    VideoError
        If the first connection fails.
    """
    yield from _newest(url)
    while True:
        time.sleep(RECONNECT_PAUSE_S)
        try:
            yield from _newest(url)
        except VideoError:
            continue


def _newest(url: str) -> Iterator[Frame]:
    """Yield the newest frame each time, so that a slow reader does not fall behind the stream."""
    with _opened(url, cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC) as video:
        shelf = _Shelf()
        reader = threading.Thread(target=_fill, args=(video, shelf), daemon=True)
        reader.start()
        try:
            while (frame := shelf.take()) is not None:
                yield frame
        finally:
            shelf.close()
            reader.join()  # the video is closed next: it must not be read any more


class _Shelf:
    """Holds one frame: a newer one takes its place."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self.closed = False

    def put(self, frame: Frame) -> None:
        with self._changed:
            self._frame = frame
            self._changed.notify()

    def take(self) -> Frame | None:
        """Return the frame when there is one; None when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self.closed)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify()


def _fill(video: cv2.VideoCapture, shelf: _Shelf) -> None:
    for frame in _frames(video):
        shelf.put(frame)
        if shelf.closed:
            break
    shelf.close()


@contextmanager
def _opened(source: str | int, *timeouts: int) -> Iterator[cv2.VideoCapture]:
    with quiet_stderr():  # backends that do not fit complain there
        if isinstance(source, str):
            options = [value for timeout in timeouts for value in (timeout, STREAM_TIMEOUT_MS)]
            video = cv2.VideoCapture(source, cv2.CAP_FFMPEG, options)
        else:
            video = cv2.VideoCapture(source)
    try:
        if not video.isOpened():
            raise VideoError(str(source))
        yield video
    finally:
        video.release()


def _frames(video: cv2.VideoCapture) -> Iterator[Frame]:
    while True:
        read, frame = video.read()
        if not read:
            return
        yield np.asarray(frame, np.uint8)
