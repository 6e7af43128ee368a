# SPDX-License-Identifier: Apache-2.0
"""Batches of results into a case, whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Self

from alprcore.archive.batch import Summary, add
from alprcore.archive.crops import CropFolder
from alprcore.archive.pool import Job
from alprcore.archive.reading import Reading
from alprcore.archive.recognition import SourceResult
from alprcore.archive.sources import Place
from alprcore.archive.store import Case
from alprcore.errors import CaseError
from alprcore.scale.results import results_of
from alprcore.settings import Settings


def commit(
    case: Case,
    parts: Iterable[Any],
    *,
    settings: Settings | None = None,
    tasks: Iterable[str] = ("plate",),
) -> Summary:
    """Put results into a case, in the order in which they come; what it has already stays.

    Parameters
    ----------
    case : Case
        Open for writing.
    parts : iterable of pyarrow.RecordBatch or pyarrow.Table
        From `BatchReader`; a part may come twice.
    settings, tasks
        Those of the reader.

    Raises
    ------
    CaseError
        If a part was read with another setup, or the case cannot be written; what was committed
        stays.
    """
    return add(
        case, [], settings=settings, tasks=tasks, workers=0, readers=lambda job: _Parts(job, parts)
    )


class PartReading(Reading):
    """Reading that gets results as batches; a context manager."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._crops = CropFolder(job.folder / "crops", job.setup_key)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End it."""

    def taken(self, part: Any) -> Iterator[SourceResult]:
        """Yield the results of a batch; their crops are written.

        Raises
        ------
        CaseError
            If it was read with another setup, or a crop cannot be written.
        """
        for setup, result in results_of(part):
            if setup != self._job.setup_key:
                raise CaseError(
                    f"setup: expected {self._job.setup_key[:12]}, a part was read with {setup[:12]}"
                )
            reads = [dict(read) for read in result.reads]
            try:
                for read in reads:
                    self._crops.keep(read["crop"], read.pop("crop_jpeg"))
            except OSError as error:
                words = f"a crop cannot be written: {error.strerror or error}"
                raise CaseError(f"{self._job.folder}: {words}") from error
            yield replace(result, reads=reads)


class _Parts(PartReading):
    """Parts that are there."""

    def __init__(self, job: Job, parts: Iterable[Any]) -> None:
        super().__init__(job)
        self._parts = parts

    def results(
        self,
        places: Iterator[Place | SourceResult | None],  # noqa: ARG002 - none are looked for
    ) -> Iterator[SourceResult | None]:
        """Yield what the parts have."""
        for part in self._parts:
            yield from self.taken(part)
