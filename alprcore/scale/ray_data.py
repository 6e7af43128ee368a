# SPDX-License-Identifier: Apache-2.0
"""``archive add --engine ray``: sources read by the actors of a Ray cluster.

Ray Data moves the batches, waits where results pile up and starts actors anew; the case is
committed here, by the one process that opened it, as it is by processes of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Self

from alprcore.archive.batch import PathLike, Progress, Summary, processors
from alprcore.archive.batch import add as add_by
from alprcore.archive.pool import Job
from alprcore.archive.recognition import SourceResult
from alprcore.archive.sources import Found, Place
from alprcore.archive.store import Case
from alprcore.errors import CaseError
from alprcore.scale.batch_function import BatchReader, batches
from alprcore.scale.objects import is_url, walk_url
from alprcore.scale.parts import PartReading
from alprcore.settings import Settings

WINDOW = 10_000
"""Places of one Ray data set: its actors load their engine once, and the places fit in memory."""


def add(
    case: Case,
    paths: Iterable[PathLike],
    *,
    settings: Settings | None = None,
    tasks: Iterable[str] = ("plate",),
    workers: int | None = None,
    follow: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Read what lies at and below paths into a case, as `alprcore.archive.add` does, by Ray.

    Parameters
    ----------
    case, settings, tasks, follow, progress
        As for `alprcore.archive.add`.
    paths
        Those of disks must be there on every machine under the same names; URLs of object storage
        may stand among them.
    workers : int, optional
        Actors, one processor each; when None all of the cluster's.

    Raises
    ------
    CaseError
        If Ray is not installed, cannot be reached, or a worker fails; what was committed stays.
    """
    return add_by(
        case, paths, settings=settings, tasks=tasks, workers=workers or processors(),
        follow=follow, progress=progress, readers=partial(RayReading, workers=workers),
    )  # fmt: skip


class RayReading(PartReading):
    """Reads by Ray: the cluster that is connected to, or that ``RAY_ADDRESS`` names, or its own."""

    def __init__(self, job: Job, *, workers: int | None = None) -> None:
        super().__init__(job)
        self._workers = workers
        self._is_own = False

    def __enter__(self) -> Self:
        """Connect to Ray."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray  # noqa: PLC0415 - two seconds, and an extra
        except ImportError as error:
            raise CaseError("--engine ray: needs alprcore[scale]") from error
        if ray.is_initialized():
            return self
        own = {
            "address": "local", "num_cpus": self._workers or processors(),
            "include_dashboard": False,
        }  # fmt: skip
        try:
            ray.init(**({} if "RAY_ADDRESS" in os.environ else own), log_to_driver=False)
        except Exception as error:  # Ray raises bare ones
            raise CaseError(f"ray: it cannot be reached or started: {error}") from error
        self._is_own = True
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave Ray, where it was connected to here."""
        if self._is_own:
            import ray  # noqa: PLC0415

            ray.shutdown()

    def walk(self, paths: Iterable[bytes], *, follow: bool, leave_out: Path) -> Iterator[Found]:
        """Yield what lies at and below paths, URLs among them."""
        for are_urls, group in groupby(paths, is_url):
            if are_urls:
                for url in group:
                    yield from walk_url(url)
            else:
                yield from super().walk(group, follow=follow, leave_out=leave_out)

    def results(
        self, places: Iterator[Place | SourceResult | None]
    ) -> Iterator[SourceResult | None]:
        """Yield what becomes of each place, in order.

        Raises
        ------
        CaseError
            If a worker fails or a crop cannot be written.
        """
        while window := list(islice(places, WINDOW)):
            read = self._read([each for each in window if isinstance(each, Place)])
            for each in window:
                yield next(read) if isinstance(each, Place) else each

    def _read(self, places: list[Place]) -> Iterator[SourceResult]:
        """Yield what the cluster makes of places, in order."""
        if not places:
            return
        import pyarrow as pa  # noqa: PLC0415
        import ray  # noqa: PLC0415
        from ray.data import ActorPoolStrategy, DataContext  # noqa: PLC0415

        context = DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        count = self._workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        tables = [pa.Table.from_batches([batch]) for batch in batches(places)]
        read = ray.data.from_arrow(tables).map_batches(
            BatchReader,
            fn_constructor_args=(self._job.settings, self._job.tasks),
            fn_constructor_kwargs={"setup_key": self._job.setup_key},
            batch_format="pyarrow",
            batch_size=None,  # a block is a batch
            compute=ActorPoolStrategy(size=min(count, len(tables))),
            num_cpus=1,
        )
        try:
            for part in read.iter_batches(batch_format="pyarrow", batch_size=None):
                yield from self.taken(part)
        except (ray.exceptions.RayError, RuntimeError) as error:
            raise CaseError(f"ray: {_last_line(error)}") from error


def _last_line(error: Any) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
