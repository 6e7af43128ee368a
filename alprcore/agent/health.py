# SPDX-License-Identifier: Apache-2.0
"""What a heartbeat says of the machine; 0 where the system does not say."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROC = Path("/proc")


@dataclass(slots=True)
class Load:
    """Time of all processors since the start: at work, and in all, in ticks."""

    busy: int = 0
    total: int = 0

    def percent(self) -> int:
        """Return how busy the processors were since the last call, in percent."""
        before = (self.busy, self.total)
        numbers = [int(each) for each in _first_line("stat").split()[1:9]]
        if len(numbers) < 5:
            return 0
        self.total = sum(numbers)
        self.busy = self.total - numbers[3] - numbers[4]  # idle, waiting for a disk
        passed = self.total - before[1]
        return round(100 * (self.busy - before[0]) / passed) if passed > 0 else 0


def machine(folder: Path, load: Load) -> dict[str, Any]:
    """Return the fields of a `Heartbeat` that are about the machine.

    Parameters
    ----------
    folder
        On the drive that is meant.
    load
        What the last call left.
    """
    now_ms = time.time_ns() // 1_000_000
    memory = _memory()
    try:
        disk = shutil.disk_usage(folder)
        total, free = disk.total, disk.free
    except OSError:
        total, free = 0, 0
    return {
        "agent_hostname": socket.gethostname(),
        "os": "windows" if sys.platform == "win32" else "linux",
        "system_uptime_seconds": int(float(_first_line("uptime").split(" ")[0] or 0)),
        "cpu_cores": os.cpu_count() or 1,
        "cpu_last_update": now_ms,
        "cpu_usage_percent": load.percent(),
        "memory_total_bytes": memory.get("MemTotal", 0),
        "memory_consumed_bytes": memory.get("MemTotal", 0) - memory.get("MemAvailable", 0),
        "memory_swaptotal_bytes": memory.get("SwapTotal", 0),
        "memory_swapused_bytes": memory.get("SwapTotal", 0) - memory.get("SwapFree", 0),
        "memory_last_update": now_ms,
        "disk_drive_total_bytes": total,
        "disk_drive_free_bytes": free,
    }


def _memory() -> dict[str, int]:
    """Return the lines of ``/proc/meminfo`` in bytes."""
    try:
        lines = (_PROC / "meminfo").read_text("ascii").splitlines()
    except OSError:
        return {}
    pairs = [line.replace(":", "").split() for line in lines]
    return {pair[0]: 1024 * int(pair[1]) for pair in pairs if len(pair) == 3}


def _first_line(name: str) -> str:
    try:
        return (_PROC / name).read_text("ascii").partition("\n")[0]
    except OSError:
        return ""
