# SPDX-License-Identifier: Apache-2.0
"""``alprcore keys``: who may use the HTTP server, and how much."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.cli.numbers import whole
from alprcore.errors import AlprError

if TYPE_CHECKING:
    from alprcore.cli.options import Commands
    from alprcore.server.accounts.file import Accounts

_MOST = 2**31 - 1  # what clients keep in 32 bits


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("keys", help="who may use the HTTP server, and how much")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    def add_verb(name: str, meaning: str) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, help=meaning)
        verb.add_argument(
            "--accounts", type=Path, required=True, metavar="FILE", help="the account file"
        )
        return verb

    adding = add_verb("add", "make a key and print it; the only time it is seen")
    adding.add_argument("name", metavar="NAME", help="what to call it")
    adding.add_argument(
        "--credits",
        type=whole(0, _MOST),
        metavar="N",
        help="credits per month, one for each task of a request (default: no limit)",
    )
    adding.add_argument(
        "--rate", type=whole(1, _MOST), metavar="N", help="requests per period (default: no limit)"
    )
    adding.add_argument(
        "--period",
        type=whole(1, 86_400),
        default=60,
        metavar="S",
        help="length of the period in seconds (default: %(default)s)",
    )
    adding.add_argument(
        "--existing",
        action="store_true",
        help="take the key from standard input instead of making one",
    )
    add_verb("list", "show the keys' names and limits")
    revoking = add_verb("revoke", "refuse a key from now on")
    revoking.add_argument("name", metavar="NAME")
    rotating = add_verb("rotate", "make a new key for a name and print it; the old one goes on")
    rotating.add_argument("name", metavar="NAME")
    rotating.add_argument(
        "--grace",
        type=whole(0, 365 * 86_400),
        default=86_400,
        metavar="S",
        help="seconds for which the old key goes on (default: %(default)s, a day)",
    )
    usage = add_verb("usage", "show the credits used by month")
    usage.add_argument("--month", metavar="YYYY-MM", help="this month only")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Do what the verb says.

    Raises
    ------
    AlprError
        If the file or the key is not as it must be.
    """
    from alprcore.server.accounts.file import Accounts  # noqa: PLC0415 - only this command needs SQLite

    accounts = Accounts(chosen.accounts, create=chosen.verb == "add")
    try:
        _VERBS[chosen.verb](accounts, chosen)
    finally:
        accounts.close()
    return 0


def _add(accounts: Accounts, chosen: argparse.Namespace) -> None:
    key = None
    if chosen.existing:
        key = sys.stdin.readline().strip()
        if not key:
            raise AlprError("keys: standard input holds no key")
    print(
        accounts.add(
            chosen.name,
            credits_a_month=chosen.credits,
            rate=chosen.rate,
            period_s=chosen.period,
            key=key,
        )
    )


def _list(accounts: Accounts, _: argparse.Namespace) -> None:
    print(f"{'name':<24}{'credits':>12}{'rate':>14}  {'added':<12}{'revoked':<12}")
    for key in accounts.keys():  # noqa: SIM118 - no dictionary
        allowed = "-" if key.credits is None else str(key.credits)
        rate = "-" if key.rate is None else f"{key.rate} / {key.period} s"
        revoked = "-" if key.revoked is None else _day(key.revoked)
        print(f"{key.name:<24}{allowed:>12}{rate:>14}  {_day(key.created):<12}{revoked:<12}")


def _revoke(accounts: Accounts, chosen: argparse.Namespace) -> None:
    accounts.revoke(chosen.name)


def _rotate(accounts: Accounts, chosen: argparse.Namespace) -> None:
    print(accounts.rotate(chosen.name, grace_s=chosen.grace, now=time.time()))


def _usage(accounts: Accounts, chosen: argparse.Namespace) -> None:
    print(f"{'month':<10}{'name':<24}{'credits':>12}{'requests':>12}")
    for used in accounts.usage(chosen.month):
        print(f"{used.month:<10}{used.name:<24}{used.credits:>12}{used.requests:>12}")


def _day(moment: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


_VERBS = {"add": _add, "list": _list, "revoke": _revoke, "rotate": _rotate, "usage": _usage}
