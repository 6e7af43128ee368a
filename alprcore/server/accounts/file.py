# SPDX-License-Identifier: Apache-2.0
"""Keys, monthly credits and rate limits in an SQLite file that all worker processes share.

Keys are kept as SHA-256 and cannot be read back. A slow password hash would add nothing: the keys
are 128 random bits, which nobody guesses however fast the hash is, and a slow one would be paid
at every request.

Each change is one transaction that takes the write lock before it reads, so requests at the same
time in several processes neither lose a count nor count twice. The file is in write-ahead mode:
what was counted outlives a crash of the processes; a power cut may take the last seconds back.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alprcore.server.accounts.records import (
    UNLIMITED,
    Account,
    AccountError,
    KeyRecord,
    Rate,
    Usage,
    check_name,
    used_up,
)
from alprcore.server.accounts.schema import make_tables
from alprcore.server.api.problems import BAD_KEY, Problem

MIN_KEY = 20
"""Shortest key that may be brought along, in characters."""

_WAIT_S = 10.0  # for other processes; a transaction takes well under a millisecond
# A revoked name gets the new key and limits, unless the key is the one that was revoked.
_ADD = """
INSERT INTO keys (name, hash, credits, rate, period, created) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE
SET hash = excluded.hash, credits = excluded.credits, rate = excluded.rate,
    period = excluded.period, created = excluded.created, revoked = NULL
WHERE revoked IS NOT NULL AND hash <> excluded.hash
"""


class Accounts:
    """The account file; one object a thread.

    Parameters
    ----------
    path
        The SQLite file.
    create
        Whether a missing file is made, readable by its owner alone.

    Raises
    ------
    AccountError
        If it is missing, or is not an account file.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not path.exists():
            if not create:
                raise AccountError(f"accounts: no file {str(path)!r}")
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._path = path
        try:
            self._file = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute("PRAGMA foreign_keys = ON")
            with self._change():
                known = make_tables(self._file)
        except sqlite3.Error as error:
            raise AccountError(f"accounts: cannot use {str(path)!r}: {error}") from error
        if not known:
            raise AccountError(f"accounts: {str(path)!r} is not a file of this version")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def add(
        self,
        name: str,
        *,
        credits_a_month: int | None = None,
        rate: int | None = None,
        period_s: int = 60,
        key: str | None = None,
    ) -> str:
        """Add a key and return it: the only time it is seen.

        The name of a revoked key may be given again. The account goes on under the new key and the
        new limits: what it used this month is still used, and the old key is forgotten.

        Parameters
        ----------
        name
            What to call it; see `check_name`.
        credits_a_month
            Credits from the first to the last day of a month, UTC; None for no limit.
        rate, period_s
            Requests in so many seconds; None for no limit.
        key
            A key to bring along; a new one is made otherwise.

        Raises
        ------
        AccountError
            If the name or the key already exists, the name is not valid, or the key is too short
            to be secret.
        """
        check_name(name)
        if key is not None and len(key) < MIN_KEY:
            raise AccountError(f"accounts: a key needs at least {MIN_KEY} characters")
        secret = key or _new_key()
        now = int(time.time())
        row = (name, _hash(secret), credits_a_month, rate, period_s, now)
        taken = AccountError(f"accounts: {name!r} or its key already exists")
        try:
            with self._change():
                if not self._file.execute(_ADD, row).rowcount:
                    raise taken
        except sqlite3.IntegrityError as error:
            raise taken from error
        return secret

    def ensure(self, name: str, key: str) -> None:
        """Add a key that was brought along, or make it the key of its name.

        Raises
        ------
        AccountError
            As for `add`, or if the key is another name's.
        """
        known = self._file.execute(
            "SELECT name FROM keys WHERE hash = ? AND revoked IS NULL", (_hash(key),)
        ).fetchone()
        if known == (name,):
            return
        if any(record.name == name and record.revoked is None for record in self.keys()):
            self.revoke(name)
        self.add(name, key=key)

    def revoke(self, name: str) -> None:
        """Refuse a key from now on; its usage stays.

        Raises
        ------
        AccountError
            If there is no such key, or it is already revoked.
        """
        with self._change():
            changed = self._file.execute(
                "UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL",
                (int(time.time()), name),
            )
            self._file.execute(
                "DELETE FROM former WHERE key = (SELECT id FROM keys WHERE name = ?)", (name,)
            )
        if not changed.rowcount:
            raise AccountError(f"accounts: no key {name!r} to revoke")

    def rotate(self, name: str, *, grace_s: int, now: float) -> str:
        """Give an account a new key and return it; the old one goes on for `grace_s` seconds.

        Raises
        ------
        AccountError
            If there is no such key, or it is revoked.
        """
        secret = _new_key()
        with self._change():
            self._file.execute(
                "INSERT OR REPLACE INTO former SELECT hash, id, ? FROM keys"
                " WHERE name = ? AND revoked IS NULL",
                (int(now) + grace_s, name),
            )
            changed = self._file.execute(
                "UPDATE keys SET hash = ? WHERE name = ? AND revoked IS NULL", (_hash(secret), name)
            )
            self._file.execute("DELETE FROM former WHERE until <= ?", (int(now),))
        if not changed.rowcount:
            raise AccountError(f"accounts: no key {name!r} to rotate")
        return secret

    def keys(self) -> list[KeyRecord]:
        """Return all keys in the order their names were first added."""
        columns = "id, name, credits, rate, period, created, revoked"
        rows = self._file.execute(f"SELECT {columns} FROM keys ORDER BY id")
        return [KeyRecord(*row) for row in rows]

    def usage(self, month: str | None = None) -> list[Usage]:
        """Return what each key used in `month`, ``YYYY-MM``, or in every month."""
        rows = self._file.execute(
            "SELECT name, month, usage.credits, requests FROM usage JOIN keys ON keys.id = key"
            " WHERE ?1 IS NULL OR month = ?1 ORDER BY month, keys.id",
            (month,),
        )
        return [Usage(*row) for row in rows]

    def admit(self, key: str, *, now: float) -> Account:
        """Count a request of `key` against its rate and return the account.

        Raises
        ------
        Problem
            401 if there is no such key, 403 if it has made too many requests in this period.
        """
        with self._change():
            found = self._file.execute(
                "SELECT id, name, credits, rate, period FROM keys"
                " WHERE revoked IS NULL AND (hash = ?1 OR id IN"
                " (SELECT key FROM former WHERE hash = ?1 AND until > ?2))",
                (_hash(key), now),
            ).fetchone()
            if found is None:
                raise Problem(401, BAD_KEY)
            number, name, allowed, limit, period = found
            rate = self._counted(number, limit, period, now)
            row = self._file.execute(
                "SELECT credits FROM usage WHERE key = ? AND month = ?", (number, month_of(now))
            ).fetchone()
        total = UNLIMITED if allowed is None else allowed
        return Account(number, name, row[0] if row else 0, total, rate)

    def charge(self, account: Account, cost: int, *, now: float) -> int:
        """Take `cost` credits, all or none, and return what is used this month with them.

        Raises
        ------
        Problem
            402 if there are not enough left: requests at the same time may have taken them.
        """
        with self._change():
            row = self._file.execute(
                "INSERT INTO usage (key, month, credits, requests) VALUES (?1, ?2, ?3, 1)"
                " ON CONFLICT DO UPDATE SET credits = credits + ?3, requests = requests + 1"
                " RETURNING credits",
                (account.id, month_of(now), cost),
            ).fetchone()
            used = int(row[0])
            if used > account.total:
                raise used_up(account.total, account.rate)
        return used

    def _counted(self, number: int, limit: int | None, period: int, now: float) -> Rate:
        """Count a request in the running period; raise a `Problem` 403 if it is one too many."""
        start = int(now) // period * period
        if limit is None:
            return Rate(UNLIMITED, UNLIMITED, start + period)
        row = self._file.execute(
            "SELECT requests FROM periods WHERE key = ? AND start = ?", (number, start)
        ).fetchone()
        made = row[0] if row else 0
        if made >= limit:
            rate = Rate(limit, 0, start + period)
            wait = max(1, start + period - int(now))
            headers = {**rate.headers(), "Retry-After": str(wait)}
            raise Problem(403, f"Rate limit of {limit} requests exceeded", headers=headers)
        self._file.execute(
            "INSERT OR REPLACE INTO periods VALUES (?, ?, ?)", (number, start, made + 1)
        )
        return Rate(limit, limit - made - 1, start + period)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Hold the write lock; keep what was changed unless the block raises."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")


def month_of(now: float) -> str:
    """Return the month of a time in seconds since 1970, UTC, as ``YYYY-MM``."""
    return time.strftime("%Y-%m", time.gmtime(now))


def _new_key() -> str:
    return f"sk_{secrets.token_hex(16)}"


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", errors="surrogatepass")).digest()
