# SPDX-License-Identifier: Apache-2.0
"""Which line of a crop carries its text, and what crops without a label say, by the bank so far."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from alprcore.training.bank.data import Crop, TrainingLine, batched, cut_line, training_view
from alprcore.training.bank.likelihood import text_log_likelihood
from alprcore.training.bank.model import BankModel
from alprcore.training.bank.reading import read_line

BATCH = 64
TRIED_LINES = 3
# Below this log-probability a text of seven characters has almost no character right on any line:
# a wrong label, or a crop that cannot be read. It is left out until the bank is better.
HOPELESS_PER_CHARACTER = -12.0 / 7.0
# The bank's own reading is believed from this probability on.
BELIEVED = 0.75
LOOKALIKES = str.maketrans("0O1I", "ooii")
BELIEVED_LENGTHS = range(5, 9)


def text_values(model: BankModel, jobs: Sequence[TrainingLine]) -> list[float]:
    """Return the log-probability of each (line image, text) pair."""
    order = sorted(range(len(jobs)), key=lambda i: jobs[i].image.shape[1])
    values = [0.0] * len(jobs)
    model.eval()
    with torch.no_grad():
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            batch = batched([jobs[i] for i in part])
            scores, gaps = model(torch.from_numpy(batch.lines))
            found = text_log_likelihood(
                scores, gaps, torch.from_numpy(batch.lengths), torch.from_numpy(batch.texts)
            )
            for i, value in zip(part, found.tolist(), strict=True):
                values[i] = value
    return values


def choose_lines(model: BankModel, crops: Sequence[Crop]) -> float:
    """Choose for every crop the line that makes its text most probable; return the mean log.

    Without crops that is 0.
    """
    places = [(crop, k) for crop in crops for k in range(min(TRIED_LINES, len(crop.lines)))]
    values = text_values(model, [training_view(c, k) for c, k in places])
    best = {id(crop): (-math.inf, -1) for crop in crops}
    for (crop, k), value in zip(places, values, strict=True):
        best[id(crop)] = max(best[id(crop)], (value, k))
    for crop in crops:
        value, k = best[id(crop)]
        if value > HOPELESS_PER_CHARACTER * max(4, len(crop.text)):
            crop.choose(k)
        else:
            crop.chosen = -1
    return float(np.mean([max(-50.0, value) for value, _ in best.values()] or [0.0]))


def label_crops(model: BankModel, crops: Sequence[Crop]) -> int:
    """Give unlabelled crops the bank's reading where it is believed; return how many have one."""
    places, jobs, evidence = [], [], []
    for crop in crops:
        for k in range(min(TRIED_LINES, len(crop.lines))):
            line = cut_line(crop.image, crop.lines[k])
            reading = read_line(model, line)
            places.append((crop, k))
            jobs.append(TrainingLine(line, reading.text))
            evidence.append(reading.score)
    values = text_values(model, jobs)
    best: dict[int, tuple[float, float, int, str]] = {}
    for (crop, k), job, value, odds in zip(places, jobs, values, evidence, strict=True):
        best[id(crop)] = max(
            best.get(id(crop), (-math.inf, 0.0, 0, "")), (odds, value, k, job.text)
        )
    known = 0
    for crop in crops:
        _, value, k, text = best.get(id(crop), (0.0, -math.inf, 0, ""))
        crop.chosen = -1
        if value > math.log(BELIEVED) and len(text) in BELIEVED_LENGTHS:
            # The bank cannot be believed on lookalikes: the label leaves them open.
            crop.text = text.translate(LOOKALIKES)
            crop.choose(k)
            known += 1
    return known
