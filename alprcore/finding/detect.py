# SPDX-License-Identifier: Apache-2.0
"""Find the plates of a frame with two small networks under ONNX Runtime.

The detector gives boxes, the refiner turns the box of a plate into its four corners. How large the
frame goes into the detector decides most of what is found and nearly all of the cost:

- a *main* pass over the frame, shrunk (never enlarged) to at most so many pixels as asked for;
- a *coarse* pass at a third of the main pass's size for plates that fill much of the frame, which
  the main pass sees in fragments; an eighth of the main pass's cost;
- a *tiled* pass for frames that the main pass shrinks below `tiled_below`, see `find_plates`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.finding.network import PlateFinder
from alprcore.records import Box, Detection, Frame, Quad

Boxes = NDArray[np.float64]
"""(n, 5) array: left, top, right, bottom in pixels, score."""
Placing = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Factor and summand that take a row of `Boxes` from a pass to the frame."""

# With a plate of this score, and none wider than this share of the frame's long side, the coarse
# pass is left out: it is for plates wider than 0.4 of it, and costs 1.7 of 20 ms.
settled_score, settled_width = 0.6, 0.25
coarse_scale = 1 / 3  # a plate of 400 pixels, the main pass's limit, becomes 133
tiled_below = 0.5  # 1920x1080 is just not tiled; a plate of 52 pixels is still 26 in the main pass
# Of plates of 40 pixels in 12 megapixels an earlier network found 83 % at 0.65, 88 % at this and
# 91 % at 1, in 15, 20 and 35 tiles; this one finds 91 %.
tiled_scale = 0.8
tile_size, tile_overlap = 768, 160

# Fixed with the networks by `alprcore.training.finding.model` and `.corner_model`.
plate_stride = 8
plate_typical = (80.0, 28.0)  # pixels
widest_plate = 400.0  # pixels of a pass: what is wider is found in fragments
narrowest_plate = 14.0  # narrower ones were not trained
narrowest_coarse = 80.0  # the main pass, with 3 times the size, places narrower ones better
corner_size = (128, 64)  # columns, rows of what the refiner sees
refinements = 2  # the second look is at a better centred crop
second_look_score = 0.4  # most of what scores less is no plate, and a look costs 0.9 ms
corner_margin = (0.2, 0.4)  # of the box's width and height, on each side


def find_plates(
    frame: Frame,
    finder: PlateFinder,
    *,
    min_score: float,
    doubtful_score: float = 1.0,
    sure_score: float = 1.0,
    max_plates: int,
    area: int,
    tiled: bool,
) -> tuple[Detection, ...]:
    """Return the plates of a frame in its pixels, best score first.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Blue, green, red; any strides. Not modified.
    finder : PlateFinder
    min_score : float
        Plates below it are dropped, [0, 1].
    doubtful_score, sure_score : float
        Where no plate has `sure_score`, those from `doubtful_score` on are returned as well.
    max_plates : int
        At most so many plates, the best ones.
    area : int
        Pixels of the main pass.
    tiled : bool
        Whether frames of more than about 2 megapixels get the tiled pass as well.

    Notes
    -----
    Main and coarse pass cost the same for every large frame, less for small ones; the coarse one
    is left out when the main pass is sure of a plate and saw no wide one. The tiled pass
    finds plates from about 40 pixels of width on and costs 1.2 main passes a tile: 8 tiles for
    2560x1440, 20 for 12 megapixels.
    """
    if frame.shape[0] < 4 or frame.shape[1] < 4:
        return ()
    plates: list[Boxes] = []
    settled = partial(_settled, plates, frame)
    for view, (factor, shift), narrowest in _views(frame, area, tiled, settled):
        found = _decoded(finder.heat_map(view), min(min_score, doubtful_score))
        plates.append(_between(found, narrowest, widest_plate) * factor + shift)
    kept = _distinct(plates, frame, max_plates)
    if (kept[:, 4] >= sure_score).any():
        kept = kept[kept[:, 4] >= min_score]
    quads = _quads(frame, kept, finder)
    return tuple(Detection(quad, float(box[4])) for quad, box in zip(quads, kept, strict=True))


def _settled(found: list[Boxes], frame: Frame) -> bool:
    """Whether a plate is sure and none is wide: then no plate fills much of the frame."""
    boxes = np.concatenate(found)
    widest = settled_width * max(frame.shape[:2])
    return bool((boxes[:, 4] >= settled_score).any() and (boxes[:, 2] - boxes[:, 0] < widest).all())


def _views(
    frame: Frame, area: int, tiled: bool, settled: Callable[[], bool]
) -> Iterator[tuple[Frame, Placing, float]]:
    """Yield the pictures to search, how each lies in the frame, and its narrowest plate.

    Whether what was found so far has `settled` is asked before the coarse pass.
    """
    rows, cols = frame.shape[:2]
    scale = min(1.0, (area / (rows * cols)) ** 0.5, 4096 / max(rows, cols))
    if tiled and scale < tiled_below:
        whole, unit_x, unit_y = _shrunk(frame, tiled_scale)
        for top in _starts(whole.shape[0]):
            for left in _starts(whole.shape[1]):
                tile = whole[top : top + tile_size, left : left + tile_size]
                yield _padded(tile), _placing(unit_x, unit_y, left, top), narrowest_plate
    main, unit_x, unit_y = _shrunk(frame, scale)
    yield _padded(main), _placing(unit_x, unit_y), narrowest_plate
    if max(main.shape[:2]) > 256 and not settled():
        coarse, more_x, more_y = _shrunk(main, coarse_scale)
        yield _padded(coarse), _placing(unit_x * more_x, unit_y * more_y), narrowest_coarse


def _placing(unit_x: float, unit_y: float, left: int = 0, top: int = 0) -> Placing:
    """Return how a pass lies whose pixels span so much of the frame, from its pixel (left, top)."""
    shift = [left * unit_x, top * unit_y]
    return np.array([unit_x, unit_y] * 2 + [1.0]), np.array([*shift, *shift, 0.0])


def _starts(length: int) -> list[int]:
    """Return where the tiles along one side begin."""
    step = tile_size - tile_overlap
    count = max(1, -(-(length - tile_overlap) // step))
    return [round(i * (length - tile_size) / max(1, count - 1)) for i in range(count)]


def _shrunk(image: Frame, scale: float) -> tuple[Frame, float, float]:
    """Return the picture resized, and how many of its old pixels each new one spans."""
    rows, cols = image.shape[:2]
    if scale >= 1:
        return image, 1.0, 1.0
    size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
    # Linear interpolation aliases below half the size. Area averaging by a whole factor first costs
    # 1 ms where averaging by a broken one costs 8.
    factor = int(1.0 / scale + 0.01)
    if factor > 1 and min(rows, cols) >= factor:
        whole = image[: rows - rows % factor, : cols - cols % factor]
        part = (whole.shape[1] // factor, whole.shape[0] // factor)
        image = np.asarray(cv2.resize(whole, part, interpolation=cv2.INTER_AREA), np.uint8)
        cols, rows = whole.shape[1], whole.shape[0]
        if factor * scale > 0.99:
            return image, float(factor), float(factor)
    small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8), cols / size[0], rows / size[1]


def _padded(image: Frame) -> Frame:
    """Return the picture with grey added on the right and below to multiples of 32."""
    rows, cols = image.shape[:2]
    canvas = np.empty((-(-rows // 32) * 32, -(-cols // 32) * 32, 3), np.uint8)
    canvas[:rows, :cols] = image
    canvas[rows:] = 114
    canvas[:rows, cols:] = 114
    return canvas


def _decoded(found: NDArray[np.float32], min_score: float) -> Boxes:
    """Return the boxes of a map's cells above the score, in pixels of the pass."""
    rows, cols = np.nonzero(found[0] >= max(min_score, 1e-3))
    score, x, y, wide, high = found[:, rows, cols].astype(np.float64)
    x, y = (x + cols + 0.5) * plate_stride, (y + rows + 0.5) * plate_stride
    wide, high = np.exp(np.clip([wide, high], -4.0, 4.0)) * np.array(plate_typical)[:, None] / 2
    return np.stack([x - wide, y - high, x + wide, y + high, score], axis=1)


def _between(boxes: Boxes, narrowest: float, widest: float) -> Boxes:
    """Return the boxes whose width lies within the limits."""
    width = boxes[:, 2] - boxes[:, 0]
    return boxes[(width > narrowest) & (width < widest)]


def _distinct(found: list[Boxes], frame: Frame, most: int) -> Boxes:
    """Return the best boxes, cut to the frame, such that none is mostly another or inside it."""
    boxes = np.concatenate(found)
    rows, cols = frame.shape[:2]
    boxes[:, :4] = np.clip(boxes[:, :4], 0.0, [cols, rows, cols, rows])
    boxes = boxes[((boxes[:, 2:4] - boxes[:, :2]) >= 2.0).all(axis=1)]
    boxes = boxes[np.lexsort((boxes[:, 1], boxes[:, 0], -boxes[:, 4]))]
    kept: list[Boxes] = []
    while len(boxes) and len(kept) < most:
        best, boxes = boxes[0], boxes[1:]
        kept.append(best)
        meet, area, areas = _meeting(best, boxes)
        same = (meet > 0.3 * (area + areas - meet)) | (meet > 0.6 * np.minimum(area, areas))
        boxes = boxes[~same]
    return np.array(kept).reshape(-1, 5)


def _meeting(box: Boxes, others: Boxes) -> tuple[Any, Any, Any]:
    """Return the area that a box shares with each of the others, its own, and theirs."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    area, areas = (np.prod(b[..., 2:4] - b[..., :2], axis=-1) for b in (box, others))
    return np.prod(np.clip(high - low, 0, None), axis=1), area, areas


def _quads(frame: Frame, boxes: Boxes, finder: PlateFinder) -> list[Quad]:
    """Return the corners of each plate: refined, or the box's own where that makes no sense."""
    quads = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    for look in range(refinements):
        chosen = np.flatnonzero((look == 0) | (boxes[:, 4] >= second_look_score))
        if not len(chosen):
            break
        bounds = np.hstack([quads[chosen].min(axis=1), quads[chosen].max(axis=1)])
        placed = [corner_crop(frame, box) for box in bounds]
        refined = finder.refined(np.stack([crop for crop, _ in placed]))
        if refined is None:
            break
        for index, box, corners, (_, matrix) in zip(chosen, bounds, refined, placed, strict=True):
            moved = corners.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
            if _sensible(moved, box):
                quads[index] = moved
    return [Quad.from_points(points) for points in quads]


def corners_in(frame: Frame, area: Box, finder: PlateFinder) -> tuple[Quad, Quad]:
    """Return the corners of the plate that an area shows, looked for in two ways.

    The first are those of a plate that fills most of the area, the second those of a smaller one
    in its middle; either may be a box of no meaning.
    """
    whole = np.array([[area.left, area.top, area.right, area.bottom, 1.0]])
    inset = np.array([area.width, area.height, -area.width, -area.height, 0.0]) / 4
    near = _quads(frame, whole + inset, finder)[0].bounds()
    again = np.array([[near.left, near.top, near.right, near.bottom, 1.0]])
    return _quads(frame, whole, finder)[0], _quads(frame, again, finder)[0]


def corner_crop(frame: Frame, box: Boxes) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the grey crop that the refiner looks at, and its 2x3 map to frame pixels."""
    size = box[2:4] - box[:2]
    low = box[:2] - np.array(corner_margin) * size
    high = box[2:4] + np.array(corner_margin) * size
    unit = (high - low) / np.array(corner_size)
    matrix = np.array([[unit[0], 0.0, low[0]], [0.0, unit[1], low[1]]])
    first = np.clip(np.floor(low).astype(int), 0, [frame.shape[1] - 1, frame.shape[0] - 1])
    last = np.ceil(high).astype(int) + 1
    part = np.ascontiguousarray(frame[first[1] : last[1], first[0] : last[0]])
    gray = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    shrink = np.maximum(1.0, unit / 1.5)  # sampled at 1.5 pixels or less, so that nothing aliases
    if (shrink > 1).any():
        small = np.maximum(1, np.round(np.array(gray.shape[::-1]) / shrink)).astype(int)
        shrink = np.array(gray.shape[::-1]) / small
        gray = cv2.resize(gray, (int(small[0]), int(small[1])), interpolation=cv2.INTER_AREA)
    to_part = (matrix - np.pad(first[:, None], ((0, 0), (2, 0)))) / shrink[:, None]
    to_part[:, 2] += 0.5 * np.diag(to_part[:, :2]) - 0.5
    flags, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    crop = cv2.warpAffine(gray, to_part, corner_size, flags=flags, borderMode=border)
    return np.asarray(crop, np.uint8), matrix


def _sensible(points: NDArray[np.float64], box: Boxes) -> bool:
    """Return whether the corners turn clockwise and cover about what the box covers."""
    edges = np.roll(points, -1, axis=0) - points
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    bounds = np.concatenate([points.min(axis=0), points.max(axis=0)])
    meet, area, areas = _meeting(box, bounds[None])
    return bool((turns > 0).all() and meet[0] > 0.35 * (area + areas[0] - meet[0]))
