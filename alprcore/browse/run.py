# SPDX-License-Identifier: Apache-2.0
"""Serving the page of a case, on this machine alone, until it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from alprcore.archive.case import Case
from alprcore.browse.app import Note, create_app
from alprcore.server.http.listener import listen


def serve(
    folder: Path, *, port: int, log: dict[str, Any] | None, say: Callable[[str], None]
) -> None:
    """Serve a case until the process is stopped.

    Parameters
    ----------
    folder
        The case's.
    port
        On the loopback interface; 0 for a free one.
    log
        What is written down with each search and export; None writes nothing.
    say
        Takes the address.

    Raises
    ------
    AlprError
        If there is no case, or the port is taken.
    """
    Case.open(folder).close()  # a clear message before anything is served
    listener = listen("127.0.0.1", port)
    taken = listener.getsockname()[1]
    say(f"{folder}: http://127.0.0.1:{taken}/ (Ctrl-C stops it)")
    app = create_app(folder, port=taken, note=None if log is None else _noting(folder, log))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        ws="none",
        timeout_graceful_shutdown=3,
        limit_concurrency=64,
        h11_max_incomplete_event_size=64 * 1024,
    )
    uvicorn.Server(config).run([listener])


def _noting(folder: Path, always: dict[str, Any]) -> Note:
    def note(action: str, data: dict[str, Any]) -> None:
        with Case.open(folder, read_only=False) as case:
            case.note(action, {**data, **always})

    return note
