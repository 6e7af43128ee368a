# SPDX-License-Identifier: Apache-2.0
"""The agent's port: pictures and messages of what passed, and numbers for Prometheus."""

from __future__ import annotations

import html
import socket
import threading
import time
from collections.abc import Mapping

import cv2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
)
from starlette.routing import Route

from alprcore.agent.metrics import Metrics
from alprcore.agent.pictures import Pictures
from alprcore.agent.settings import AgentSettings
from alprcore.errors import AlprError
from alprcore.picture.load import load_frame
from alprcore.records import Frame

MOST_LINKS = 500  # groups on the page
MOST_MS = 10**15
_JPEG = "image/jpeg"


class _BadRequestError(Exception):
    """What is asked makes no sense."""


def create_app(settings: AgentSettings, metrics: Metrics, pictures: Pictures | None) -> Starlette:
    """Return the application.

    Parameters
    ----------
    settings : AgentSettings
    metrics : Metrics
    pictures : Pictures or None
        What is kept; without it the paths of pictures answer 404.
    """

    def image(request: Request) -> Response:
        box = _numbers(request.query_params, ("x", "y", "width", "height"))
        if box is not None:
            box = (box[0], box[1], box[0] + box[2], box[1] + box[3])
        return _picture(pictures, request, box)

    def crop(request: Request) -> Response:
        box = _numbers(request.query_params, ("x1", "y1", "x2", "y2"))
        return _picture(pictures, request, box)

    def listed(request: Request) -> Response:
        start, end = (
            _number(request.query_params, name, default)
            for name, default in (("start", 0), ("end", MOST_MS))
        )
        found = pictures.groups(start, end) if pictures else []
        body = [{"time": str(e.epoch_ms), "key": e.name.removesuffix(".json")} for e in found]
        return JSONResponse(body, 200 if body else 404)

    def meta(request: Request) -> Response:
        found = pictures.get(request.path_params["key"], ".json") if pictures else None
        if found is None:
            return PlainTextResponse("Not found\n", 404)
        return Response(found, media_type="application/json")

    def numbers(_: Request) -> Response:
        return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

    def index(_: Request) -> Response:
        return HTMLResponse(_page(settings, pictures))

    routes = [
        Route("/", index),
        Route("/img/{uuid}", image),
        Route("/crop/{uuid}", crop),
        Route("/list", listed),
        Route("/meta/{key}", meta),
        Route("/metrics", numbers),
    ]
    return Starlette(routes=routes, exception_handlers={_BadRequestError: _refused})


class Port:
    """The application, served by a thread of its own.

    Raises
    ------
    AlprError
        If the address cannot be listened on.
    """

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise AlprError(f"web_server_port: {host}:{port}: {error.strerror}") from error
        self.number: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, ws="none", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="port", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._socket.close()


async def _refused(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 400)


def _picture(pictures: Pictures | None, request: Request, box: tuple[int, ...] | None) -> Response:
    """Return a frame that is kept, or a box of it, not wider than ``max_width``."""
    widest = _number(request.query_params, "max_width", 0)
    uuid = request.path_params["uuid"].removesuffix(".jpg")
    found = pictures.get(uuid, ".jpg") if pictures else None
    if found is None:
        return PlainTextResponse("Not found\n", 404)
    if box is None and not widest:
        return Response(found, media_type=_JPEG)
    part = _part(load_frame(found), box, widest)
    return Response(cv2.imencode(".jpg", part)[1].tobytes(), media_type=_JPEG)


def _part(image: Frame, box: tuple[int, ...] | None, widest: int) -> Frame:
    rows, cols = image.shape[:2]
    left, top, right, bottom = box or (0, 0, cols, rows)
    part = image[max(0, top) : min(rows, bottom), max(0, left) : min(cols, right)]
    if part.size == 0:
        raise _BadRequestError(f"expected a box inside of {cols} x {rows} pixels")
    if 0 < widest < part.shape[1]:
        height = max(1, round(part.shape[0] * widest / part.shape[1]))
        part = cv2.resize(part, (widest, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return part


def _numbers(query: Mapping[str, str], names: tuple[str, ...]) -> tuple[int, ...] | None:
    """Return the numbers of those names; None when there is none of them."""
    if not any(name in query for name in names):
        return None
    return tuple(_number(query, name, None) for name in names)


def _number(query: Mapping[str, str], name: str, default: int | None) -> int:
    text = query.get(name, "" if default is None else str(default))
    if not text.isascii() or not text.isdecimal() or int(text) > MOST_MS:
        raise _BadRequestError(f"{name}: expected a whole number")
    return int(text)


def _page(settings: AgentSettings, pictures: Pictures | None) -> str:
    """Return a list of the last vehicles; scrapers look for the links and the earliest date."""
    groups = pictures.groups(0, MOST_MS)[-MOST_LINKS:] if pictures else []
    earliest = pictures.earliest_ms if pictures else -1
    lines = [
        f'<li><a href="/meta/{key}">{key}</a> <a href="/img/{key}.jpg">picture</a>'
        f" {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(each.epoch_ms / 1000))} UTC</li>"
        for each in reversed(groups)
        for key in [html.escape(each.name.removesuffix(".json"))]
    ]
    title = html.escape(settings.site_id or "alprcore agent")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>Earliest date epoch: {earliest}</p><ul>{''.join(lines)}</ul></html>"
    )
