# SPDX-License-Identifier: Apache-2.0
"""A case with all that can be done with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from alprcore.archive import batch, evidence, sightings, store
from alprcore.archive.defaults import LEAST_LISTED, SAMPLE
from alprcore.archive.difference import Difference
from alprcore.archive.filters import Filters
from alprcore.archive.index import SearchIndex, load_index
from alprcore.archive.rows import Read
from alprcore.archive.search import Hit, SearchResult, search
from alprcore.settings import Settings


class Case(store.Case):
    """A case of the archive, open; a context manager. See `alprcore.archive.store.Case.open`.

    What a search scans is loaded with the first one, 64 bytes a read, and again when reads were
    added meanwhile.

    Examples
    --------
    >>> with Case.open("mycase") as case:  # doctest: +SKIP
    ...     case.search("AB?1*7").hits[0].probability
    0.993
    """

    _index: tuple[int, SearchIndex] | None = None

    def add(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        settings: Settings | None = None,
        tasks: Iterable[str] = ("plate",),
        workers: int | None = None,
        follow: bool = False,
    ) -> batch.Summary:
        """Read what lies at and below paths; see `alprcore.archive.batch.add`."""
        return batch.add(
            self, paths, settings=settings, tasks=tasks, workers=workers, follow=follow
        )

    def search(
        self,
        pattern: str,
        *,
        filters: Filters | None = None,
        limit: int = 50,
        least: float = LEAST_LISTED,
    ) -> SearchResult:
        """Return the reads that may match; see `alprcore.archive.search.search`."""
        return search(
            self, pattern, index=self._loaded(), filters=filters, limit=limit, least=least
        )

    def sightings(self, text: str, *, filters: Filters | None = None) -> tuple[Hit, ...]:
        """Return where a plate may have been seen; see `alprcore.archive.sightings.sightings`."""
        return sightings.sightings(self, text, index=self._loaded(), filters=filters)

    def links(self, read: Read) -> tuple[Hit, ...]:
        """Return reads that may be of the same plate; see `alprcore.archive.sightings.links`."""
        return sightings.links(self, read.id, index=self._loaded())

    def verify(self, *, sample: int = SAMPLE) -> Iterator[Difference]:
        """Yield what is not as it was; see `alprcore.archive.evidence.verify`."""
        return evidence.verify(self, sample=sample)

    def _loaded(self) -> SearchIndex:
        """Return the index, loaded anew when another program or this one has added reads."""
        last = int(self.rows("SELECT coalesce(max(id), 0) FROM reads")[0][0])
        if self._index is None or self._index[0] != last:
            self._index = (last, load_index(self))
        return self._index[1]
