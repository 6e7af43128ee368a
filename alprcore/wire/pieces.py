# SPDX-License-Identifier: Apache-2.0
"""Pieces of messages: percents, corners, boxes, times, pictures."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

import cv2

from alprcore.records import Box, Candidate, Frame, Quad
from alprcore.wire.sender import Moment

CROP_QUALITY = 85


def compact(value: dict[str, Any]) -> str:
    """Return a message as one line of JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def percent(share: float) -> float:
    """Return a probability as a percent of at most eight decimals; NaN becomes 0."""
    return 0.0 if math.isnan(share) else round(100.0 * min(max(float(share), 0.0), 1.0), 8)


def candidates_list(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return readings as messages have them."""
    return [
        {
            "plate": each.text,
            "confidence": percent(each.confidence),
            "matches_template": int(each.matches_template),
        }
        for each in candidates
    ]


def moment_dict(time: Moment) -> dict[str, Any]:
    """Return when a frame is shown, and how to find it again."""
    return {
        "seconds": round(time.seconds, 6),
        "pts": time.pts,
        "time_base": f"{time.time_base.numerator}/{time.time_base.denominator}",
        "frame": time.ordinal,
    }


def box_dict(box: Box) -> dict[str, int]:
    """Return a box in whole pixels."""
    left, top = int(box.left), int(box.top)
    return {"x": left, "y": top, "w": int(box.right) - left, "h": int(box.bottom) - top}


def corners_list(quad: Quad) -> list[dict[str, int]]:
    """Return the corners in whole pixels, clockwise from the top left."""
    return [{"x": int(x), "y": int(y)} for x, y in quad.to_points()]


def jpeg_base64(image: Frame | None, quality: int = CROP_QUALITY) -> str:
    """Return a picture as base64 of a JPEG; the empty text for none."""
    if image is None or min(image.shape[:2]) < 1:
        return ""
    done, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return base64.b64encode(content.tobytes()).decode("ascii") if done else ""


def within(image: Frame, size: tuple[int, int]) -> Frame:
    """Return a picture shrunk, never enlarged, to fit into a size."""
    height, width = image.shape[:2]
    if min(height, width) < 1:
        return image
    scale = min(1.0, size[0] / width, size[1] / height)
    if scale == 1.0:
        return image
    new = (max(1, round(scale * width)), max(1, round(scale * height)))
    shrunk: Frame = cv2.resize(image, new, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return shrunk
