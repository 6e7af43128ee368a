# SPDX-License-Identifier: Apache-2.0
"""How far a command is, on standard error, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress:
    """A bar that lines of output are printed above of."""

    def __init__(self, bar: tqdm[NoReturn]) -> None:
        self._bar = bar

    def step(self) -> None:
        """Count one more."""
        self._bar.update(1)

    def print(self, text: str) -> None:
        """Print a line to standard output; the bar stays below it."""
        if not self._bar.disable and sys.stdout.isatty():
            self._bar.write(text, file=sys.stdout)
        else:
            print(text, flush=True)

    def complain(self, text: str) -> None:
        """Print a line to standard error."""
        if self._bar.disable:
            print(text, file=sys.stderr)
        else:
            self._bar.write(text, file=sys.stderr)


@contextmanager
def progress(total: int | None, unit: str, name: str = "") -> Iterator[Progress]:
    """Show how many of `total` are done, the rate, and the time left; nothing for a single one.

    Parameters
    ----------
    total : int, optional
        None where nobody knows.
    unit : str
        What is counted, in the singular.
    name : str
        Shown in front.
    """
    from tqdm import tqdm  # noqa: PLC0415 - 40 ms that most commands do not need

    shown = sys.stderr.isatty() and total != 1
    with tqdm(
        total=total,
        unit=unit,
        desc=name or None,
        disable=not shown,
        leave=False,
        file=sys.stderr,
        dynamic_ncols=True,
    ) as bar:
        yield Progress(bar)
