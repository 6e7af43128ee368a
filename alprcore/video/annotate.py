# SPDX-License-Identifier: Apache-2.0
"""A copy of a clip with its rows drawn: each plate framed where it was, with its fused text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame
from alprcore.showing.drawing import draw_plate
from alprcore.video.frames import frames
from alprcore.video.group import Group
from alprcore.video.write import ClipWriter

LONGEST_S = 1.0  # between two readings that far apart nothing is drawn
AFTER_S = 0.1  # the last reading is shown for so long


def annotate(
    source: str | PathLike[str],
    groups: Sequence[Group],
    target: str | PathLike[str],
    *,
    on_frame: Callable[[], None] | None = None,
) -> None:
    """Write an H.264 copy of a clip with the rows drawn, each frame at its own time, no sound.

    Parameters
    ----------
    source
        A file or a folder of images, as the groups were read from.
    groups : sequence of Group
    target
        The file to write; its ending says which container, ``.mp4`` or ``.mkv``.
    on_frame : callable, optional
        Called after each frame.

    Raises
    ------
    VideoError
        If the source cannot be read or the target not be written.
    """
    with frames(source) as clip:
        first = next(clip, None)
        with ClipWriter(target, rate=clip.info.rate) as out:
            for frame in clip if first is None else chain([first], clip):
                out.write(drawn(frame.image(), groups, frame.time.seconds), frame.time.seconds)
                if on_frame is not None:
                    on_frame()


def drawn(image: Frame, groups: Sequence[Group], seconds: float) -> Frame:
    """Return a copy of a frame with the plates of the rows that are in it at a time."""
    canvas = np.array(image, dtype=np.uint8, order="C")
    for group in groups:
        points = place_at(group, seconds)
        if points is not None:
            draw_plate(canvas, points, group.text, group.confidence)
    return canvas


def place_at(group: Group, seconds: float) -> NDArray[np.float64] | None:
    """Return a row's corners at a time, (4, 2), between its readings; None elsewhere."""
    votes = group.votes
    times = [vote.time.seconds for vote in votes]
    if not times[0] <= seconds <= max(group.last.seconds, times[-1] + AFTER_S):
        return None
    after = next((i for i, time in enumerate(times) if time >= seconds), len(times))
    if after == len(times):
        return votes[-1].quad.to_points()
    end = votes[after].quad.to_points()
    if after == 0 or times[after] == seconds:
        return end
    begin, span = votes[after - 1].quad.to_points(), times[after] - times[after - 1]
    moved = float(np.abs(end - begin).max()) > 0.1 * float(np.ptp(end[:, 0]))
    if span > LONGEST_S and moved:
        return None
    share = (seconds - times[after - 1]) / span
    return np.asarray(begin + share * (end - begin), np.float64)
