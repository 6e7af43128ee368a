# SPDX-License-Identifier: Apache-2.0
"""Counters that several worker processes keep together without a lock per count.

A file holds one row of numbers per worker. Each worker writes only its own row and reads all of
them, so any worker knows the sums. A row is owned by whoever holds the system's lock on it; the
lock goes when the process ends, however it ends, and the next worker counts on from there.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import AlprError

_SPARE_ROWS = 8  # a worker that is being replaced and its successor are there at the same time


class Cells:
    """The row of this process and the sums over all.

    Parameters
    ----------
    columns
        Numbers in a row.
    path
        File made by `make_cells`; None for a process that works alone.
    """

    def __init__(self, columns: int, path: Path | None = None) -> None:
        self._file: BinaryIO | None = None
        if path is None:
            self._rows: NDArray[np.float64] = np.zeros((1, columns))
            self._row, self._own = 0, self._rows[0]
            return
        self._file = path.open("r+b")  # open as long as we run: closing it gives the lock back
        memory = mmap.mmap(self._file.fileno(), 0)
        self._rows = np.frombuffer(memory, dtype=np.float64).reshape(-1, columns)
        self._row = _free_row(self._file, len(self._rows))
        self._own = self._rows[self._row]

    def add(self, column: int, value: float = 1.0) -> None:
        """Add to a number of this process."""
        self._own[column] += value

    def put(self, column: int, value: float) -> None:
        """Replace a number of this process."""
        self._own[column] = value

    def close(self) -> None:
        """Leave the row to the next process."""
        if self._file is not None:
            self._file.close()

    def sums(self) -> NDArray[np.float64]:
        """Return the (columns,) sums over all processes."""
        total: NDArray[np.float64] = self._rows.sum(axis=0)
        return total

    def sums_of_the_living(self) -> NDArray[np.float64]:
        """Return the (columns,) sums over the processes that are alive now."""
        file = self._file
        if file is None:
            return self.sums()
        alive = [row == self._row or _is_taken(file, row) for row in range(len(self._rows))]
        total: NDArray[np.float64] = self._rows[alive].sum(axis=0)
        return total


def make_cells(path: Path, *, columns: int, workers: int) -> None:
    """Write the file that `workers` processes share."""
    path.write_bytes(bytes(8 * columns * (workers + _SPARE_ROWS)))


def _free_row(file: BinaryIO, rows: int) -> int:
    import fcntl  # noqa: PLC0415 - not on Windows, where there is one worker

    for row in range(rows):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            continue
        return row
    raise AlprError(f"metrics: all {rows} rows are taken")


def _is_taken(file: BinaryIO, row: int) -> bool:
    """Return whether another process has the lock of a row, and so is alive."""
    import fcntl  # noqa: PLC0415 - not on Windows, where there is one worker

    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
    except OSError:
        return True
    fcntl.lockf(file, fcntl.LOCK_UN, 1, row)
    return False
