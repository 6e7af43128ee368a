# SPDX-License-Identifier: Apache-2.0
"""The files of OpenALPR's Forensic Plate Finder: reads and groups, in CSV and in SQLite.

Rows are written as vehicles end, so that a run that is stopped leaves what it had found.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO

from alprcore.errors import AlprError
from alprcore.openalpr.library import Library
from alprcore.video.group import Group, Vote

READS = (
    *("id", "group_id", "country", "plate_number", "confidence", "frame_num", "video_time_s"),
    *("matches_pattern", "tracking_hash", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"),
    *("img_name", "region", "region_confidence"),
)
GROUPS = (
    *("id", "country", "plate_number", "matches_pattern", "plate_count", "frame_start"),
    *("frame_end", "video_time_start_s", "video_time_end_s", "best_plate_id", "confidence"),
    *("region", "region_confidence"),
)
_WHOLE = {"id", "group_id", "frame_num", "matches_pattern", "plate_count", "frame_start"}
_WHOLE |= {"frame_end", "best_plate_id", *(f"{axis}{i}" for axis in "xy" for i in range(1, 5))}
_REAL = {"confidence", "video_time_s", "video_time_start_s", "video_time_end_s"}
_REAL |= {"region_confidence"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is looked for in a video.

    Attributes
    ----------
    library
        Country, region and configuration.
    output
        Folder of the files, made if it is missing.
    country
        As it is written into the rows.
    threads
        Of the decoder.
    save_frames
        Whether frames with plates are written, too.
    motion
        Whether only what moves is searched.
    """

    library: Library
    output: Path
    country: str
    threads: int = 1
    save_frames: bool = False
    motion: bool = True


def frame_name(number: int) -> str:
    """Return the name of a saved frame."""
    return f"frame_{number:08d}.jpg"


class Tables:
    """The three files while they are written.

    Raises
    ------
    AlprError
        If one cannot be made.
    """

    def __init__(self, finding: Finding, stem: str) -> None:
        self._finding = finding
        self._groups = self._reads = 0
        self._stack = ExitStack()
        import sqlite3  # noqa: PLC0415 - no other command needs it

        self.database = finding.output / f"{stem}.sqlite"
        try:
            self.database.unlink(missing_ok=True)
            self._files = {
                name: self._stack.enter_context(
                    (finding.output / f"{stem}_{name}.csv").open("w", encoding="utf-8", newline="")
                )
                for name in ("reads", "groups")
            }
            self._base = sqlite3.connect(self.database)
            self._stack.callback(self._base.close)
            for name, columns in (("reads", READS), ("groups", GROUPS)):
                _write(self._files[name], columns)
                typed = ", ".join(f"{column} {_type(column)}" for column in columns)
                self._base.execute(f"CREATE TABLE {name} ({typed})")
            self._base.commit()
        except (OSError, sqlite3.Error) as error:
            self._stack.close()
            raise AlprError(f"output_dir: '{finding.output}': {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def add(self, group: Group, step_s: float) -> None:
        """Write a vehicle and its readings; `step_s` is the time that a frame is shown."""
        self._groups += 1
        reads = [self._read_row(vote, group, step_s) for vote in group.votes]
        best = next(
            (row[0] for row, v in zip(reads, group.votes, strict=True) if v.time == group.best),
            reads[0][0] if reads else 0,
        )
        row = self._group_row(group, step_s, best)
        for each in reads:
            _write(self._files["reads"], [shown(value) for value in each])
        _write(self._files["groups"], [shown(value) for value in row])
        with self._base:
            self._base.executemany(f"INSERT INTO reads VALUES ({_marks(READS)})", reads)
            self._base.execute(f"INSERT INTO groups VALUES ({_marks(GROUPS)})", row)
        for file in self._files.values():
            file.flush()

    def _read_row(self, vote: Vote, group: Group, step_s: float) -> list[Any]:
        self._reads += 1
        saved = self._finding.save_frames
        return [
            self._reads,
            self._groups,
            self._finding.country,
            vote.text,
            100 * vote.confidence,
            vote.time.ordinal,
            vote.time.seconds + step_s,
            int(self._matches(group, vote.text)),
            "",
            *(int(number) for point in vote.quad.to_points() for number in point),
            frame_name(vote.time.ordinal) if saved else "",
            group.region,
            round(100 * group.region_confidence),
        ]

    def _group_row(self, group: Group, step_s: float, best: int) -> list[Any]:
        return [
            self._groups,
            self._finding.country,
            group.text,
            int(self._matches(group, group.text)),
            len(group.votes),
            group.first.ordinal,
            group.last.ordinal,
            group.first.seconds + step_s,
            group.last.seconds + step_s,
            best,
            100 * group.confidence,
            group.region,
            round(100 * group.region_confidence),
        ]

    def _matches(self, group: Group, text: str) -> bool:
        """Whether a text has the format of the wanted region, else of any of its country."""
        regions = self._finding.library.regions_of(group.country, text)
        wanted = self._finding.library.wishes.region
        return wanted in regions if wanted else bool(regions)


def shown(value: Any) -> str:
    """Return a value as the CSV files have it: six significant digits, no trailing zeros."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _write(file: TextIO, cells: Sequence[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    file.write(line.getvalue())


def _type(column: str) -> str:
    kind = "INTEGER" if column in _WHOLE else "REAL" if column in _REAL else "TEXT"
    return f"{kind} PRIMARY KEY" if column == "id" else kind


def _marks(columns: Sequence[str]) -> str:
    return ",".join("?" * len(columns))
