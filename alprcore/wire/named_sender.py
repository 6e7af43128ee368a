# SPDX-License-Identifier: Apache-2.0
"""A sender whose readings are named by a form, as AlprStream's are."""

from __future__ import annotations

import hashlib
import string
from dataclasses import dataclass

from alprcore.wire.sender import Sender

_LETTERS = string.ascii_uppercase + string.digits
RANDOM_LENGTH = 16


@dataclass(frozen=True, slots=True)
class NamedSender(Sender):
    """A sender with a form for names.

    Attributes
    ----------
    form
        Text with ``{time}`` (milliseconds since 1970), ``{random}`` (16 letters and digits),
        ``{camera}``, ``{company_uuid}``, ``{agent_uid}``; agent, camera and time when empty.
    """

    form: str = ""

    def uuid(self, epoch_ms: int) -> str:
        """Return the name of the read of a frame at a time; the same time has the same name.

        The random part is a digest: a group must name its readings as they were named before.
        """
        if not self.form:
            return f"{self.agent_uid}-{self.camera_id}-{epoch_ms}"
        known = f"{self.agent_uid}-{self.camera_id}-{self.company_id}-{epoch_ms}"
        digest = hashlib.sha256(known.encode()).digest()
        parts = {
            "{time}": str(epoch_ms),
            "{random}": "".join(_LETTERS[byte % 36] for byte in digest[:RANDOM_LENGTH]),
            "{frame}": str(epoch_ms),
            "{camera}": str(self.camera_id),
            "{company_uuid}": self.company_id,
            "{agent_uid}": self.agent_uid,
        }
        name = self.form
        for part, value in parts.items():
            name = name.replace(part, value)
        return name
