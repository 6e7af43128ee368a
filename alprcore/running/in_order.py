# SPDX-License-Identifier: Apache-2.0
"""Many items worked on by threads, their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Items taken ahead per thread: enough that none waits for the slowest, few enough that pictures
# in memory stay few.
AHEAD = 2


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Iterator[Result]:
    """Yield `function` of each item, in the order of the items.

    Parameters
    ----------
    function : callable
        Called from several threads at once when `workers` is above 1.
    items : iterable
        Taken lazily: at most twice as many as there are threads are ahead of the results.
    workers : int
        Threads, at least 1; 1 works in the caller's own.

    Raises
    ------
    Exception
        What `function` raises, at the place of its item.
    """
    if workers == 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # the caller may stop early
            for future in waiting:
                future.cancel()
