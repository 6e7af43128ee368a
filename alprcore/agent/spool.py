# SPDX-License-Identifier: Apache-2.0
"""Messages that wait for their receivers, on disk: they survive what the disk survives.

A message is committed with one row per receiver in one transaction, and a row goes when its
receiver has taken the message. Between the two a receiver may get a message twice, never none.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alprcore.agent.messages import Message
from alprcore.agent.metrics import Metrics
from alprcore.agent.spoolfile import open_file
from alprcore.agent.waits import Waits
from alprcore.errors import AlprError

MOST_IN_MEMORY = 1000  # messages that wait for a disk that is full; then the oldest are lost
_MEGABYTE = 2**20


class Spool:
    """The queue of all receivers; for any thread.

    Parameters
    ----------
    path : Path
        SQLite file; a file that is damaged is put aside and a new one begun.
    sinks : dict of str to frozenset of str
        Kinds of messages that each receiver wants, by its name.
    metrics : Metrics
    most_bytes : int
        The oldest messages are given up beyond it.
    make_room : callable
        Called when the disk is full; returns whether it freed anything.
    say : callable
        Takes lines for the log.

    Raises
    ------
    AlprError
        If the file cannot be made.
    """

    def __init__(
        self,
        path: Path,
        sinks: dict[str, frozenset[str]],
        metrics: Metrics,
        *,
        most_bytes: int = 4000 * _MEGABYTE,
        make_room: Callable[[], bool] = lambda: False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._sinks, self._metrics, self._say = dict(sinks), metrics, say
        self._most_bytes, self._make_room = most_bytes, make_room
        self._news = threading.Condition(threading.RLock())
        self._held: deque[Message] = deque()
        # What was delivered while the disk was full: (sink, id).
        self._taken: set[tuple[str, int]] = set()
        self._base = self._begun(path)
        self._count()

    def add(self, message: Message) -> bool:
        """Take a message; return whether it is on disk, False when only memory has it."""
        with self._news:
            self._held.append(message)
            safe = self.settle()
            while len(self._held) > MOST_IN_MEMORY:
                self._held.popleft()
                self._metrics.add("messages_lost_total")
            self._news.notify_all()
            return safe

    def settle(self) -> bool:
        """Write what only memory knows; return whether nothing is left of it."""
        with self._news:
            if not self._held and not self._taken:
                return True
            for _ in range(2):
                try:
                    self._settle()
                except sqlite3.OperationalError as error:
                    self._metrics.add("spool_failures_total")
                    self._say(f"spool: {error}; {len(self._held)} messages wait in memory")
                    if not self._make_room():
                        return False
                else:
                    return True
            return False

    def next(self, sink: str) -> tuple[int, Message] | None:
        """Return the oldest message that waits for a receiver, with its number; None for none."""
        with self._news:
            taken = [number for name, number in self._taken if name == sink]
            marks = ",".join("?" * len(taken))
            row = self._base.execute(
                "SELECT id, key, kind, camera_id, uuid, body FROM waiting JOIN message USING (id)"
                f" WHERE sink = ? AND refused IS NULL AND id NOT IN ({marks}) ORDER BY id LIMIT 1",
                (sink, *taken),
            ).fetchone()
        return (row[0], Message(*row[1:])) if row else None

    def done(self, sink: str, number: int) -> None:
        """Take note that a receiver has a message."""
        with self._news:
            self._taken.add((sink, number))
            self.settle()

    def refuse(self, sink: str, number: int, why: str) -> None:
        """Set a message aside that a receiver does not want, so that the next ones get through."""
        with self._news:
            try:
                with self._transaction():
                    self._base.execute(
                        "UPDATE waiting SET refused = ? WHERE sink = ? AND id = ?",
                        (why, sink, number),
                    )
            except sqlite3.OperationalError:
                return  # it is refused again
            self._count()

    def retry_refused(self) -> int:
        """Let refused messages wait again; return how many."""
        with self._news, self._transaction():
            count = self._base.execute(
                "UPDATE waiting SET refused = NULL WHERE refused IS NOT NULL"
            ).rowcount
        self._count()
        return count

    def wait(self, seconds: float) -> None:
        """Return when something was added, at the latest after so many seconds."""
        with self._news:
            self._news.wait(seconds)

    def waiting(self, sink: str | None = None) -> int:
        """Return how many messages wait, for one receiver or for all; refused ones do not."""
        with self._news:
            count: int = self._base.execute(
                "SELECT count(*) FROM waiting WHERE refused IS NULL AND ifnull(?1, sink) = sink",
                (sink,),
            ).fetchone()[0]
            taken = sum(sink is None or name == sink for name, _ in self._taken)
            return count - taken + len(self._held)

    def close(self) -> None:
        """Write what only memory knows and close the file."""
        with self._news:
            self.settle()
            self._base.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._base.execute("COMMIT")
        except sqlite3.Error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise

    def _settle(self) -> None:
        """Forget what was taken, which makes room, then write what is held, one by one."""
        if self._taken:
            with self._transaction():
                for sink, number in self._taken:
                    self._remove(sink, number)
            self._taken.clear()
        while self._held:
            with self._transaction():
                self._write(self._held[0])
                self._give_up_oldest()
            self._held.popleft()
        self._count()

    def _remove(self, sink: str, number: int) -> None:
        self._base.execute("DELETE FROM waiting WHERE sink = ? AND id = ?", (sink, number))
        self._base.execute(
            "DELETE FROM message WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM waiting WHERE id = ?1)",
            (number,),
        )

    def _write(self, message: Message) -> None:
        sinks = [name for name, kinds in self._sinks.items() if message.kind in kinds]
        if not sinks:
            return
        number = self._base.execute(
            "INSERT OR IGNORE INTO message (key, kind, camera_id, uuid, body)"
            " VALUES (?, ?, ?, ?, ?) RETURNING id",
            (message.key, message.kind, message.camera_id, message.uuid, message.body),
        ).fetchone()
        if number is not None:
            rows = [(sink, number[0]) for sink in sinks]
            self._base.executemany("INSERT INTO waiting (sink, id) VALUES (?, ?)", rows)

    def _give_up_oldest(self) -> None:
        """Delete the oldest messages while there is more than may be."""
        while self._bytes() > self._most_bytes:
            oldest = self._base.execute("SELECT id FROM message ORDER BY id LIMIT 20").fetchall()
            if len(oldest) < 2:
                return
            self._metrics.add("messages_lost_total", len(oldest))
            self._base.executemany("DELETE FROM waiting WHERE id = ?", oldest)
            self._base.executemany("DELETE FROM message WHERE id = ?", oldest)

    def _bytes(self) -> int:
        pages, free, size = (
            self._base.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _begun(self, path: Path) -> sqlite3.Connection:
        """Return the open file; while the disk is full, wait for room."""
        waits = Waits(60.0)
        while True:
            try:
                self._base = open_file(path, self._say)
                self._forget_others()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
                    raise AlprError(f"spool: '{path}' cannot be opened: {error}") from error
                self._say(f"spool: '{path}': {error}; waiting for room")
                if not self._make_room():
                    time.sleep(waits.next())
            else:
                return self._base

    def _forget_others(self) -> None:
        """Forget what waits for receivers that are no longer configured."""
        known = tuple(self._sinks)
        marks = ",".join("?" * len(known))
        with self._transaction():
            gone = self._base.execute(
                f"DELETE FROM waiting WHERE sink NOT IN ({marks})", known
            ).rowcount
            self._base.execute("DELETE FROM message WHERE id NOT IN (SELECT id FROM waiting)")
        if gone:
            self._say(f"spool: {gone} messages of receivers that are no longer configured dropped")

    def _count(self) -> None:
        with self._news:
            for sink in self._sinks:
                self._metrics.put("messages_waiting", self.waiting(sink), sink=sink)
            aside = self._base.execute(
                "SELECT count(*) FROM waiting WHERE refused IS NOT NULL"
            ).fetchone()[0]
            self._metrics.put("messages_set_aside", aside)
            self._metrics.put("spool_bytes", self._bytes())
            if not self.waiting():
                # After a long backlog the file shrinks again; on a full disk it cannot.
                with suppress(sqlite3.OperationalError):
                    self._base.execute("PRAGMA incremental_vacuum(256)").fetchall()
