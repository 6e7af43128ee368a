# SPDX-License-Identifier: Apache-2.0
"""A picture's copy in which every place that may be a plate is covered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alprcore.engine import Engine
from alprcore.records import Detection, Frame
from alprcore.redaction.cover import FILL, cover

# Where the engine begins to doubt, half of what it reports as sure: a place too many costs a black
# patch, one too few shows a plate. From 0.1 on, 38 photographs of cars got 5 patches each.
LEAST_SCORE = 0.15
# What is covered hides its neighbours no longer, and a picture without a sure plate is searched
# again, turned and at other sizes. Patches look like plates to the finder, if not much: of what the
# second round scores below this, next to all touches one.
AGAIN_SCORE = 0.3
MOST_ROUNDS = 3
MOST_PLACES = 500


@dataclass(frozen=True, slots=True)
class Redacted:
    """A covered picture.

    Attributes
    ----------
    frame
        (rows, cols, 3) uint8, blue, green, red.
    places
        What was covered, with the finder's score; in pixels of the picture.
    """

    frame: Frame
    places: tuple[Detection, ...]


def covering(engine: Engine) -> Engine:
    """Return an engine that finds all that may be a plate; it shares what is loaded."""
    return engine.with_settings(
        min_plate_score=LEAST_SCORE,
        doubtful_plate_score=LEAST_SCORE,
        max_plates=MOST_PLACES,
        max_plate_width_percent=100.0,
        max_plate_height_percent=100.0,
        detection_mask="",
        prewarp="",
        skip_detection=False,
        tilted=True,
        tiled=True,
    )


def redacted(frame: Frame, engine: Engine, *, style: str = FILL) -> Redacted:
    """Return a copy of a picture with every place covered that may be a plate.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Not modified.
    engine : Engine
        From `covering`.
    style : str
        ``"fill"`` or ``"blur"``; see `cover`.
    """
    canvas = np.array(frame, dtype=np.uint8, order="C")
    places: list[Detection] = []
    for number in range(MOST_ROUNDS):
        found = _left(engine, canvas) if number else engine.find(canvas)
        new = [each for each in found if not _is_covered(each, places)]
        if not new:
            break
        cover(canvas, [each.quad for each in new], style=style)
        places += new
    return Redacted(canvas, tuple(places))


def _left(engine: Engine, canvas: Frame) -> list[Detection]:
    """Return what still looks like a plate in a covered picture, or is read as one."""
    likely = [each for each in engine.find(canvas) if each.score >= AGAIN_SCORE]
    reader = engine.with_settings(min_plate_score=AGAIN_SCORE)
    read = [Detection(each.quad, each.detection_score) for each in reader.recognize(canvas).plates]
    return likely + read


def _is_covered(place: Detection, places: list[Detection]) -> bool:
    """Whether the middle of a place lies in what was covered: the cover itself looks like one."""
    box = place.quad.bounds()
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    bounds = (each.quad.bounds() for each in places)
    return any(
        each.left <= x <= each.right
        and each.top <= y <= each.bottom
        and each.width >= 0.5 * box.width
        for each in bounds
    )
