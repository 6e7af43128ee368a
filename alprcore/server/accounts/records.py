# SPDX-License-Identifier: Apache-2.0
"""What the account file holds: keys, what they used, and what they have left."""

from __future__ import annotations

from dataclasses import dataclass

from alprcore.errors import AlprError
from alprcore.server.api.problems import Problem

UNLIMITED = 2**31 - 1
"""Said of what has no limit: clients in Java and C# keep these numbers in 32 bits."""

MAX_NAME = 64
"""Longest name of a key, in characters."""


class AccountError(AlprError, ValueError):
    """The account file cannot be used, or holds no such key, or already holds one."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests left to an account in the running period.

    Attributes
    ----------
    limit
        Requests a period.
    remaining
        Of these, how many are left.
    reset
        When the next period begins, seconds since 1970.
    """

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Return the three headers of every reply to a known key."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-Ratelimit-Remaining": str(self.remaining),
            "X-Ratelimit-Reset": str(self.reset),
        }


@dataclass(frozen=True, slots=True)
class Account:
    """An account that may go on: who it is and what it has left.

    Attributes
    ----------
    id, name
        Number and name of the key; the key itself is nowhere.
    used, total
        Credits used this month and allowed.
    rate
        Requests left.
    """

    id: int
    name: str
    used: int
    total: int
    rate: Rate

    def check(self, cost: int) -> None:
        """Raise a `Problem` 402 if the month's credits are not enough for `cost` more."""
        if self.used + cost > self.total:
            raise used_up(self.total, self.rate)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as `Accounts.keys` lists it; None is unlimited, or not revoked."""

    id: int
    name: str
    credits: int | None
    rate: int | None
    period: int
    created: int
    revoked: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a key used in a month."""

    name: str
    month: str
    credits: int
    requests: int


def check_name(name: str) -> None:
    """Raise an `AccountError` for a name that would not be seen whole on one line of a list."""
    if not name or len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        raise AccountError(
            f"accounts: a name is 1 to {MAX_NAME} printable characters, with no space at either"
            f" end; got {name[: MAX_NAME + 1]!r}"
        )


def used_up(total: int, rate: Rate) -> Problem:
    """Return the problem of an account whose month is over too soon."""
    text = f"Monthly Usage ({total}) exceeded for this month"
    return Problem(402, text, headers=rate.headers())
