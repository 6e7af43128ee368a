# SPDX-License-Identifier: Apache-2.0
"""What the server counts, as Prometheus text: sums over all worker processes.

Counters go on when a worker is replaced. Gauges are sums over the workers
that are alive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from alprcore.server.watching.cells import Cells, make_cells

ENDPOINTS = (
    "/v1/recognize",
    "/v2/recognize",
    "/v2/recognize_bytes",
    "/v2/recognize_url",
    "/v3/recognize",
    "/v3/recognize_bytes",
    "/v3/recognize_url",
    "/v3/config",
    "/health",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/",
    "/page",
    "other",
)
_STATUSES = (200, 204, 304, 400, 401, 402, 403, 404, 405, 408, 413, 499, 500, 503)
_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_HISTOGRAMS = {
    "alprcore_request_seconds": "From a request's headers to the last byte of its reply.",
    "alprcore_recognition_seconds": "Waiting for a thread and recognition of a picture.",
}
_COUNTERS = {
    "alprcore_plates_total": "Plates in replies.",
    "alprcore_credits_total": "Credits charged.",
    "alprcore_received_bytes_total": "Bytes of request bodies.",
}
_GAUGES = {
    "alprcore_workers": "Worker processes.",
    "alprcore_workers_ready": "Worker processes whose engine is loaded.",
    "alprcore_requests_in_flight": "Requests being answered.",
    "alprcore_recognitions_pending": "Pictures being recognized or waiting for it.",
    "alprcore_buffered_bytes": "Bytes of request bodies in memory.",
}
_REQUESTS = "alprcore_requests_total"


def _columns() -> dict[str, int]:
    """Return the column of each number, by the name it has in the text."""
    names = [
        _request_name(endpoint, status)
        for endpoint in ENDPOINTS
        for status in (*_STATUSES, "other")
    ]
    for histogram in _HISTOGRAMS:
        names += [f'{histogram}_bucket{{le="{bound}"}}' for bound in (*_BOUNDS_S, "+Inf")]
        names.append(f"{histogram}_sum")
    names += [*_COUNTERS, *_GAUGES]
    return {name: column for column, name in enumerate(names)}


def _request_name(endpoint: str, status: int | str) -> str:
    return f'{_REQUESTS}{{endpoint="{endpoint}",status="{status}"}}'


_COLUMNS = _columns()


class Metrics:
    """Counts what this process does; shows what all do.

    Parameters
    ----------
    path
        File made by `make_metrics`, None for a process that works alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._cells = Cells(len(_COLUMNS), path)
        for name in _GAUGES:  # the row may be of a worker that has exited
            self.gauge(name, 0)
        self.gauge("alprcore_workers", 1)

    def request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        known = status if status in _STATUSES else "other"
        self._cells.add(_COLUMNS[_request_name(endpoint, known)])
        self._observe("alprcore_request_seconds", seconds)

    def recognition(self, seconds: float) -> None:
        """Count a picture that was recognized, `seconds` after it took its place in the queue."""
        self._observe("alprcore_recognition_seconds", seconds)

    def charged(self, cost: int, *, plates: int) -> None:
        """Count a picture that was charged for, and so its plates are in a reply."""
        self._cells.add(_COLUMNS["alprcore_plates_total"], plates)
        self._cells.add(_COLUMNS["alprcore_credits_total"], cost)

    def received(self, size: int) -> None:
        """Count the bytes of a body."""
        self._cells.add(_COLUMNS["alprcore_received_bytes_total"], size)

    def gauge(self, name: str, value: float) -> None:
        """Say what a gauge of this process stands at."""
        self._cells.put(_COLUMNS[name], value)

    def credits_charged(self) -> int:
        """Return the credits that all processes charged since the server started."""
        return int(self._cells.sums()[_COLUMNS["alprcore_credits_total"]])

    def workers_ready(self) -> int:
        """Return how many worker processes are alive and ready."""
        return int(self._cells.sums_of_the_living()[_COLUMNS["alprcore_workers_ready"]])

    def text(self) -> str:
        """Return all numbers in Prometheus' text format, version 0.0.4."""
        return "\n".join(self._lines()) + "\n"

    def close(self) -> None:
        """Stop counting."""
        for name in _GAUGES:
            self.gauge(name, 0)
        self._cells.close()

    def _observe(self, histogram: str, seconds: float) -> None:
        bound = (*_BOUNDS_S, "+Inf")[bisect_left(_BOUNDS_S, seconds)]
        self._cells.add(_COLUMNS[f'{histogram}_bucket{{le="{bound}"}}'])
        self._cells.add(_COLUMNS[f"{histogram}_sum"], seconds)

    def _lines(self) -> Iterator[str]:
        sums = self._cells.sums()
        yield "# HELP alprcore_build_info Version of the program."
        yield "# TYPE alprcore_build_info gauge"
        yield f'alprcore_build_info{{version="{metadata.version("alprcore")}"}} 1'
        yield f"# HELP {_REQUESTS} Requests answered; 499 is a client that went away."
        yield f"# TYPE {_REQUESTS} counter"
        for name, column in _COLUMNS.items():
            if name.startswith(_REQUESTS) and sums[column]:
                yield f"{name} {sums[column]:.0f}"
        for name, meaning in _HISTOGRAMS.items():
            yield f"# HELP {name} {meaning}"
            yield f"# TYPE {name} histogram"
            count = 0
            for bound in (*_BOUNDS_S, "+Inf"):
                label = f'{name}_bucket{{le="{bound}"}}'
                count += int(sums[_COLUMNS[label]])
                yield f"{label} {count}"
            yield f"{name}_sum {sums[_COLUMNS[f'{name}_sum']]:.6f}"
            yield f"{name}_count {count}"
        now = self._cells.sums_of_the_living()
        for kind, names, values in (("counter", _COUNTERS, sums), ("gauge", _GAUGES, now)):
            for name, meaning in names.items():
                yield f"# HELP {name} {meaning}"
                yield f"# TYPE {name} {kind}"
                yield f"{name} {values[_COLUMNS[name]]:.0f}"


def make_metrics(path: Path, *, workers: int) -> None:
    """Write the file through which `workers` processes add up what they count."""
    make_cells(path, columns=len(_COLUMNS), workers=workers)
