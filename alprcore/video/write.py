# SPDX-License-Identifier: Apache-2.0
"""Frames into a file: H.264, each frame at its own time, no sound and no metadata."""

from __future__ import annotations

from fractions import Fraction
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from alprcore.errors import VideoError
from alprcore.records import Frame
from alprcore.video.container import pyav

TIME_BASE = Fraction(1, 90_000)  # all usual frame rates and milliseconds are whole in it


class ClipWriter:
    """Writes one clip; a context manager.

    Parameters
    ----------
    target
        The file; its ending says which container, ``.mp4`` or ``.mkv``.
    rate : float
        Frames per second on average; each frame has its own time all the same.

    Raises
    ------
    VideoError
        By any method, if the file cannot be written.
    """

    def __init__(self, target: str | PathLike[str], *, rate: float) -> None:
        self._av = pyav()
        self._target, self._rate = str(Path(target)), rate
        self._last = -1
        self._stream: Any = None
        try:
            self._out = self._av.open(self._target, "w")
        except (self._av.error.FFmpegError, OSError, ValueError) as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file."""
        try:
            if self._stream is not None and error is None:
                self._mux(self._stream.encode())
            self._out.close()
        except (self._av.error.FFmpegError, OSError) as failure:
            raise self._failed(failure) from failure

    def write(self, image: Frame, seconds: float) -> None:
        """Append a frame, (rows, cols, 3) uint8, shown at a time; times do not fall."""
        # The encoder needs even sides.
        even = np.ascontiguousarray(image[: image.shape[0] & ~1, : image.shape[1] & ~1])
        try:
            if self._stream is None:
                self._stream = self._open_stream(even)
            picture = self._av.VideoFrame.from_ndarray(even, format="bgr24")
            self._last = max(self._last + 1, round(seconds / TIME_BASE))
            picture.pts, picture.time_base = self._last, TIME_BASE
            self._mux(self._stream.encode(picture))
        except (self._av.error.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def _open_stream(self, image: Frame) -> Any:
        # PyAV wants a rate; the frames have their own times.
        usual = 0 < self._rate < 1000
        mean = Fraction(self._rate).limit_denominator(1001) if usual else Fraction(25)
        options = {"crf": "23", "preset": "veryfast"}
        stream = self._out.add_stream("libx264", rate=mean, options=options)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = TIME_BASE
        return stream

    def _mux(self, packets: Any) -> None:
        for packet in packets:
            self._out.mux(packet)

    def _failed(self, error: Exception) -> VideoError:
        return VideoError(f"video: '{self._target}' cannot be written: {error}")
