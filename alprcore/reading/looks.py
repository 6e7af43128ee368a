# SPDX-License-Identifier: Apache-2.0
"""What a plate looks like without reading it: its script, what covers it, whether it is a plate.

What is covered reads as if it were not there: a shorter text, and a certain one; what is of another
script reads as something of one's own; a road sign reads as well as a plate. So three small
networks look at the place, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import cv2
import numpy as np

from alprcore.network import LazyNetwork
from alprcore.picture.rectify import rectify_grey
from alprcore.records import Frame, GrayImage, Quad

# The outputs of the networks, in order; that of scripts has one more, for what is no plate.
SCRIPTS = ("Latin", "Hangul", "Chinese", "Arabic")
PLACES = ("nothing", "left", "right", "inside")  # where something is hidden
# Columns and rows of what they see, whatever the plate's aspect. With 32 rows the small upper
# characters of a Chinese plate of two lines were ten high, and looked Korean or Latin.
SCRIPT_SIZE = (128, 48)
COVER_SIZE = (160, 48)
# What the second one sees beside the plate, as a share of its width, and above and below, of its
# height. The corners that are found often end where a cover begins.
BESIDE, ABOVE = 0.35, 0.35
# The same of the one that tells plates from other lettering, which must see what they hang on.
PLATE_SIZE = (128, 64)
AROUND, OVER = 0.5, 0.9


class Look:
    """A network that looks at a plate; loads on first use, picklable, safe in threads.

    Parameters
    ----------
    read : callable
        Returns the content of a shipped file by its name, `file`. Must itself be picklable.
    threads : int
        Threads of one run inside ONNX Runtime.
    """

    __slots__ = ("_network",)
    file: ClassVar[str]

    def __init__(self, read: Callable[[str], bytes], *, threads: int = 1) -> None:
        self._network = LazyNetwork(partial(read, self.file), threads=threads, one_size=True)


class ScriptLook(Look):
    """The network that tells scripts apart."""

    __slots__ = ()
    file = "script.onnx"

    def shares(self, crop: GrayImage) -> dict[str, float]:
        """Return the probability of each of `SCRIPTS`; what is missing to 1 is that of no plate.

        Parameters
        ----------
        crop : (h, w) uint8 array
            The plate upright.

        Raises
        ------
        ResourceError
            If the network is missing or damaged.
        """
        seen = cv2.resize(crop, SCRIPT_SIZE, interpolation=cv2.INTER_AREA)
        logs = self._network.run(crops=seen[None])[0][0][: len(SCRIPTS)]
        return dict(zip(SCRIPTS, np.exp(logs.astype(np.float64)).tolist(), strict=True))


class CoverLook(Look):
    """The network that sees covers."""

    __slots__ = ()
    file = "cover.onnx"

    def shares(self, frame: Frame, quad: Quad) -> dict[str, float]:
        """Return the probability of each of `PLACES`, that a character or more is hidden there.

        Parameters
        ----------
        frame : (rows, cols, 3) uint8 array
        quad : Quad
            The plate's corners in frame pixels.

        Raises
        ------
        ResourceError
            If the network is missing or damaged.
        """
        grey = rectify_grey(frame, grown(quad, BESIDE, ABOVE), size=COVER_SIZE)
        shares = self._network.run(crops=grey[None])[0][0]
        return dict(zip(PLACES, map(float, shares), strict=True))


class PlateLook(Look):
    """The network that tells plates from other lettering."""

    __slots__ = ()
    file = "plate.onnx"

    def share(self, frame: Frame, quad: Quad) -> float:
        """Return the probability that what stands at a place is a plate.

        Parameters
        ----------
        frame : (rows, cols, 3) uint8 array
        quad : Quad
            The plate's corners in frame pixels.

        Raises
        ------
        ResourceError
            If the network is missing or damaged.
        """
        grey = rectify_grey(frame, grown(quad, AROUND, OVER), size=PLATE_SIZE)
        return float(self._network.run(crops=grey[None])[0][0][1])


def grown(quad: Quad, beside: float, above: float) -> Quad:
    """Return the quad with shares of its width and height added on each side."""
    points = quad.to_points()
    across = points[[1, 0, 3, 2]] - points
    down = points[[3, 2, 1, 0]] - points
    return Quad.from_points(points - beside * across - above * down)


@dataclass(frozen=True, slots=True)
class Looks:
    """The three networks."""

    script: ScriptLook
    cover: CoverLook
    plate: PlateLook


def load_looks(read: Callable[[str], bytes], *, threads: int = 1) -> Looks:
    """Return the networks; see `Look`."""
    return Looks(
        ScriptLook(read, threads=threads),
        CoverLook(read, threads=threads),
        PlateLook(read, threads=threads),
    )
