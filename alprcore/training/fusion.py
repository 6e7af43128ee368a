# SPDX-License-Identifier: Apache-2.0
"""Fits how the frames of a track are fused, on clips with known plates.

``python -m alprcore.training.fusion CLIPS… --cache FILE``

CLIPS are folders of clips with ``frames.csv``: a row per plate and frame with ``video, frame,
track, plate, x1 .. y4, covered, visible``. The clips that the shipped weights come from are moving
views of labelled street photographs (``benchmarks/labels/street_texts.csv``), none of which is a
development photograph. Each plate is read in every second frame around its known place; the
readings are kept in FILE, since taking them costs more than the fit.
"""

from __future__ import annotations

import argparse
import csv
import math
import pickle
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.engine import Engine
from alprcore.ranking.record import Examination
from alprcore.records import Box, Frame
from alprcore.video.again import evidence_of
from alprcore.video.frames import frames
from alprcore.video.fuse import (
    FITTED,
    FrameEvidence,
    FusionWeights,
    combined,
    legibility_of,
    lengths_of,
    log_likelihoods,
    pool,
)
from alprcore.video.text_distance import plain

STEP = 2  # every second frame of a clip is read
SUBSETS = (1, 2, 3, 5, 8)  # frames of a track that are fused, besides all of them
CHANNEL = ("mistaken", "lost", "stray", "quality")  # change the frames' scores; the rest is quick
FIRST_STEPS = {"mistaken": 1.0, "lost": 1.0, "stray": 1.0, "quality": 0.5}


@dataclass(frozen=True, slots=True)
class FittingTrack:
    """A plate and what each frame says of it."""

    plate: str
    frames: tuple[FrameEvidence, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """Some frames of a track: rows of its table, texts of their pool, the right ones of these."""

    track: int
    rows: tuple[int, ...]
    texts: NDArray[np.int64]
    right: NDArray[np.bool_]


def read_tracks(folder: Path, engine: Engine) -> list[FittingTrack]:
    """Return the tracks of a folder of clips, read by the engine."""
    shown: dict[str, dict[int, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    with (folder / "frames.csv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            shown[row["video"]][int(row["frame"])].append(row)
    tracks: dict[tuple[str, str], list[FrameEvidence]] = defaultdict(list)
    plates: dict[tuple[str, str], str] = {}
    for video, of_frame in shown.items():
        for frame in frames(folder / video):
            if frame.time.ordinal % STEP:
                continue
            for row in of_frame.get(frame.time.ordinal, ()):
                key = (video, row["track"])
                plates[key] = row["plate"]
                read = _read_at(frame.image(), row, engine)
                if read is not None:
                    tracks[key].append(evidence_of(read, read.plate.quad))
    return [FittingTrack(plates[key], tuple(each)) for key, each in tracks.items() if each]


def fit(tracks: Sequence[FittingTrack], start: FusionWeights = FITTED) -> FusionWeights:
    """Return the weights that make the tracks' plates most probable: a pattern search.

    The channel's four numbers change by steps that halve; for each, the others are fitted on the
    frames' scores by the simplex method (Nelder and Mead 1965).
    """
    best = start
    loss, best = _inner(tracks, best)
    steps = dict(FIRST_STEPS)
    while max(steps.values()) > 0.2:
        improved = False
        for name in CHANNEL:
            for sign in (1, -1):
                tried = replace(best, **{name: getattr(best, name) + sign * steps[name]})
                value, tried = _inner(tracks, tried)
                if value < loss - 1e-4:
                    loss, best, improved = value, tried, True
                    print(f"{loss:.4f} {best}", flush=True)
                    break
        if not improved:
            steps = {name: step / 2 for name, step in steps.items()}
    return best


def calibration(
    tracks: Sequence[FittingTrack], weights: FusionWeights
) -> tuple[float, float, float]:
    """Return how often the fused text is right, its mean confidence, and the calibration error.

    The error is that of `error_of`. Lookalikes count as one.
    """
    stated, right = [], []
    for track in tracks:
        texts = pool(track.frames)
        if not texts:
            continue
        logs = np.stack([log_likelihoods(frame, texts, weights) for frame in track.frames])
        legible = np.array([legibility_of(frame) for frame in track.frames])
        shares = combined(logs, lengths_of(texts), legible, weights)
        folded: dict[str, float] = defaultdict(float)
        for text, share in zip(texts, shares, strict=True):
            folded[plain(text)] += float(share)
        best = max(folded, key=lambda text: folded[text])
        stated.append(folded[best])
        right.append(best == plain(track.plate))
    said, so = np.array(stated), np.array(right)
    return float(so.mean()), float(said.mean()), error_of(said, so)


def error_of(said: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return how far confidence and share of right ones are apart.

    It is the mean over ten bins of equally many.
    """
    bins = np.array_split(np.argsort(said, kind="stable"), 10)
    apart = [len(b) * abs(float(said[b].mean() - right[b].mean())) for b in bins if len(b)]
    return sum(apart) / len(said)


def _inner(tracks: Sequence[FittingTrack], weights: FusionWeights) -> tuple[float, FusionWeights]:
    """Return the loss and the weights with all but the channel fitted."""
    from scipy.optimize import minimize  # noqa: PLC0415  # comes with scikit-image

    examples, tables = _examples(tracks, weights)
    names = [each.name for each in fields(FusionWeights) if each.name not in CHANNEL]

    def loss(values: NDArray[np.float64]) -> float:
        tried = replace(weights, **dict(zip(names, map(float, values), strict=True)))
        return _loss(tracks, examples, tables, tried)

    begin = np.array([getattr(weights, name) for name in names])
    found = minimize(loss, begin, method="Nelder-Mead", options={"maxfev": 160, "xatol": 0.02})
    return float(found.fun), replace(
        weights, **dict(zip(names, (float(v) for v in found.x), strict=True))
    )


def _examples(
    tracks: Sequence[FittingTrack], weights: FusionWeights
) -> tuple[list[Example], list[tuple[list[str], NDArray[np.float64]]]]:
    """Return what is fused, and for each track its texts with their scores in each frame."""
    rng = np.random.default_rng(7)
    examples: list[Example] = []
    tables: list[tuple[list[str], NDArray[np.float64]]] = []
    for number, track in enumerate(tracks):
        texts = pool(track.frames)
        rows = [log_likelihoods(frame, texts, weights) for frame in track.frames]
        tables.append((texts, np.stack(rows) if texts else np.zeros((0, 0))))
        count = len(track.frames)
        chosen = [tuple(range(count))]
        for size in SUBSETS:
            if size < count:
                first = int(rng.integers(0, count - size + 1))
                chosen.append(tuple(range(first, first + size)))
                # The frames that say most, as of a clip that is less blurred.
                order = sorted(range(count), key=lambda i: -legibility_of(track.frames[i]))
                chosen.append(tuple(sorted(order[:size])))
        for subset in chosen if texts else ():
            known = set(pool([track.frames[i] for i in subset]))
            columns = np.array([i for i, text in enumerate(texts) if text in known], np.int64)
            if len(columns):
                right = np.array([plain(texts[i]) == plain(track.plate) for i in columns])
                examples.append(Example(number, subset, columns, right))
    return examples, tables


def _loss(
    tracks: Sequence[FittingTrack],
    examples: Sequence[Example],
    tables: Sequence[tuple[list[str], NDArray[np.float64]]],
    weights: FusionWeights,
) -> float:
    """Return the mean negative log of the probability of what is right, with a slight prior."""
    total = 0.0
    for example in examples:
        texts, logs = tables[example.track]
        part = logs[np.ix_(np.array(example.rows), example.texts)]
        legible = np.array([legibility_of(tracks[example.track].frames[i]) for i in example.rows])
        shares = combined(part, lengths_of(texts)[example.texts], legible, weights)
        # Where no text of the pool is right, what is left over is.
        said = shares[example.right].sum() if example.right.any() else 1.0 - shares.sum()
        total -= math.log(max(float(said), 1e-4))
    spread = np.array(astuple(weights)) - np.array(astuple(FusionWeights()))
    return total / len(examples) + 1e-4 * float((spread**2).sum())


def _read_at(image: Frame, row: dict[str, str], engine: Engine) -> Examination | None:
    """Return the reading of the plate at a known place; None when none is found there."""
    corners = np.array([float(row[f"{axis}{i}"]) for i in range(1, 5) for axis in "xy"])
    points = corners.reshape(4, 2)
    middle, width = points.mean(axis=0), float(np.ptp(points[:, 0]))
    rows, cols = image.shape[:2]
    left, top = max(0.0, middle[0] - 2 * width), max(0.0, middle[1] - 1.5 * width)
    right, bottom = min(cols, middle[0] + 2 * width), min(rows, middle[1] + 1.5 * width)
    if right - left < 8 or bottom - top < 8:
        return None
    found = engine.examine(image, regions_of_interest=[Box(left, top, right, bottom)])

    def away(read: Examination) -> float:
        return float(np.hypot(*(read.plate.quad.to_points().mean(axis=0) - middle)))

    best = min(found, key=away, default=None)
    return best if best is not None and away(best) < 0.6 * width else None


def _said(found: tuple[float, float, float]) -> str:
    return f"right {found[0]:.3f}, stated {found[1]:.3f}, error {found[2]:.3f}"


def main(read: Callable[[Path, Engine], list[FittingTrack]] = read_tracks) -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, help="where the readings are kept")
    parser.add_argument("--check", action="store_true", help="only measure the shipped weights")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.cache and options.cache.is_file():
        tracks = pickle.loads(options.cache.read_bytes())
    else:
        engine = Engine("auto", tilted=False, min_plausibility=0.0, min_plate_score=0.15)
        tracks = [track for folder in options.clips for track in read(folder, engine)]
        if options.cache:
            options.cache.write_bytes(pickle.dumps(tracks))
    print(len(tracks), "tracks,", sum(len(track.frames) for track in tracks), "readings")
    print("before:", _said(calibration(tracks, FITTED)))
    if not options.check:
        weights = fit(tracks)
        print(weights)
        print("after:", _said(calibration(tracks, weights)))


if __name__ == "__main__":
    main()
