# SPDX-License-Identifier: Apache-2.0
"""How far the probabilities of a bank can be believed, and the temperature that mends them.

``python -m alprcore.training.calibration --data DIR [--bank FILE]`` prints the reliability table of
a bank on crops that no bank is trained on. The temperature (Guo et al. 2017, section 4.2) is fitted
on one half of them when a bank is written, the table is of the other half.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from alprcore.bank import Bank, parse_bank
from alprcore.resources import bank_bytes
from alprcore.stages.read import read_plate
from alprcore.training.bank_data import STEEPEST, Crop, batched, read_held_back, training_view
from alprcore.training.bank_likelihood import text_log_likelihood
from alprcore.training.bank_model import BankModel
from alprcore.training.bank_reading import read_line

TEMPERATURES = tuple(round(0.4 + 0.05 * k, 2) for k in range(40))
FOLD = str.maketrans("OoIi", "0011")


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


def reliability(bank: Bank, crops: Sequence[Crop], bins: int = 10) -> list[Bin]:
    """Return the readings of held-back crops by their stated probability."""
    found: list[tuple[float, bool]] = []
    for crop in crops:
        reading = read_plate(
            crop.image, bank, count=10, proposals=3, two_lines=False, steepest=STEEPEST
        )
        if is_fitted_on(crop) or not reading.texts:
            continue
        # Texts that differ in O and 0 or I and 1 alone are one reading here: what tells them apart
        # is the country's format, which comes after the bank.
        best = reading.texts[0][0].translate(FOLD)
        stated = sum(value for text, value in reading.texts if text.translate(FOLD) == best)
        found.append((min(1.0, stated), best == crop.text.translate(FOLD)))
    table = []
    for k in range(bins):
        inside = [item for item in found if k / bins <= item[0] < (k + 1) / bins + (k == bins - 1)]
        if inside:
            stated, right = (float(np.mean([item[j] for item in inside])) for j in (0, 1))
            table.append(Bin(len(inside), stated, right))
    return table


def calibration_error(table: Sequence[Bin]) -> float:
    """Return the expected calibration error, the mean gap between stated and right."""
    total = sum(row.count for row in table)
    return math.fsum(row.count * abs(row.stated - row.right) for row in table) / max(1, total)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds reading/")
    parser.add_argument("--bank", type=Path, help="a bank; the shipped one when not given")
    options = parser.parse_args()
    content = options.bank.read_bytes() if options.bank else bank_bytes("latin.npz")
    table = reliability(parse_bank(content), read_held_back(options.data))
    print("| stated | right | readings |\n| --- | --- | --- |")
    for row in table:
        print(f"| {100 * row.stated:.0f} % | {100 * row.right:.0f} % | {row.count} |")
    print(f"\nexpected calibration error {100 * calibration_error(table):.1f} %")


if __name__ == "__main__":
    main()
