# SPDX-License-Identifier: Apache-2.0
"""Texts of plates replaced by keyed hashes: sightings can be joined, nobody is named.

A hash is HMAC-SHA256 (RFC 2104) of the reading, in upper case without spaces, hyphens and line
breaks, as UTF-8; 64 hexadecimal digits. Whoever has the key can hash all plates there are and look
a hash up: the key is as secret as the plates.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alprcore.errors import AlprError
from alprcore.records import Candidate, Plate

LEAST_KEY = 16
"""Bytes that a key must have."""


class PlateHasher:
    """Hashes readings with a key.

    Parameters
    ----------
    key : bytes
        At least 16; a line break at its end is not a part of it.

    Raises
    ------
    AlprError
        If the key is shorter.

    Examples
    --------
    >>> PlateHasher(b"sixteen bytes or more").text("ab-12 cd")[:16]
    'bc4e6c7c7f0cf5fa'
    """

    def __init__(self, key: bytes) -> None:
        self._key = key.rstrip(b"\r\n")
        if len(self._key) < LEAST_KEY:
            raise AlprError(f"key: expected {LEAST_KEY} bytes or more, got {len(self._key)}")

    @classmethod
    def from_file(cls, path: Path) -> PlateHasher:
        """Return the hasher whose key is the content of a file.

        Raises
        ------
        AlprError
            If it cannot be read or is too short.
        """
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise AlprError(f"{path}: the key cannot be read: {error.strerror}") from error
        except AlprError as error:
            raise AlprError(f"{path}: {error}") from error

    def text(self, reading: str) -> str:
        """Return the hash of a reading; that of no reading is empty."""
        bare = re.sub(r"[\s-]", "", reading).upper()
        return hmac.digest(self._key, bare.encode(), "sha256").hex() if bare else ""

    def candidates(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return the readings hashed."""
        return tuple(replace(each, text=self.text(each.text)) for each in candidates)

    def plate(self, plate: Plate) -> Plate:
        """Return a plate with its readings hashed, and without what else would spell them."""
        return replace(
            plate,
            text=self.text(plate.text),
            candidates=self.candidates(plate.candidates),
            text_with_unsure="",
            glyphs=(),
        )

    def found(self, found: Any) -> Any:
        """Return a `Recognition` with the readings of its plates hashed."""
        return replace(found, plates=tuple(map(self.plate, found.plates)))

    def group(self, group: Any) -> Any:
        """Return a `video.group.Group` with all its readings hashed, and without its pictures."""
        return replace(
            group,
            text=self.text(group.text),
            candidates=self.candidates(group.candidates),
            votes=tuple(replace(vote, text=self.text(vote.text)) for vote in group.votes),
            best_plate=self.plate(group.best_plate),
            plate_image=None,
            frame_image=None,
        )
