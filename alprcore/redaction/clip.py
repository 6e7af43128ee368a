# SPDX-License-Identifier: Apache-2.0
"""A clip's copy in which every place that may be a plate is covered in every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from os import PathLike

import numpy as np

from alprcore.engine import Engine
from alprcore.records import Quad
from alprcore.redaction.cover import FILL, cover
from alprcore.redaction.link import Seen, Track, filled, linked
from alprcore.video.frames import Frames, frames
from alprcore.video.source import VideoFrame
from alprcore.video.write import ClipWriter


@dataclass(frozen=True, slots=True)
class ClipCover:
    """What was covered of one plate in a clip.

    Attributes
    ----------
    quad
        Corners of the upright box around all its places, in pixels of the frames.
    score
        The best of the finder's scores.
    first_s, last_s
        Seconds from the first frame.
    frames
        In how many frames it was found or lies between such frames.
    """

    quad: Quad
    score: float
    first_s: float
    last_s: float
    frames: int


def redact_clip(
    source: str | PathLike[str],
    target: str | PathLike[str],
    engine: Engine,
    *,
    style: str = FILL,
    on_frame: Callable[[], None] | None = None,
) -> tuple[ClipCover, ...]:
    """Write a copy of a clip, H.264 without sound, with all that may be a plate covered.

    Parameters
    ----------
    source
        A file or a folder of images; read twice.
    target
        The file to write.
    engine : Engine
        From `covering`.
    style : str
        ``"fill"`` or ``"blur"``; see `cover`.
    on_frame : callable, optional
        Called after each frame, in both readings.

    Raises
    ------
    VideoError
        If the source cannot be read or the target not be written.
    """
    # Turned searches take three times as long; a plate that is missed in one frame is covered as
    # its neighbours are.
    finder = engine.with_settings(tilted=False)
    step = on_frame or (lambda: None)
    times: list[float] = []
    seen: list[list[Seen]] = []
    with frames(source) as clip:
        for frame in clip:
            found = finder.find(frame.image())
            times.append(frame.time.seconds)
            seen.append([Seen(each.quad, each.score) for each in found])
            step()
    tracks = linked(seen, times)
    places = filled(tracks, times)
    with frames(source) as clip:
        first, rest = _opened(clip)
        with ClipWriter(target, rate=clip.info.rate) as out:
            for frame, quads in zip(chain(first, rest), places, strict=True):
                canvas = np.array(frame.image(), dtype=np.uint8, order="C")
                cover(canvas, quads, style=style)
                out.write(canvas, frame.time.seconds)
                step()
    return tuple(_covered(track, times) for track in tracks)


def _opened(clip: Frames) -> tuple[list[VideoFrame], Iterator[VideoFrame]]:
    """Return the first frame, whose reading tells the rate, and the others."""
    return [next(clip)], clip


def _covered(track: Track, times: list[float]) -> ClipCover:
    points = np.concatenate([each.quad.to_points() for each in track.seen.values()])
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    box = Quad.from_points([(left, top), (right, top), (right, bottom), (left, bottom)])
    numbers = sorted(track.seen)
    score = max(each.score for each in track.seen.values())
    return ClipCover(box, score, times[numbers[0]], times[numbers[-1]], len(numbers))
