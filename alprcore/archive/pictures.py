# SPDX-License-Identifier: Apache-2.0
"""The pictures of a report: the plate with its corners, each character beside its template."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.archive.provenance import bank_of
from alprcore.archive.rows import Read
from alprcore.archive.store import Case
from alprcore.errors import AlprError, ImageError
from alprcore.picture.load import load_frame
from alprcore.reading.bank import Bank
from alprcore.records import Frame
from alprcore.resources import source_records
from alprcore.settings import Settings, changed

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


class Templates:
    """The template banks that the reads of a case were read with, where this program has them."""

    def __init__(self, case: Case) -> None:
        self._setups = case.setups()
        self._banks: dict[tuple[int, str], Bank | None] = {}

    def bank(self, read: Read) -> Bank | None:
        """Return the bank of a read's script; None when it is not there or another by now."""
        key = (read.setup_id, read.country)
        if key not in self._banks:
            self._banks[key] = self._loaded(*key)
        return self._banks[key]

    def _loaded(self, setup_id: int, country: str) -> Bank | None:
        setup = self._setups[setup_id]
        settings = setup["description"]["settings"]
        files = {record.path: record.sha256 for record in source_records()}
        if any(
            files.get(path) != sha256
            for path, sha256 in setup["description"]["files"].items()
            if path.startswith("banks/") and path.endswith(".npz")
        ):
            return None  # another template may have the number by now
        try:
            return bank_of(changed(Settings(), settings), country)
        except AlprError:
            return None


def explained_glyphs(
    folder: Path, read: Read, bank: Bank | None
) -> Iterator[tuple[dict[str, Any], bytes | None, bytes | None]]:
    """Yield each character, its picture in the crop, and the template that it matched."""
    crop = _crop(folder, read)
    for glyph in read.glyphs:
        template = None
        known = -1 if bank is None else bank.alphabet.find(glyph["text"])
        if bank is not None and known == glyph["template"] % len(bank.alphabet):
            portrait = bank.portraits[glyph["template"]]
            if portrait.min() != portrait.max():  # some banks have none
                template = _encoded(cv2.resize(portrait, _GLYPH), ".png")
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
