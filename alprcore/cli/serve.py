# SPDX-License-Identifier: Apache-2.0
"""``alprcore serve``: the HTTP server."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.cli.numbers import whole
from alprcore.cli.options import add_country_dir_option, configured
from alprcore.errors import AlprError

if TYPE_CHECKING:
    from alprcore.cli.options import Commands

_MEGABYTE = 2**20
_MEGAPIXEL = 10**6


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "serve", help="answer the requests of the OpenALPR cloud API (needs alprcore[server])"
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    port = "0 takes a free one (default: %(default)s)"
    add("--port", type=whole(0, 65_535), default=8080, help=port)
    add("--workers", type=whole(1, 64), default=1, metavar="N", help="processes (default: 1)")
    add(
        "--threads",
        type=whole(1, 64),
        metavar="N",
        help="pictures recognized at once by each worker (default: its share of the cores)",
    )
    add(
        "--accounts",
        type=Path,
        metavar="FILE",
        help="keys, credits and rate limits (see `alprcore keys`); without it any key is taken,"
        " and only from this machine",
    )
    add(
        "--allow-url",
        action="append",
        default=[],
        type=str.lower,
        metavar="HOST[:PORT]",
        help="let image_url name this host; may be given several times (default: no image_url)",
    )
    add("--queue", type=whole(0, 10_000), metavar="N", help="pictures that may wait (default: 16)")
    add("--max-body", type=whole(1, 512), metavar="MB", help="largest request (default: 32)")
    add(
        "--max-pixels",
        type=whole(1, 2000),
        metavar="MP",
        help="largest picture, in megapixels (default: 50)",
    )
    _add_engine_options(parser)
    add(
        "--log-plates",
        action="store_true",
        help="write plate texts into the log (default: only how many there were)",
    )
    from_environment(parser, os.environ)
    parser.set_defaults(run=run)


def from_environment(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Take the defaults of options from ``ALPRCORE_<OPTION>``; what is given overrides them.

    A switch is on with ``1``, ``true``, ``yes`` or ``on``; values of an option that may be given
    several times are separated by spaces.
    """
    for action in parser._actions:  # noqa: SLF001 - argparse lists its options nowhere else
        flag = next((each for each in action.option_strings if each.startswith("--")), "")
        value = environment.get("ALPRCORE_" + flag[2:].upper().replace("-", "_"), "")
        if not flag or not value or action.dest == "help":
            continue
        if action.nargs == 0:
            action.default = value.lower() in {"1", "true", "yes", "on"}
        elif isinstance(action.default, list):
            action.default = value.split()
        else:
            action.default = value  # argparse parses a default that is a text


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add what no request can say."""
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="settings of an openalpr.conf")
    add("--bank", metavar="FILE", help="template bank (default: the shipped one)")
    add_country_dir_option(parser)
    add(
        "--detect-region",
        action=argparse.BooleanOptionalAction,
        help="infer the region from the plate's appearance as well",
    )


def keys_in(text: str) -> tuple[tuple[str, str], ...]:
    """Return the names and keys of ``ALPRCORE_KEYS``: ``name=key``, separated by spaces.

    Raises
    ------
    AlprError
        If a part has no name or no key.
    """
    pairs = [part.partition("=") for part in text.split()]
    if any(not name or not key for name, _, key in pairs):
        raise AlprError("ALPRCORE_KEYS: expected name=key, separated by spaces")
    return tuple((name, key) for name, _, key in pairs)


def run(chosen: argparse.Namespace) -> int:
    """Serve until stopped.

    Raises
    ------
    AlprError
        If the server cannot start.
    """
    try:  # only this command needs what these import
        from alprcore.server.config import Limits, Serving  # noqa: PLC0415
        from alprcore.server.run import serve  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("alprcore"):
            raise
        raise AlprError(
            f"serve: {error.name} is not installed; pip install 'alprcore[server]'"
        ) from error
    asked = {
        "queue": chosen.queue,
        "max_body_bytes": chosen.max_body and chosen.max_body * _MEGABYTE,
        "max_pixels": chosen.max_pixels and chosen.max_pixels * _MEGAPIXEL,
    }
    limits = Limits(**{name: value for name, value in asked.items() if value is not None})
    serving = Serving(
        host=chosen.host,
        port=chosen.port,
        workers=chosen.workers,
        threads=chosen.threads or 0,
        accounts=chosen.accounts,
        url_hosts=tuple(chosen.allow_url),
        settings=configured(chosen, bank=chosen.bank, detect_region=chosen.detect_region),
        keys=keys_in(os.environ.get("ALPRCORE_KEYS", "")),
        log_plates=chosen.log_plates,
        limits=limits,
    )
    serve(serving, say=_say)
    return 0


def _say(text: str) -> None:
    """Tell a person; anything else reads the log, which says the same as JSON."""
    if sys.stderr.isatty():
        print(f"alprcore: {text}", file=sys.stderr, flush=True)
