# SPDX-License-Identifier: Apache-2.0
"""Sources into a case: walked in order, read by several processes, committed in order.

What is committed is at any moment the beginning of the walk, so that a run that was killed and one
that was not leave the same rows behind.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass

from alprcore.archive.canonical import canonical
from alprcore.archive.commit import Committer, Counts
from alprcore.archive.index import load_index
from alprcore.archive.log import now
from alprcore.archive.pool import Job, Pool, Reader, Reading
from alprcore.archive.provenance import Setup, host, setup_of
from alprcore.archive.recognition import SourceResult
from alprcore.archive.sources import Place, Refusal, Skipped
from alprcore.archive.store import Case
from alprcore.errors import CaseError
from alprcore.settings import Settings, checked_tasks

COMMIT_SECONDS = 0.5
"""What is ready within this time is committed together: each commit waits for the disk."""

COMMIT_RESULTS = 64

PathLike = str | bytes | os.PathLike[str]
Progress = Callable[[int, Counts], None]
Readers = Callable[[Job], AbstractContextManager[Reading]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to; `state` is ``"done"`` or ``"interrupted"``."""

    run_id: int
    state: str
    counts: Counts
    seconds: float


def add(
    case: Case,
    paths: Iterable[PathLike],
    *,
    settings: Settings | None = None,
    tasks: Iterable[str] = ("plate",),
    workers: int | None = None,
    follow: bool = False,
    progress: Progress | None = None,
    readers: Readers | None = None,
) -> Summary:
    """Read what lies at and below paths into a case; what it has already is not read again.

    Parameters
    ----------
    case : Case
        Open for writing.
    paths : iterable of paths
        Files and folders; pictures in zip and tar files are read too.
    settings : Settings, optional
    tasks : iterable of str
        As for `Engine.recognize`.
    workers : int, optional
        Processes; as many as there are processors when None, and 0 for none but this one: a
        picture that brings a decoder down then takes the run with it.
    follow : bool
        Whether symbolic links are followed.
    progress : callable, optional
        Called with how many files were done since the last call, and the counts so far.
    readers : callable, optional
        What reads in place of this machine's processes, and may know of other places: see
        `alprcore.scale`.

    Returns
    -------
    Summary
        After Ctrl-C too: what was committed stays, and the same call goes on.

    Raises
    ------
    AlprError
        If the settings are wrong or the case cannot be written; what was committed stays.

    Notes
    -----
    The workers are started afresh ("spawn"): a script that calls this needs the usual
    ``if __name__ == "__main__":``.
    """
    wanted = settings or Settings()
    setup = setup_of(wanted, checked_tasks(tuple(tasks)))
    count = processors() if workers is None else workers
    listed = [os.fsencode(path) for path in paths]
    counts = Counts()
    begin = time.monotonic()
    setup_id, run_id = _started(case, setup, listed, count)
    committer = Committer(case, setup_id=setup_id, run_id=run_id, counts=counts)
    job = Job(case.folder.absolute(), wanted, tuple(sorted(checked_tasks(tuple(tasks)))), setup_id,
              setup.key)  # fmt: skip
    state = "done"
    try:
        with _readers(job, case, count, readers) as pool:
            found = pool.walk(listed, follow=follow, leave_out=case.folder)
            _commit_all(case, pool.results(_planned(found, committer)), committer, counts,
                        progress)  # fmt: skip
    except KeyboardInterrupt:
        state = "interrupted"
    except BaseException:
        with suppress(Exception):  # the first error is the one to tell
            _ended(case, run_id, "failed", counts)
        raise
    _ended(case, run_id, state, counts)
    if state == "done":
        with suppress(CaseError):  # what searches scan; the next one makes it, if need be
            load_index(case)
    return Summary(run_id, state, counts, time.monotonic() - begin)


def _readers(
    job: Job, case: Case, count: int, readers: Readers | None
) -> AbstractContextManager[Reading]:
    if readers is not None:
        return readers(job)
    return Pool(job, count) if count else nullcontext(Reader(job, case))


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _started(case: Case, setup: Setup, paths: list[bytes], workers: int) -> tuple[int, int]:
    """Write down that a run begins; return the ids of its setup and of itself."""
    machine = host()
    with case.transaction():
        _settle_killed(case)
        case.connection.execute(
            "INSERT OR IGNORE INTO setups (key, alphabet, description) VALUES (?, ?, ?)",
            (setup.key, setup.alphabet, canonical(setup.description)),
        )
        (setup_id,) = case.connection.execute(
            "SELECT id FROM setups WHERE key = ?", (setup.key,)
        ).fetchone()
        names = [path.decode("utf-8", "backslashreplace") for path in paths]
        run_id = case.connection.execute(
            "INSERT INTO runs (setup_id, started, state, paths, workers, counts, host)"
            " VALUES (?, ?, 'running', ?, ?, '{}', ?)",
            (setup_id, now(), canonical(names), workers, canonical(machine)),
        ).lastrowid
        case.log(
            "run started",
            {"run": run_id, "paths": names, "setup": setup.key, "host": machine,
             "description": setup.description},
        )  # fmt: skip
    case.flush_log()
    return int(setup_id), int(run_id or 0)


def _settle_killed(case: Case) -> None:
    """Mark the runs of this machine that were killed: their processes are gone."""
    running = case.connection.execute("SELECT id, host FROM runs WHERE state = 'running'")
    for row in running.fetchall():
        machine = json.loads(row["host"])
        if machine["name"] == socket.gethostname() and not _is_alive(machine["pid"]):
            case.connection.execute("UPDATE runs SET state = 'killed' WHERE id = ?", (row["id"],))
            case.log("run killed", {"run": row["id"]})


def _is_alive(pid: int) -> bool:
    if pid == os.getpid():
        return False  # a number that was given again: this process has only just begun
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _ended(case: Case, run_id: int, state: str, counts: Counts) -> None:
    with case.transaction():
        case.connection.execute(
            "UPDATE runs SET ended = ?, state = ?, counts = ? WHERE id = ?",
            (now(), state, canonical(counts.as_dict()), run_id),
        )
        case.log("run ended", {"run": run_id, "state": state, "counts": counts.as_dict()})
    case.flush_log()


def _planned(
    found: Iterable[Place | Refusal | Skipped], committer: Committer
) -> Iterator[Place | SourceResult]:
    """Yield the places that are to be read, and results for all the others."""
    for item in found:
        if isinstance(item, Skipped):
            yield SourceResult(Place(b""), item.kind)
        elif isinstance(item, Refusal):
            yield SourceResult(Place(item.path, item.member), "unreadable", item.reason)
        elif committer.place_is_known(item):
            yield SourceResult(Place(item.path, item.member), "known")
        else:
            yield item


def _commit_all(
    case: Case,
    results: Iterator[SourceResult | None],
    committer: Committer,
    counts: Counts,
    progress: Progress | None,
) -> None:
    """Commit results as they come, several at a time."""
    ready: list[SourceResult] = []
    last = time.monotonic()

    def commit() -> None:
        nonlocal last
        if ready:
            with case.transaction():
                for result in ready:
                    committer.put(result)
            case.flush_log()
            if progress is not None:
                progress(len(ready), counts)
            ready.clear()
        last = time.monotonic()

    try:
        for result in results:
            if result is not None:
                ready.append(result)
            if len(ready) >= COMMIT_RESULTS or time.monotonic() - last > COMMIT_SECONDS:
                commit()
    except KeyboardInterrupt:
        commit()
        raise
    commit()
