# SPDX-License-Identifier: Apache-2.0
"""A read as Python and as scripts see it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from alprcore.errors import CaseError
from alprcore.records import Quad

T = TypeVar("T")

_COLUMNS = """
reads.id, reads.source_id, reads.setup_id, reads.group_id, reads.number, reads.plate, reads.text,
reads.confidence, reads.matches_template, reads.legibility, reads.detection_score, reads.truncated,
reads.country, reads.region, reads.region_confidence, reads.x1, reads.y1, reads.x2, reads.y2,
reads.x3, reads.y3, reads.x4, reads.y4, reads.pts, reads.time_base, reads.frame, reads.seconds,
reads.color, reads.make, reads.make_model, reads.candidates, reads.glyphs, reads.crop, reads.crop_x,
reads.crop_y, sources.sha256, sources.path, sources.kind, sources.time, sources.time_source,
sources.latitude, sources.longitude, sources.camera
"""

_NUMBERS = ("confidence", "legibility", "detection_score", "region_confidence")
_GLYPH = frozenset({"text", "quad", "confidence", "alternatives", "template"})

# Of a source read with several settings, the last ones it was read with.
LATEST = (
    "reads.setup_id = (SELECT max(setup_id) FROM readings"
    " WHERE readings.source_id = reads.source_id)"
)


@dataclass(frozen=True, slots=True)
class Read:
    """A plate in a source.

    Attributes
    ----------
    id
        Its number in the case.
    sha256, path, kind
        Of the source: its content, where it was found first, ``"picture"`` or ``"video"``.
    plate, text
        The reading, without and with the end of the first line of two.
    confidence
        Probability of the reading, in [0, 1].
    quad
        Corners in the source, in pixels.
    candidates
        (text, probability, whether it has a format) of each possible reading, best first.
    glyphs
        What was seen of each character; see the archive's README.
    time, time_source
        When it was taken, and how that is known; None when it is not.
    seconds, pts, time_base, frame
        Of a video: seconds from its start, and the exact frame.
    crop
        Path of the picture of the plate, below the case's folder; `crop_x` and `crop_y` are where
        its corner is in the source.
    """

    id: int
    source_id: int
    setup_id: int
    group_id: int | None
    number: int
    sha256: str
    path: str
    kind: str
    plate: str
    text: str
    confidence: float
    matches_template: bool
    legibility: float
    detection_score: float
    truncated: bool
    country: str
    region: str
    region_confidence: float
    quad: Quad
    candidates: tuple[tuple[str, float, bool], ...]
    glyphs: tuple[dict[str, Any], ...]
    color: str | None
    make: str | None
    make_model: str | None
    time: str | None
    time_source: str | None
    latitude: float | None
    longitude: float | None
    camera: str | None
    seconds: float | None
    pts: int | None
    time_base: str | None
    frame: int | None
    crop: str
    crop_x: int
    crop_y: int


def select_reads(*, every_setup: bool, where: str = "", order: str = "reads.id") -> str:
    """Return the query whose rows `read_of` takes."""
    conditions = [each for each in ("" if every_setup else LATEST, where) if each]
    restricted = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    joined = "FROM reads JOIN sources ON sources.id = reads.source_id"
    return f"SELECT {_COLUMNS} {joined} {restricted} ORDER BY {order}"


def parsed(row: sqlite3.Row, name: str, kind: type[T]) -> T:
    """Return a column of JSON.

    Raises
    ------
    CaseError
        If it is not of the kind that it should be.
    """
    try:
        value = json.loads(row[name])
    except (ValueError, TypeError) as error:
        raise CaseError(f"case.sqlite: column {name} is damaged: {error}") from error
    if not isinstance(value, kind):
        raise CaseError(f"case.sqlite: column {name} is damaged: expected {kind.__name__}")
    return value


def read_of(row: sqlite3.Row) -> Read:
    """Return a row of `select_reads` as a read.

    Raises
    ------
    CaseError
        If the row is damaged.
    """
    try:
        return _read_of(row)
    except (ValueError, TypeError, KeyError) as error:
        raise CaseError(
            f"case.sqlite: the read {row['id']} is damaged ({error}); `alprcore archive verify`"
            " names all that differs from the log"
        ) from error


def _read_of(row: sqlite3.Row) -> Read:
    corners = [(row[f"x{i}"], row[f"y{i}"]) for i in range(1, 5)]
    plain = {
        name: row[name]
        for name in Read.__dataclass_fields__
        if name not in {"quad", "candidates", "glyphs", "matches_template", "truncated"}
    }
    for name in _NUMBERS:
        plain[name] = float(row[name])
    if row["time"] is not None:
        datetime.fromisoformat(row["time"])  # raises where it is not a time
    glyphs = parsed(row, "glyphs", list)
    for glyph in glyphs:
        if missing := _GLYPH - glyph.keys():
            raise ValueError(f"a character without {min(missing)}")
    return Read(
        **plain,
        matches_template=bool(row["matches_template"]),
        truncated=bool(row["truncated"]),
        quad=Quad.from_points(corners),
        candidates=tuple(
            (str(text), float(value), bool(fits))
            for text, value, fits in parsed(row, "candidates", list)
        ),
        glyphs=tuple(glyphs),
    )
