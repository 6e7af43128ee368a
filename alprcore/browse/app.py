# SPDX-License-Identifier: Apache-2.0
"""The application: the page, what it asks, and its pictures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alprcore.browse import answers
from alprcore.browse.browsed import BrowsedCase
from alprcore.browse.desk import Desk
from alprcore.browse.guard import Guard
from alprcore.browse.pictures import name_for_download, source_jpeg, stored_crop, wanted_source
from alprcore.browse.selection import MOST_EXPORTED, exported
from alprcore.errors import AlprError, CaseError

MAX_BODY = 4 * 2**20
"""Bytes of a request: the numbers of 100,000 reads are 0.7 MB."""

PICTURES_AT_ONCE = 2
"""A picture of 50 megapixels takes 150 MB while it is shrunk."""

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_DOWNLOADS = {"csv": "text/csv", "jsonl": "application/x-ndjson"}

Handler = Callable[[Request], Awaitable[Response]]
Note = Callable[[str, dict[str, Any]], None]


def create_app(folder: Path, *, port: int, note: Note | None = None) -> Starlette:
    """Return the application for one case.

    Parameters
    ----------
    folder
        The case's.
    port
        Where it will listen: a request must name it.
    note
        Takes searches and exports for the case's log; nothing is written without it.
    """
    desk = Desk(folder)
    turns = asyncio.Semaphore(PICTURES_AT_ONCE)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        desk.close()

    number = "/{number:int}"
    return Starlette(
        routes=[
            *(
                Route(path, _asset(name), methods=["GET"])
                for path, name in (
                    ("/", "page.html"),
                    ("/page.css", "page.css"),
                    ("/page.js", "page.js"),
                )
            ),
            Route("/case", _answer(desk, lambda _: answers.summary), methods=["GET"]),
            Route("/reads", _search(desk, note), methods=["GET"]),
            Route(f"/reads{number}", _of_read(desk, answers.whole_read), methods=["GET"]),
            Route(f"/reads{number}/links", _of_read(desk, answers.linked), methods=["GET"]),
            Route(f"/reads{number}/crop", _crop(desk), methods=["GET"]),
            Route(f"/reads{number}/picture", _picture(desk, turns), methods=["GET"]),
            Route("/export", _export(desk, note), methods=["POST"]),
        ],
        middleware=[Middleware(Guard, port=port)],
        exception_handlers={AlprError: _on_error, ClientDisconnect: _on_gone},
        lifespan=lifespan,
    )


def _asset(name: str) -> Handler:
    content = resources.files("alprcore.browse").joinpath(name).read_bytes()
    kind = f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8"

    async def asset(_: Request) -> Response:
        return Response(content, headers={"Content-Type": kind})

    return asset


def _answer(desk: Desk, work: Callable[[Request], Callable[[BrowsedCase], Any]]) -> Handler:
    async def answer(request: Request) -> Response:
        return JSONResponse(await desk.ask(work(request)))

    return answer


def _of_read(desk: Desk, work: Callable[[BrowsedCase, int], Any]) -> Handler:
    return _answer(desk, lambda request: lambda case: work(case, _number(request)))


def _number(request: Request) -> int:
    number: int = request.path_params["number"]
    if number >= 2**63:  # beyond what SQLite takes
        raise CaseError(f"no read has the id {number}")
    return number


def _search(desk: Desk, note: Note | None) -> Handler:
    async def search(request: Request) -> Response:
        asked = dict(request.query_params)
        reply = await desk.ask(lambda case: answers.found(case, asked))
        if note is not None and reply["pattern"] and asked.get("offset", "0") == "0":
            limits = answers.filters_of(asked).described()
            data = {"pattern": reply["pattern"], "hits": reply["total"], "limits": limits}
            await asyncio.to_thread(note, "searched", data)
        return JSONResponse(reply)

    return search


def _crop(desk: Desk) -> Handler:
    async def crop(request: Request) -> Response:
        content = await desk.ask(lambda case: stored_crop(case, _number(request)))
        return Response(content, media_type="image/jpeg")

    return crop


def _picture(desk: Desk, turns: asyncio.Semaphore) -> Handler:
    async def picture(request: Request) -> Response:
        wanted = await desk.ask(lambda case: wanted_source(case, _number(request)))
        full = request.query_params.get("full") == "1"
        async with turns:
            content = await asyncio.to_thread(source_jpeg, wanted, full=full)
        return Response(content, media_type="image/jpeg")

    return picture


def _export(desk: Desk, note: Note | None) -> Handler:
    async def export(request: Request) -> Response:
        kind, numbers, pattern = _asked_export(await _body(request))
        text = await desk.ask(lambda case: exported(case, kind, numbers, pattern))
        if note is not None:
            data = {"format": kind, "reads": len(numbers), "out": "browser"}
            await asyncio.to_thread(note, "exported", data)
        name = name_for_download(desk.folder.resolve(), kind)
        return Response(
            text.encode("utf-8"),
            media_type=_DOWNLOADS[kind],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return export


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise CaseError(f"export: more than {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)


def _asked_export(body: bytes) -> tuple[str, list[int], str]:
    try:
        asked = json.loads(body)
        kind, numbers, pattern = asked["format"], asked["reads"], asked.get("pattern", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CaseError("export: expected an object with format and reads") from error
    whole = isinstance(numbers, list) and all(
        isinstance(each, int) and 0 <= each < 2**63 for each in numbers
    )
    if not whole or not isinstance(kind, str) or not isinstance(pattern, str):
        raise CaseError("export: expected format, a text, and reads, a list of ids")
    if not 0 < len(numbers) <= MOST_EXPORTED:
        raise CaseError(f"export: expected 1 to {MOST_EXPORTED} reads, got {len(numbers)}")
    return kind, numbers, pattern


async def _on_error(_: Request, error: Exception) -> Response:
    text = str(error)
    return JSONResponse({"error": text}, status_code=404 if "no read has" in text else 400)


async def _on_gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it
