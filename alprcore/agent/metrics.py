# SPDX-License-Identifier: Apache-2.0
"""What the agent counts, as Prometheus text."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import metadata

COUNTERS = {
    "frames_total": "Frames received.",
    "frames_dropped_total": "Frames dropped because the reading of plates was behind.",
    "frames_searched_total": "Frames in which plates were looked for.",
    "frame_errors_total": "Frames that raised an error.",
    "plates_total": "Single readings of plates.",
    "groups_total": "Vehicles that passed.",
    "connections_total": "Times that a stream was opened.",
    "connection_failures_total": "Times that a stream could not be opened or broke off.",
    "messages_sent_total": "Messages that a receiver took.",
    "message_failures_total": "Attempts to send that will be repeated.",
    "messages_refused_total": "Messages that a receiver refused; they are set aside.",
    "messages_lost_total": "Messages given up because the spool or the memory was full.",
    "spool_failures_total": "Times that a message could not be written to the spool.",
    "picture_failures_total": "Pictures that could not be kept.",
    "pictures_deleted_total": "Pictures deleted to make room.",
}
GAUGES = {
    "streaming": "Whether frames arrive, 0 or 1.",
    "lag_seconds": "Age of the frame that was read last.",
    "messages_waiting": "Messages in the spool.",
    "messages_set_aside": "Refused messages in the spool.",
    "spool_bytes": "Size of the spool.",
    "pictures": "Pictures kept.",
    "pictures_bytes": "Size of the pictures kept.",
}
PREFIX = "alprcore_agent_"


class Metrics:
    """Numbers by name and labels; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str], float] = {}

    def add(self, name: str, by: float = 1, **labels: object) -> None:
        """Count on."""
        key = (name, _labels(labels))
        with self._lock:
            self._values[key] = self._values.get(key, 0) + by

    def put(self, name: str, value: float, **labels: object) -> None:
        """Say what a gauge stands at."""
        with self._lock:
            self._values[name, _labels(labels)] = value

    def get(self, name: str, **labels: object) -> float:
        """Return a number; 0 where nothing was said."""
        with self._lock:
            return self._values.get((name, _labels(labels)), 0)

    def text(self) -> str:
        """Return all numbers in Prometheus' text format, version 0.0.4."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        with self._lock:
            values = dict(self._values)
        yield f"# HELP {PREFIX}build_info Version of the program."
        yield f"# TYPE {PREFIX}build_info gauge"
        yield f'{PREFIX}build_info{{version="{metadata.version("alprcore")}"}} 1'
        for kind, table in (("counter", COUNTERS), ("gauge", GAUGES)):
            for name, meaning in table.items():
                yield f"# HELP {PREFIX}{name} {meaning}"
                yield f"# TYPE {PREFIX}{name} {kind}"
                for (known, labels), value in sorted(values.items()):
                    if known == name:
                        yield f"{PREFIX}{name}{labels} {value:.15g}"


def _labels(labels: dict[str, object]) -> str:
    pairs = [f'{name}="{str(value).translate(_ESCAPED)}"' for name, value in sorted(labels.items())]
    return f"{{{','.join(pairs)}}}" if pairs else ""


_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
