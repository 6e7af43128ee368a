# SPDX-License-Identifier: Apache-2.0
"""The application: its paths, and what it loads at its start and lets go of at its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from alprcore.engine import Engine
from alprcore.server.accounts.cashier import FileCashier, OpenCashier
from alprcore.server.api.capabilities import config_body
from alprcore.server.api.json_replies import json_reply, problem_reply
from alprcore.server.api.openapi import document
from alprcore.server.api.parameters import file_source, url_source, v1_source
from alprcore.server.api.problems import Problem
from alprcore.server.config import Serving, threads_of
from alprcore.server.doors.codeproject import VISION
from alprcore.server.doors.openapi import door_paths
from alprcore.server.doors.plate_recognizer import SNAPSHOT
from alprcore.server.engines import Recognizer, load_engine
from alprcore.server.fetch.download import Downloader, UrlRules
from alprcore.server.http.body import Buffers, ClientDisconnected
from alprcore.server.page.routes import page_routes
from alprcore.server.service import Endpoint, Service, endpoint_of
from alprcore.server.watching.logs import LOG, log
from alprcore.server.watching.metrics import Metrics
from alprcore.server.watching.watch import Watch
from alprcore.wire.numbers import json_text as json_line

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ENDPOINTS = {
    "/v1/recognize": Endpoint(1, v1_source),
    "/v2/recognize": Endpoint(2, file_source),
    "/v2/recognize_bytes": Endpoint(2, None),
    "/v2/recognize_url": Endpoint(2, url_source),
    "/v3/recognize": Endpoint(3, file_source),
    "/v3/recognize_bytes": Endpoint(3, None),
    "/v3/recognize_url": Endpoint(3, url_source),
    "/v1/plate-reader/": endpoint_of(SNAPSHOT),
    "/v1/plate-reader": endpoint_of(SNAPSHOT),
    "/v1/vision/alpr": endpoint_of(VISION),
}

Handler = Callable[[Request], Awaitable[Response]]


def create_app(
    serving: Serving,
    *,
    load: Callable[[Serving], Engine] = load_engine,
    url_rules: UrlRules | None = None,
) -> Starlette:
    """Return the application of one worker process.

    Parameters
    ----------
    serving
        How the server is started.
    load
        Returns the engine.
    url_rules
        Which URLs may be fetched; those of `serving` unless given.

    Raises
    ------
    AlprError
        If the account file cannot be used.

    Notes
    -----
    ``state.exit_code`` of the application is what its process should end with.
    """
    limits = serving.limits
    metrics = Metrics(serving.metrics)
    service = Service(
        serving=serving,
        recognizer=Recognizer(
            load, serving, count=partial(metrics.gauge, "alprcore_recognitions_pending")
        ),
        cashier=FileCashier(serving.accounts) if serving.accounts else OpenCashier(metrics),
        downloader=Downloader(url_rules or UrlRules(hosts=serving.url_hosts), limits),
        metrics=metrics,
        buffers=Buffers(limits, count=partial(metrics.gauge, "alprcore_buffered_bytes")),
    )
    app = Starlette(
        routes=_routes(service),
        middleware=[Middleware(Watch, metrics=metrics)],
        exception_handlers={
            Problem: _on_problem,
            ClientDisconnected: _on_gone,
            HTTPException: _on_http_error,
        },
        lifespan=_lifespan(service),
    )
    app.router.redirect_slashes = False
    app.state.exit_code = 0
    return app


def _routes(service: Service) -> list[Route]:
    recognition = [
        Route(path, _recognition(service, endpoint), methods=["POST", "OPTIONS"])
        for path, endpoint in _ENDPOINTS.items()
    ]
    return [
        *recognition,
        Route(
            "/v3/config",
            _constant(json_line(config_body(service.serving.settings))),
            methods=["GET"],
        ),
        Route("/openapi.json", _constant(json_line(document(door_paths()))), methods=["GET"]),
        Route("/health", _constant('{"status":"ready"}'), methods=["GET"]),
        Route("/readyz", _readyz(service), methods=["GET"]),
        Route("/metrics", _metrics(service), methods=["GET"]),
        *page_routes(),
    ]


def _lifespan(service: Service) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = []
        if service.serving.workers > 1:
            tasks.append(asyncio.create_task(_follow_parent()))
        # No connection is taken before this is done: it waits, or a worker that is ready takes it.
        await _load(service, app)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(service.recognizer.close)
        await service.cashier.close()
        service.metrics.close()

    return lifespan


async def _follow_parent() -> None:
    """Exit when the parent has died; nothing else would stop an orphaned worker."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(2.0)
    log("the parent process is gone")
    os.kill(os.getpid(), signal.SIGTERM)


async def _load(service: Service, app: Starlette) -> None:
    """Load the engine; without one there is nothing to serve, so the process ends."""
    try:
        await service.recognizer.load()
    except Exception:
        LOG.exception("the engine cannot be loaded")
        app.state.exit_code = 1
        logging.getLogger("uvicorn.error").disabled = True  # it would say all of that again
        raise
    service.metrics.gauge("alprcore_workers_ready", 1)
    log("ready", threads=threads_of(service.serving))


def _recognition(service: Service, endpoint: Endpoint) -> Handler:
    async def recognize(request: Request) -> Response:
        if request.method == "OPTIONS":  # what browsers ask before they call from another page
            return Response(status_code=204, headers={"Access-Control-Max-Age": "86400"})
        try:
            return await service.answer(request, endpoint)
        except Problem as problem:
            if endpoint.door is None:
                raise
            status, body = endpoint.door.problem(problem.status, problem.text)
            closing = {"Connection": "close"} if problem.close else {}
            headers = {**problem.headers, **closing}
            return json_reply(json_line(body), status=status, headers=headers)

    return recognize


def _constant(text: str) -> Handler:
    async def constant(_: Request) -> Response:
        return json_reply(text)

    return constant


def _readyz(service: Service) -> Handler:
    workers = service.serving.workers

    async def readyz(_: Request) -> Response:
        ready = service.metrics.workers_ready()
        if ready < workers:
            text = f"{ready} of {workers} workers are ready"
            return problem_reply(503, text, headers={"Retry-After": "1"})
        return json_reply(f'{{"status":"ready","workers":{ready}}}')

    return readyz


def _metrics(service: Service) -> Handler:
    async def metrics(_: Request) -> Response:
        return PlainTextResponse(service.metrics.text(), headers={"Content-Type": _METRICS_TYPE})

    return metrics


async def _on_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem_reply(problem.status, problem.text, headers=problem.headers, close=problem.close)


async def _on_gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it; the log does


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if allowed := headers.get("Allow"):  # out of a set, in any order
        headers["Allow"] = ", ".join(sorted(allowed.split(", ")))
    return problem_reply(error.status_code, error.detail, headers=headers)
