# SPDX-License-Identifier: Apache-2.0
"""What `AlprStream` knows between two calls: the session, and vehicles that nobody has taken."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import Any

from alprcore.openalpr.library import Library
from alprcore.video.engine import VideoEngine
from alprcore.video.group import Group
from alprcore.video.session import Session, Step, VideoSettings
from alprcore.video.source import VideoFrame
from alprcore.video.track import TrackSettings
from alprcore.wire.agent_results import agent_results
from alprcore.wire.named_sender import NamedSender
from alprcore.wire.pieces import jpeg_base64
from alprcore.wire.results import Recognition

MOST_WAITING = 10_000  # groups that nobody takes; then the oldest go
TIMEOUT_S = 1.8


class GroupedReading:
    """Reads frames and keeps the groups that come of them; for any thread.

    Attributes
    ----------
    sender
        Who sends.
    watch
        How it is watched.
    least_confidence
        Groups below it are dropped, [0, 1].
    start_ms
        Milliseconds since 1970 that times of frames are counted from.
    overview
        Whether groups have their whole frame.
    """

    def __init__(self) -> None:
        self.sender = NamedSender()
        self.watch = VideoSettings(tracks=TrackSettings(timeout_s=TIMEOUT_S), keep_frames=True)
        self.least_confidence = 0.0
        self.start_ms = time.time_ns() // 1_000_000
        self.overview = True
        self._lock = threading.RLock()
        self._library: Library | None = None
        self._session: Session | None = None
        self._read_s = time.monotonic()
        self._completed: list[Group] = []

    def read(self, library: Library, frame: VideoFrame) -> dict[str, Any]:
        """Read a frame; return its results as OpenALPR states them."""
        began = time.perf_counter()
        with self._lock:
            step = self._session_of(library).push(frame)
            self._read_s = time.monotonic()
            self._completed += step.groups
            del self._completed[:-MOST_WAITING]
        return self._results(library, step, 1000 * (time.perf_counter() - began))

    @property
    def is_idle(self) -> bool:
        """Whether no frame was read for longer than a vehicle may be out of sight."""
        return time.monotonic() - self._read_s > self.watch.tracks.timeout_s

    def active(self) -> list[Group]:
        """Return the groups of vehicles in view."""
        with self._lock:
            return self._session.active() if self._session is not None else []

    def take(self, *, ended: bool) -> list[Group]:
        """Take the completed groups.

        Parameters
        ----------
        ended
            Whether no more frames can come: then the vehicles in view have gone as well.
        """
        with self._lock:
            if ended:
                self.end()
            groups = [g for g in self._completed if g.confidence >= self.least_confidence]
            self._completed.clear()
        return groups

    def end(self) -> None:
        """Let the vehicles in view have gone; the next frame begins anew."""
        with self._lock:
            session, self._session = self._session, None
            if session is not None:
                self._completed += session.close()

    def share(self, other: GroupedReading) -> None:
        """Put completed groups into the same list as another."""
        with self._lock, other._lock:
            other._completed[:0] = self._completed
            self._completed = other._completed

    def message(self, group: Group) -> dict[str, Any]:
        """Return a group as `alpr_group`."""
        found: dict[str, Any] = json.loads(group.to_json(self.sender))
        if not self.overview:
            found["overview_jpeg"] = ""
        return found

    def _session_of(self, library: Library) -> Session:
        """Return the session; another one when the library is another."""
        if self._session is None or library is not self._library:
            self.end()
            engine = VideoEngine(engine=library.engine, video=self.watch)
            self._session = engine.session(epoch_ms=self.start_ms)
            self._library = library
        return self._session

    def _results(self, library: Library, step: Step, elapsed_ms: float) -> dict[str, Any]:
        width, height = step.frame.size
        epoch_ms = self.start_ms + round(1000 * step.frame.time.seconds)
        plates = tuple(plate for _, plate in step.plates)
        found = library.stated(Recognition(width, height, epoch_ms, elapsed_ms, (), plates))
        crops: list[str] = []
        if found.plates:
            image = step.frame.image()
            crops = [jpeg_base64(plate.crop(image)) for plate in found.plates]
        body = agent_results(found, self.sender, epoch_ms=epoch_ms, crops=crops)
        # As text and back: whole numbers come as int, as from the library's JSON.
        stated: dict[str, Any] = json.loads(json.dumps(body))
        return {**stated, "frame_number": step.frame.time.ordinal}

    def with_groups(self, *, votes: int, timeout_s: float) -> None:
        """Change when a group is one."""
        tracks = TrackSettings(timeout_s=timeout_s)
        self.end()
        self.watch = replace(self.watch, min_votes=votes, tracks=tracks)
