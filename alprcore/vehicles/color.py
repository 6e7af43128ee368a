# SPDX-License-Identifier: Apache-2.0
"""The colour of a vehicle's body, measured: which pixels are paint, and what colours they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Box, Frame, Quad
from alprcore.vehicles.model import BodyColor

GRID = (48, 32)  # columns, rows that a vehicle is shrunk to
CELLS = (12, 16, 16)  # of the paint table: lightness, a, b
BAND = (16, 26)  # of 32 rows: bonnet, doors, boot lid; above are windows, below bumper and road
UPPER = (4, 16)
SIDES = (4, 44)  # of 48 columns; beyond is what stands beside the vehicle
PLATE_REACH = 1.25  # a plate's frame and lamp belong to it
LEAST = 40  # pixels
QUANTILES = (10, 50, 85, 97)  # of lightness, percent
# A picture shows no colours where its a and b in Lab lie on one line (the lesser of their spreads
# is small) and that is close to grey or far off it: infrared, grey, or tinted all alike. Of 320
# street photographs in colour the least spread is 1.25, grey ones have 0.0; white and black cars
# on white in colour reach 0.5, but lie between the two distances.
LEAST_SPREAD = 1.2
GREY, TINTED = 2.5, 8.0  # of what is farthest from grey; of the mean
UNKNOWN_TONE = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True)
class Light:
    """In what light a vehicle stands.

    Attributes
    ----------
    gains
        What blue, green and red are multiplied by so that grey things are grey.
    cast
        How coloured grey things are, the largest of |log| of the full gains; 0 is white light.
    brightness
        Of the bright parts of the vehicle's box, 0 to 255.
    colorless
        Whether the picture shows no colours, as in infrared.
    """

    gains: tuple[float, float, float]
    cast: float
    brightness: float
    colorless: bool = False

    @property
    def sureness(self) -> float:
        """How far a colour can be trusted, 0.3 to 1: less at night and in coloured light."""
        dark = min(max((self.brightness - 40) / 80, 0.0), 1.0)
        tinted = min(max((self.cast - 0.2) / 0.4, 0.0), 1.0)
        return max(0.3, (0.4 + 0.6 * dark) * (1 - 0.5 * tinted))


def measure_body(
    frame: Frame, box: Box, plates: Sequence[Quad], paint: NDArray[np.uint8]
) -> BodyColor:
    """Return the colours of a vehicle's paint.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Channels blue, green, red.
    box : Box
        The vehicle, in pixels of the frame.
    plates : sequence of Quad
        Plates of the picture.
    paint : (colors, 12, 16, 16) uint8 array
        Probability of each colour, in 255ths, given a pixel's lightness, a and b.
    """
    light = light_of(frame, box)
    lower, upper = body_pixels(frame, box, plates, light)
    features = body_features(lower, upper, paint)
    return BodyColor(features, light.sureness, colorless=light.colorless)


def body_features(
    lower: NDArray[np.uint8], upper: NDArray[np.uint8], paint: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Return what is measured of the body's Lab pixels, (n, 3) of the lower and the upper part.

    The shares of the colours in both parts; for each part, quantiles and spread of lightness, the
    median a and b and how far they are from grey; and 1.
    """
    shares = [color_shares(part, paint) for part in (lower, upper)]
    return np.concatenate([*shares, _tone(lower), _tone(upper), [1.0]])


def _tone(lab: NDArray[np.uint8]) -> NDArray[np.float64]:
    if len(lab) < LEAST:
        return UNKNOWN_TONE
    lightness = np.percentile(lab[:, 0], QUANTILES) / 255
    a, b = (np.median(lab[:, 1:], axis=0) - 128) / 32
    return np.array([*lightness, lab[:, 0].std() / 64, a, b, np.hypot(a, b)])


def light_of(frame: Frame, box: Box) -> Light:
    """Return the light, judged by what is grey outside the vehicle and bright inside its box."""
    scale = 96 / frame.shape[1]
    small = cv2.resize(
        frame, (96, max(8, round(scale * frame.shape[0]))), interpolation=cv2.INTER_AREA
    )
    inside = np.zeros(small.shape[:2], bool)
    left, top, right, bottom = (
        round(scale * value) for value in (box.left, box.top, box.right, box.bottom)
    )
    inside[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    value = small.max(2)
    bright = float(np.percentile(value[inside], 95)) if inside.any() else 255.0
    span = value.astype(np.int16) - small.min(2)
    # Road and walls; a lawn or a red car beside says nothing about the light.
    grey = small[~inside & (value > 40) & (value < 235) & (2 * span < value)]
    colorless = _is_colorless(small)
    if len(grey) < 300:
        return Light((1.0, 1.0, 1.0), 0.0, bright, colorless)
    mean = grey.mean(0, dtype=np.float64)
    full = mean.mean() / mean
    half = np.clip(np.sqrt(full), 0.85, 1.18)
    gains = (float(half[0]), float(half[1]), float(half[2]))
    return Light(gains, float(np.abs(np.log(full)).max()), bright, colorless)


def _is_colorless(small: NDArray[Any]) -> bool:
    """Return whether a picture shows no colours."""
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float64)
    tones = lab[:, 1:] - 128
    if np.linalg.eigvalsh(np.cov(tones.T))[0] >= LEAST_SPREAD**2:
        return False
    farthest = np.percentile(np.hypot(*tones.T), 97)
    return bool(farthest < GREY or np.hypot(*tones.mean(0)) > TINTED)


def body_pixels(
    frame: Frame, box: Box, plates: Sequence[Quad], light: Light
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the paint of a vehicle: Lab pixels (n, 3) of its lower and of its upper body.

    Left out are plates, what lies at the box's edges (road, sky, neighbours), and, where the lower
    body is not dark itself, what is dark: windows, tyres, grille, shadow.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
    box : Box
        The vehicle, in pixels of the frame; what is outside it does not count.
    plates : sequence of Quad
    light : Light
        Its gains are applied.
    """
    rows, cols = frame.shape[:2]
    left, right = (int(np.clip(v, 0, cols)) for v in (box.left, np.ceil(box.right)))
    top, bottom = (int(np.clip(v, 0, rows)) for v in (box.top, np.ceil(box.bottom)))
    if right <= left or bottom <= top:
        nothing = np.empty((0, 3), np.uint8)
        return nothing, nothing
    small = cv2.resize(frame[top:bottom, left:right], GRID, interpolation=cv2.INTER_AREA)
    small = np.clip(small * np.array(light.gains), 0, 255).astype(np.uint8)
    paint = np.zeros(GRID[::-1], np.uint8)
    paint[UPPER[0] : BAND[1], SIDES[0] : SIDES[1]] = 1
    for quad in plates:
        points = quad.to_points()
        points = (points - points.mean(0)) * PLATE_REACH + points.mean(0)
        points = (points - (left, top)) * (GRID[0] / (right - left), GRID[1] / (bottom - top))
        cv2.fillConvexPoly(paint, np.round(points).astype(np.int32), 0)
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB)
    low, high = slice(*BAND), slice(*UPPER)
    lower, upper = lab[low][paint[low] > 0], lab[high][paint[high] > 0]
    if len(lower):
        dark = 0.5 * float(np.percentile(lower[:, 0], 85))
        lower, upper = _without_dark(lower, dark), _without_dark(upper, dark)
    return np.asarray(lower, np.uint8), np.asarray(upper, np.uint8)


def color_shares(lab: NDArray[np.uint8], paint: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean probability of each colour over Lab pixels (n, 3); even where too few."""
    if len(lab) < LEAST:
        return np.full(len(paint), 1 / len(paint))
    lightness, a, b = cells_of(lab)
    shares = paint[:, lightness, a, b].mean(1, dtype=np.float64) / 255
    return np.asarray(shares / max(shares.sum(), 1e-9))


def cells_of(lab: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of Lab pixels (n, 3) in the paint table, one array an axis.

    Paint has a and b within 64 of grey; beyond that the outermost cells count.
    """
    wide = lab.astype(np.intp)
    lightness = wide[:, 0] * CELLS[0] // 256
    a, b = (np.clip((wide[:, i] - 64) * CELLS[i] // 128, 0, CELLS[i] - 1) for i in (1, 2))
    return lightness, a, b


def _without_dark(lab: NDArray[np.uint8], dark: float) -> NDArray[np.uint8]:
    """Return the pixels that are not dark; all of them where most are."""
    bright = lab[lab[:, 0] >= dark]
    return bright if len(bright) >= LEAST else lab
