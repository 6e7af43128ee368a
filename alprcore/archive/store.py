# SPDX-License-Identifier: Apache-2.0
"""A case: a folder with ``case.sqlite``, ``log.jsonl`` and ``crops``, opened, kept in order."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from alprcore.archive import schema
from alprcore.archive.connection import DATABASE, connected, make_folder, words_of
from alprcore.archive.log import FIRST, NAME, append_lines, log_line, now
from alprcore.archive.rows import Read, parsed, read_of, select_reads
from alprcore.errors import CaseError

_DESCRIBED = frozenset({"settings", "tasks", "version", "files", "own_files"})


class Case:
    """A case of the archive, open; a context manager.

    Make one with `Case.open`. One thread uses it at a time.

    Examples
    --------
    >>> with Case.open("mycase") as case:  # doctest: +SKIP
    ...     for read in case.reads():
    ...         print(read.plate, read.path)
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, *, read_only: bool) -> None:
        self.folder = folder
        self.read_only = read_only
        self.connection = connection

    @classmethod
    def open(
        cls, folder: str | os.PathLike[str], *, read_only: bool = True, create: bool = False
    ) -> Self:
        """Open a case.

        Parameters
        ----------
        folder
            The case's folder.
        read_only : bool
            Whether nothing can be written, the log included. A case of an older version must be
            opened for writing once.
        create : bool
            Whether a case is made where there is none; opens it for writing.

        Raises
        ------
        CaseError
            If there is no case, it is damaged, of another version, or locked.
        """
        path = Path(folder)
        database = path / DATABASE
        read_only = read_only and not create
        try:
            is_new = not database.exists()
            if is_new and not create:
                raise CaseError(f"{path}: no case here, expected a folder with {DATABASE}")
            if is_new:
                make_folder(path)
            connection = connected(database, read_only=read_only)
        except OSError as error:
            raise CaseError(f"{path}: {error.strerror or error}") from error
        except sqlite3.Error as error:
            raise CaseError(words_of(path, error)) from error
        case = cls(path, connection, read_only=read_only)
        try:
            case._prepare(is_new=is_new)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise CaseError(words_of(path, error)) from error
            raise
        return case

    def _prepare(self, *, is_new: bool) -> None:
        """Check the database, bring it up to this version, and finish what a kill cut off."""
        if is_new:
            self.connection.execute("PRAGMA journal_mode = WAL")
            schema.create(self.connection)
            with self.transaction():
                self._put("created", now())
                self.log("created", {"version": schema.VERSION})
            self.flush_log()
            return
        version = schema.version_of(self.connection)
        if self.read_only:
            if version < schema.VERSION:
                raise CaseError(
                    f"{self.folder}: the case is of version {version}; open it for writing once,"
                    f" `alprcore archive status --upgrade`, to make it version {schema.VERSION}"
                )
            schema.migrate(self.connection)  # refuses a newer one
            return
        for step in schema.migrate(self.connection):
            with self.transaction():
                self.log("migrated", {"from": step, "to": step + 1})
        self.flush_log()

    def __enter__(self) -> Self:
        """Return the case itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the case."""
        self.close()

    def close(self) -> None:
        """Close the case; it may be closed twice."""
        if not self.read_only:
            with suppress(sqlite3.Error, OSError):
                self.flush_log()
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do what is inside whole or not at all.

        Raises
        ------
        CaseError
            If the database is locked, full, damaged or read-only.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise CaseError(words_of(self.folder, error)) from error

    def log(self, action: str, data: dict[str, Any]) -> None:
        """Add a step to the log, inside a transaction; `flush_log` puts it into the file."""
        seq, head = int(self._get("log_seq", "0")), self._get("log_head", FIRST)
        line, new_head = log_line(seq + 1, head, action, data)
        self.connection.execute("INSERT INTO outbox VALUES (?, ?)", (seq + 1, line))
        self._put("log_seq", str(seq + 1))
        self._put("log_head", new_head)

    def note(self, action: str, data: dict[str, Any]) -> None:
        """Add one step to the log and its file; a case that is read-only keeps quiet.

        Raises
        ------
        CaseError
            If it cannot be written.
        """
        if self.read_only:
            return
        with self.transaction():
            self.log(action, data)
        self.flush_log()

    def flush_log(self) -> None:
        """Append to ``log.jsonl`` what was committed and is not there yet.

        Raises
        ------
        CaseError
            If the file or the database cannot be written; nothing is lost, the next call goes on.
        """
        try:
            lines = self.connection.execute("SELECT seq, line FROM outbox ORDER BY seq").fetchall()
            if not lines:
                return
            append_lines(self.folder / NAME, lines)
            # Only now, when the lines are on the disk.
            with self.transaction():
                self.connection.execute("DELETE FROM outbox WHERE seq <= ?", (lines[-1][0],))
        except OSError as error:
            raise CaseError(f"{self.folder / NAME}: {error.strerror or error}") from error
        except sqlite3.Error as error:
            raise CaseError(words_of(self.folder, error)) from error

    def log_head(self) -> tuple[int, str]:
        """Return the number and the hash of the last step."""
        return int(self._get("log_seq", "0")), self._get("log_head", FIRST)

    def _get(self, name: str, default: str) -> str:
        found = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if found is None else str(found[0])

    def _put(self, name: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query.

        Raises
        ------
        CaseError
            If the database is damaged, locked, or does not understand it.
        """
        try:
            return self.connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise CaseError(words_of(self.folder, error)) from error

    def reads(self, *, every_setup: bool = False) -> Iterator[Read]:
        """Yield the reads, in the order in which they were stored.

        Parameters
        ----------
        every_setup : bool
            Whether, of a source that was read with several settings, all readings are wanted and
            not the last one alone.

        Raises
        ------
        CaseError
            If the database is damaged.
        """
        try:
            for row in self.connection.execute(select_reads(every_setup=every_setup)):
                yield read_of(row)
        except sqlite3.Error as error:
            raise CaseError(words_of(self.folder, error)) from error

    def read(self, number: int) -> Read:
        """Return one read by its id.

        Raises
        ------
        CaseError
            If there is none.
        """
        found = self.rows(select_reads(every_setup=True, where="reads.id = ?"), (number,))
        if not found:
            raise CaseError(f"{self.folder}: no read has the id {number}")
        return read_of(found[0])

    def status(self) -> dict[str, Any]:
        """Return the counts of the case: sources, reads, duplicates, unreadable, runs."""
        counts = {
            "sources": "SELECT count(*) FROM sources",
            "places": "SELECT count(*) FROM places",
            "reads": "SELECT count(*) FROM reads",
            "groups": "SELECT count(*) FROM groups",
            "sources_with_plates": "SELECT count(DISTINCT source_id) FROM reads",
            "unreadable": "SELECT count(*) FROM unreadable",
            "runs": "SELECT count(*) FROM runs",
            "setups": "SELECT count(*) FROM setups",
        }
        found: dict[str, Any] = {name: self.rows(sql)[0][0] for name, sql in counts.items()}
        found["duplicates"] = found["places"] - found["sources"]
        last = self.rows("SELECT state, started, ended FROM runs ORDER BY id DESC LIMIT 1")
        found["last_run"] = dict(last[0]) if last else None
        found["log_lines"], found["log_head"] = self.log_head()
        found["bytes"] = sum(
            each.stat().st_size for each in self.folder.glob(f"{DATABASE}*") if each.is_file()
        )
        return found

    def setups(self) -> dict[int, dict[str, Any]]:
        """Return, by id, the settings that sources were read with: key, alphabet, description.

        Raises
        ------
        CaseError
            If they are damaged.
        """
        found = {}
        for row in self.rows("SELECT * FROM setups ORDER BY id"):
            description: dict[str, Any] = parsed(row, "description", dict)
            missing = _DESCRIBED - description.keys()
            if not missing and "country" not in description["settings"]:
                missing = frozenset({"country"})
            if missing:
                raise CaseError(f"case.sqlite: the setup {row['id']} lacks its {min(missing)}")
            found[row["id"]] = {
                "key": row["key"],
                "alphabet": row["alphabet"],
                "description": description,
            }
        return found
