# SPDX-License-Identifier: Apache-2.0
"""Several frames of one plate to one text: every text of the pool scored in every frame.

``log P(text | track) = constant + sum of w_i log P(text | frame i)``, where a frame's P is the
exact sum over its lattice under a channel of errors (`channel`), with a floor for frames that show
something else, and the w_i make of many frames that say the same thing again what they are worth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore.reading.match import Reading
from alprcore.video.channel import Channel, LineEvidence, line_evidence, line_log_sums

MOST_TEXTS = 40  # of a pool; beyond them every frame's probability is below 1e-3
MOST_OF_A_FRAME = 12  # texts that one frame brings to the pool
USUAL_LENGTH = 5  # the shortest texts that most countries issue


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """What fusion has learned; fitted by ``python -m alprcore.training.fusion``.

    Attributes
    ----------
    mistaken, lost, stray
        Logits of the channel of a frame of middling quality.
    quality
        What one unit of quality adds to each of the three logits.
    floor, floor_per_character
        Log-probability from which on a frame supports a text, less for each of its characters.
    weight, repeats
        A frame's weight is ``exp(weight) * n ** -repeats`` in a track of n legible frames; one that
        reads as nothing counts as the probability of its best text.
    short
        What each character costs that a text has fewer than `USUAL_LENGTH`: blur leaves short ones.
    unlisted
        Score of the text being none of the pool; one that no frame supports has 0.
    """

    mistaken: float = -5.0
    lost: float = -4.0
    stray: float = -5.0
    quality: float = -0.5
    floor: float = -0.175
    floor_per_character: float = -0.0115
    weight: float = 2.057
    repeats: float = 0.806
    short: float = 2.485
    unlisted: float = 3.674


FITTED = FusionWeights()


@dataclass(frozen=True, slots=True)
class FrameEvidence:
    """What one frame says about a plate.

    Attributes
    ----------
    lines
        Its lines from top to bottom.
    texts
        (text, probability) pairs of the frame alone, most probable first.
    alphabet
        Characters of the lattices' classes.
    quality
        Octaves of the height of the text above 12 pixels of the frame; see `quality_of`.
    """

    lines: tuple[LineEvidence, ...]
    texts: tuple[tuple[str, float], ...]
    alphabet: str
    quality: float


@dataclass(frozen=True, slots=True)
class Fused:
    """Texts with their probabilities by all frames together, most probable first.

    What the probabilities leave of 1 is that the text is none of these.
    """

    texts: tuple[tuple[str, float], ...]


def frame_evidence(reading: Reading, alphabet: str, text_height: float) -> FrameEvidence:
    """Return what a frame says.

    Parameters
    ----------
    reading : Reading
        Of the plate in this frame.
    alphabet : str
        Of the bank that it was read with.
    text_height : float
        Height of the plate in pixels of the frame, over the number of its lines.
    """
    lines = tuple(line_evidence(line.lattice) for line in reading.lines)
    return FrameEvidence(lines, reading.texts[:MOST_OF_A_FRAME], alphabet, quality_of(text_height))


def quality_of(text_height: float) -> float:
    """Return how good a frame is by the height of its text in pixels: 0 at 12, 1 at 24, -1 at 6."""
    return float(np.clip(math.log2(max(text_height, 1.0) / 12.0), -2.0, 2.0))


def fuse(frames: Sequence[FrameEvidence], weights: FusionWeights = FITTED) -> Fused:
    """Return the texts of a track.

    Parameters
    ----------
    frames : sequence of FrameEvidence
        At least one; those without a line say nothing.
    weights : FusionWeights, optional
    """
    seen = [frame for frame in frames if frame.lines]
    texts = pool(seen)
    if not texts:
        return Fused(())
    logs = np.stack([log_likelihoods(frame, texts, weights) for frame in seen])
    legible = np.array([legibility_of(frame) for frame in seen])
    probabilities = combined(logs, lengths_of(texts), legible, weights)
    order = sorted(range(len(texts)), key=lambda i: (-probabilities[i], texts[i]))
    return Fused(tuple((texts[i], float(probabilities[i])) for i in order))


def pool(frames: Sequence[FrameEvidence]) -> list[str]:
    """Return the texts that the frames read, those first that have most probability in all."""
    shares: dict[str, float] = {}
    for frame in frames:
        for text, value in frame.texts[:MOST_OF_A_FRAME]:
            shares[text] = shares.get(text, 0.0) + value
    return sorted(shares, key=lambda text: (-shares[text], text))[:MOST_TEXTS]


def log_likelihoods(
    frame: FrameEvidence, texts: Sequence[str], weights: FusionWeights
) -> NDArray[np.float64]:
    """Return the log of how probable a frame makes each text, without the floor."""
    shift = weights.quality * frame.quality
    channel = Channel(
        *(_share(logit + shift) for logit in (weights.mistaken, weights.lost, weights.stray))
    )
    split = [text.split("\n") for text in texts]
    parts = sorted({part for each in split for part in each})
    table = np.array([line_log_sums(line, parts, frame.alphabet, channel) for line in frame.lines])
    place = {part: i for i, part in enumerate(parts)}
    return np.array([_joined(table, [place[part] for part in each], channel) for each in split])


def lengths_of(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the number of characters of each text."""
    return np.array([len(text.replace("\n", "")) for text in texts], np.float64)


def legibility_of(frame: FrameEvidence) -> float:
    """Return how much a frame counts as a legible one, by what it says alone: [0, 1]."""
    usual = (value for text, value in frame.texts if len(text) >= USUAL_LENGTH - 1)
    return max(usual, default=0.0)


def combined(
    logs: NDArray[np.float64],
    lengths: NDArray[np.float64],
    legible: NDArray[np.float64],
    weights: FusionWeights,
) -> NDArray[np.float64]:
    """Return the probability of each text of the pool by all frames; their sum is below 1.

    Parameters
    ----------
    logs : (frames, texts) float64 array
        Of `log_likelihoods`.
    lengths : (texts,) float64 array
        Of `lengths_of`.
    legible : (frames,) float64 array
        Of `legibility_of`.
    weights : FusionWeights
    """
    weight = math.exp(weights.weight) * (0.5 + float(legible.sum())) ** -weights.repeats
    floors = weights.floor + weights.floor_per_character * lengths
    # What a text has above its floor: a frame that shows something else says nothing.
    scores = weight * (np.logaddexp(logs, floors) - floors).sum(axis=0)
    scores = scores - weights.short * np.maximum(0.0, USUAL_LENGTH - lengths)
    # That it is none of the pool has the score of a text that no frame supports.
    top = max(float(scores.max()), weights.unlisted)
    shares = np.exp(scores - top)
    total = float(shares.sum()) + math.exp(weights.unlisted - top)
    return np.asarray(shares / total, np.float64)


def _joined(table: NDArray[np.float64], columns: list[int], channel: Channel) -> float:
    """Return the log-probability of a text of one or more lines in a frame of as many, or not.

    A frame with too few lines lost one, one with too many has a stray one: each costs as a lost or
    stray line of two characters would.
    """
    rows = len(table)
    if len(columns) == rows:
        return float(sum(table[i, column] for i, column in enumerate(columns)))
    if len(columns) < rows:
        best = max(float(table[i, columns[0]]) for i in range(rows))
        return best + (rows - len(columns)) * 2 * math.log(max(channel.stray, 1e-9))
    best = max(float(table[0, column]) for column in columns)
    return best + (len(columns) - rows) * 2 * math.log(max(channel.lost, 1e-9))


def _share(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))
