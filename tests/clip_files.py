# SPDX-License-Identifier: Apache-2.0
"""Real containers, written by FFmpeg through PyAV, whose every frame names its own number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 160, 96
BITS = 8


def numbered(number: int, *, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture that holds its number in eight black or white columns, and survives compression."""
    image = np.full((height, width, 3), 96, np.uint8)
    for bit in range(BITS):
        level = 235 if number >> bit & 1 else 16
        image[:, bit * width // BITS : (bit + 1) * width // BITS] = level
    return image


def number_of(image: np.ndarray) -> int:
    cells = image[:, :, 1].reshape(image.shape[0], BITS, -1).mean(axis=(0, 2))
    return sum(int(level > 128) << bit for bit, level in enumerate(cells))


def write_clip(
    path: Path,
    times_ms: list[int],
    *,
    codec: str = "libx264",
    images: list[np.ndarray] | None = None,
    key_every: int = 12,
    b_frames: int = 2,
    audio: bool = False,
    copy_ts: bool = False,
) -> Path:
    """Write a clip whose frame i is shown at ``times_ms[i]``."""
    options = {
        "x264-params": f"keyint={key_every}:min-keyint={key_every}:scenecut=0:bframes={b_frames}"
    }
    options |= {"preset": "ultrafast", "crf": "18"}
    # Without this the muxer moves times before 0.
    muxer = {"avoid_negative_ts": "disabled"} if copy_ts and path.suffix == ".ts" else {}
    with av.open(str(path), "w", options=muxer) as out:
        stream = out.add_stream(codec, rate=25, options=options if codec == "libx264" else {})
        first = images[0] if images else numbered(0)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        base = Fraction(1, 25) if path.suffix == ".avi" else Fraction(1, 1000)
        stream.codec_context.time_base = base
        sound = out.add_stream("aac", rate=16000, layout="mono") if audio else None
        for i, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(images[i] if images else numbered(i), format="bgr24")
            frame.pts = round(time_ms / 1000 / base)
            frame.time_base = base
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
        if sound is not None:
            write_silence(out, sound)
    return path


def write_silence(out: av.container.OutputContainer, sound: av.AudioStream) -> None:
    frame = av.AudioFrame.from_ndarray(
        np.zeros((1, 16000), np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate, frame.pts = 16000, 0
    for packet in [*sound.encode(frame), *sound.encode()]:
        out.mux(packet)


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        write_silence(out, out.add_stream("aac", rate=16000, layout="mono"))
    return path


def write_raw(path: Path, count: int) -> Path:
    """Write a raw H.264 stream: no container, no times."""
    with av.open(str(path), "w", format="h264") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(numbered(i), format="bgr24")
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path
