# SPDX-License-Identifier: Apache-2.0
"""A sample of a case's sources, read again: pictures, members of archives, frames of videos."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np

from alprcore.archive.again import frame_time, places_of, source_picture
from alprcore.archive.canonical import canonical
from alprcore.archive.difference import Difference
from alprcore.archive.provenance import setup_of
from alprcore.archive.store import Case
from alprcore.engine import Engine
from alprcore.errors import AlprError, CaseError
from alprcore.records import Plate
from alprcore.settings import Settings, changed

TOLERANCE = 1e-4
"""How far a probability may be off when a picture is read again: kernels of other processors add up
in another order, which moves the sixth decimal."""

MOST_FRAMES = 5
"""Reads of one video that are read again, each from its frame."""

Reading = list[tuple[str, Any]]
"""Text and confidence of each plate; in a damaged store anything may stand in their places."""


def read_again(case: Case, sample: int, *, say_missing: bool) -> Iterator[Difference]:
    """Yield what reads otherwise than it did, of `sample` sources of each setup.

    Parameters
    ----------
    case : Case
    sample : int
        The same ones each time.
    say_missing : bool
        Whether a source that is not there any more, or changed, is named too.
    """
    try:
        setups = case.setups()
    except CaseError as error:
        yield Difference("row", "setups", str(error))
        return
    for setup_id, setup in setups.items():
        rows = case.rows(
            "SELECT sources.id, sha256, kind, path FROM readings JOIN sources ON sources.id ="
            " source_id WHERE setup_id = ? AND error IS NULL ORDER BY sources.id",
            (setup_id,),
        )
        # Python's generator with a fixed seed: the same sample whoever verifies.
        chosen = random.Random(setup["key"]).sample(rows, min(sample, len(rows)))
        try:
            engine = _engine_of(setup)
        except AlprError as error:
            yield Difference("note", f"setup {setup_id}", f"cannot be read again: {error}")
            continue
        tasks = setup["description"]["tasks"]
        for row in sorted(chosen, key=lambda each: each["id"]):
            stored = case.rows(
                "SELECT * FROM reads WHERE source_id = ? AND setup_id = ? ORDER BY number",
                (row["id"], setup_id),
            )
            try:
                pairs = _pairs(case, row, stored, engine, tasks)
            except AlprError as error:
                if say_missing:
                    yield Difference("note", row["path"], f"cannot be read again: {error}")
                continue
            for now, then in pairs:
                if not _same(now, then):
                    words = f"reads {_texts(now)} now, it was {_texts(then)}"
                    yield Difference("reading", row["path"], words)


def _pairs(
    case: Case, source: sqlite3.Row, stored: list[sqlite3.Row], engine: Engine, tasks: list[str]
) -> list[tuple[Reading, Reading]]:
    """Return what a source reads now and what it read, of a video frame by frame."""
    places = places_of(case, source["id"])
    if source["kind"] == "picture":
        frame = source_picture(places, source["sha256"], None)
        now = [
            (plate.text, plate.confidence) for plate in engine.recognize(frame, tasks=tasks).plates
        ]
        return [(now, [(each["text"], each["confidence"]) for each in stored])]
    pairs: list[tuple[Reading, Reading]] = []
    for each in stored[:MOST_FRAMES]:
        frame = source_picture(places, source["sha256"], frame_time(case, each["id"]))
        plate = _there(engine.recognize(frame, tasks=tasks).plates, each)
        now = [] if plate is None else [(plate.text, plate.confidence)]
        pairs.append((now, [(each["text"], each["confidence"])]))
    return pairs


def _there(plates: tuple[Plate, ...], row: sqlite3.Row) -> Plate | None:
    """Return the plate nearest to where a read stands, at most its width away."""
    corners = np.array([(row[f"x{i}"], row[f"y{i}"]) for i in range(1, 5)])
    reach = float(np.ptp(corners[:, 0]))
    distances = [
        float(np.hypot(*(plate.quad.to_points() - corners).mean(axis=0))) for plate in plates
    ]
    nearest = int(np.argmin(distances)) if distances else -1
    return plates[nearest] if distances and distances[nearest] <= reach else None


def _engine_of(setup: dict[str, Any]) -> Engine:
    """Return the engine of a setup.

    Raises
    ------
    AlprError
        If this program, or its files, are not those that read the sources.
    """
    wanted = setup["description"]
    settings = changed(Settings(), wanted["settings"])
    here = setup_of(settings, wanted["tasks"])
    if here.key != setup["key"]:
        differing = sorted(
            name
            for name in ("version", "files", "own_files")
            if canonical(here.description[name]) != canonical(wanted[name])
        )
        raise AlprError(f"this program has another {' and '.join(differing) or 'make'}")
    return Engine(settings=settings)


def _same(now: Reading, then: Reading) -> bool:
    return [text for text, _ in now] == [text for text, _ in then] and all(
        isinstance(other, float) and abs(one - other) <= TOLERANCE
        for (_, one), (_, other) in zip(now, then, strict=True)
    )


def _texts(reads: Reading) -> str:
    return (
        ", ".join(
            f"{text!r} {value:.6f}" if isinstance(value, float) else f"{text!r} {value!r}"
            for text, value in reads
        )
        or "no plate"
    )
