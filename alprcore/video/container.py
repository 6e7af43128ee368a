# SPDX-License-Identifier: Apache-2.0
"""Containers that FFmpeg reads, by PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

from alprcore.errors import VideoError
from alprcore.video.source import Frames, FrameTime, Opened, VideoFrame, VideoInfo, is_live

# MPEG-TS finds places by byte and may land behind the wanted time: then it is sought so many
# seconds earlier.
EARLIER_S = (0.0, 1.0, 4.0, 16.0)
# Camera streams over UDP lose packets, and each is a torn picture.
STREAM_OPTIONS = {"rtsp_transport": "tcp"}
# FFmpeg studies a stream for five seconds before it gives the first frame, and then gives all at
# once; a camera's picture is known after its first key frame.
LIVE_OPTIONS = {"analyzeduration": "1000000"}  # microseconds


def open_container(
    name: str, of: Frames, *, start_s: float, threads: int, timeout_s: float, rate: float
) -> Opened:
    """Return what a container says, its frames, and how to close it.

    Raises
    ------
    VideoError
        If it cannot be opened or has no video.
    """
    container, stream = _opened(name, threads, timeout_s)
    info = _info(container, stream)
    clock = _Clock(stream, rate, is_avi=container.format.name == "avi")
    decoded = _decoded(container, stream, clock, of, start_s=0 if is_live(name) else start_s)
    return info, _checked(decoded, name, of), container.close


def seek_frame(name: str, time: FrameTime, *, threads: int, rate: float) -> VideoFrame | None:
    """Return the frame of that time by seeking; None where it must be counted from the start."""
    container, stream = _opened(name, threads, 10.0)
    with container:
        if container.format.name == "avi":
            return None
        for earlier in EARLIER_S:
            clock = _Clock(stream, rate)
            clock.start_pts = time.start_pts
            try:
                container.seek(time.pts - int(earlier / stream.time_base), stream=stream)
            except _errors():
                return None
            found = _first_at(container, stream, clock, time)
            if found != "late":
                return found if isinstance(found, VideoFrame) else None
    return None


def _first_at(container: Any, stream: Any, clock: _Clock, time: FrameTime) -> VideoFrame | str:
    """Return the frame; ``"late"`` when decoding begins behind it, ``"unsure"`` if it is not one.

    Several frames may have one time, as a repeated one; then their number must decide.
    """
    found: VideoFrame | None = None
    first = True
    for frame in _pictures(container, stream, None):
        if frame.pts is None:
            return "unsure"
        if first and frame.pts > time.pts:
            return "late"
        first = False
        if found is not None:
            return "unsure" if frame.pts == time.pts else found
        if frame.pts == time.pts:
            found = replace(clock.timed(frame), time=time)
    return found or "unsure"


def _opened(name: str, threads: int, timeout_s: float) -> tuple[Any, Any]:
    """Return the container and its best video stream."""
    av = pyav()
    camera = name == "webcam" or name.startswith("/dev/video")
    path = "/dev/video0" if name == "webcam" else name
    live = is_live(name)
    # A file called "x:y.mp4" must not be taken for a protocol.
    target = path if live else f"file:{path}"
    try:
        container = av.open(
            target,
            format="v4l2" if camera else None,
            metadata_errors="replace",
            options=_options(name) if live else {},
            timeout=timeout_s if live else None,
        )
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(f"video: '{name}' cannot be opened: {_reason(error)}") from error
    stream = container.streams.best("video")
    if stream is None or stream.codec_context is None:
        kinds = ", ".join(sorted({each.type for each in container.streams})) or "nothing"
        container.close()
        raise VideoError(f"video: '{name}' holds no video, only {kinds}")
    stream.codec_context.thread_count = threads
    return container, stream


def _options(name: str) -> dict[str, str]:
    """Return FFmpeg's options for a stream or camera."""
    return LIVE_OPTIONS | (STREAM_OPTIONS if name.lower().startswith("rtsp") else {})


def _checked(decoded: Iterator[VideoFrame], name: str, of: Frames) -> Iterator[VideoFrame]:
    """Yield the frames, or raise when there is none."""
    empty = True
    for frame in decoded:
        empty = False
        yield frame
    if empty:
        broken = " (encrypted or damaged)" if of.problems else ""
        raise VideoError(f"video: no frame of '{name}' can be decoded{broken}")


def _decoded(
    container: Any, stream: Any, clock: _Clock, of: Frames, *, start_s: float
) -> Iterator[VideoFrame]:
    pictures = _pictures(container, stream, of, clock)
    if start_s > 0:
        first = next(pictures, None)
        if first is None:
            return
        clock.timed(first)
        with suppress(*_errors()):
            container.seek((clock.start_pts or 0) + int(start_s / stream.time_base), stream=stream)
            clock.ordinal = 0
        pictures = _pictures(container, stream, of, clock)
    for picture in pictures:
        frame = clock.timed(picture)
        if frame.time.seconds >= start_s - 1e-9:
            yield frame


def _pictures(
    container: Any, stream: Any, of: Frames | None, clock: _Clock | None = None
) -> Iterator[Any]:
    """Yield decoded frames; what cannot be decoded is noted and skipped."""
    av = pyav()
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.error.FFmpegError, OSError):
            if of is not None:
                of.note("truncated", clock.seconds if clock else 0.0)
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            if of is not None:
                of.note("undecodable", clock.seconds if clock else 0.0)


class _Clock:
    """Gives each decoded frame its time."""

    def __init__(self, stream: Any, rate: float, *, is_avi: bool = False) -> None:
        base = stream.time_base
        known = base is not None and base.numerator > 0
        self._base = Fraction(base.numerator, base.denominator) if known else Fraction(1, 90_000)
        mean = stream.average_rate or stream.guessed_rate
        has_rate = mean is not None and mean.numerator > 0
        own = Fraction(mean.numerator, mean.denominator) if has_rate else Fraction(rate)
        self._step = 1 / (own * self._base)  # units from one frame to the next
        self._stream: int = stream.index
        # AVI has no presentation times: with frames that are decoded out of order, what it gives
        # are times of others.
        self._counts = is_avi and bool(stream.codec_context.has_b_frames)
        self._last_pts: int | None = None
        self.start_pts: int | None = None
        self.ordinal = 0
        self.seconds = 0.0

    def timed(self, picture: Any) -> VideoFrame:
        """Return the frame with its time, counted on where the container gives none."""
        pts = None if self._counts else picture.pts
        timed = pts is not None
        if pts is None:
            # A stream without times, as raw H.264: they are counted from its rate.
            start = self.start_pts or 0
            counted = start + round(self.ordinal * self._step)
            pts = counted if self._last_pts is None else max(counted, self._last_pts + 1)
        if self.start_pts is None:
            self.start_pts = pts
        time = FrameTime(self._stream, pts, self._base, self.start_pts, self.ordinal)
        self._last_pts, self.seconds = pts, time.seconds
        self.ordinal += 1
        turns = round(picture.rotation / 90) % 4
        return VideoFrame(time, bool(picture.is_corrupt), timed, picture, turns)


def _info(container: Any, stream: Any) -> VideoInfo:
    rate = stream.average_rate
    duration = 0.0
    if stream.duration and stream.time_base:
        base = stream.time_base
        duration = float(stream.duration * Fraction(base.numerator, base.denominator))
    elif container.duration:
        duration = container.duration / 1e6
    return VideoInfo(
        container=container.format.name,
        codec=stream.codec_context.name,
        width=stream.width,
        height=stream.height,
        duration_s=duration,
        frames=stream.frames or 0,
        rate=float(Fraction(rate.numerator, rate.denominator)) if rate else 0.0,
        rotation=0,
    )


def pyav() -> Any:
    """Return PyAV, which stays quiet."""
    try:
        import av  # noqa: PLC0415
    except ImportError as error:
        raise VideoError(
            "video: reading videos needs PyAV: pip install 'alprcore[video]'"
        ) from error
    return av


def _errors() -> tuple[type[Exception], ...]:
    return (pyav().error.FFmpegError, OSError)


def _reason(error: Exception) -> str:
    """Return what FFmpeg says, without the name of the file."""
    text = str(getattr(error, "strerror", None) or error)
    return text[:1].lower() + text[1:]
