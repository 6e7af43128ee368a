# SPDX-License-Identifier: Apache-2.0
"""The values that travel between the stages: frozen, comparable, picklable.

Geometry: x runs right, y runs down, (0, 0) is the outer corner of the top-left pixel. Boxes are
half-open. Quads run clockwise from the top-left corner *of the text*. Confidences are in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""(rows, cols, 3) uint8 picture, channels blue, green, red."""

GrayImage = NDArray[np.uint8]
"""(rows, cols) uint8 picture."""

Points = NDArray[np.float64]
"""(n, 2) array of x, y."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle ``[left, right) x [top, bottom)`` in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners, clockwise from the top-left corner of the text, in pixels."""

    top_left: Point
    top_right: Point
    bottom_right: Point
    bottom_left: Point

    @classmethod
    def from_points(cls, points: Any) -> Quad:
        """Return the quad of a (4, 2) array-like, clockwise from the top-left."""
        rows = [(float(x), float(y)) for x, y in points]
        if len(rows) != 4:
            raise ValueError(f"quad: expected 4 points, got {len(rows)}")
        return cls(rows[0], rows[1], rows[2], rows[3])

    def to_points(self) -> Points:
        """Return the corners as a (4, 2) float64 array."""
        corners = (self.top_left, self.top_right, self.bottom_right, self.bottom_left)
        return np.array(corners, dtype=np.float64)

    def bounds(self) -> Box:
        """Return the smallest upright box that holds the four corners."""
        points = self.to_points()
        left, top = points.min(axis=0)
        right, bottom = points.max(axis=0)
        return Box(float(left), float(top), float(right), float(bottom))


@dataclass(frozen=True, slots=True)
class Label:
    """A class and its calibrated probability in [0, 1]."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class VehicleLook:
    """What a vehicle looks like; each list best first, empty when it was not asked for.

    Names are lower case, words joined by dashes; `make_model` is ``<make>_<model>``, `year` a span
    such as ``"2005-2009"``, `orientation` the side that is seen: ``"front"``, ``"rear"`` or
    ``"side"``.
    """

    color: tuple[Label, ...] = ()
    make: tuple[Label, ...] = ()
    make_model: tuple[Label, ...] = ()
    body_type: tuple[Label, ...] = ()
    year: tuple[Label, ...] = ()
    orientation: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class VehicleBox:
    """A vehicle found in the picture: its box, the network's score in [0, 1], and its look."""

    box: Box
    score: float
    look: VehicleLook | None = None


@dataclass(frozen=True, slots=True)
class Carrier:
    """The vehicle that carries a plate: its box in the picture, and its look if it was taken."""

    region: Box | None = None
    look: VehicleLook | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """A plate found in the picture, before it is read.

    `inner` is set where the place was given and not found: an area that shows a plate and little
    else. It holds the corners that may be the plate's, the likeliest first.
    """

    quad: Quad
    score: float
    inner: tuple[Quad, ...] = ()


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of a reading and the evidence for it.

    Attributes
    ----------
    text
        The character.
    quad
        Where it stands, in pixels of the original picture.
    confidence
        Probability of `text` in this slot, [0, 1], the other readings of the plate and the formats
        of its country counted.
    alternatives
        Characters with their probabilities in this slot by its look alone, best first, `text`
        included.
    template
        Index of the matched template in the bank.
    score
        The template's match score (natural-log units, higher is better).
    """

    text: str
    quad: Quad
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    template: int
    score: float


@dataclass(frozen=True, slots=True)
class Fit:
    """How a text fits a country: the regions whose formats it has, best first, and its oddities.

    Attributes
    ----------
    country
        Code of the country.
    regions
        Code and specificity of each region with a format that admits the text; specificity is
        in natural-log units, 0 for a format that admits everything.
    odd_length
        Whether the country's texts are shorter or longer.
    rare_letters
        How many letters of the text the country rarely issues.
    country_log
        How far the text's formats, the plate's shape and number of lines, and the number of
        vehicles speak for the country (natural logarithm, up to a constant).
    native
        How well the plate's shape is one of the country's, 1 at best; near 0 the plate is from
        elsewhere, and what the country's texts are like says little about it.
    region_logs
        Code of each region with such a format, and how much likelier its formats make the text
        than chance makes it among all texts of its length (natural logarithm).
    """

    country: str
    regions: tuple[tuple[str, float], ...]
    odd_length: bool
    rare_letters: int
    country_log: float = 0.0
    native: float = 1.0
    region_logs: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible text of a plate; lines of a two-line plate are joined by a newline."""

    text: str
    confidence: float
    matches_template: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Plate:
    """One plate, read. `text`, `confidence` and `matches_template` are the chosen candidate's.

    A plate is `truncated` when it may go on beyond the picture's border. `text_with_unsure` is the
    text with ``?`` for each character that is less probable than ``Settings.unsure_below``.
    `legibility` is the probability that it shows a text of a length that plates have, whatever that
    says: 0 and O may be open where a text stands for certain. A plate is `occluded` when something
    covers a part of its text: then `text_with_unsure` has a ``?`` there, and `confidence` is low.
    """

    text: str
    confidence: float
    matches_template: bool
    country: str
    region: str
    region_confidence: float
    quad: Quad
    detection_score: float
    candidates: tuple[Candidate, ...]
    glyphs: tuple[Glyph, ...]
    plate_index: int
    requested_topn: int
    elapsed_ms: float
    vehicle_region: Box | None = None
    vehicle: VehicleLook | None = None
    regions: tuple[Label, ...] = ()
    truncated: bool = False
    text_with_unsure: str = ""
    legibility: float = 0.0
    occluded: bool = False

    @property
    def unread_characters(self) -> int:
        """How many characters are not read or unsure; what is covered counts as one."""
        return self.text_with_unsure.count("?")

    def __repr__(self) -> str:
        """Return the reading in short."""
        text = self.text.replace("\n", " ")
        where = ", ".join(filter(None, (self.country, self.region)))
        return f"<Plate {text!r} {self.confidence:.3f} {where}>"

    def crop(self, frame: NDArray[Any], *, height: int = 0) -> Frame:
        """Return the plate cut out of its picture and set upright.

        Parameters
        ----------
        frame : (rows, cols[, channels]) uint8 array
            The picture it was read in; not modified.
        height : int, optional
            Of the crop in pixels; 0 for that of the plate in the picture.

        Returns
        -------
        (height, width[, channels]) uint8 array
        """
        corners = self.quad.to_points().astype(np.float32)
        across, down = (np.linalg.norm(corners[i] - corners[0]) for i in (1, 3))
        tall = height or max(1, round(float(down)))
        wide = max(1, round(float(across) * tall / max(float(down), 1.0)))
        square = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
        # Corners lie between pixels, the warp's coordinates in their middles.
        turn = cv2.getPerspectiveTransform(corners - 0.5, square - 0.5)
        border = cv2.BORDER_REPLICATE
        return np.asarray(
            cv2.warpPerspective(frame, turn, (wide, tall), borderMode=border), np.uint8
        )
