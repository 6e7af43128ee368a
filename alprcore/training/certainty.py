# SPDX-License-Identifier: Apache-2.0
"""Fits how sure the frames of a vehicle make its row, on rows of clips with known plates.

``python -m alprcore.training.certainty CLIPS… --check CLIPS… --cache FILE``

CLIPS are folders of clips with ``truth.csv`` and ``frames.csv``, as for `alprcore.training.fusion`.
Rows are those that the engine gives for the clips, with all that decides which frames are read; a
row is of the plate where most of its readings are. Those of ``--check`` are measured only. Besides,
all rows together are measured by weights that did not see their plates. The shipped weights are
those of the clips without the ones to check; rows are kept in FILE, since taking them costs more
than the fit.
"""

from __future__ import annotations

import argparse
import csv
import math
import pickle
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.engine import Engine
from alprcore.training.fusion import error_of
from alprcore.video.certainty import (
    AS_SHARED,
    FITTED,
    CertaintyWeights,
    certainty,
    first_and_share,
    support_of,
)
from alprcore.video.collect import Collected, is_well_formed, shares_of
from alprcore.video.frames import frames
from alprcore.video.group import Group
from alprcore.video.session import Session, VideoSettings
from alprcore.video.text_distance import plain
from alprcore.video.track import Track

PRIOR = 2e-3  # of squared distance from shares as they are
FOLDS = 10
NEAR = 0.6  # of its width: how far a reading may be from the middle of the plate


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a row, and whether it is right, lookalikes being one."""

    plate: str
    share: float
    support: float
    well_formed: bool
    is_right: bool


class _Watched(Session):
    """A session that keeps what its rows come from."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, VideoSettings(), (), 0)
        self.rows: list[tuple[Group, Collected]] = []

    def _ended(self, track: Track) -> Group | None:
        collected = self._collected[track.number]
        group = super()._ended(track)
        if group is not None:
            self.rows.append((group, collected))
        return group


def read_rows(folder: Path, engine: Engine) -> list[Row]:
    """Return the rows of a folder of clips that are of a known plate, read by the engine."""
    shown: dict[str, dict[int, list[tuple[str, NDArray[np.float64]]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    with (folder / "frames.csv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            corners = np.array([float(row[f"{axis}{i}"]) for i in range(1, 5) for axis in "xy"])
            shown[row["video"]][int(row["frame"])].append((row["plate"], corners.reshape(4, 2)))
    found = []
    for video, plates in sorted(shown.items()):
        session = _Watched(engine)
        for frame in frames(folder / video):
            session.push(frame)
        session.close()
        for group, collected in session.rows:
            plate = _plate_of(group, plates)
            if plate is not None:
                found.append(_row(plate, collected, engine))
    return found


def fit(rows: Sequence[Row], alike: float = FITTED.alike) -> CertaintyWeights:
    """Return the weights that make rows most probable: logistic regression with a weak prior."""
    from scipy.optimize import minimize  # noqa: PLC0415  # comes with scikit-image

    start = np.array(astuple(AS_SHARED)[:-1])

    def weights_of(values: NDArray[np.float64]) -> CertaintyWeights:
        base, well_formed, support, share = map(float, values)
        return CertaintyWeights(base, well_formed, support, share, alike)

    def loss(values: NDArray[np.float64]) -> float:
        weights = weights_of(values)
        return log_loss(rows, weights) + PRIOR * float(((values - start) ** 2).sum())

    return weights_of(minimize(loss, start, method="BFGS").x)


def stated(rows: Sequence[Row], weights: CertaintyWeights) -> NDArray[np.float64]:
    """Return the confidence of each row."""
    return np.array(
        [
            certainty(row.share, row.support, well_formed=row.well_formed, weights=weights)
            for row in rows
        ]
    )


def log_loss(rows: Sequence[Row], weights: CertaintyWeights) -> float:
    """Return the mean negative log of the probability of what is the case."""
    right = np.array([row.is_right for row in rows])
    return _log_loss(stated(rows, weights), right)


def crossed(rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return the confidence of each row by weights fitted on the rows of other plates."""
    fold = np.array([zlib.crc32(row.plate.encode()) % FOLDS for row in rows])
    found = np.zeros(len(rows))
    for k in sorted(set(fold.tolist())):
        weights = fit([row for row, n in zip(rows, fold, strict=True) if n != k])
        found[fold == k] = stated(
            [row for row, n in zip(rows, fold, strict=True) if n == k], weights
        )
    return found


def calibration(said: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the calibration error, and what a perfect one would show with so few rows.

    The error is `training.fusion.error_of`.
    """
    rng = np.random.default_rng(0)
    chance = [error_of(said, rng.random(len(said)) < said) for _ in range(200)]
    return error_of(said, right), float(np.mean(chance))


def _log_loss(said: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    kept = np.clip(said, 1e-4, 1.0 - 1e-4)
    return float(-np.where(right, np.log(kept), np.log(1.0 - kept)).mean())


def _row(plate: str, collected: Collected, engine: Engine) -> Row:
    assert collected.best_plate is not None
    ranking, fits = shares_of(collected.said, collected.best_plate.quad, engine)
    first, share = first_and_share(ranking)
    known = plain("".join(c for c in plate.upper() if c.isalnum()))
    support = support_of(collected.said, first)
    return Row(known, share, support, is_well_formed(ranking, fits), first == known)


def _plate_of(group: Group, plates: dict[int, list[tuple[str, NDArray[np.float64]]]]) -> str | None:
    """Return the plate where most of a row's readings are, None where most are of none."""
    votes: Counter[str | None] = Counter()
    for vote in group.votes:
        middle = vote.quad.to_points().mean(axis=0)
        away = [
            (math.dist(middle, corners.mean(axis=0)) / float(np.ptp(corners[:, 0])), plate)
            for plate, corners in plates.get(vote.time.ordinal, ())
        ]
        nearest, plate = min(away, default=(math.inf, ""))
        votes[plate if nearest < NEAR else None] += 1
    return votes.most_common(1)[0][0]


def _said(name: str, said: NDArray[np.float64], rows: Sequence[Row]) -> str:
    right = np.array([row.is_right for row in rows])
    error, chance = calibration(said, right)
    return (
        f"{name}: {len(rows)} rows, right {right.mean():.3f}, stated {said.mean():.3f}, "
        f"log loss {_log_loss(said, right):.4f}, error {error:.3f} (by chance {chance:.3f})"
    )


def main() -> None:
    """Fit, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--check", nargs="*", default=[], type=Path, help="measured only")
    parser.add_argument("--cache", type=Path, help="where the rows are kept")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.cache and options.cache.is_file():
        fitted, checked = pickle.loads(options.cache.read_bytes())
    else:
        engine = Engine("auto")
        fitted = [row for folder in options.clips for row in read_rows(folder, engine)]
        checked = [row for folder in options.check for row in read_rows(folder, engine)]
        if options.cache:
            options.cache.write_bytes(pickle.dumps((fitted, checked)))
    weights = fit(fitted)
    print(weights)
    for name, rows in (("fitted", fitted), ("checked", checked)):
        if rows:
            print(_said(f"{name}, shares", stated(rows, AS_SHARED), rows))
            print(_said(f"{name}, certain", stated(rows, weights), rows))
    print(_said("all, by other plates", crossed([*fitted, *checked]), [*fitted, *checked]))


if __name__ == "__main__":
    main()
