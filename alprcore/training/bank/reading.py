# SPDX-License-Identifier: Apache-2.0
"""A slow, obvious reader of one line: for figures while training, and the native one's oracle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from alprcore.training.bank.model import NARROWEST, WIDTHS, BankModel


@dataclass(frozen=True, slots=True)
class LineReading:
    """The best path of a line: its text, its score against "nothing here", and its stretches."""

    text: str
    score: float
    stretches: tuple[tuple[int, int], ...]


def read_line(model: BankModel, line: NDArray[np.float32]) -> LineReading:
    """Return the best path through the lattice of a (32, w) line."""
    with torch.no_grad():
        scores, gaps = model(torch.from_numpy(line)[None, None])
    best, classes = scores[0].max(dim=2)
    arcs, names, gap = best.numpy(), classes.numpy(), gaps[0].numpy()
    t = len(gap)
    total = np.full(t + 1, -np.inf)
    total[0] = 0.0
    back = np.zeros(t + 1, np.int64)
    for end in range(1, t + 1):
        total[end] = total[end - 1] + gap[end - 1]
        for k in range(min(WIDTHS, end - NARROWEST + 1)):
            value = total[end - k - NARROWEST] + arcs[end - k - NARROWEST, k]
            if value > total[end]:
                total[end], back[end] = value, k + NARROWEST
    text, stretches, end = "", [], t
    while end > 0:
        if back[end] == 0:
            end -= 1
            continue
        start = end - int(back[end])
        text = model.alphabet[names[start, back[end] - NARROWEST]] + text
        stretches.append((start, end))
        end = start
    return LineReading(text, float(total[t] - gap.sum()), tuple(stretches[::-1]))
