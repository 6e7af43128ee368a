# SPDX-License-Identifier: Apache-2.0
"""Messages as lines of JSON, in a file or on standard output."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from alprcore.agent.courier import UnreachableError
from alprcore.agent.messages import GROUP, HEARTBEAT, RESULTS, Message


class Lines:
    """A file that grows by a line per message; it may be moved away while the agent runs.

    Parameters
    ----------
    target : str
        Name of the file, ``-`` for standard output.
    single : bool
        Whether `alpr_results` are wanted as well.
    """

    def __init__(self, target: str, *, single: bool = False) -> None:
        self.name = "lines"
        self.kinds = frozenset({GROUP, HEARTBEAT} | ({RESULTS} if single else set()))
        self._target = target

    def send(self, message: Message) -> None:
        """Append a message and wait until it is on disk."""
        line = f"{message.body}\n".encode()
        try:
            if self._target == "-":
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
            else:
                _append(Path(self._target), line)
        except (OSError, ValueError) as error:
            raise UnreachableError(f"{self._target}: {error}") from error

    def close(self) -> None:
        """Do nothing: the file is closed after each line."""


def _append(path: Path, line: bytes) -> None:
    with path.open("ab+") as out:
        size = out.seek(0, os.SEEK_END)
        if size:
            out.seek(size - 1)
            if out.read(1) != b"\n":  # a line that was cut off by a kill
                line = b"\n" + line
        try:
            out.write(line)
            out.flush()
            os.fsync(out.fileno())
        except OSError:
            with suppress(OSError):
                out.truncate(size)  # of a line that fits in part, nothing
            raise
