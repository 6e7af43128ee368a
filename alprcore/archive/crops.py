# SPDX-License-Identifier: Apache-2.0
"""The pictures of the plates, one file each, beside the database."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2

from alprcore.records import Frame, Points

MARGIN = 0.25
"""Surroundings of a plate in its crop, in its own height on each side."""

QUALITY = 95


class CropFolder:
    """The folder ``crops`` of a case: a file a plate, named by its source and settings."""

    def __init__(self, folder: Path, setup_key: str) -> None:
        self._folder = folder
        self._mark = setup_key[:8]

    def write(self, frame: Frame, points: Points, name: str) -> tuple[str, str, int, int]:
        """Write a plate with its surroundings, upright as in the source, never scaled.

        Returns
        -------
        tuple
            Path below the case's folder, SHA-256, and where the crop's corner is in the source.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        left, top = points.min(axis=0)
        right, bottom = points.max(axis=0)
        margin = MARGIN * (bottom - top)
        x, y = max(0, int(left - margin)), max(0, int(top - margin))
        cut = frame[y : int(bottom + margin) + 1, x : int(right + margin) + 1]
        if cut.size == 0:  # corners beyond the picture
            cut = frame[:1, :1]
        done, content = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise OSError("a crop cannot be encoded")
        data = content.tobytes()
        path = Path("crops") / name[:2] / f"{name}-{self._mark}.jpg"
        self.keep(path.as_posix(), data)
        return path.as_posix(), hashlib.sha256(data).hexdigest(), x, y

    def keep(self, path: str, data: bytes) -> None:
        """Put a crop where crops are kept.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_whole(self._folder.parent / path, data)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # One name for one file, so that what a kill leaves is written over by the next run.
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
