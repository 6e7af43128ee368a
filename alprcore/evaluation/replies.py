# SPDX-License-Identifier: Apache-2.0
"""Replies of another recognizer, kept as they came."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alprcore.errors import AlprError

Reply = dict[str, Any]


class Store:
    """Replies by picture: NAME.json as it came, NAME.ms its latency, NAME.asked while open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, image: str, suffix: str) -> Path:
        """Return the file of a picture; its name may be any path."""
        return self.folder / (quote(image, safe=" ") + suffix)

    def claim(self, wanted: Mapping[str, Any]) -> None:
        """Make the folder that of the requests described.

        Raises
        ------
        AlprError
            If it holds replies to others.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "request.info"
        if not path.exists():
            self._write(path, json.dumps(wanted).encode())
        elif (had := json.loads(path.read_text("utf-8"))) != wanted:
            raise AlprError(f"{self.folder} holds replies to other requests: {had}")

    def begin(self, image: str, *, again: bool) -> bool:
        """Note that a picture is about to be sent; False when it was and had no answer."""
        try:
            self.path(image, ".asked").touch(exist_ok=again)
        except FileExistsError:
            return False
        return True

    def end(self, image: str, body: bytes | None = None, elapsed_ms: float = 0.0) -> None:
        """Keep the reply, if there is one, and note that the question is closed."""
        if body is not None:
            self._write(self.path(image, ".json"), body)
            self._write(self.path(image, ".ms"), f"{elapsed_ms:.3f}\n".encode())
        self.path(image, ".asked").unlink(missing_ok=True)

    def has(self, image: str) -> bool:
        """Whether a picture has a reply."""
        return self.path(image, ".json").exists()

    def read(self, image: str) -> tuple[Reply, float | None] | None:
        """Return the reply and its latency; also found as STEM.json; None without a usable one."""
        for path in (self.path(image, ".json"), self.folder / f"{Path(image).stem}.json"):
            try:
                reply = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            timing = path.with_suffix(".ms")
            elapsed = float(timing.read_text("utf-8")) if timing.exists() else None
            if isinstance(reply, dict) and not {"plate", "results", "best_plate"}.isdisjoint(reply):
                return reply, elapsed
        return None

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file whole or not at all, also when the machine stops."""
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
