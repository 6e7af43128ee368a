# SPDX-License-Identifier: Apache-2.0
"""The files of the page, and the policy under which a browser takes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

from alprcore.resources import sample_names, sample_path

INDEX = "index.html"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Nothing from elsewhere, nothing inline, no text that turns into a program.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{key} {value}" for key, value in _POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # asked for again each time, and answered with 304
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is sent.

    Attributes
    ----------
    content
        Its bytes.
    headers
        Of the reply, its type and its ``ETag`` among them.
    """

    content: bytes
    headers: dict[str, str]

    @property
    def tag(self) -> str:
        """Its ``ETag``: changes with the content."""
        return self.headers["ETag"]


def page_files() -> dict[str, PageFile]:
    """Return the files of the page by name, `INDEX` and ``samples/eu.jpg`` among them.

    Raises
    ------
    ResourceError
        If a sample picture is missing or damaged.
    """
    folder = resources.files("alprcore.server.page").joinpath("site")
    found = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    for name in sample_names():
        if name.endswith(".jpg") and "/" not in name:
            found[f"samples/{name}"] = sample_path(name).read_bytes()
    return {name: _file(name, content) for name, content in sorted(found.items())}


def _file(name: str, content: bytes) -> PageFile:
    tag = hashlib.sha256(content).hexdigest()[:32]
    kind = _KINDS[PurePosixPath(name).suffix]
    return PageFile(content, {**_HEADERS, "Content-Type": kind, "ETag": f'"{tag}"'})
