# SPDX-License-Identifier: Apache-2.0
"""The function that any engine for data frames may run: a batch of sources in, of results out."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from alprcore.archive.crops import CropFolder
from alprcore.archive.provenance import setup_of
from alprcore.archive.recognition import SourceResult, result_of, without_content
from alprcore.archive.signatures import HEAD, kind_of
from alprcore.archive.sources import Place
from alprcore.engine import Engine
from alprcore.errors import CaseError
from alprcore.scale.objects import is_url, read_url
from alprcore.scale.results import RESULTS, result_row
from alprcore.settings import Settings, checked_tasks

ROWS = 16
"""Sources of a batch: a worker that dies takes no more with it, and its reply is some megabytes."""

SOURCES = pa.schema(
    [
        pa.field("path", pa.binary()),
        pa.field("bytes", pa.large_binary()),
        pa.field("member", pa.binary()),
        pa.field("how", pa.string()),
        pa.field("size", pa.int64()),
        pa.field("modified_ns", pa.int64()),
        pa.field("index", pa.int64()),
        pa.field("is_video", pa.bool_()),
    ]
)
"""Schema of what `batches` yields; a batch of one's own needs ``path``, and may have ``bytes``."""


class BatchReader:
    """Reads batches of sources; can be pickled, and then has no engine yet.

    The same batch gives the same results, wherever and however often it is read: a part that is
    done twice changes nothing.

    Parameters
    ----------
    settings : Settings, optional
    tasks : iterable of str
        As for `Engine.recognize`.
    setup_key : str
        Of the setup that results must have, as ``setups.key`` has it; empty for any.

    Examples
    --------
    >>> batch = pa.RecordBatch.from_pylist([{"path": "a.jpg", "bytes": b"no picture"}])
    >>> BatchReader()(batch).column("outcome").to_pylist()
    ['other']
    """

    def __init__(
        self,
        settings: Settings | None = None,
        tasks: Iterable[str] = ("plate",),
        *,
        setup_key: str = "",
    ) -> None:
        self._settings = settings or Settings()
        self._tasks = tuple(sorted(checked_tasks(tuple(tasks))))
        self._wanted_key = setup_key
        self._loaded: tuple[Engine, str] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what makes it again, without the engine."""
        return _made, (self._settings, self._tasks, self._wanted_key)

    def __call__(self, batch: pa.RecordBatch | pa.Table) -> pa.RecordBatch | pa.Table:
        """Return what became of each source, one row each, in order, with the schema `RESULTS`.

        Parameters
        ----------
        batch : pyarrow.RecordBatch or pyarrow.Table
            ``path``, as text or bytes; ``bytes``, the content, where it is not to be read from the
            path; more columns as in `SOURCES`.

        Raises
        ------
        CaseError
            If this machine has other models or another version than `setup_key` says.
        """
        engine, key = self._engine()
        rows = [self._row(place_of(row), engine, key) for row in batch.to_pylist()]
        kind = pa.Table if isinstance(batch, pa.Table) else pa.RecordBatch
        return kind.from_pylist(rows, schema=RESULTS)

    def _engine(self) -> tuple[Engine, str]:
        if self._loaded is None:
            cv2.setNumThreads(1)  # there is a reader for each processor
            key = setup_of(self._settings, self._tasks).key
            if self._wanted_key and key != self._wanted_key:
                raise CaseError(
                    f"setup: expected {self._wanted_key[:12]}, a worker has {key[:12]}: its"
                    " alprcore, its models or its countries are not the same"
                )
            self._loaded = Engine(settings=self._settings), key
        return self._loaded

    def _row(self, place: Place, engine: Engine, key: str) -> dict[str, Any]:
        crops = _Crops(key)
        result = read_place(place, engine, self._tasks, crops)
        return result_row(result, crops.kept, key)


def _made(settings: Settings, tasks: tuple[str, ...], setup_key: str) -> BatchReader:
    return BatchReader(settings, tasks, setup_key=setup_key)


class _Crops(CropFolder):
    """Crops that go with the results: workers of other machines do not see the case's folder."""

    def __init__(self, setup_key: str) -> None:
        super().__init__(Path(), setup_key)
        self.kept: dict[str, bytes] = {}

    def keep(self, path: str, data: bytes) -> None:
        """Keep a crop until its source's row is made."""
        self.kept[path] = data


def place_of(row: dict[str, Any]) -> Place:
    """Return a row of a batch as a place."""
    path, content = row["path"], row.get("bytes")
    name = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path
    known = {each: row[each] for each in _PLACE if row.get(each) is not None}
    if content is not None:
        known |= {"how": "bytes", "content": content, "size": len(content)}
    return Place(name, **known)


_PLACE = ("member", "how", "size", "modified_ns", "index", "is_video")


def batches(places: Iterable[Place], *, rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """Yield places, as `alprcore.archive.sources.walk` finds them, as batches with `SOURCES`."""
    ready: list[dict[str, Any]] = []
    for place in places:
        row = {name: getattr(place, name) for name in ("path", *_PLACE)}
        ready.append(row | {"bytes": place.content if place.how == "bytes" else None})
        if len(ready) == rows:
            yield pa.RecordBatch.from_pylist(ready, schema=SOURCES)
            ready = []
    if ready:
        yield pa.RecordBatch.from_pylist(ready, schema=SOURCES)


def read_place(
    place: Place, engine: Engine, tasks: Collection[str], crops: CropFolder
) -> SourceResult:
    """Return what becomes of a place on a disk, in object storage, or given with its content."""
    if not is_url(place.path) or place.how == "bytes":
        return result_of(place, engine=engine, tasks=tasks, crops=crops, is_known=_never)
    try:
        content = read_url(place.path)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return SourceResult(without_content(place), "unreadable", reason)
    if kind_of(content[:HEAD])[0] != "video":
        given = replace(place, how="bytes", content=content)
        return result_of(given, engine=engine, tasks=tasks, crops=crops, is_known=_never)
    with tempfile.NamedTemporaryFile(prefix="alprcore-") as file:  # decoders seek in files
        file.write(content)
        file.flush()
        moved = replace(place, path=file.name.encode(), how="file", is_video=True)
        result = result_of(moved, engine=engine, tasks=tasks, crops=crops, is_known=_never)
    return replace(result, place=without_content(place))


def _never(sha256: str) -> bool:  # noqa: ARG001 - what a case has, it finds out when it commits
    return False
