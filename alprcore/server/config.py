# SPDX-License-Identifier: Apache-2.0
"""How a server is started, and the limits it holds clients to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from alprcore.settings import Settings

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything a client may use; each worker process counts for itself.

    Attributes
    ----------
    max_body_bytes
        Largest request body, and largest picture fetched from a URL.
    max_head_bytes
        Longest request line with its headers: some clients send the picture in the query string.
    max_fields
        Maximum number of parameters per request, query and body together.
    max_buffered_bytes
        Maximum number of bytes of bodies held at once.
    max_pixels
        Largest picture, width times height; larger ones are refused before they are decoded.
    max_connections
        Maximum number of open connections.
    queue
        Maximum number of requests that wait for a free recognition thread; the next gets 503.
    head_s
        Seconds for a request's line and headers to arrive.
    body_s, min_bytes_per_s
        A body must arrive within `body_s` seconds and one second more for each
        `min_bytes_per_s` of it that has come.
    drain_s
        Seconds for which the rest of a body that nobody wants is read and dropped, so that the
        client gets to read why.
    write_s
        Seconds in which a client must take a part of a reply that waits for it.
    keep_alive_s
        Seconds an idle connection is kept.
    recognition_s
        Seconds for one request from its place in the queue to its plates.
    start_s
        Seconds in which a worker must answer its parent, while it starts as well.
    shutdown_s
        Seconds for requests in flight to finish when the server is stopped.
    url_s
        Seconds for fetching one picture, redirects included.
    url_redirects
        Maximum number of redirects followed.
    downloads
        Maximum number of pictures fetched at once.
    siblings
        Engines kept for recent combinations of country, state, topn and prewarp.
    """

    max_body_bytes: int = 32 * MEGABYTE
    max_head_bytes: int = 4 * MEGABYTE
    max_fields: int = 1000
    max_buffered_bytes: int = 256 * MEGABYTE
    max_pixels: int = 50_000_000
    max_connections: int = 256
    queue: int = 16
    head_s: float = 10.0
    body_s: float = 20.0
    min_bytes_per_s: int = 32 * 1024
    drain_s: float = 5.0
    write_s: float = 20.0
    keep_alive_s: int = 5
    recognition_s: float = 30.0
    start_s: int = 60
    shutdown_s: int = 60
    url_s: float = 15.0
    url_redirects: int = 3
    downloads: int = 8
    siblings: int = 64


@dataclass(frozen=True, slots=True)
class Serving:
    """How a server is started; picklable, each worker process gets it.

    Attributes
    ----------
    host, port
        Address to listen on; port 0 takes a free one.
    workers
        Processes.
    threads
        Recognition threads of each process; 0 shares the cores out among the processes.
    accounts
        SQLite file of `alprcore keys`; None takes any key.
    keys
        Names and keys that the accounts have beside those of the file, ``(name, key)``; with some
        and no file the accounts last as long as the server.
    url_hosts
        Hosts that ``image_url`` may name; with none, ``image_url`` is refused.
    settings
        Of the engine, where requests do not say otherwise.
    log_plates
        Whether plate texts appear in the log.
    metrics
        File that the workers share to add up their counters; None with one worker.
    limits
        What clients may use.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    threads: int = 0
    accounts: Path | None = None
    keys: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    url_hosts: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    log_plates: bool = False
    metrics: Path | None = None
    limits: Limits = field(default_factory=Limits)


def threads_of(serving: Serving) -> int:
    """Return the recognition threads of each worker process."""
    if serving.threads:
        return serving.threads
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, cores // serving.workers)
