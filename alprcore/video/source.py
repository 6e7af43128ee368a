# SPDX-License-Identifier: Apache-2.0
"""A source of frames, and what is known of each: which one, when, and what is odd about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Self

import cv2
import numpy as np

from alprcore.records import Frame, GrayImage

GAP_S = 1.0
"""A longer pause between two frames is a gap; the slowest recordings have 1 frame/s."""

MOST_MOMENTS = 100  # problems of one kind that are kept with their time; all are counted
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FrameTime:
    """Which frame: enough to find it again exactly.

    Attributes
    ----------
    stream
        Index of the video stream in its container.
    pts
        Presentation time stamp in units of `time_base`; of an image folder in milliseconds.
    time_base
        Seconds per unit.
    start_pts
        `pts` of the first frame of the stream.
    ordinal
        Number of the frame among those decoded since the start, from 0.
    """

    stream: int
    pts: int
    time_base: Fraction
    start_pts: int
    ordinal: int

    @property
    def seconds(self) -> float:
        """Seconds since the first frame; negative where a stream steps back behind it."""
        return float((self.pts - self.start_pts) * self.time_base)


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One frame with its time; its pixels are made on demand.

    Attributes
    ----------
    time
        Which frame it is.
    corrupt
        Whether the decoder repaired it: parts of it may show something else.
    timed
        Whether the container gives the time; False when it is counted from the frame rate.
    """

    time: FrameTime
    corrupt: bool
    timed: bool
    _source: Any
    _turns: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture in pixels."""
        source = self._source
        height, width = source.shape[:2] if isinstance(source, np.ndarray) else (0, 0)
        if not width:
            width, height = source.width, source.height
        return (height, width) if self._turns % 2 else (width, height)

    def image(self) -> Frame:
        """Return the picture, (rows, cols, 3) uint8, blue, green, red, turned upright."""
        if isinstance(self._source, np.ndarray):
            return self._source
        pixels = self._source.to_ndarray(format="bgr24")
        # Rows of a decoded frame are padded to whole SIMD registers.
        return np.ascontiguousarray(np.rot90(pixels, self._turns), dtype=np.uint8)

    def luma(self, width: int) -> GrayImage:
        """Return the brightness, (rows, cols) uint8, shrunk to about `width` columns, upright.

        A decoded frame stores it as a plane of its own: a third of the time of `image`.
        """
        plane = _luma(self._source)
        rows, cols = plane.shape[:2]
        if self._turns % 2:
            rows, cols = cols, rows
        height = max(1, round(rows * width / cols))
        size = (height, width) if self._turns % 2 else (width, height)
        small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(np.rot90(small, self._turns), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a container says of its video; 0 where it says nothing.

    Attributes
    ----------
    container, codec
        Names as FFmpeg has them; ``"images"`` for a folder.
    width, height
        Pixels of the upright picture; as stored until the first frame is read.
    duration_s, frames
        As stated, not counted.
    rate
        Mean frames per second as stated.
    rotation
        Degrees counterclockwise that the metadata ask for: 0, 90, 180 or 270; known once the first
        frame is read.
    """

    container: str
    codec: str
    width: int
    height: int
    duration_s: float
    frames: int
    rate: float
    rotation: int


@dataclass(slots=True)
class Problem:
    """A kind of fault of a source: how often it was met, and the first moments.

    Attributes
    ----------
    kind
        ``"corrupt"`` repaired by the decoder; ``"undecodable"`` data without a frame; ``"gap"`` a
        pause longer than `GAP_S`; ``"backwards"``, ``"repeated"`` times that do not rise;
        ``"truncated"`` the source ended with an error.
    """

    kind: str
    count: int = 0
    moments: list[float] = field(default_factory=list)

    def add(self, seconds: float) -> None:
        """Count one more, at so many seconds."""
        self.count += 1
        if len(self.moments) < MOST_MOMENTS:
            self.moments.append(round(seconds, 3))


Opened = tuple[VideoInfo, Iterator[VideoFrame], Callable[[], None]]


class Frames(Iterator[VideoFrame]):
    """The frames of one source, in the order they are shown; close it, or use it in ``with``.

    Attributes
    ----------
    info
        What the container says.
    problems
        By kind, what was met so far.
    """

    def __init__(self, opened: Callable[[Frames], Opened]) -> None:
        self.problems: dict[str, Problem] = {}
        self._last: FrameTime | None = None
        self.info, self._frames, self._close = opened(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __next__(self) -> VideoFrame:
        try:
            frame = next(self._frames)
        except BaseException:
            self.close()
            raise
        self._compare(frame)
        return frame

    def close(self) -> None:
        """Close the source; nothing happens when it is closed already."""
        close, self._close = self._close, nothing
        close()

    def note(self, kind: str, seconds: float) -> None:
        """Count a problem."""
        self.problems.setdefault(kind, Problem(kind)).add(seconds)

    def _compare(self, frame: VideoFrame) -> None:
        """Note what is odd about the time of a frame after the one before."""
        last, self._last = self._last, frame.time
        if frame.corrupt:
            self.note("corrupt", frame.time.seconds)
        if last is None:
            width, height = frame.size
            self.info = replace(self.info, width=width, height=height, rotation=90 * frame._turns)  # noqa: SLF001
            return
        step = frame.time.seconds - last.seconds
        if step > GAP_S:
            self.note("gap", last.seconds)
        elif frame.time.pts == last.pts:
            self.note("repeated", frame.time.seconds)
        elif step < 0:
            self.note("backwards", frame.time.seconds)


def is_live(name: str) -> bool:
    """Whether a source is a stream or a camera, which cannot be read twice."""
    is_url = _URL.match(name) is not None and not name.lower().startswith("file:")
    return is_url or name == "webcam" or name.startswith("/dev/video")


def _luma(source: Any) -> GrayImage:
    """Return the (rows, cols) brightness of pixels or of a decoded frame."""
    if isinstance(source, np.ndarray):
        return np.asarray(cv2.cvtColor(source, cv2.COLOR_BGR2GRAY), np.uint8)
    if source.format.name in {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "nv12"}:
        plane = source.planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        return rows[: source.height, : source.width]
    gray: GrayImage = source.to_ndarray(format="gray")
    return gray


def nothing() -> None:
    """Close nothing."""
