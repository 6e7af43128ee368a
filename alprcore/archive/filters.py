# SPDX-License-Identifier: Apache-2.0
"""What a search is limited to besides the plate: time, place, region, vehicle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.archive.store import Case
from alprcore.errors import CaseError

_EARTH_KM = 6371.0
_DEGREE_KM = 111.0


@dataclass(frozen=True, slots=True)
class Filters:
    """Limits of a search; None for no limit.

    Attributes
    ----------
    since, until
        Seconds since 1970; a source without a time is outside.
    near
        Latitude and longitude in degrees, and kilometres; a source without a place is outside.
    region
        Region code, or country code before the dash.
    color, make
        Names as in the store; the likeliest one counts.
    """

    since: float | None = None
    until: float | None = None
    near: tuple[float, float, float] | None = None
    region: str | None = None
    color: str | None = None
    make: str | None = None

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return any(getattr(self, name) is not None for name in self.__dataclass_fields__)

    def described(self) -> dict[str, Any]:
        """Return the limits that there are, for a log."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value is not None
        }


def allowed_ids(case: Case, filters: Filters) -> NDArray[np.int64]:
    """Return the ids of the reads within the limits, ascending."""
    conditions = ["1"]
    values: list[float | str] = []
    moment = "sources.epoch + coalesce(reads.seconds, 0)"
    if filters.since is not None:
        conditions.append(f"{moment} >= ?")
        values.append(filters.since)
    if filters.until is not None:
        conditions.append(f"{moment} <= ?")
        values.append(filters.until)
    if filters.region is not None:
        conditions.append("(reads.region = ? OR reads.country = ? OR reads.region LIKE ? || '-%')")
        values += [filters.region.lower()] * 3
    for name in ("color", "make"):
        if (value := getattr(filters, name)) is not None:
            conditions.append(f"reads.{name} = ?")
            values.append(value.lower())
    if filters.near is not None:
        conditions.append("sources.latitude BETWEEN ? AND ?")
        spread = filters.near[2] / _DEGREE_KM + 0.01
        values += [filters.near[0] - spread, filters.near[0] + spread]
    # From the index of limits alone; rows of reads hold their lattices and are some pages each.
    columns, tables = "reads.id", "reads INDEXED BY reads_limits"
    if any(value is not None for value in (filters.since, filters.until, filters.near)):
        columns += ", sources.latitude, sources.longitude"
        tables = f"sources JOIN {tables} ON sources.id = reads.source_id"
    where = " AND ".join(conditions)
    rows = case.rows(f"SELECT {columns} FROM {tables} WHERE {where}", tuple(values))
    if filters.near is not None:
        latitude, longitude, limit = filters.near
        rows = [
            row for row in rows
            if row[2] is not None and kilometres(latitude, longitude, row[1], row[2]) <= limit
        ]  # fmt: skip
    return np.sort(np.array([row[0] for row in rows], np.int64))


def kilometres(latitude: float, longitude: float, other_lat: float, other_long: float) -> float:
    """Return the distance of two places on a globe (haversine formula)."""
    a, b = math.radians(latitude), math.radians(other_lat)
    across = math.radians(other_long - longitude)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(across / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def parse_time(text: str, *, end: bool = False) -> float:
    """Return an ISO 8601 date or time as seconds since 1970, UTC where it names no zone.

    Parameters
    ----------
    text
        ``2024-05-01``, ``2024-05-01T12:30``, with ``Z`` or an offset where wanted.
    end : bool
        Whether a date stands for the end of its day.

    Raises
    ------
    CaseError
        If it is neither.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CaseError(f"time: expected such as 2024-05-01T12:30, got {text!r}") from error
    if end and len(text) == len("2024-05-01"):
        at += timedelta(days=1, microseconds=-1)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def parse_near(text: str) -> tuple[float, float, float]:
    """Return ``LAT,LON,KM``.

    Raises
    ------
    CaseError
        If it is not that.
    """
    try:
        latitude, longitude, limit = (float(part) for part in text.split(","))
    except ValueError:
        limit = math.nan
        latitude = longitude = 0.0
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 < limit < math.inf):
        raise CaseError(f"near: expected LAT,LON,KM, got {text!r}")
    return latitude, longitude, limit
