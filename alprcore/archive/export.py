# SPDX-License-Identifier: Apache-2.0
"""Reads out of a case, as CSV, JSON lines, Parquet, a workbook, or the Plate Finder's two files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from alprcore.archive.defaults import FORMATS, TEXT_FORMATS
from alprcore.archive.rows import Read
from alprcore.archive.store import Case
from alprcore.errors import CaseError
from alprcore.wire.archive import (
    FINDER_GROUPS,
    FINDER_READS,
    finder_group,
    finder_read,
    read_dict,
)
from alprcore.wire.hashed import PlateHasher
from alprcore.wire.table import harmless

_NESTED = {"coordinates", "candidates"}
_CORNERS = tuple(f"{axis}{i}" for i in range(1, 5) for axis in "xy")
_PARQUET_ROWS = 10_000
_MOST_SHEET_ROWS = 1_048_575  # of a workbook, its first row left out


def row_of(read: Read, *, probability: float | None = None) -> dict[str, Any]:
    """Return a read as an object for scripts; see `alprcore.wire.archive.read_dict`."""
    values = {name: getattr(read, name) for name in Read.__dataclass_fields__}
    corners = read.quad.to_points().tolist()
    return read_dict(values, corners, read.candidates, probability=probability)


def flat_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without lists: corners as x1 to y4, candidates as JSON."""
    flat = {name: value for name, value in row.items() if name not in _NESTED}
    flat |= dict(
        zip(_CORNERS, (each[axis] for each in row["coordinates"] for axis in "xy"), strict=True)
    )
    flat["candidates"] = json.dumps(row["candidates"], ensure_ascii=False)
    return flat


def hashed(read: Read, hasher: PlateHasher | None) -> Read:
    """Return a read with its readings hashed and without its glyphs; as it is without a hasher."""
    if hasher is None:
        return read
    return replace(
        read,
        plate=hasher.text(read.plate),
        text=hasher.text(read.text),
        candidates=tuple((hasher.text(text), value, fits) for text, value, fits in read.candidates),
        glyphs=(),
    )


def write_text(case: Case, kind: str, out: IO[str], *, hasher: PlateHasher | None = None) -> int:
    """Write the reads as ``csv`` or ``jsonl``; return how many there are."""
    rows = (row_of(hashed(read, hasher)) for read in case.reads())
    return write_csv(rows, out) if kind == "csv" else write_lines(rows, out)


def write_lines(rows: Iterable[dict[str, Any]], out: IO[str]) -> int:
    """Write one JSON object a line; return how many."""
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - it is what comes back
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count


def write_csv(rows: Iterable[dict[str, Any]], out: IO[str]) -> int:
    """Write rows as CSV with a header; return how many."""
    writer: csv.DictWriter[str] | None = None
    count = 0
    for count, row in enumerate(map(flat_row, rows), 1):  # noqa: B007 - it is what comes back
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: harmless(value) for name, value in row.items()})
    return count


def write_file(case: Case, kind: str, out: Path, *, hasher: PlateHasher | None = None) -> int:
    """Write the reads into a file, for ``finder`` into a folder; return how many there are.

    With a `hasher` readings are hashed, and the lattices, which spell them, are left out.

    Raises
    ------
    CaseError
        If the format is unknown, its library is missing or the target cannot be written.
    """
    try:
        if kind == "finder":
            return _write_finder(case, out, hasher)
        if kind == "parquet":
            return _write_parquet(case, out, hasher)
        if kind == "xlsx":
            return _write_workbook(case, out, hasher)
        if kind in TEXT_FORMATS:
            with out.open("w", encoding="utf-8", newline="") as file:
                return write_text(case, kind, file, hasher=hasher)
    except OSError as error:
        raise CaseError(f"{out}: cannot be written: {error.strerror or error}") from error
    raise CaseError(f"format: expected one of {', '.join(FORMATS)}, got {kind!r}")


def _write_finder(case: Case, folder: Path, hasher: PlateHasher | None) -> int:
    """Write ``plates.csv`` and ``groups.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with (folder / "plates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FINDER_READS)
        for count, each in enumerate(case.reads(), 1):  # noqa: B007 - it is what comes back
            read = hashed(each, hasher)
            values = {name: getattr(read, name) for name in Read.__dataclass_fields__}
            writer.writerow(finder_read(values, read.quad.to_points().tolist()))
    groups = case.rows(
        "SELECT groups.*, reads.id AS best_read_id FROM groups LEFT JOIN reads ON"
        " reads.group_id = groups.id AND reads.number = groups.best_number ORDER BY groups.id"
    )
    with (folder / "groups.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FINDER_GROUPS)
        for row in groups:
            values = dict(row)
            if hasher is not None:
                values["plate"] = hasher.text(values["plate"])
            writer.writerow(finder_group(values))
    return count


def _write_parquet(case: Case, out: Path, hasher: PlateHasher | None) -> int:
    """Write the rows with the bytes of slots and lattices, 10,000 rows a group."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise CaseError("parquet: install alprcore[archive], which has pyarrow") from error
    schema = _arrow_schema(pa)
    count = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in _chunks(_parquet_rows(case, hasher)):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _parquet_rows(case: Case, hasher: PlateHasher | None) -> Iterator[dict[str, Any]]:
    for read in case.reads():
        if hasher is not None:
            yield {**row_of(hashed(read, hasher)), "slots": None, "lattice": None}
            continue
        (blobs,) = case.rows("SELECT slots, lattice FROM reads WHERE id = ?", (read.id,))
        yield {**row_of(read), "slots": blobs["slots"], "lattice": blobs["lattice"]}


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _PARQUET_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _arrow_schema(pa: Any) -> Any:
    point = pa.struct([("x", pa.int32()), ("y", pa.int32())])
    candidate = pa.struct(
        [("plate", pa.string()), ("confidence", pa.float64()), ("matches_template", pa.int8())]
    )
    whole = {"id", "frame", "pts", "group_id", "setup_id"}
    real = {
        "confidence", "region_confidence", "legibility", "latitude", "longitude", "seconds",
    }  # fmt: skip
    fields = []
    for name in read_names():
        if name in whole:
            fields.append((name, pa.int64()))
        elif name in real:
            fields.append((name, pa.float64()))
        elif name in {"matches_template", "truncated"}:
            fields.append((name, pa.bool_()))
        elif name == "coordinates":
            fields.append((name, pa.list_(point)))
        elif name == "candidates":
            fields.append((name, pa.list_(candidate)))
        else:
            fields.append((name, pa.string()))
    return pa.schema([*fields, ("slots", pa.binary(64)), ("lattice", pa.binary())])


def read_names() -> tuple[str, ...]:
    """Return the names of a row's values, in order."""
    names = dict.fromkeys(Read.__dataclass_fields__)
    blank: dict[str, Any] = {**names, "confidence": 0.0, "region_confidence": 0.0}
    return tuple(read_dict(blank, [], []))


def _write_workbook(case: Case, out: Path, hasher: PlateHasher | None) -> int:
    """Write a workbook: one sheet, the crop beside each read as a link."""
    try:
        from openpyxl import Workbook  # noqa: PLC0415 - an extra
        from openpyxl.styles import Font  # noqa: PLC0415
    except ImportError as error:
        raise CaseError("xlsx: install alprcore[archive], which has openpyxl") from error
    book = Workbook(write_only=True)
    sheet = book.create_sheet("reads")
    sheet.freeze_panes = "A2"
    names: list[str] = []
    count = 0
    for count, read in enumerate(case.reads(), 1):
        if count > _MOST_SHEET_ROWS:
            raise CaseError(f"xlsx: a sheet holds {_MOST_SHEET_ROWS} rows at most; use csv")
        row = flat_row(row_of(hashed(read, hasher)))
        if not names:
            names = list(row)
            sheet.append([_bold(sheet, name, Font) for name in names])
        sheet.append([_cell(row[name]) for name in names])
    if not names:
        sheet.append([])
    content = io.BytesIO()
    book.save(content)
    out.write_bytes(content.getvalue())
    return count


def _bold(sheet: Any, text: str, font: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - an extra

    cell = WriteOnlyCell(sheet, text)
    cell.font = font(bold=True)
    return cell


def _cell(value: Any) -> Any:
    """Return a value as a workbook takes it: no control characters, no formula."""
    if not isinstance(value, str):
        return value
    return harmless("".join(each for each in value if each == "\n" or each.isprintable()))
