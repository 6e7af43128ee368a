# SPDX-License-Identifier: Apache-2.0
"""A case with a hostile name in it, and ``alprcore archive serve`` as a process of its own."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive_tools import add_to, sample, small_tree, with_exif

HOSTILE = "<img src=x onerror=document.title=1>&'\"\n.jpg"


def hostile_case(folder: Path) -> Path:
    """A case of six sources at seven places, one unreadable, one with markup in its name."""
    tree = small_tree(folder / "tree")
    (tree / HOSTILE).write_bytes(with_exif(sample("eu.jpg"), time="2024:05:03 09:00:00"))
    add_to(folder / "case", tree, tasks=("plate", "color"))
    return folder / "case"


@contextmanager
def serving(case: Path, *words: str) -> Iterator[int]:
    """Serve a case while the block runs; yields the port."""
    command = [sys.executable, "-m", "alprcore", "archive", "serve", str(case), "--port", "0"]
    process = subprocess.Popen([*command, *words], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, line
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


def asked(
    port: int, path: str, *, method: str = "GET", body: Any = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a reply; headers with _ for - are sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, content, sent)
        reply = connection.getresponse()
        found = {name.lower(): value for name, value in reply.getheaders()}
        return reply.status, found, reply.read()
    finally:
        connection.close()


def answer(port: int, path: str) -> Any:
    """The JSON of a reply that is all right."""
    status, _, content = asked(port, path)
    assert status == 200, content
    return json.loads(content)
