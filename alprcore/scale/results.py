# SPDX-License-Identifier: Apache-2.0
"""What became of sources, as an Arrow batch: one row a source, its reads and groups inside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from alprcore.archive import schema
from alprcore.archive.recognition import SourceResult
from alprcore.archive.sources import Place

_TYPES = {
    "INTEGER": pa.int64(),
    "REAL": pa.float64(),
    "TEXT": pa.string(),
    "BLOB": pa.binary(),
}
# What says where a row is in one store, which a worker does not know.
_ADDRESSES = {"id", "source_id", "setup_id", "run_id", "group_id"}


def _columns(table: str) -> list[pa.Field]:
    """Return the columns of a table of the store that a worker fills in."""
    connection = sqlite3.connect(":memory:")
    try:
        schema.create(connection)
        rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    finally:
        connection.close()
    return [pa.field(row[1], _TYPES[row[2]]) for row in rows if row[1] not in _ADDRESSES]


RESULTS = pa.schema(
    [
        pa.field("setup", pa.string()),
        pa.field("path", pa.binary()),
        pa.field("member", pa.binary()),
        pa.field("size", pa.int64()),
        pa.field("modified_ns", pa.int64()),
        pa.field("outcome", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("sha256", pa.string()),
        pa.field("source", pa.struct(_columns("sources"))),
        pa.field("reading", pa.struct(_columns("readings"))),
        pa.field(
            "reads",
            pa.list_(
                pa.struct(
                    [
                        *_columns("reads"),
                        pa.field("group", pa.int64()),
                        pa.field("crop_jpeg", pa.binary()),
                    ]
                )
            ),
        ),
        pa.field("groups", pa.list_(pa.struct(_columns("groups")))),
    ]
)
"""Schema of results: names as in the store, where there are any; ``setup`` is that of the reader.

A read has its crop's bytes as ``crop_jpeg`` and its group's number as ``group``. ``outcome`` is as
for `alprcore.archive.recognition.SourceResult`.
"""


def result_row(result: SourceResult, crops: Mapping[str, bytes], setup: str) -> dict[str, Any]:
    """Return a source's row; `crops` has the bytes of each crop by its path."""
    place = result.place
    return {
        "setup": setup,
        "path": place.path,
        "member": place.member,
        "size": place.size,
        "modified_ns": place.modified_ns,
        "outcome": result.outcome,
        "reason": result.reason,
        "sha256": result.sha256,
        "source": result.source or None,
        "reading": result.reading or None,
        "reads": [{**read, "crop_jpeg": crops[read["crop"]]} for read in result.reads],
        "groups": result.groups,
    }


def results_of(batch: pa.RecordBatch | pa.Table) -> Iterator[tuple[str, SourceResult]]:
    """Yield the setup and the result of each row; a read has its crop's bytes as ``crop_jpeg``."""
    for row in batch.to_pylist():
        place = Place(row["path"], row["member"], size=row["size"], modified_ns=row["modified_ns"])
        yield (
            row["setup"],
            SourceResult(
                place,
                row["outcome"],
                row["reason"],
                row["sha256"],
                row["source"] or {},
                row["reading"] or {},
                row["reads"],
                row["groups"],
            ),
        )
