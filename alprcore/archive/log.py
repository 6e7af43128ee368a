# SPDX-License-Identifier: Apache-2.0
"""``log.jsonl``: every step taken in a case, each line bound to the one before by its hash.

A line is canonical JSON (RFC 8785) with the keys ``seq`` (from 1), ``time`` (UTC), ``action``,
``data``, ``previous`` (the hash of the line before, 64 zeros for the first) and ``hash``: the
SHA-256 of the line without that key. A changed, missing or moved line breaks the chain. Whoever can
write all of it can make another, so keep a copy of the last hash elsewhere: the chain shows
tampering, it does not prevent it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alprcore.archive.canonical import canonical, digest

try:
    import fcntl
except ImportError:  # Windows: two programs that write at once are kept apart by SQLite alone
    fcntl = None  # type: ignore[assignment]

NAME = "log.jsonl"
FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log, as it stands; `fault` says what is wrong with it, empty for nothing."""

    number: int
    entry: dict[str, Any]
    fault: str = ""


def now() -> str:
    """Return the time as the log and the store write it: UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def log_line(seq: int, previous: str, action: str, data: dict[str, Any]) -> tuple[str, str]:
    """Return a line, without its newline, and its hash."""
    entry: dict[str, Any] = {
        "seq": seq,
        "time": now(),
        "action": action,
        "data": data,
        "previous": previous,
    }
    entry["hash"] = digest(entry)
    return canonical(entry), entry["hash"]


def append_lines(path: Path, lines: list[tuple[int, str]]) -> None:
    """Append lines with their numbers, those that the file has already left out.

    A line that was cut, by a kill in the middle of writing, is written anew.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if not lines:
        return
    with _locked(path) as descriptor:
        size = os.fstat(descriptor).st_size
        last, end = _last_seq(descriptor, size)
        if end < size:
            os.ftruncate(descriptor, end)
        missing = [line for seq, line in lines if seq > last]
        content = memoryview("".join(f"{line}\n" for line in missing).encode("utf-8"))
        os.lseek(descriptor, 0, os.SEEK_END)
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _last_seq(descriptor: int, size: int) -> tuple[int, int]:
    """Return the number of the last whole line, 0 for none, and where it ends."""
    block, end = 1 << 16, size
    tail = b""
    while end > 0:
        begin = max(0, end - block)
        os.lseek(descriptor, begin, os.SEEK_SET)
        tail = os.read(descriptor, end - begin) + tail
        whole = tail.rfind(b"\n")
        start = tail.rfind(b"\n", 0, max(whole, 0)) + 1
        if whole >= 0 and (start > 0 or begin == 0):
            try:
                return int(json.loads(tail[start:whole])["seq"]), begin + whole + 1
            except (ValueError, KeyError, TypeError):
                return 0, size  # damaged: nothing is taken away, `verify` names it
        end = begin
    return 0, 0


def walk(path: Path) -> Iterator[LogLine]:
    """Yield the lines of a log with what is wrong with each: the chain, walked from its start.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    previous = FIRST
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            entry, fault = _parsed(raw)
            if not fault:
                fault = _fault(entry, raw, number, previous)
            previous = str(entry.get("hash", ""))
            yield LogLine(number, entry, fault)


def _parsed(raw: bytes) -> tuple[dict[str, Any], str]:
    try:
        entry = json.loads(raw)
    except ValueError:
        return {}, "is not JSON"
    return (entry, "") if isinstance(entry, dict) else ({}, "is not an object")


def _fault(entry: dict[str, Any], raw: bytes, number: int, previous: str) -> str:
    body = {key: value for key, value in entry.items() if key != "hash"}
    try:
        if digest(body) != entry.get("hash"):
            return "does not have the hash that it states: it was changed"
        if canonical(entry).encode("utf-8") != raw.rstrip(b"\n"):
            return "is not in canonical form"
    except (ValueError, TypeError):
        return "is not in canonical form"
    if entry.get("previous") != previous:
        return "does not follow the line before: lines are missing, added or moved"
    if entry.get("seq") != number:
        return f"has the number {entry.get('seq')!r}"
    return ""
