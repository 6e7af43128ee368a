# SPDX-License-Identifier: Apache-2.0
"""Where text lines lie in a crop: which proposal is likely the line, where the other one may be.

A line is the (5,) float32 array of `_native.text_lines`: top and bottom at the left edge, slope,
slant, score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Two readings are of different lines when their bands overlap by less than this share of the lower.
APART = 0.25
# Which proposal is the line, by its score as a share of the highest, its height and how far its
# middle is from the crop's, both as shares of the crop's height: weights of a conditional logit
# fitted on crops. Of proposals in their own order the first is the line on 60 % of the
# photographs, in this order on 84 %.
SCORE_WEIGHT, HEIGHT_WEIGHT, OFFSET_WEIGHT = 8.0, -14.0, -18.0
# The lines of a plate are of heights within this ratio. The upper characters of a Korean plate are
# 0.52 times as high as the lower ones and may be measured a fifth too small; with 0.55, 859
# held-back crops of other plates read the same.
SIMILAR_HEIGHTS = 0.42
# Where the other line is when no proposal is it: so many times as high as the known one, and apart
# by this share of the higher one. Equal lines and Korean ones, 48 and 92 mm with 13 between them.
# Of 256 European two-line crops it has 237 read right in place of 234, of 81 drawn Korean plates 35
# in place of 26; gaps of 0.08 and 0.22 do no better.
OTHER_HEIGHTS = (0.52, 1.0, 1.92)
LINE_GAP = 0.14
LOWEST = 4.0  # pixels; lower ones are no text
OUTSIDE = 0.03  # of the crop's height, that such a line may reach beyond it

Line = NDArray[np.float32]


def likeliest_first(shape: tuple[int, ...], proposed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the proposals of a crop, first the one that is most likely its only line."""
    if len(proposed) < 2:
        return proposed
    top, bottom, _, _, score = proposed.T
    value = SCORE_WEIGHT * score / score.max() + HEIGHT_WEIGHT * (bottom - top) / shape[0]
    value += OFFSET_WEIGHT * off_middle(proposed, shape)
    return proposed[np.argsort(-value, kind="stable")]


def off_middle(lines: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return how far the middles of lines, (..., 5), are from the crop's, in its heights."""
    top, bottom, slope = lines[..., 0], lines[..., 1], lines[..., 2]
    return np.abs(0.5 * (top + bottom + slope * shape[1]) / shape[0] - 0.5)


def beside(line: NDArray[np.float32], shape: tuple[int, ...]) -> list[NDArray[np.float32]]:
    """Return where the other line of a two-line plate may be: above and below, equal and not.

    Parameters
    ----------
    line : (5,) float32 array
    shape : tuple of int
        Rows and columns of the crop; places outside it are left out.
    """
    top, bottom = float(line[0]), float(line[1])
    middle, height = 0.5 * float(line[2]) * shape[1], bottom - top
    places = []
    for other in OTHER_HEIGHTS:
        gap = LINE_GAP * height * max(1.0, other)
        places += [(top - gap - other * height, top - gap)]
        places += [(bottom + gap, bottom + gap + other * height)]
    least, most = -OUTSIDE * shape[0] - middle, (1 + OUTSIDE) * shape[0] - middle
    return [
        np.array([low, high, *line[2:]], np.float32)
        for low, high in places
        if low >= least and high <= most and high - low >= LOWEST
    ]


def may_be_second(best: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two lines can be those of one plate: apart, and about as tall."""
    return _overlap(best, other) < APART and _similar(_height(best), _height(other))


def _height(line: NDArray[np.float32]) -> float:
    return float(line[1] - line[0])


def _similar(a: float, b: float) -> bool:
    return min(a, b) >= SIMILAR_HEIGHTS * max(a, b)


def _overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    both = min(float(a[1]), float(b[1])) - max(float(a[0]), float(b[0]))
    return max(0.0, both) / min(_height(a), _height(b))
