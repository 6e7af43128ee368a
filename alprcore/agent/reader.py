# SPDX-License-Identifier: Apache-2.0
"""Receives the frames of one camera, and connects again for as long as it takes."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from fractions import Fraction

from alprcore.agent.buffer import Buffer
from alprcore.agent.clock import Clock
from alprcore.agent.metrics import Metrics
from alprcore.agent.settings import Camera
from alprcore.agent.waits import Waits
from alprcore.errors import VideoError
from alprcore.video.frames import Frames, FrameTime, VideoFrame, frames, is_live

LOG = logging.getLogger("alprcore.agent")
RATE_S = 5.0  # the frame rate is counted anew so often


class Reader(threading.Thread):
    """Puts the frames of a camera into a buffer, each with its time since the agent's start.

    Parameters
    ----------
    camera : Camera
    buffer : Buffer
    metrics : Metrics
    start_ms : int
        Milliseconds since 1970 that times of frames are counted from.
    timeout_s : float
        Of a stream that sends nothing.
    most_s : float
        Longest wait between attempts to connect.

    Attributes
    ----------
    fps
        Frames per second that arrive, whole.
    streaming
        Whether frames arrive.
    """

    def __init__(
        self,
        camera: Camera,
        buffer: Buffer,
        metrics: Metrics,
        *,
        start_ms: int,
        timeout_s: float = 10.0,
        most_s: float = 60.0,
    ) -> None:
        super().__init__(name=f"camera {camera.camera_id}", daemon=True)
        self.camera, self.fps, self.streaming = camera, 0, False
        self._buffer, self._metrics, self._start_ms = buffer, metrics, start_ms
        self._timeout_s, self._waits = timeout_s, Waits(most_s)
        self._live = is_live(camera.stream)
        self._clock = Clock(live=self._live)
        self._stopped = threading.Event()
        self._ordinal = 0
        self._counted = (time.monotonic(), 0)

    def stop(self) -> None:
        """End after the frame that is being received."""
        self._stopped.set()
        self._buffer.close()

    def run(self) -> None:
        """Receive until stopped, or until a file ends."""
        while not self._stopped.is_set():
            name, number = self.camera.camera_name, self.camera.camera_id
            LOG.info("Video stream connecting... (%s)", name)
            try:
                self._receive()
                reason = "the stream ended"
            except VideoError as error:
                reason = str(error).removeprefix("video: ")
            except Exception as error:
                LOG.exception("camera %d", number)
                reason = repr(error)
            self._say_streaming(False)
            if not self._live or self._stopped.is_set():
                said = "Video processing ended." if self._ordinal else "Stream URL failed to open."
                LOG.info("%s (%s: %s)", said, name, reason)
                break
            self._metrics.add("connection_failures_total", camera=number)
            wait = self._waits.next()
            LOG.warning("%s: %s; connecting again in %.0f s", name, reason, wait)
            self._stopped.wait(wait)
        self._buffer.close()

    def _receive(self) -> None:
        with frames(self.camera.stream, timeout_s=self._timeout_s) as clip:
            self._metrics.add("connections_total", camera=self.camera.camera_id)
            self._clock.connected()
            self._take(clip)

    def _take(self, clip: Frames) -> None:
        # A file behind a URL can wait as one on disk does; a camera states no duration.
        waits = not self._live or clip.info.duration_s > 0
        if waits and self._live:
            LOG.info("%s: has an end, is read once", self.camera.camera_name)
            self._live, self._clock = False, Clock(live=False)
        for frame in clip:
            if not self.streaming:
                LOG.info("Video stream connected (%s)", self.camera.camera_name)
                self._say_streaming(True)
                self._waits.reset()
            dropped = self._buffer.put(self._timed(frame), wait=waits)
            if dropped:
                labels = {"camera": self.camera.camera_id}
                self._metrics.add("frames_dropped_total", dropped, **labels)
            if self._stopped.is_set():
                return

    def _timed(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame with its time in milliseconds since the agent's start."""
        now_ms = time.time_ns() // 1_000_000
        pts = self._clock.epoch_ms(frame.time.seconds, now_ms) - self._start_ms
        stamp = FrameTime(frame.time.stream, pts, Fraction(1, 1000), 0, self._ordinal)
        self._ordinal += 1
        self._metrics.add("frames_total", camera=self.camera.camera_id)
        since, count = self._counted
        passed = time.monotonic() - since
        if passed >= RATE_S:
            self.fps = round((self._ordinal - count) / passed)
            self._counted = (time.monotonic(), self._ordinal)
        return replace(frame, time=stamp)

    def _say_streaming(self, streaming: bool) -> None:
        self.streaming = streaming
        if not streaming:
            self.fps = 0
        self._metrics.put("streaming", int(streaming), camera=self.camera.camera_id)
