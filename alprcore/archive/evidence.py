# SPDX-License-Identifier: Apache-2.0
"""Whether a case is still what its log says: sources, log, rows, crops, and a sample read again."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Iterator

from alprcore.archive.commit import reading_digest
from alprcore.archive.content import hash_file
from alprcore.archive.defaults import SAMPLE
from alprcore.archive.difference import Difference
from alprcore.archive.log import NAME, walk
from alprcore.archive.reread import read_again
from alprcore.archive.store import Case
from alprcore.picture.load import MAX_BYTES


def verify(case: Case, *, sample: int = SAMPLE, sources: bool = True) -> Iterator[Difference]:
    """Yield what differs from what the case was when it was made.

    Parameters
    ----------
    case : Case
    sample : int
        How many sources are read again; the same ones each time.
    sources : bool
        Whether the sources are hashed again.

    Raises
    ------
    CaseError
        If the database is so damaged that its rows cannot be read.
    """
    if sources:
        yield from _sources(case)
    logged, differences = _log(case)
    yield from differences
    yield from _rows(case, logged)
    yield from _crops(case)
    if sample:
        yield from read_again(case, sample, say_missing=not sources)


def _sources(case: Case) -> Iterator[Difference]:
    """Hash every source again, at each of its places."""
    containers: dict[bytes, _Container] = {}
    for row in case.rows(
        "SELECT path_bytes, member_bytes, places.path, member, sha256 FROM places JOIN sources ON"
        " sources.id = source_id ORDER BY path_bytes, places.id"
    ):
        name = row["path"] + (f"!{row['member']}" if row["member"] else "")
        path, member = bytes(row["path_bytes"]), bytes(row["member_bytes"])
        try:
            if member:
                if path not in containers:
                    containers = {path: _Container(path)}
                found = containers[path].sha256(member)
            else:
                found = hash_file(path)
        except FileNotFoundError:
            yield Difference("source", name, "is not there any more")
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, tarfile.TarError) as error:
            reason = getattr(error, "strerror", None) or error
            yield Difference("source", name, f"cannot be read: {reason}")
        else:
            if found != row["sha256"]:
                yield Difference("source", name, f"has SHA-256 {found}, it had {row['sha256']}")


class _Container:
    """The hashes of the members of a zip or tar file, read in one pass."""

    def __init__(self, path: bytes) -> None:
        self._hashes: dict[bytes, str] = {}
        name = os.fsdecode(path)
        if zipfile.is_zipfile(name):
            with zipfile.ZipFile(name) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir() and entry.file_size <= MAX_BYTES:
                        with archive.open(entry) as file:
                            self._put(entry.filename, file.read(MAX_BYTES))
            return
        with tarfile.open(name, "r:*") as tar:
            for part in tar:
                inside = tar.extractfile(part) if part.isfile() else None
                if inside is not None:
                    self._put(part.name, inside.read(MAX_BYTES))

    def _put(self, name: str, data: bytes) -> None:
        key = name.encode("utf-8", "surrogateescape")
        self._hashes[key] = hashlib.sha256(data).hexdigest()

    def sha256(self, member: bytes) -> str:
        """Return the hash of a member.

        Raises
        ------
        FileNotFoundError
            If there is none of the name.
        """
        if member not in self._hashes:
            raise FileNotFoundError(os.fsdecode(member))
        return self._hashes[member]


def _log(case: Case) -> tuple[dict[tuple[str, int], str], list[Difference]]:
    """Walk the log; return the digests of rows by source and setup, and what is wrong."""
    logged: dict[tuple[str, int], str] = {}
    wrong: list[Difference] = []
    last, head = 0, ""
    try:
        for line in walk(case.folder / NAME):
            if line.fault:
                wrong.append(Difference("log", f"line {line.number}", line.fault))
            last, head = line.number, str(line.entry.get("hash", ""))
            data = line.entry.get("data")
            if line.entry.get("action") == "source" and isinstance(data, dict):
                logged[str(data.get("sha256")), int(data.get("setup", 0))] = str(data.get("rows"))
    except OSError as error:
        return {}, [Difference("log", NAME, f"cannot be read: {error.strerror or error}")]
    pending = case.rows("SELECT count(*) FROM outbox")[0][0]
    seq, expected = case.log_head()
    if not pending and (last, head) != (seq, expected):
        words = f"ends with line {last}, hash {head or 'none'}; the store knows {seq}, {expected}"
        wrong.append(Difference("log", NAME, words))
    return logged, wrong


def _rows(case: Case, logged: dict[tuple[str, int], str]) -> Iterator[Difference]:
    """Compare the rows of each reading with the digest that the log has of them."""
    missing = dict(logged)
    for row in case.rows(
        "SELECT source_id, setup_id, sha256, path FROM readings JOIN sources ON"
        " sources.id = source_id ORDER BY source_id, setup_id"
    ):
        key = (row["sha256"], row["setup_id"])
        expected = missing.pop(key, None)
        if expected is None:
            yield Difference("row", row["path"], "is in the store and not in the log")
            continue
        try:
            found = reading_digest(case.connection, row["source_id"], row["setup_id"])
        except (ValueError, TypeError) as error:
            found = f"none ({error})"
        if found != expected:
            yield Difference("row", row["path"], "has rows other than those that were logged")
    for sha256, _ in missing:
        yield Difference("row", sha256, "is in the log and not in the store")
    for name, words in (
        ("reads", "has no reading in the store"),
        ("groups", "has no reading in the store"),
    ):
        for row in case.rows(
            f"SELECT id, plate FROM {name} WHERE NOT EXISTS (SELECT 1 FROM readings WHERE"
            f" readings.source_id = {name}.source_id AND readings.setup_id = {name}.setup_id)"
        ):
            yield Difference("row", f"{name} {row['id']} {row['plate']!r}", words)


def _crops(case: Case) -> Iterator[Difference]:
    """Hash every crop again."""
    known = set()
    for row in case.rows("SELECT crop, crop_sha256 FROM reads ORDER BY id"):
        known.add(row["crop"])
        try:
            found = hash_file(os.fsencode(case.folder / row["crop"]))
        except OSError as error:
            yield Difference("crop", row["crop"], f"cannot be read: {error.strerror or error}")
            continue
        if found != row["crop_sha256"]:
            yield Difference("crop", row["crop"], f"has SHA-256 {found}, not {row['crop_sha256']}")
    for path in sorted((case.folder / "crops").rglob("*.jpg")):
        name = path.relative_to(case.folder).as_posix()
        if name not in known and not path.name.startswith("."):
            yield Difference("note", name, "belongs to no read: a run was killed, or it was added")
