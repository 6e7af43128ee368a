# SPDX-License-Identifier: Apache-2.0
"""The class of the commercial SDK that reads plates from video and groups them by vehicle."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np

from alprcore.errors import VideoError
from alprcore.openalpr.binding import Alpr
from alprcore.openalpr.library import checked_text, unread
from alprcore.openalpr.streamsettings import StreamSettings
from alprcore.openalpr.vehicleclassifier import VehicleClassifier
from alprcore.openalpr.videosource import FrameQueue, VideoThread
from alprcore.records import Frame
from alprcore.settings import VEHICLE_TASKS
from alprcore.vehicles.main import vehicle_of
from alprcore.video.source import FrameTime, VideoFrame
from alprcore.wire.group import look_dict

WAIT_S = 0.1  # for a frame, where none is in the queue


class AlprStream(StreamSettings):
    """Reads frames of a file, a stream or the caller one by one; groups plates by vehicle.

    Parameters
    ----------
    frame_queue_size : int
        Frames that wait to be read; of a live stream the oldest is dropped beyond it.
    use_motion_detection : int or bool
        With it a frame is searched about six times a second and plates in view twelve times, where
        something moves; without it every frame is, all of it.

    Examples
    --------
    >>> stream = AlprStream(10)  # doctest: +SKIP
    >>> stream.connect_video_file("clip.mp4", 0)
    >>> while stream.video_file_active() or stream.get_queue_size() > 0:
    ...     stream.process_batch(alpr)
    >>> [group["best_plate_number"] for group in stream.pop_completed_groups()]
    """

    def __init__(self, frame_queue_size: int, use_motion_detection: int | bool = 1) -> None:
        self._queue = FrameQueue(max(1, int(frame_queue_size)))
        self._video: VideoThread | None = None
        self._url = ""
        self._pushed = 0
        super().__init__()
        if not use_motion_detection:
            self._reading.watch = replace(self._reading.watch, every=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.unload()

    @property
    def alprstream_pointer(self) -> int:
        """A number that stands for this stream."""
        return id(self)

    def is_loaded(self) -> bool:
        """Return whether frames can be read: always."""
        return True

    def unload(self) -> None:
        """Disconnect; a second time nothing happens."""
        self._disconnect()

    def connect_video_file(self, video_file_path: str | bytes, video_start_time: int = 0) -> None:
        """Begin to decode a file.

        Parameters
        ----------
        video_file_path
            Any container that FFmpeg reads.
        video_start_time
            Milliseconds since 1970 of its first frame; 0 for now.

        Raises
        ------
        ValueError
            If there is no such file or it is not a video.
        """
        path = checked_text("video_file_path", video_file_path)
        if not Path(path).exists():
            raise ValueError(f"video_file_path: no file {path!r}")
        self._connect(path, int(video_start_time))

    def disconnect_video_file(self) -> None:
        """Stop decoding; frames that wait can still be processed."""
        self._disconnect()

    def video_file_active(self) -> bool:
        """Return whether more frames of the file will come."""
        return self._video is not None and self._video.is_alive()

    def get_video_file_fps(self) -> float:
        """Return the mean frames per second of the file; 0 where it does not say."""
        return self._video.fps if self._video is not None else 0.0

    def connect_video_stream_url(
        self, url: str | bytes, gstreamer_format: str | bytes = ""
    ) -> None:
        """Begin to receive a stream; the second argument is taken and not used.

        Raises
        ------
        ValueError
            If the stream cannot be opened.
        """
        checked_text("gstreamer_format", gstreamer_format)
        self._url = checked_text("url", url)
        self._connect(self._url, 0)

    def disconnect_video_stream(self) -> None:
        """Stop receiving."""
        self._disconnect()
        self._url = ""

    def get_stream_url(self) -> str:
        """Return the URL of the stream, empty for none."""
        return self._url

    def get_queue_size(self) -> int:
        """Return how many frames wait."""
        return len(self._queue)

    def push_frame(
        self,
        pixels: bytes | np.ndarray[Any, Any],
        bytes_per_pixel: int,
        img_width: int,
        img_height: int,
        frame_epoch_time: int = -1,
    ) -> int:
        """Add a frame to the queue; return how many wait.

        Parameters
        ----------
        pixels
            Rows of blue, green, red (or grey, or with alpha), as bytes or a uint8 array.
        bytes_per_pixel, img_width, img_height
            1, 3 or 4, and the size.
        frame_epoch_time
            Milliseconds since 1970; -1 for now.

        Raises
        ------
        ValueError
            If there are not as many bytes as there should be.
        """
        shape = (int(img_height), int(img_width), int(bytes_per_pixel))
        image = _image(pixels, shape)
        epoch_ms = time.time_ns() // 1_000_000 if frame_epoch_time < 0 else int(frame_epoch_time)
        pts = epoch_ms - self._reading.start_ms
        stamp = FrameTime(0, pts, Fraction(1, 1000), 0, self._pushed)
        self._pushed += 1
        self._queue.put(VideoFrame(stamp, False, True, image, 0))
        return len(self._queue)

    def process_frame(self, alpr: Alpr) -> dict[str, Any]:
        """Read the next frame; return its `alpr_results`, without plates when none waits.

        Raises
        ------
        NotLoadedError
            If `alpr` is not loaded.
        """
        frame = self._queue.get(WAIT_S)
        if frame is None:
            empty: dict[str, Any] = json.loads(unread().to_json())
            return empty
        return self._reading.read(alpr.library, frame)

    def process_batch(self, alpr: Alpr) -> list[dict[str, Any]]:
        """Read all frames that wait; return the `alpr_results` of each.

        Raises
        ------
        NotLoadedError
            If `alpr` is not loaded.
        """
        first = self._queue.get(WAIT_S)
        if first is None:
            return []
        waiting = [first, *self._queue.take_all()]
        return [self._reading.read(alpr.library, frame) for frame in waiting]

    def peek_active_groups(self) -> list[dict[str, Any]]:
        """Return the groups of vehicles in view, as they are now."""
        return [self._reading.message(group) for group in self._reading.active()]

    def pop_completed_groups(self) -> list[dict[str, Any]]:
        """Return the groups of vehicles that have gone since the last call.

        When a file has been read to its end, or no frame was pushed for longer than a vehicle may
        be out of sight, those in view have gone, too.
        """
        return [self._reading.message(group) for group in self._reading.take(ended=self._ended())]

    def pop_completed_groups_and_recognize_vehicle(
        self, vehicle_classifier: VehicleClassifier, alpr_instance: Alpr | None = None
    ) -> list[dict[str, Any]]:
        """Return the completed groups, each with the look of its vehicle.

        Parameters
        ----------
        vehicle_classifier
            Must be loaded; its engine looks at the vehicles.
        alpr_instance
            Taken and not used.

        Raises
        ------
        NotLoadedError
            If the classifier is not loaded.
        """
        del alpr_instance
        engine = vehicle_classifier.engine
        found = []
        for group in self._reading.take(ended=self._ended()):
            body = self._reading.message(group)
            if group.frame_image is not None:
                seen = engine.recognize(group.frame_image, tasks=VEHICLE_TASKS)
                body["vehicle"] = look_dict(seen.main_vehicle)
                index = vehicle_of(group.best_plate.quad, seen.vehicles)
                if index is not None:
                    look, box = seen.vehicles[index].look, seen.vehicles[index].box
                    body = self._reading.message(replace(group, vehicle=look, vehicle_region=box))
            found.append(body)
        return found

    def _connect(self, source: str, start_ms: int) -> None:
        self._disconnect()
        self._reading.end()
        self._reading.start_ms = start_ms or time.time_ns() // 1_000_000
        try:
            self._video = VideoThread(source, self._queue)
        except VideoError as error:
            raise ValueError(str(error)) from error
        self._video.start()

    def _disconnect(self) -> None:
        if self._video is not None:
            self._video.stop()

    def _ended(self) -> bool:
        """Whether all of the source has been read; of pushed frames, whether they have stopped."""
        if len(self._queue):
            return False
        if self._video is None:
            return self._reading.is_idle
        return not self._video.is_alive()


def _image(pixels: bytes | np.ndarray[Any, Any], shape: tuple[int, int, int]) -> Frame:
    """Return pixels as a copy, (rows, cols, 3) blue, green, red.

    Raises
    ------
    ValueError
        If there are not as many as there should be.
    """
    array = np.frombuffer(pixels, np.uint8) if isinstance(pixels, bytes) else np.asarray(pixels)
    rows, cols, channels = shape
    if channels not in {1, 3, 4} or array.dtype != np.uint8 or array.size != rows * cols * channels:
        raise ValueError(f"pixels: expected {cols} x {rows} pixels of 1, 3 or 4 bytes")
    image = array.reshape(shape)
    if channels == 1:
        return np.repeat(image, 3, axis=2)
    return np.array(image[:, :, :3], order="C")
