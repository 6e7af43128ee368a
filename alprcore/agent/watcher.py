# SPDX-License-Identifier: Apache-2.0
"""Reads the plates of one camera's frames and makes a message of each vehicle."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from alprcore.agent.buffer import Buffer
from alprcore.agent.messages import Message, group_message, results_message, sender_of
from alprcore.agent.metrics import Metrics
from alprcore.agent.pictures import Pictures
from alprcore.agent.settings import AgentSettings, Camera
from alprcore.video.engine import VideoEngine
from alprcore.video.group import Group
from alprcore.video.session import Session, Step

LOG = logging.getLogger("alprcore.agent")
SILENCE_S = 1.0  # without frames for this long and the time-out of groups, vehicles have gone


class Watcher(threading.Thread):
    """Takes frames out of a buffer until it is closed and empty.

    Parameters
    ----------
    camera : Camera
    buffer : Buffer
    engine : VideoEngine
        For this camera.
    settings : AgentSettings
    metrics : Metrics
    deliver : callable
        Takes messages; returns whether they are on disk.
    pictures : Pictures or None
        Where frames are kept.
    turn : semaphore
        Limits how many frames are read at once.
    start_ms : int
        Milliseconds since 1970 that times of frames are counted from.

    Attributes
    ----------
    plates
        Readings so far.
    last_plate_ms
        Time of the last one, milliseconds since 1970; 0 for never.
    """

    def __init__(
        self,
        camera: Camera,
        buffer: Buffer,
        engine: VideoEngine,
        settings: AgentSettings,
        metrics: Metrics,
        *,
        deliver: Callable[[Message], bool],
        pictures: Pictures | None,
        turn: threading.Semaphore,
        start_ms: int,
    ) -> None:
        super().__init__(name=f"plates {camera.camera_id}", daemon=True)
        self.plates, self.last_plate_ms = 0, 0
        self._camera, self._buffer, self._engine = camera, buffer, engine
        self._settings, self._metrics, self._deliver = settings, metrics, deliver
        self._pictures, self._turn, self._start_ms = pictures, turn, start_ms
        self._sender = sender_of(settings, camera)
        self._labels = {"camera": camera.camera_id}
        self._session = self._new_session()
        self._previews: dict[int, int] = {}

    def run(self) -> None:
        """Read until the buffer ends; then the vehicles in view have gone, too."""
        silence_s = SILENCE_S + self._settings.plate_groups_time_delta_ms / 1000
        while not self._buffer.ended:
            frame = self._buffer.get(silence_s)
            if frame is None:
                self._flush()
                continue
            try:
                with self._turn:
                    step = self._session.push(frame)
                self._take(step)
            except Exception:  # one frame must not end a camera
                LOG.exception("camera %d: a frame is left out", self._camera.camera_id)
                self._metrics.add("frame_errors_total", **self._labels)
                self._flush()
        self._flush()

    def _new_session(self) -> Session:
        return self._engine.session(epoch_ms=self._start_ms)

    def _flush(self) -> None:
        """Send the vehicles in view: no frames come, or what is known of them is broken."""
        session, self._session = self._session, self._new_session()
        self._previews.clear()
        try:
            self._send(session.close())
        except Exception:
            LOG.exception("camera %d: vehicles in view are lost", self._camera.camera_id)

    def _take(self, step: Step) -> None:
        """Count, keep and send what one frame came to."""
        epoch_ms = self._start_ms + round(1000 * step.frame.time.seconds)
        self._metrics.put("lag_seconds", max(0.0, time.time() - epoch_ms / 1000), **self._labels)
        if step.searched:
            self._metrics.add("frames_searched_total", **self._labels)
        if step.plates:
            self.plates += len(step.plates)
            self.last_plate_ms = epoch_ms
            self._metrics.add("plates_total", len(step.plates), **self._labels)
            self._keep(step, epoch_ms)
            self._preview(step)
        self._send(step.groups)

    def _keep(self, step: Step, epoch_ms: int) -> None:
        """Keep a frame with plates and send its readings, where that is wanted."""
        single = self._settings.upload_single_plates or self._settings.use_beanstalkd
        if self._pictures is None and not single:
            return
        image = step.frame.image()
        if self._pictures is not None:
            self._pictures.put_frame(self._sender.uuid(epoch_ms), image)
        if single:
            plates = [plate for _, plate in step.plates]
            self._deliver(results_message(plates, image, self._sender, epoch_ms=epoch_ms))

    def _preview(self, step: Step) -> None:
        """Send the groups that have just got enough readings for a preview."""
        if not self._settings.plate_group_enable_preview:
            return
        enough = self._settings.plate_group_preview_min_reads
        ready = set()
        for number, _ in step.plates:
            self._previews[number] = self._previews.get(number, 0) + 1
            if self._previews[number] == enough:
                ready.add(number)
        if ready:
            self._send([group for group in self._session.active() if group.number in ready])

    def _send(self, groups: Sequence[Group]) -> None:
        for group in groups:
            if 100 * group.confidence < self._settings.plate_groups_min_confidence:
                continue
            message = group_message(group, self._sender, version=self._settings.group_version)
            LOG.debug("Writing plate %s (%s) to queue.", group.text, message.uuid)
            if self._deliver(message):
                LOG.debug("put job id: %s", message.key)
            else:
                LOG.warning("%s is in memory only: the disk is full", message.key)
            if group.is_preview:
                continue
            self._previews.pop(group.number, None)
            self._metrics.add("groups_total", **self._labels)
            if self._pictures is not None:
                self._pictures.put(message.uuid, ".json", message.body.encode())
