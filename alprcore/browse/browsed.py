# SPDX-License-Identifier: Apache-2.0
"""A case with the times of all its reads at hand."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alprcore.archive.case import Case
from alprcore.archive.rows import LATEST


class BrowsedCase(Case):
    """A case that keeps when each read was taken, 16 bytes a read, until reads are added."""

    _moments: tuple[int, NDArray[np.int64], NDArray[np.float64]] | None = None

    def moments(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the ids of reads, ascending, and their seconds since 1970, NaN for unknown."""
        last = int(self.rows("SELECT coalesce(max(id), 0) FROM reads")[0][0])
        if self._moments is None or self._moments[0] != last:
            rows = self.rows(
                "SELECT reads.id, sources.epoch + coalesce(reads.seconds, 0) FROM reads JOIN"
                f" sources ON sources.id = source_id WHERE {LATEST} ORDER BY reads.id"
            )
            times = [math.nan if row[1] is None else row[1] for row in rows]
            ids = np.array([row[0] for row in rows], np.int64)
            self._moments = (last, ids, np.array(times, np.float64))
        return self._moments[1:]
