# SPDX-License-Identifier: Apache-2.0
"""The agent put together: cameras, spool, receivers, port, heartbeat."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from alprcore.agent.buffer import Buffer
from alprcore.agent.courier import Courier
from alprcore.agent.health import Load, machine
from alprcore.agent.messages import heartbeat_message
from alprcore.agent.metrics import Metrics
from alprcore.agent.parts import sinks_of, video_settings
from alprcore.agent.pictures import Pictures
from alprcore.agent.port import Port, create_app
from alprcore.agent.reader import Reader
from alprcore.agent.settings import AgentSettings, Camera
from alprcore.agent.sinks.beanstalk import Beanstalk
from alprcore.agent.spool import Spool
from alprcore.agent.state import install_id, locked, state_folder
from alprcore.agent.watcher import Watcher
from alprcore.engine import Engine
from alprcore.settings import Settings
from alprcore.video.engine import VideoEngine
from alprcore.wire.heartbeat import Heartbeat, VideoStream

LOG = logging.getLogger("alprcore.agent")
_MEGABYTE = 2**20
DRAIN_S = 5.0  # time for what waits when the agent ends; the rest goes at the next start


class Agent:
    """Watches the cameras of its settings and delivers a message per vehicle.

    Parameters
    ----------
    settings : AgentSettings
    engine : Settings
        Of the engine, for what `settings` do not say.

    Raises
    ------
    AlprError
        If something that all cameras need is missing or wrong, or another agent uses the same
        folder.
    """

    def __init__(self, settings: AgentSettings, engine: Settings | None = None) -> None:
        self.state = state_folder(settings)
        self._lock = locked(self.state)
        self.settings = settings = replace(settings, agent_uid=install_id(settings, self.state))
        self.metrics = Metrics()
        self._ended = threading.Event()
        self._start_ms = time.time_ns() // 1_000_000
        self._load = Load()
        self.pictures = self._pictures()
        self.couriers = self._couriers()
        self._port = self._made_port()
        base = Engine(settings=engine or Settings(), country=settings.country, topn=settings.topn)
        _warm(base, settings)
        threads = settings.analysis_threads or os.cpu_count() or 1
        turn = threading.BoundedSemaphore(threads)
        self._cameras = [self._camera(each, base, turn) for each in settings.cameras]

    def run(self) -> None:
        """Work until `stop`, or until all cameras are files and have been read."""
        if self._port is not None:
            self._port.start()
        for each in self.couriers:
            each.start()
        for reader, watcher in self._cameras:
            LOG.info("Starting camera %d", reader.camera.camera_id)
            watcher.start()
            reader.start()
        next_beat = time.monotonic()
        while not self._ended.wait(0.2):
            if time.monotonic() >= next_beat:
                next_beat += self.settings.heartbeat_seconds
                self._beat()
            if not any(watcher.is_alive() for _, watcher in self._cameras):
                break
        self._shut_down()

    def stop(self) -> None:
        """Let `run` end: vehicles in view are sent, what cannot be delivered stays on disk."""
        self._ended.set()

    @property
    def port(self) -> int:
        """Number of the agent's port; 0 without one."""
        return self._port.number if self._port is not None else 0

    def _shut_down(self) -> None:
        for reader, _ in self._cameras:
            reader.stop()
        for _, watcher in self._cameras:
            watcher.join(30.0)
        for each in self.couriers:
            each.drain()
        end = time.monotonic() + DRAIN_S
        for each in self.couriers:
            each.join(max(0.0, end - time.monotonic()))
            each.stop()
        for each in self.couriers:
            each.join(self.settings.upload_timeout_seconds)
        if left := self.spool.waiting():
            LOG.warning("%d messages wait for the next start", left)
        if self._port is not None:
            self._port.stop()
        self.spool.close()
        self._lock.close()

    def _pictures(self) -> Pictures | None:
        settings = self.settings
        if not settings.store_plates:
            return None
        folder = Path(settings.store_plates_location or self.state / "plateimages")
        LOG.info("Using: %s for storing valid plate images", folder)
        most = settings.store_plates_maxsize_mb * _MEGABYTE
        quality = settings.store_plates_jpeg_quality
        return Pictures(folder, self.metrics, most_bytes=most, quality=quality)

    def _couriers(self) -> list[Courier]:
        """Open the spool; return a courier for each receiver."""
        sinks = sinks_of(self.settings)
        if not sinks:
            LOG.warning("no receiver is configured: nothing is sent")
        pictures = self.pictures
        self.spool = Spool(
            self.state / "spool.db",
            {sink.name: sink.kinds for sink in sinks},
            self.metrics,
            most_bytes=self.settings.spool_maxsize_mb * _MEGABYTE,
            make_room=pictures.make_room if pictures else lambda: False,
            say=LOG.error,
        )
        most_s = self.settings.reconnect_max_seconds
        return [Courier(sink, self.spool, self.metrics, most_s=most_s) for sink in sinks]

    def _camera(
        self, camera: Camera, base: Engine, turn: threading.Semaphore
    ) -> tuple[Reader, Watcher]:
        settings = self.settings
        engine = base.with_settings(
            country=camera.country or base.settings.country,
            default_region=camera.pattern or settings.pattern,
            prewarp=camera.prewarp or base.settings.prewarp,
            detection_mask=camera.detection_mask_image or base.settings.detection_mask,
        )
        buffer = Buffer(settings.camera_buffer_size)
        reader = Reader(
            camera,
            buffer,
            self.metrics,
            start_ms=self._start_ms,
            timeout_s=settings.camera_timeout_seconds,
            most_s=settings.reconnect_max_seconds,
        )
        watcher = Watcher(
            camera,
            buffer,
            VideoEngine(engine=engine, video=video_settings(settings)),
            settings,
            self.metrics,
            deliver=self.spool.add,
            pictures=self.pictures,
            turn=turn,
            start_ms=self._start_ms,
        )
        return reader, watcher

    def _made_port(self) -> Port | None:
        settings = self.settings
        if not settings.web_server_enabled:
            return None
        app = create_app(settings, self.metrics, self.pictures)
        port = Port(app, settings.web_server_host, settings.web_server_port)
        LOG.info("web server on http://%s:%d", settings.web_server_host, port.number)
        return port

    def _beat(self) -> None:
        message = heartbeat_message(self.heartbeat())
        LOG.debug("Writing heartbeat")
        for each in self.couriers:
            each.beat(message)

    def heartbeat(self) -> Heartbeat:
        """Return how the agent is."""
        settings, now_ms = self.settings, time.time_ns() // 1_000_000
        pictures = self.pictures
        queues = [c.sink.waiting() for c in self.couriers if isinstance(c.sink, Beanstalk)]
        return Heartbeat(
            timestamp=now_ms,
            company_id=settings.company_id,
            agent_uid=settings.agent_uid,
            recording_enabled=pictures is not None,
            daemon_uptime_seconds=(now_ms - self._start_ms) // 1000,
            disk_quota_total_bytes=pictures.most_bytes if pictures else 0,
            disk_quota_consumed_bytes=pictures.size if pictures else 0,
            disk_quota_earliest_result=pictures.earliest_ms if pictures else -1,
            processing_threads_active=sum(w.is_alive() for _, w in self._cameras),
            processing_threads_configured=len(self._cameras),
            beanstalk_queue_size=queues[0] if queues else -1,
            video_streams=[_stream(reader, watcher, now_ms) for reader, watcher in self._cameras],
            **machine(self.state, self._load),
        )


def _warm(engine: Engine, settings: AgentSettings) -> None:
    """Load what the first vehicle would otherwise wait for."""
    video = video_settings(settings)
    engine.recognize(np.full((64, 64, 3), 128, np.uint8), tasks=("plate", *video.tasks))


def _stream(reader: Reader, watcher: Watcher, now_ms: int) -> VideoStream:
    camera = reader.camera
    return VideoStream(
        camera_id=camera.camera_id,
        camera_name=camera.camera_name,
        url=camera.stream,
        fps=reader.fps,
        is_streaming=reader.streaming,
        last_update=now_ms,
        gps_latitude=camera.gps_latitude,
        gps_longitude=camera.gps_longitude,
        last_plate_read=watcher.last_plate_ms,
        total_plate_reads=watcher.plates,
    )
