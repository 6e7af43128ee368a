# SPDX-License-Identifier: Apache-2.0
"""How far the stated probabilities can be believed, and the two numbers that make them so.

``python -m alprcore.training.bank.calibration --data DIR [--bank FILE]`` prints the reliability of
plates and of characters on crops that no bank is trained on, as Markdown tables.

The two numbers are a bank's temperature (Guo et al. 2017, section 4.2), fitted when the bank is
written, and the weight of "the text is none of those read", `ranking.rank.UNREAD`. The tables of
plates are cross-validated: each half of the crops is stated with the weight that the other half
would have chosen.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from alprcore.ranking.rank import UNREAD
from alprcore.reading.bank import Bank, parse_bank
from alprcore.resources import bank_bytes
from alprcore.training.bank.data import FOLD, Crop, batched, training_view
from alprcore.training.bank.held_back import (
    CropReading,
    country_sets,
    is_right,
    read_crop,
    read_held_back,
)
from alprcore.training.bank.likelihood import text_log_likelihood
from alprcore.training.bank.model import BankModel
from alprcore.training.bank.reading import read_line

TEMPERATURES = tuple(round(0.4 + 0.05 * k, 2) for k in range(40))
UNREAD_WEIGHTS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.055, 0.07, 0.09, 0.12, 0.16)
BINS = 10
# A reading that is wrong costs at most -log of this, so that one wrong label decides nothing.
LEAST_STATED = 1e-3

Stated = tuple[float, bool]
"""A stated probability, and whether what it was stated of is right."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Readings of about the same stated probability: how many, the mean stated, the share right."""

    count: int
    stated: float
    right: float


def is_fitted_on(crop: Crop) -> bool:
    """Whether a held-back crop belongs to the half that temperatures are fitted on."""
    return zlib.crc32(crop.image.tobytes()) % 2 == 0


def fit_temperature(model: BankModel, crops: Sequence[Crop]) -> float:
    """Return the temperature under which the texts of held-back crops are most probable.

    Parameters
    ----------
    model : BankModel
    crops : sequence of Crop
        Labelled crops that were not trained on; half of them is used, see `is_fitted_on`.
    """
    model.eval()
    totals = np.zeros(len(TEMPERATURES))
    for crop in crops:
        if not is_fitted_on(crop) or len(crop.lines) == 0:
            continue
        lines = [training_view(crop, k) for k in range(min(3, len(crop.lines)))]
        best = max(lines, key=lambda line: read_line(model, line.image).score)
        batch = batched([best])
        lengths, texts = torch.from_numpy(batch.lengths), torch.from_numpy(batch.texts)
        with torch.no_grad():
            scores, gaps = model(torch.from_numpy(batch.lines))
            for i, temperature in enumerate(TEMPERATURES):
                value = text_log_likelihood(
                    scores / temperature, gaps / temperature, lengths, texts
                )
                # A wrong label costs the same under every temperature.
                totals[i] += max(-12.0, value.item())
    return TEMPERATURES[int(totals.argmax())]


def reliability(stated: Sequence[Stated], bins: int = BINS) -> list[Bin]:
    """Return what was stated, by its probability in bins of equal width; none is empty."""
    table = []
    for k in range(bins):
        inside = [item for item in stated if min(int(item[0] * bins), bins - 1) == k]
        if inside:
            mean, right = (float(np.mean([item[j] for item in inside])) for j in (0, 1))
            table.append(Bin(len(inside), mean, right))
    return table


def calibration_error(table: Sequence[Bin]) -> float:
    """Return the expected calibration error, the mean gap between stated and right."""
    total = sum(row.count for row in table)
    return math.fsum(row.count * abs(row.stated - row.right) for row in table) / max(1, total)


def chance_error(stated: Sequence[Stated], draws: int = 200) -> float:
    """Return the calibration error that perfect probabilities would show on so many readings."""
    rng = np.random.default_rng(0)
    errors = [
        calibration_error(reliability([(p, bool(rng.random() < p)) for p, _ in stated]))
        for _ in range(draws)
    ]
    return float(np.mean(errors))


def plates_stated(
    crops: Sequence[Crop], readings: Sequence[CropReading], unread: float
) -> list[Stated]:
    """Return what is stated of plates that were read, O and 0, I and 1 taken as one."""
    return [
        (reading.stated(unread), is_right(reading.text, crop.text, fold=True))
        for crop, reading in zip(crops, readings, strict=True)
        if reading.text
    ]


def fit_unread(crops: Sequence[Crop], readings: Sequence[CropReading]) -> float:
    """Return the weight of "none of these" under which what is right and wrong is likeliest."""
    return min(UNREAD_WEIGHTS, key=lambda unread: _surprise(plates_stated(crops, readings, unread)))


def _surprise(stated: Sequence[Stated]) -> float:
    return -sum(math.log(max(LEAST_STATED, p if right else 1.0 - p)) for p, right in stated)


def cross_validated(
    crops: Sequence[Crop], readings: Sequence[CropReading]
) -> tuple[list[Stated], tuple[float, float]]:
    """Return what is stated of each half with the weight fitted on the other, and the weights."""
    halves = [
        [(c, r) for c, r in zip(crops, readings, strict=True) if is_fitted_on(c) is first]
        for first in (True, False)
    ]
    columns = [([c for c, _ in half], [r for _, r in half]) for half in halves]
    weights = (fit_unread(*columns[0]), fit_unread(*columns[1]))
    stated = plates_stated(*columns[0], weights[1]) + plates_stated(*columns[1], weights[0])
    return stated, weights


def characters_stated(crops: Sequence[Crop], readings: Sequence[CropReading]) -> list[Stated]:
    """Return what is stated of characters; one is right when it stands so in the label."""
    found: list[Stated] = []
    for crop, reading in zip(crops, readings, strict=True):
        label = crop.text.translate(FOLD) if "o" in crop.text else crop.text
        text = reading.text.translate(FOLD) if "o" in crop.text else reading.text
        kept = kept_characters(text, label)
        found += [(g.confidence, k) for g, k in zip(reading.glyphs, kept, strict=True)]
    return found


def kept_characters(text: str, label: str) -> list[bool]:
    """Return which characters of `text` stand in the label too, on the alignment with fewest edits.

    An edit is a character put in, left out or replaced; on a tie replacing goes first.
    """
    cost = np.zeros((len(text) + 1, len(label) + 1), np.int64)
    cost[:, 0], cost[0] = np.arange(len(text) + 1), np.arange(len(label) + 1)
    for i, a in enumerate(text):
        for j, b in enumerate(label):
            cost[i + 1, j + 1] = min(cost[i, j] + (a != b), cost[i, j + 1] + 1, cost[i + 1, j] + 1)
    kept = [False] * len(text)
    i, j = len(text), len(label)
    while i > 0 and j > 0:
        if cost[i, j] == cost[i - 1, j - 1] + (text[i - 1] != label[j - 1]):
            i, j = i - 1, j - 1
            kept[i] = text[i] == label[j]
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return kept


def markdown(table: Sequence[Bin], what: str) -> str:
    """Return a reliability table as Markdown."""
    lines = [f"| stated | {what} | mean stated | right |", "| --- | --: | --: | --: |"]
    for row in table:
        low = min(int(row.stated * BINS), BINS - 1) * 100 // BINS
        lines.append(
            f"| {low}-{low + 100 // BINS} % | {row.count} | {100 * row.stated:.0f} % |"
            f" {100 * row.right:.0f} % |"
        )
    return "\n".join(lines)


def report(crops: Sequence[Crop], bank: Bank) -> str:
    """Return all figures of a bank as Markdown."""
    countries = country_sets()
    readings = [read_crop(crop.image, bank, countries[crop.source]) for crop in crops]
    stated, weights = cross_validated(crops, readings)
    shipped = plates_stated(crops, readings, UNREAD)
    table = reliability(stated)
    counts = ", ".join(f"{name} {n}" for name, n in Counter(c.source for c in crops).items())
    characters = characters_stated(crops, readings)
    unsure = reliability(characters)
    lines = [
        f"{len(crops)} held-back crops ({counts}), {len(stated)} with a reading.",
        f"Weight of an unread text fitted on one half {weights[0]}, on the other {weights[1]};"
        f" shipped {UNREAD}.",
        "",
        markdown(table, "plates"),
        "",
        f"Expected calibration error {100 * calibration_error(table):.1f} %, cross-validated;"
        f" {100 * calibration_error(reliability(shipped)):.1f} % with the shipped weight;"
        f" perfect probabilities would show {100 * chance_error(stated):.1f} % by chance.",
        "",
        markdown(unsure, "characters"),
        "",
        f"Expected calibration error {100 * calibration_error(unsure):.1f} %.",
    ]
    wrong = max(1, sum(not right for _, right in characters))
    right = max(1, len(characters) - wrong)
    for below in (0.5, 0.6, 0.7, 0.8, 0.9):
        hit = sum(p < below for p, fine in characters if not fine)
        lost = sum(p < below for p, fine in characters if fine)
        lines.append(
            f"`--unsure {below}` hides {100 * hit / wrong:.0f} % of the wrong characters and"
            f" {100 * lost / right:.1f} % of the right ones."
        )
    return "\n".join(lines)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds reading/")
    parser.add_argument("--bank", type=Path, help="a bank; the shipped one when not given")
    options = parser.parse_args()
    content = options.bank.read_bytes() if options.bank else bank_bytes("latin.npz")
    print(report(read_held_back(options.data), parse_bank(content)))


if __name__ == "__main__":
    main()
