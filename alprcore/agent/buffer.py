# SPDX-License-Identifier: Apache-2.0
"""Frames between the thread that receives them and the one that reads plates in them."""

from __future__ import annotations

import threading
from collections import deque

from alprcore.video.source import VideoFrame


class Buffer:
    """A queue of few frames: it would rather drop the oldest than lag.

    Parameters
    ----------
    size : int
        Frames that may wait.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._frames: deque[VideoFrame] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, frame: VideoFrame, *, wait: bool = False) -> int:
        """Add a frame; return how many were dropped for it.

        Parameters
        ----------
        frame
        wait
            Whether to wait for room, as for a file that waits as well.
        """
        with self._changed:
            while wait and len(self._frames) >= self._size and not self._closed:
                self._changed.wait()
            dropped = 0
            while len(self._frames) >= self._size:
                self._frames.popleft()
                dropped += 1
            self._frames.append(frame)
            self._changed.notify_all()
            return dropped

    def get(self, seconds: float) -> VideoFrame | None:
        """Return the next frame; None when none came in so many seconds or none will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._closed, seconds)
            frame = self._frames.popleft() if self._frames else None
            self._changed.notify_all()
            return frame

    def close(self) -> None:
        """Say that no more frames will come; those that wait can still be got."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._frames
