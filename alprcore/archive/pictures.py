# SPDX-License-Identifier: Apache-2.0
"""The pictures of a report: the plate with its corners, each character beside its template."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.archive.rows import Read
from alprcore.errors import ImageError
from alprcore.picture.load import load_frame
from alprcore.reading.bank import Bank
from alprcore.records import Frame

WIDTH = 420
"""Columns that a crop is enlarged to."""

_GREEN = (0, 170, 0)
_GLYPH = (24, 36)  # columns and rows of a character's picture


def crop_picture(folder: Path, read: Read) -> bytes | None:
    """Return the crop of a read as JPEG, larger, its corners drawn; None when it is missing."""
    crop = _crop(folder, read)
    if crop is None:
        return None
    zoom = min(4.0, WIDTH / crop.shape[1])
    shown = cv2.resize(crop, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    points = (read.quad.to_points() - (read.crop_x, read.crop_y)) * zoom
    corners = np.round(points).astype(np.int32)
    cv2.polylines(shown, [corners], isClosed=True, color=_GREEN, thickness=2, lineType=cv2.LINE_AA)
    return _encoded(shown, ".jpg")


def explained_glyphs(
    folder: Path, read: Read, bank: Bank | None
) -> Iterator[tuple[dict[str, Any], bytes | None, bytes | None]]:
    """Yield each character, its picture in the crop, and the template that it matched."""
    crop = _crop(folder, read)
    for glyph in read.glyphs:
        template = None
        known = -1 if bank is None else bank.alphabet.find(glyph["text"])
        if bank is not None and known == glyph["template"] % len(bank.alphabet):
            template = _encoded(cv2.resize(bank.portraits[glyph["template"]], _GLYPH), ".png")
        yield glyph, None if crop is None else _seen(crop, read, glyph["quad"]), template


def _crop(folder: Path, read: Read) -> Frame | None:
    try:
        return load_frame(folder / read.crop)
    except ImageError:
        return None


def _seen(crop: Frame, read: Read, quad: list[float]) -> bytes:
    """Return a character, upright, out of the crop."""
    corners = np.array(quad, np.float32).reshape(4, 2)
    corners -= np.array((read.crop_x, read.crop_y), np.float32)
    columns, rows = _GLYPH
    target = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return _encoded(cv2.warpPerspective(crop, matrix, _GLYPH, flags=cv2.INTER_CUBIC), ".png")


def _encoded(picture: NDArray[Any], suffix: str) -> bytes:
    _, content = cv2.imencode(suffix, picture)
    return content.tobytes()
