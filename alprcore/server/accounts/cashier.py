# SPDX-License-Identifier: Apache-2.0
"""The accounts as the event loop sees them; and what stands in for them when there are none."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from alprcore.server.accounts.file import Accounts
from alprcore.server.accounts.records import UNLIMITED, Account, Rate
from alprcore.server.watching.metrics import Metrics

_OPEN_PERIOD_S = 60


class Cashier(Protocol):
    """Admits requests and charges for them."""

    async def admit(self, key: str) -> Account:
        """Return the account of a key; raises a `Problem` as `Accounts.admit`."""
        ...

    async def charge(self, account: Account, cost: int) -> int:
        """Charge and return what is used; raises a `Problem` as `Accounts.charge`."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


class FileCashier:
    """Keeps to an account file; a thread of its own does the waiting for other processes.

    Parameters
    ----------
    path
        The account file.
    """

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="accounts")
        self._accounts = self._thread.submit(Accounts, path).result()

    async def admit(self, key: str) -> Account:
        """Return the account of a key; raises a `Problem` as `Accounts.admit`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, lambda: self._accounts.admit(key, now=time.time())
        )

    async def charge(self, account: Account, cost: int) -> int:
        """Charge and return what is used; raises a `Problem` as `Accounts.charge`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, lambda: self._accounts.charge(account, cost, now=time.time())
        )

    async def close(self) -> None:
        """Close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._accounts.close)
        self._thread.shutdown()


class OpenCashier:
    """Takes any key and lets it do anything; credits count from the start of the server.

    Parameters
    ----------
    metrics
        Has the credits of all worker processes.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def admit(self, key: str) -> Account:  # noqa: ARG002 - any will do
        """Return the account that is everybody's."""
        reset = (int(time.time()) // _OPEN_PERIOD_S + 1) * _OPEN_PERIOD_S
        used = min(self._metrics.credits_charged(), UNLIMITED)
        return Account(0, "open", used, UNLIMITED, Rate(UNLIMITED, UNLIMITED, reset))

    async def charge(self, account: Account, cost: int) -> int:  # noqa: ARG002
        """Return what is used."""
        return min(self._metrics.credits_charged() + cost, UNLIMITED)

    async def close(self) -> None:
        """There is nothing to let go of."""
