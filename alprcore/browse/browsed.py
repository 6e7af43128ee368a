# SPDX-License-Identifier: Apache-2.0
"""A case with the times of all its reads at hand, and what they may be limited to."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.archive.case import Case
from alprcore.archive.rows import LATEST

_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Overview:
    """All latest reads of a case.

    Attributes
    ----------
    ids : (n,) int64 array
        Ascending.
    moments : (n,) float64 array
        Seconds since 1970, NaN for unknown.
    counts
        Of the columns ``country``, ``region`` (with its country), ``color`` and ``make``, how often
        each value is there.
    """

    ids: NDArray[np.int64]
    moments: NDArray[np.float64]
    counts: dict[str, Counter[Any]]


class BrowsedCase(Case):
    """A case that keeps its overview, 16 bytes a read, until reads are added."""

    _seen: tuple[tuple[int, int], Overview] | None = None

    def overview(self) -> Overview:
        """Return the overview, made anew when another program has added reads."""
        (row,) = self.rows(
            "SELECT (SELECT coalesce(max(id), 0) FROM reads),"
            " (SELECT coalesce(max(id), 0) FROM runs)"
        )
        state = (int(row[0]), int(row[1]))
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, self._made())
        return self._seen[1]

    def _made(self) -> Overview:
        several = self.rows("SELECT count(*) FROM setups")[0][0] > 1
        # One pass over the table: a query for each column read all of it each time.
        rows = self.connection.execute(
            "SELECT reads.id, sources.epoch + coalesce(reads.seconds, 0), country, region, color,"
            " make FROM reads JOIN sources ON sources.id = source_id"
            f" {f'WHERE {LATEST}' if several else ''} ORDER BY reads.id"
        )
        ids, moments = array("q"), array("d")
        counts: dict[str, Counter[Any]] = {
            name: Counter() for name in ("country", "region", "color", "make")
        }
        while chunk := rows.fetchmany(_CHUNK):
            ids.extend(row[0] for row in chunk)
            moments.extend(math.nan if row[1] is None else row[1] for row in chunk)
            counts["country"].update(row[2] for row in chunk if row[2])
            counts["region"].update((row[3], row[2]) for row in chunk if row[3])
            counts["color"].update(row[4] for row in chunk if row[4])
            counts["make"].update(row[5] for row in chunk if row[5])
        return Overview(np.array(ids, np.int64), np.array(moments, np.float64), counts)
