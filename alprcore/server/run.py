# SPDX-License-Identifier: Apache-2.0
"""Starting the server: its socket, its processes, and what must be right before."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from alprcore.errors import AlprError
from alprcore.server.accounts.file import Accounts
from alprcore.server.api.capabilities import config_body
from alprcore.server.app import create_app
from alprcore.server.config import Serving
from alprcore.server.engines import load_engine
from alprcore.server.http.listener import listen
from alprcore.server.http.protocol import GuardedProtocol
from alprcore.server.processes import LastCallServer, Workers
from alprcore.server.watching.logs import log, set_up_logs
from alprcore.server.watching.metrics import make_metrics

_OPEN = "no account file: any secret_key is taken, from this machine alone"


class ServeError(AlprError):
    """The server cannot start as asked."""


def serve(serving: Serving, *, say: Callable[[str], None]) -> None:
    """Serve until the process is stopped.

    Parameters
    ----------
    serving
        What to serve and where.
    say
        Takes what the operator should know at the start.

    Raises
    ------
    AlprError
        If the address cannot be listened at, may not be without accounts, or something that
        every worker needs is missing.
    """
    with contextlib.ExitStack() as stack:
        if serving.keys and serving.accounts is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="alprcore-"))
            serving = replace(serving, accounts=Path(folder) / "accounts.db")
        _serve(serving, say)


def _serve(serving: Serving, say: Callable[[str], None]) -> None:
    check(serving)
    listener = listen(serving.host, serving.port)
    set_up_logs()
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    say(f"serving on http://{shown}:{port}")
    log("serving", host=host, port=port, workers=serving.workers)
    if serving.accounts is None:
        say(_OPEN)
        log(_OPEN, level=logging.WARNING)
    if serving.workers == 1:
        _run_alone(serving, listener)
    else:
        with tempfile.TemporaryDirectory(prefix="alprcore-") as folder:
            path = Path(folder) / "metrics"
            make_metrics(path, workers=serving.workers)
            _run_workers(replace(serving, metrics=path), listener)


def check(serving: Serving) -> None:
    """Raise an `AlprError` for what would stop every worker, or should stop the operator."""
    if serving.workers > 1 and sys.platform == "win32":
        raise ServeError("serve: several workers are not supported on Windows")
    if serving.accounts is not None:
        accounts = Accounts(serving.accounts, create=bool(serving.keys))
        for name, key in serving.keys:
            accounts.ensure(name, key)
        usable = [key for key in accounts.keys() if key.revoked is None]  # noqa: SIM118
        accounts.close()
        if not usable:
            raise ServeError(f"serve: {str(serving.accounts)!r} has no key; see `alprcore keys`")
    elif not is_loopback(serving.host):
        raise ServeError(
            f"serve: {serving.host} can be reached from other machines: give --accounts a file"
            " with keys, or keep to 127.0.0.1"
        )
    if serving.workers > 1:
        # Once here, with a clear message, rather than in every worker for ever.
        load_engine(serving)
        config_body(serving.settings)


def is_loopback(host: str) -> bool:
    """Return whether all addresses of `host` are this machine's alone."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServeError(f"serve: no address {host!r}: {error.strerror}") from error
    return all(ip_address(str(where[0]).partition("%")[0]).is_loopback for *_, where in found)


def worker_app(serving: Serving) -> Starlette:
    """Return the application of a worker process, which logs as a server should."""
    set_up_logs()
    return create_app(serving)


def config_of(serving: Serving, app: Callable[[], Starlette]) -> uvicorn.Config:
    """Return how uvicorn is to run `app`."""
    limits = serving.limits
    return uvicorn.Config(
        app,
        factory=True,
        http=partial(GuardedProtocol, limits),  # type: ignore[arg-type] # called like the class
        loop="asyncio",
        ws="none",
        lifespan="on",
        workers=serving.workers,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive_s,
        timeout_graceful_shutdown=limits.shutdown_s,
        # A worker answers its parent once its modules are loaded: 5 s, uvicorn's default, are too
        # few on a busy machine, where it was killed and started again without end.
        timeout_worker_healthcheck=limits.start_s,
        h11_max_incomplete_event_size=limits.max_head_bytes,
    )


def _run_alone(serving: Serving, listener: socket.socket) -> None:
    app = worker_app(serving)
    # uvicorn shuts down cleanly and then raises the signal again, for the next handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(app.state.exit_code))
    if hasattr(signal, "SIGHUP"):  # several workers are replaced; one alone goes on
        signal.signal(signal.SIGHUP, lambda *_: log("SIGHUP: one worker alone is not replaced"))
    try:
        LastCallServer(config_of(serving, lambda: app)).run([listener])
    except SystemExit:
        sys.exit(app.state.exit_code)  # uvicorn has a number of its own for a failed start


def _run_workers(serving: Serving, listener: socket.socket) -> None:
    config = config_of(serving, partial(worker_app, serving))
    workers = Workers(config, sockets=[listener])
    workers.run()
    if workers.failed:
        raise ServeError("serve: a worker could not start; the log says why")
