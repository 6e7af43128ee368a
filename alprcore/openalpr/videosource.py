# SPDX-License-Identifier: Apache-2.0
"""The thread that decodes for `AlprStream`, and the queue between the two."""

from __future__ import annotations

import threading
from collections import deque

from alprcore.errors import VideoError
from alprcore.openalpr.library import tell
from alprcore.video.frames import frames, is_live
from alprcore.video.source import VideoFrame


class FrameQueue:
    """Frames that wait.

    Parameters
    ----------
    size : int
        How many may.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._frames: deque[VideoFrame] = deque()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: VideoFrame) -> None:
        """Add a frame; the oldest goes when there are too many."""
        with self._changed:
            while len(self._frames) >= self._size:
                self._frames.popleft()
            self._frames.append(frame)
            self._changed.notify_all()

    def put_when_free(self, frame: VideoFrame, stopped: threading.Event) -> None:
        """Add a frame as soon as there is room for it, or never when it is stopped before."""
        with self._changed:
            while len(self._frames) >= self._size and not stopped.is_set():
                self._changed.wait(0.05)
            if not stopped.is_set():
                self._frames.append(frame)
                self._changed.notify_all()

    def get(self, seconds: float) -> VideoFrame | None:
        """Return the oldest frame, None when none came in so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames, seconds)
            frame = self._frames.popleft() if self._frames else None
            self._changed.notify_all()
            return frame

    def take_all(self) -> list[VideoFrame]:
        """Return all frames that wait."""
        with self._changed:
            found = list(self._frames)
            self._frames.clear()
            self._changed.notify_all()
            return found


class VideoThread(threading.Thread):
    """Decodes a file or a stream into a queue.

    Parameters
    ----------
    source : str
    queue : FrameQueue

    Raises
    ------
    VideoError
        If it cannot be opened.
    """

    def __init__(self, source: str, queue: FrameQueue) -> None:
        super().__init__(name=f"video {source}", daemon=True)
        self._clip = frames(source)
        self._queue, self._live = queue, is_live(source)
        self._stopped = threading.Event()

    @property
    def fps(self) -> float:
        """Mean frames per second as the container states them; 0 where it does not."""
        return self._clip.info.rate

    def run(self) -> None:
        """Decode until the end, or until stopped."""
        try:
            with self._clip:
                for frame in self._clip:
                    if self._stopped.is_set():
                        return
                    if self._live:
                        self._queue.put(frame)
                    else:
                        self._queue.put_when_free(frame, self._stopped)
        except VideoError as error:
            tell(str(error))

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()
        self.join(1.0)
