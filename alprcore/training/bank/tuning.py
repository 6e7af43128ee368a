# SPDX-License-Identifier: Apache-2.0
"""Teach a finished bank a little more without letting it forget what it knows.

Two things keep it from forgetting: a good part of what it is shown are rendered plates of the whole
world, and only a part of the way from the old weights to the new ones is gone (Wortsman et al.
2022, "Robust fine-tuning of zero-shot models"), no farther than costs nothing on rendered plates
and on crops of the new kind that it was not taught on.
"""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alprcore.reading.bank import Bank, parse_bank
from alprcore.reading.read import read_plate
from alprcore.training.bank.choice import choose_lines, text_values
from alprcore.training.bank.data import FOLD, STEEPEST, Crop, TrainingLine
from alprcore.training.bank.export import export_bank
from alprcore.training.bank.model import BankModel
from alprcore.training.bank.train import Sampler, lines_loss

# Shares of the way to the new weights that are tried, the farthest first. Rendered plates alone
# would let it go all the way, but then 26 of 759 real plates that were read right were lost; half
# of the way lost one.
SHARES = (0.5, 0.4, 0.3, 0.2, 0.1)
# Log-probability of a text that cannot be read: about one character right in seven.
ILLEGIBLE = -12.0


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """What one run does: steps of `bank.BATCH` lines, and the learning rate at its highest."""

    steps: int
    seed: int
    rate: float = 4e-4


def own_share(count: int) -> float:
    """Return the share of what is to be learned among the lines shown.

    Half, but less where it is few: a hundred crops shown sixty times each are learned by heart.
    """
    return min(0.5, max(0.1, count / 400))


def tune(
    model: BankModel,
    general: Sequence[Crop],
    own: Sequence[Crop],
    plan: TuningPlan,
    say: Callable[[str], None] = print,
) -> None:
    """Train `model` in place on lines of `general` and `own`.

    Parameters
    ----------
    model : BankModel
        From `bank_import.model_of_bank`; its normalisations stay as they are.
    general : sequence of Crop
        Rendered plates, lines known.
    own : sequence of Crop
        What is to be learned. The lines of labelled crops (``chosen < 0``) are found by the model,
        again halfway.
    plan : TuningPlan
    say
        Takes each line of progress.
    """
    rng = np.random.default_rng(plan.seed)
    sampler = Sampler(general, own, rng)
    labelled = [crop for crop in own if crop.inks is None]
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.0)
    losses: list[float] = []
    for start in range(0, plan.steps, 4):
        if labelled and (start == 0 or start <= plan.steps // 2 < start + 4):
            choose_lines(model, labelled)
            sampler.refresh()
            usable = sum(crop.chosen >= 0 for crop in labelled)
            say(f"{usable} of {len(labelled)} crops have a line that can carry their text")
        done = start / plan.steps
        warm = min(1.0, (start + 4) / 40)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        train_mode(model)
        for samples in sampler.batches(own_share(len(own))):
            loss = lines_loss(model, samples)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            losses.append(float(loss.detach()))
        if len(losses) >= 40:
            say(f"step {start + 4} of {plan.steps}, loss {np.mean(losses):.2f}")
            losses.clear()
    model.eval()


def train_mode(model: BankModel) -> None:
    """Let gradients flow, the statistics of the normalisations stay."""
    model.train()
    for layer in model.features:
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def blended(
    before: Mapping[str, Tensor], after: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Return the weights `share` of the way from `before` to `after`."""
    return {
        name: torch.lerp(old, after[name], share) if old.is_floating_point() else old
        for name, old in before.items()
    }


def native_bank(model: BankModel, portraits: NDArray[np.uint8]) -> Bank:
    """Return the bank that reads plates as `model` does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bank.npz"
        export_bank(model, path, portraits)
        return parse_bank(path.read_bytes())


def right_readings(bank: Bank, crops: Sequence[Crop]) -> int:
    """Return how many crops are read right, O and 0, I and 1 taken as one."""
    count = 0
    for crop in crops:
        reading = read_plate(
            crop.image, bank, count=2, proposals=3, more_proposals=4, two_lines=True,
            steepest=STEEPEST,
        )  # fmt: skip
        text = reading.texts[0][0].replace("\n", "") if reading.texts else ""
        count += text.translate(FOLD) == crop.text.translate(FOLD)
    return count


def farthest_harmless(
    before: BankModel, after: BankModel, controls: Sequence[Sequence[TrainingLine]]
) -> tuple[BankModel, float]:
    """Return the model as far towards `after` as costs nothing on any control, and the share gone.

    What counts is the mean log-probability of the texts of a control: the number of right readings
    among a few hundred jumps by more than what is to be seen. The share is 0, and the model
    `before`'s, where every step costs something.
    """
    floors = [mean_value(before, control) for control in controls]
    old, new = before.state_dict(), after.state_dict()
    for share in SHARES:
        model = copy.deepcopy(before)
        model.load_state_dict(blended(old, new, share))
        model.eval()
        values = [mean_value(model, control) for control in controls]
        if all(value >= floor for value, floor in zip(values, floors, strict=True)):
            return model, share
    return before, 0.0


def mean_value(model: BankModel, lines: Sequence[TrainingLine]) -> float:
    """Return the mean log-probability of the texts of lines; an illegible one costs no more."""
    return float(np.mean([max(ILLEGIBLE, value) for value in text_values(model, lines)]))
