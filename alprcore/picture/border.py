# SPDX-License-Identifier: Apache-2.0
"""Whether a plate may go on beyond the border of what was searched."""

from __future__ import annotations

import numpy as np

from alprcore.records import Box, Quad

# How near the border the corners of a plate lie that is cut by it, in heights of the plate: left
# and right, above and below. So 99 % of the plates are marked that lack a tenth to a half of their
# width, 92 % of those that lack a tenth of their height, and none of those that stand a third of
# their width off the border (75 development photographs, cut).
NEAR = np.array([0.2, 0.08])


def meets_border(quad: Quad, area: Box) -> bool:
    """Return whether the plate touches or crosses the border of an area, or nearly so.

    Parameters
    ----------
    quad : Quad
        The plate's corners in pixels.
    area : Box
        What was searched, such as the whole picture.
    """
    points = quad.to_points()
    gaps = np.minimum(
        points.min(axis=0) - [area.left, area.top], [area.right, area.bottom] - points.max(axis=0)
    )
    return bool((gaps < NEAR * _height(quad)).any())


def surroundings(quad: Quad) -> Quad:
    """Return the quad with what must be seen around it for the plate to be whole."""
    points = quad.to_points()
    down = (points[3] - points[0] + points[2] - points[1]) / 2
    along = points[1] - points[0] + points[2] - points[3]
    along *= _height(quad) / max(1e-6, float(np.linalg.norm(along)))
    side, edge = np.array([[-1], [1], [1], [-1]]), np.array([[-1], [-1], [1], [1]])
    return Quad.from_points(points + side * NEAR[0] * along + edge * NEAR[1] * down)


def _height(quad: Quad) -> float:
    points = quad.to_points()
    return float(np.linalg.norm(points[[3, 2]] - points[[0, 1]], axis=1).mean())
