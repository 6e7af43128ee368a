# SPDX-License-Identifier: Apache-2.0
"""The agent's folder: its name, its lock, its spool."""

from __future__ import annotations

import fcntl
import os
import secrets
import string
from pathlib import Path
from typing import IO

from alprcore.agent.settings import AgentSettings
from alprcore.errors import AlprError


def state_folder(settings: AgentSettings) -> Path:
    """Return the folder of the spool, made if it is missing.

    Raises
    ------
    AlprError
        If it cannot be made.
    """
    if settings.state_location:
        folder = Path(settings.state_location)
    elif systemd := os.environ.get("STATE_DIRECTORY", ""):
        folder = Path(systemd.partition(":")[0])
    else:
        folder = Path.home() / ".local/state/alprcore-agent"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise AlprError(f"state_location: '{folder}': {error.strerror}") from error
    return folder


def locked(folder: Path) -> IO[str]:
    """Return the open lock of a folder, which no two agents can have.

    Raises
    ------
    AlprError
        If another agent has it.
    """
    try:
        lock = (folder / "lock").open("w", encoding="ascii")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise AlprError(f"state_location: '{folder}': another agent uses it, or {error}") from error
    return lock


def install_id(settings: AgentSettings, folder: Path) -> str:
    """Return the name of this installation, 40 letters and digits, made at its first start."""
    if settings.agent_uid:
        return settings.agent_uid
    path = folder / "install_id"
    known = path.read_text("ascii").strip() if path.exists() else ""
    if len(known) == 40 and known.isalnum():
        return known
    letters = string.ascii_uppercase + string.digits
    made = "".join(secrets.choice(letters) for _ in range(40))
    path.write_text(f"{made}\n", "ascii")
    return made
