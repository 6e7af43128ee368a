# SPDX-License-Identifier: Apache-2.0
"""``alprcore compare``: this package beside another recognizer, on labelled pictures."""

from __future__ import annotations

import argparse
import csv
import http.client
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from alprcore.cli.evaluate import labels_of
from alprcore.cli.options import add_engine_options, engine_of
from alprcore.cli.progress import progress
from alprcore.errors import AlprError
from alprcore.evaluation.asking import APIS, Server, StopAsking, ask, collect
from alprcore.evaluation.beside import Labels, ours, theirs
from alprcore.evaluation.replies import Store
from alprcore.evaluation.table import COLUMNS, Comparison, cells, comparison, html, text
from alprcore.wire.table import harmless

if TYPE_CHECKING:
    from alprcore.cli.options import Commands

ANY_KEY = "none"  # the interface asks for a key even where the server takes any
KEY_VARIABLE = "ALPR_SECRET_KEY"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "compare",
        help="count right readings beside another recognizer's",
        description="Sends the pictures of FOLDER/truth.csv to a server, keeps each reply as it"
        f" came, and prints both sides. The key comes from {KEY_VARIABLE} or --key-file.",
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="pictures and a truth.csv")
    add("--save", type=Path, required=True, metavar="DIR", help="replies go and lie here")
    add("--url", metavar="URL", help="the other server, without the version")
    add("--api", choices=APIS, default="v2", help="its form (default: %(default)s)")
    add("--offline", action="store_true", help="count the replies in DIR; send nothing")
    add("--own-url", metavar="URL", help="a server of ours: its time over HTTP beside the other's")
    add("--vehicles", action="store_true", help="colour and make as well: may cost more credits")
    add("--limit", type=int, metavar="N", help="the first N pictures only")
    add("--key-file", type=Path, metavar="FILE", help=f"holds the key; else {KEY_VARIABLE} does")
    add("--timeout", type=float, default=60, metavar="S", help="for one reply (default: 60)")
    add("--max-wait", type=float, default=600, metavar="S", help="for a busy server (default: 600)")
    add("--ask-again", action="store_true", help="also what was asked in vain, and may be charged")
    add("--differences", action="store_true", help="list what either side misread")
    add("--csv", type=Path, metavar="FILE", help="a row per plate, with both confidences")
    add("--html", type=Path, metavar="FILE", help="one page that opens offline")
    add_engine_options(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Compare; return 1 when asking had to stop early or nothing was replied, else 0.

    Raises
    ------
    AlprError
        If the labels cannot be read, or an option is wrong.
    """
    labels = dict(list(labels_of(chosen.folder, None).items())[: chosen.limit])
    store, code = Store(chosen.save), 0
    if not chosen.offline:
        try:
            _collect(chosen, labels, store)
        except StopAsking as stop:
            print(f"alprcore: stopped: {stop}", file=sys.stderr)
            code = 1
    other = theirs(store, labels)
    if not other.replies:
        print("alprcore: no replies to count", file=sys.stderr)
        return 1
    engine = engine_of(chosen)
    with progress(len(other.replies), "picture", "alprcore") as bar:
        own = ours(
            chosen.folder,
            list(other.replies),
            engine,
            vehicles=chosen.vehicles,
            main_first=chosen.api == "v1",
            step=bar.step,
        )
    if chosen.own_url:
        own.over_http_ms = _times_of(chosen, list(other.replies))
    found = comparison(labels, own, other)
    print(text(found, topn=engine.settings.topn, differences=chosen.differences))
    _write(chosen, found, engine.settings.topn)
    return code


def _collect(chosen: argparse.Namespace, labels: Labels, store: Store) -> None:
    if not chosen.url:
        raise AlprError("compare: expected --url, or --offline")
    server = _server(chosen, chosen.url, _key(chosen, chosen.url))
    store.claim(server.described())
    with progress(len(labels), "picture", "other") as bar:
        done = collect(
            chosen.folder,
            labels,
            server,
            store,
            max_wait=chosen.max_wait,
            again=chosen.ask_again,
            complain=lambda line: bar.complain(f"alprcore: {line}"),
            step=bar.step,
        )
    print(f"sent {done.sent}, refused {len(done.refused)}, asked in vain {len(done.unanswered)}")


def _server(chosen: argparse.Namespace, url: str, key: str) -> Server:
    topn = chosen.topn if chosen.topn is not None else 10
    return Server(url, chosen.api, chosen.country, topn, chosen.vehicles, key, chosen.timeout)


def _key(chosen: argparse.Namespace, url: str) -> str:
    """Return the key; refuse to send one in clear text to another machine."""
    key = os.environ.get(KEY_VARIABLE, "")
    if chosen.key_file:
        try:
            key = chosen.key_file.read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise AlprError(f"{chosen.key_file}: the key cannot be read: {error}") from error
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise AlprError(f"--url: expected http://… or https://…, got {url!r}")
    if key and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise AlprError("--url: a key goes over https only, except to this machine")
    return key or ANY_KEY


def _times_of(chosen: argparse.Namespace, images: list[str]) -> list[float]:
    """Return how long our own server takes over HTTP, in milliseconds, for each picture."""
    server = _server(chosen, chosen.own_url, ANY_KEY)
    times = []
    with progress(len(images), "picture", "our server") as bar:
        for number, image in enumerate([images[0], *images]):
            try:
                answer = ask(server, chosen.folder / image)
            except (OSError, http.client.HTTPException) as error:
                raise AlprError(f"--own-url: no answer: {error}") from error
            if answer.status not in {200, 201}:
                raise AlprError(f"--own-url: status {answer.status}")
            if number:  # the first is asked twice: it is slower than the rest
                times.append(answer.elapsed_ms)
                bar.step()
    return times


def _write(chosen: argparse.Namespace, found: Comparison, topn: int) -> None:
    if chosen.csv:
        with chosen.csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([harmless(cell) for cell in cells(each)] for each in found.plates)
    if chosen.html:
        title = f"alprcore beside {chosen.url or 'another recognizer'}"
        page = html(found, title=title, topn=topn)
        chosen.html.write_text(page, "utf-8")
