# SPDX-License-Identifier: Apache-2.0
"""Frames with plates, and the messages of vehicles, kept in a folder of limited size.

``UUID.jpg`` is a frame, ``UUID.json`` the group whose best frame it is. The folder is all there is:
the list of its files is read from it at the start.
"""

from __future__ import annotations

import errno
import heapq
import logging
import re
import threading
from dataclasses import dataclass
from pathlib import Path

import cv2

from alprcore.agent.metrics import Metrics
from alprcore.errors import AlprError
from alprcore.records import Frame

LOG = logging.getLogger("alprcore.agent")
UUID = re.compile(r"[A-Za-z0-9_]+-[A-Za-z0-9_]+-([0-9]{1,15})")
_KINDS = (".jpg", ".json")
FREED_AT_ONCE = 16 * 2**20  # bytes that go when the disk is full


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """A file of the folder: when it was taken, its name, its bytes."""

    epoch_ms: int
    name: str
    size: int


class Pictures:
    """The folder; for any thread.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    metrics : Metrics
    most_bytes : int
        The oldest files are deleted beyond it.
    quality : int
        Of the JPEGs, 1 to 100.

    Raises
    ------
    AlprError
        If the folder cannot be made or read.
    """

    def __init__(
        self, folder: Path, metrics: Metrics, *, most_bytes: int, quality: int = 85
    ) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self._metrics, self._quality = metrics, quality
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = [_kept(path) for path in folder.iterdir()]
        except OSError as error:
            raise AlprError(f"store_plates_location: '{folder}': {error.strerror}") from error
        self._files = [each for each in files if each is not None]
        heapq.heapify(self._files)
        self._bytes = sum(each.size for each in self._files)
        self._trim(0)

    def put_frame(self, uuid: str, image: Frame) -> None:
        """Keep a frame, (rows, cols, 3) uint8."""
        done, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self._quality])
        if done:
            self.put(uuid, ".jpg", content.tobytes())

    def put(self, uuid: str, kind: str, content: bytes) -> None:
        """Keep a file; one that cannot be written is counted and not missed."""
        name = f"{uuid}{kind}"
        found = UUID.fullmatch(uuid)
        if found is None:
            return
        with self._lock:
            self._trim(len(content))
            unfinished = self.folder / f".{name}"
            try:
                unfinished.write_bytes(content)
                unfinished.replace(self.folder / name)
            except OSError as error:
                unfinished.unlink(missing_ok=True)
                self._metrics.add("picture_failures_total")
                LOG.warning("%s: %s", self.folder, error.strerror)
                if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                    self._free(FREED_AT_ONCE)
                return
            heapq.heappush(self._files, Kept(int(found[1]), name, len(content)))
            self._bytes += len(content)
            self._gauge()

    def get(self, uuid: str, kind: str) -> bytes | None:
        """Return a file that is kept, None when there is none."""
        if UUID.fullmatch(uuid) is None:
            return None
        try:
            return (self.folder / f"{uuid}{kind}").read_bytes()
        except OSError:
            return None

    def groups(self, start_ms: int, end_ms: int) -> list[Kept]:
        """Return the groups of a time, both ends included, the oldest first."""
        with self._lock:
            return sorted(
                each
                for each in self._files
                if each.name.endswith(".json") and start_ms <= each.epoch_ms <= end_ms
            )

    def make_room(self) -> bool:
        """Delete the oldest pictures, for something more important; return whether any went."""
        with self._lock:
            return self._free(FREED_AT_ONCE)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._bytes

    @property
    def earliest_ms(self) -> int:
        """Time of the oldest file, -1 for none."""
        with self._lock:
            return self._files[0].epoch_ms if self._files else -1

    def _trim(self, more: int) -> None:
        if self._bytes + more > self.most_bytes:
            self._free(self._bytes + more - self.most_bytes)
        self._gauge()

    def _free(self, wanted: int) -> bool:
        """Delete the oldest files until so many bytes are free."""
        freed = 0
        while self._files and freed < wanted:
            oldest = heapq.heappop(self._files)
            (self.folder / oldest.name).unlink(missing_ok=True)
            freed += oldest.size
            self._metrics.add("pictures_deleted_total")
        self._bytes -= freed
        self._gauge()
        return freed > 0

    def _gauge(self) -> None:
        self._metrics.put("pictures", len(self._files))
        self._metrics.put("pictures_bytes", self._bytes)


def _kept(path: Path) -> Kept | None:
    """Return what is known of a file of the folder; None for another's, which is left alone."""
    found = UUID.fullmatch(path.stem)
    if path.suffix not in _KINDS or found is None:
        return None
    return Kept(int(found[1]), path.name, path.stat().st_size)
