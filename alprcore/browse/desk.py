# SPDX-License-Identifier: Apache-2.0
"""A case that one thread has open, asked by an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from alprcore.browse.browsed import BrowsedCase

T = TypeVar("T")


class Desk:
    """A case, opened to be read; its database belongs to one thread, so does all work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="case")
        self._case: BrowsedCase | None = None

    async def ask(self, work: Callable[[BrowsedCase], T]) -> T:
        """Return what `work` makes of the case."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[BrowsedCase], T]) -> T:
        if self._case is None:
            self._case = BrowsedCase.open(self.folder)
        return work(self._case)

    def close(self) -> None:
        """Close the case."""
        if self._case is not None:
            self._thread.submit(self._case.close)
        self._thread.shutdown()
