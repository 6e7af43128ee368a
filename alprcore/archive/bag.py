# SPDX-License-Identifier: Apache-2.0
"""A case as a BagIt bag (RFC 8493), which `sha256sum -c` and any BagIt tool can check."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from alprcore.archive.connection import DATABASE
from alprcore.archive.content import hash_file
from alprcore.archive.log import NAME
from alprcore.archive.store import Case
from alprcore.errors import CaseError

_LINES = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_MANIFEST = "manifest-sha256.txt"
_TAG_MANIFEST = "tagmanifest-sha256.txt"


def write_bag(case: Case, folder: Path, *, with_sources: bool = False) -> int:
    """Write a case into a new folder as a bag; return how many files it holds.

    ``data`` has the database, as it is at one moment, the log, the crops, and
    ``sources-sha256.txt``, the hash and the place of each source; with `with_sources` also
    ``sources``, each source under its hash.

    Raises
    ------
    CaseError
        If the folder exists, cannot be written, or a source is not what it was.
    """
    try:
        folder.mkdir(parents=True)
        return _written(case, folder, with_sources=with_sources)
    except FileExistsError as error:
        raise CaseError(f"{folder}: it exists; a bag gets a folder of its own") from error
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CaseError(f"{folder}: the bag cannot be written: {reason}") from error


def _written(case: Case, folder: Path, *, with_sources: bool) -> int:
    data = folder / "data"
    data.mkdir()
    target = sqlite3.connect(data / DATABASE)
    try:
        case.connection.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file that nothing is beside
    finally:
        target.close()
    shutil.copyfile(case.folder / NAME, data / NAME)
    shutil.copytree(case.folder / "crops", data / "crops", ignore=shutil.ignore_patterns(".*.part"))
    (data / "sources-sha256.txt").write_text(_source_list(case), "utf-8")
    if with_sources:
        _copy_sources(case, data / "sources")
    files = sorted(path for path in data.rglob("*") if path.is_file())
    sizes = sum(path.stat().st_size for path in files)
    (folder / "bagit.txt").write_text(_LINES, "utf-8")
    (folder / "bag-info.txt").write_text(_info(case, len(files), sizes), "utf-8")
    (folder / _MANIFEST).write_text(_manifest(folder, files), "utf-8")
    tags = [folder / name for name in ("bag-info.txt", "bagit.txt", _MANIFEST)]
    (folder / _TAG_MANIFEST).write_text(_manifest(folder, tags), "utf-8")
    return len(files)


def _info(case: Case, count: int, size: int) -> str:
    seq, head = case.log_head()
    lines = {
        "Bag-Software-Agent": f"alprcore {metadata.version('alprcore')}",
        "Bagging-Date": datetime.now(UTC).date().isoformat(),
        "External-Description": "A case of number-plate readings: case.sqlite, log.jsonl, crops",
        "Payload-Oxum": f"{size}.{count}",
        "Log-Lines": str(seq),
        "Log-Head-SHA256": head,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def _manifest(folder: Path, files: list[Path]) -> str:
    """Return the lines of a manifest; names here have no line ends and no percent signs."""
    return "".join(
        f"{hash_file(os.fsencode(path))}  {path.relative_to(folder).as_posix()}\n" for path in files
    )


def _source_list(case: Case) -> str:
    return "".join(
        f"{row['sha256']}  {row['path']}{'!' + row['member'] if row['member'] else ''}\n"
        for row in case.rows(
            "SELECT sha256, places.path, member FROM places JOIN sources ON sources.id = source_id"
            " ORDER BY places.id"
        )
    )


def _copy_sources(case: Case, target: Path) -> None:
    """Copy each source, once, under its hash; members of archives as the whole archive."""
    target.mkdir()
    rows = case.rows(
        "SELECT sha256, path_bytes, places.path, member FROM places JOIN sources ON"
        " sources.id = source_id GROUP BY path_bytes ORDER BY places.id"
    )
    for row in rows:
        content = target / "part"
        with open(bytes(row["path_bytes"]), "rb") as file, content.open("wb") as copy:  # noqa: PTH123
            shutil.copyfileobj(file, copy, 1 << 20)
        sha256 = hash_file(os.fsencode(content))
        if not row["member"] and sha256 != row["sha256"]:
            raise CaseError(f"{row['path']}: it is not what it was read as; verify the case")
        content.rename(target / sha256)
