# SPDX-License-Identifier: Apache-2.0
"""The page's paths: ``/`` and the files it names."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alprcore.server.page.files import INDEX, PageFile, page_files


def page_routes() -> list[Route]:
    """Return the routes of the page.

    Raises
    ------
    ResourceError
        If a file of it is missing or damaged.
    """
    files = page_files()

    async def index(request: Request) -> Response:
        return _sent(request, files[INDEX])

    async def named(request: Request) -> Response:
        found = files.get(request.url.path.rpartition("/page/")[2])
        if found is None:
            raise HTTPException(404)
        return _sent(request, found)

    return [
        Route("/", index, methods=["GET"]),
        Route("/page/{name}", named, methods=["GET"]),
        Route("/page/samples/{name}", named, methods=["GET"]),
    ]


def _sent(request: Request, file: PageFile) -> Response:
    """Return a file, or 304 where the browser has it already."""
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=file.headers)
    return Response(file.content, headers=file.headers)
