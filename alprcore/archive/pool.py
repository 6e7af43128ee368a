# SPDX-License-Identifier: Apache-2.0
"""Processes that read sources, each with its own engine; results come back in order.

One that dies, by a kill or by a fault in a decoder, takes nothing with it: what it was reading is
read once more by a new one, and when that dies too the source is unreadable and the run goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2

from alprcore.archive.crops import CropFolder
from alprcore.archive.recognition import SourceResult, result_of, without_content
from alprcore.archive.sources import Found, Place, walk
from alprcore.archive.store import Case
from alprcore.engine import Engine
from alprcore.errors import AlprError, CaseError
from alprcore.settings import Settings

PREFETCH = 2
"""Places that a worker has at a time: the one it reads and the next."""

WINDOW = 64
"""Places for each worker that are out or wait for an earlier one."""

TRIES = 2


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker has to know before its first place."""

    folder: Path
    settings: Settings
    tasks: tuple[str, ...]
    setup_id: int
    setup_key: str


@dataclass(slots=True)
class _Ticket:
    """A place on its way, or what became of it."""

    place: Place | None
    result: SourceResult | None = None
    deaths: int = 0


@dataclass(slots=True)
class _Worker:
    process: Any
    connection: Connection
    tickets: deque[_Ticket] = field(default_factory=deque)
    is_ready: bool = False


class Reading:
    """What finds places and reads them."""

    def walk(self, paths: Iterable[bytes], *, follow: bool, leave_out: Path) -> Iterator[Found]:
        """Yield what lies at and below paths; see `alprcore.archive.sources.walk`."""
        return walk(paths, follow=follow, leave_out=leave_out)

    def results(
        self, places: Iterator[Place | SourceResult | None]
    ) -> Iterator[SourceResult | None]:
        """Yield what becomes of each place, in order; what is no place, as it came."""
        raise NotImplementedError


class Reader(Reading):
    """Reads places one after another: what a worker process has, and all that a test may need."""

    def __init__(self, job: Job, case: Case) -> None:
        self._engine = Engine(settings=job.settings)
        self._crops = CropFolder(job.folder / "crops", job.setup_key)
        self._tasks = job.tasks
        self._is_known = known_in(case, job.setup_id)

    def read(self, place: Place) -> SourceResult:
        """Return what becomes of a place."""
        return result_of(
            place,
            engine=self._engine,
            tasks=self._tasks,
            crops=self._crops,
            is_known=self._is_known,
        )

    def results(
        self, places: Iterator[Place | SourceResult | None]
    ) -> Iterator[SourceResult | None]:
        """Yield what becomes of each place, as `Pool.results` does, in this very process.

        Raises
        ------
        CaseError
            If a crop cannot be written.
        """
        for item in places:
            result = self.read(item) if isinstance(item, Place) else item
            if result is not None and result.outcome == "failed":
                raise CaseError(result.reason)
            yield result


class Pool(Reading):
    """Workers; a context manager that ends them."""

    def __init__(self, job: Job, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._job = job
        self._count = count
        self._workers: list[_Worker] = []
        self._queue: deque[_Ticket] = deque()

    def __enter__(self) -> Self:
        """Start the workers."""
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers, at once when the run was broken off."""
        for worker in self._workers:
            with suppress(OSError):
                worker.connection.send(None)
            if error is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.connection.close()

    def results(
        self, places: Iterator[Place | SourceResult | None]
    ) -> Iterator[SourceResult | None]:
        """Yield what becomes of each place, in order; what is no place, as it came.

        None comes out whenever nothing is ready, so that the caller may write what it has.
        """
        waiting: deque[_Ticket] = deque()
        for item in places:
            while waiting and waiting[0].result is not None:
                yield waiting.popleft().result
            if isinstance(item, Place):
                ticket = _Ticket(item)
                waiting.append(ticket)
                self._queue.append(ticket)
                self._hand_out()
                while self._queue or len(waiting) >= WINDOW * self._count:
                    yield None
                    self._turn()
                    while waiting and waiting[0].result is not None:
                        yield waiting.popleft().result
            elif item is not None:
                waiting.append(_Ticket(None, item))
        while waiting:
            if waiting[0].result is None:
                yield None
                self._turn()
            else:
                yield waiting.popleft().result

    def pids(self) -> list[int]:
        """Return the numbers of the workers' processes."""
        return [worker.process.pid for worker in self._workers]

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(theirs, self._job), name="alprcore-archive", daemon=True
        )
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _hand_out(self) -> None:
        """Send out what waits; a suspect goes alone, so that its neighbours are not blamed."""
        for worker in sorted(self._workers, key=lambda each: len(each.tickets)):
            while self._queue and len(worker.tickets) < PREFETCH:
                if worker.tickets and (self._queue[0].deaths or worker.tickets[0].deaths):
                    break
                ticket = self._queue.popleft()
                worker.tickets.append(ticket)
                with suppress(OSError):  # it died; `_turn` finds out
                    worker.connection.send(ticket.place)

    def _turn(self) -> None:
        """Wait until a worker has something to say, and hand out what is next."""
        self._hand_out()
        ready = set(wait([worker.connection for worker in self._workers]))
        for worker in [each for each in self._workers if each.connection in ready]:
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if isinstance(message, SourceResult):
                worker.tickets.popleft().result = message
                if message.outcome == "failed":
                    raise CaseError(f"{self._job.folder}: {message.reason}")
            elif message == "ready":
                worker.is_ready = True
            else:
                raise CaseError(f"a worker gave up: {message}")
        self._hand_out()

    def _bury(self, worker: _Worker) -> None:
        """Replace a worker that died; what it was reading gets a second try, the rest its first."""
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)
        code = worker.process.exitcode
        if not worker.is_ready:
            raise CaseError(f"a worker died before it could begin ({_death(code)})")
        if worker.tickets:
            suspect = worker.tickets[0]
            suspect.deaths += 1
            if suspect.deaths >= TRIES and suspect.place is not None:
                worker.tickets.popleft()
                suspect.result = SourceResult(
                    without_content(suspect.place),
                    "unreadable",
                    f"the process that read it died {TRIES} times ({_death(code)})",
                )
        self._queue.extendleft(reversed(worker.tickets))
        self._start()


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def work(connection: Connection, job: Job) -> None:
    """Read places as they come, until None comes or the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    _silence()
    try:
        cv2.setNumThreads(1)
        with Case.open(job.folder) as case:
            reader = Reader(job, case)
            connection.send("ready")
            while (place := connection.recv()) is not None:
                connection.send(reader.read(place))
    except (EOFError, BrokenPipeError):
        return
    except AlprError as error:
        connection.send(str(error))
    except Exception:  # noqa: BLE001 - the parent has to hear of it
        connection.send(traceback.format_exc())


def known_in(case: Case, setup_id: int) -> Callable[[str], bool]:
    """Return a function that says whether a source, by its SHA-256, has a reading."""

    def is_known(sha256: str) -> bool:
        sql = "SELECT 1 FROM readings JOIN sources ON sources.id = source_id"
        return bool(case.rows(f"{sql} WHERE sha256 = ? AND setup_id = ?", (sha256, setup_id)))

    return is_known


def _silence() -> None:
    """Drop what C libraries write to standard error: reasons are in the results."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)
