# SPDX-License-Identifier: Apache-2.0
"""Learn a bank of another script from crops: ``python -m alprcore.training.bank.scripts arabic``.

A bank goes on from a shipped one: its convolutions see strokes whatever the script. Arabic gets
templates of its own, Chinese and Hangul keep the Latin ones and get theirs beside them.

The crops of a script whose characters have boxes give exact lines, so that new templates learn what
they stand for from the first step on; from the middle of the run on the lines are those that are
proposed, as when reading.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from alprcore.resources import bank_bytes
from alprcore.training.bank.calibration import fit_temperature
from alprcore.training.bank.choice import choose_lines
from alprcore.training.bank.data import (
    Crop,
    training_view,
)
from alprcore.training.bank.export import export_bank, glyph_portraits
from alprcore.training.bank.importing import model_of_bank
from alprcore.training.bank.model import (
    ALPHABETS,
    BankModel,
    restarted,
    widened,
)
from alprcore.training.bank.script_crops import foreign_crops, read_script
from alprcore.training.bank.train import Sampler, accuracy, lines_loss
from alprcore.training.bank.tuning import train_mode

# Of what is learned at full rate: the convolutions are good already.
FEATURE_RATE = 0.3
# Lines a step, and steps whose lines are sorted by width. With a third of `bank.BATCH` a bank that
# goes on from a good one gets three times the steps in the same time.
BATCH, POOL = 16, 8
FIRST_LEARNED = 6  # layers of the convolutions before this one are not trained
# Boxes are drawn by hand: they tie the cuts only while the templates know nothing.
BOXES_UNTIL = 0.35


@dataclass(frozen=True, slots=True)
class Script:
    """Where a script's bank starts, and the sets of crops below ``reading`` that it learns from."""

    start: str
    sets: tuple[str, ...]
    others: tuple[str, ...] = ()


SCRIPTS = {
    # Plates of other scripts are shown to a bank without Latin as lines without text.
    "arabic": Script("latin", ("eg",), ("vn", "us", "cn", "kr")),
    "chinese": Script("latin", ("cn",)),
    "hangul": Script("hangul", ("kr",)),
}


def tune_script(
    model: BankModel,
    general: Sequence[Crop],
    own: Sequence[Crop],
    *,
    seconds: float,
    steps: int,
    rate: float,
    own_share: float,
    seed: int,
    state: Path,
) -> None:
    """Train `model` in place: `own` are the script's crops, `general` drawn and foreign ones.

    Ends after `steps`, or as if these were all that there is time for in `seconds`.
    """
    rng = np.random.default_rng(seed)
    sampler = Sampler(general or own, own, rng)
    optimiser = optimiser_of(model, rate)
    begin, step, losses, rechosen = time.monotonic(), 0, [], False
    while (done := max(step / steps, (time.monotonic() - begin) / seconds)) < 1.0:
        if done >= BOXES_UNTIL and not rechosen:
            rechosen = True
            sampler.real = [replace_inks(crop) for crop in own]
            print(f"{done:.2f} chose lines: {choose_lines(model, sampler.real):.2f}", flush=True)
            sampler.refresh()
        now = (
            rate * min(1.0, (step + 1) / 60) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        )
        for group in optimiser.param_groups:
            group["lr"] = now * group["share"]
        train_mode(model)
        pool = sampler.draw(BATCH * POOL, own_share)
        pool.sort(key=lambda sample: sample.image.shape[1])
        for k in rng.permutation(POOL):
            samples = pool[k * BATCH : (k + 1) * BATCH]
            loss = lines_loss(model, samples)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            step += 1
            losses.append(float(loss.detach()))
        if step % 80 == 0:
            print(f"{done:.2f} step {step} loss {np.mean(losses):.2f}", flush=True)
            losses.clear()
            torch.save(model.state_dict(), state)
    model.eval()
    torch.save(model.state_dict(), state)


def optimiser_of(model: BankModel, rate: float) -> torch.optim.AdamW:
    """Return what trains a model, its convolutions more slowly; each group has its ``share``."""
    # The first two convolutions see edges; left as they are need no gradient, a quarter of all.
    for layer in list(model.features)[:FIRST_LEARNED]:
        layer.requires_grad_(False)
    features = [each for each in model.features.parameters() if each.requires_grad]
    known = {id(each) for each in features}
    rest = [each for each in model.parameters() if each.requires_grad and id(each) not in known]
    groups = [{"params": rest, "share": 1.0}, {"params": features, "share": FEATURE_RATE}]
    return torch.optim.AdamW(groups, lr=rate, weight_decay=1e-4)


def replace_inks(crop: Crop) -> Crop:
    """Return the crop with its lines open and its boxes forgotten."""
    return replace(crop, inks=None)


def started(script: str) -> BankModel:
    """Return the model that a script's training goes on from."""
    model = model_of_bank(bank_bytes(f"{SCRIPTS[script].start}.npz"))
    alphabet = ALPHABETS[script]
    if model.alphabet == alphabet:
        return model
    fresh = widened(model, alphabet) if alphabet.startswith(model.alphabet) else None
    return fresh or restarted(model, alphabet)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("script", choices=SCRIPTS)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds reading/")
    parser.add_argument("--drawn", type=Path, help="pickled crops of drawn plates")
    parser.add_argument("--out", type=Path, required=True, help="the bank to write, .npz")
    parser.add_argument("--state", type=Path, help="a .pt state to go on from")
    parser.add_argument("--steps", type=int, default=1200, help="batches, 48 lines each")
    parser.add_argument("--seconds", type=float, default=1e9, help="time that it may take")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--own-share", type=float, default=0.85, help="of what is shown")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    script = SCRIPTS[options.script]
    reading = options.data / "reading"
    own = [crop for name in script.sets for crop in read_script(reading / name, name)]
    general = [crop for name in script.others for crop in foreign_crops(reading / name, name, 150)]
    if options.drawn:
        import pickle  # noqa: PLC0415

        general += pickle.loads(options.drawn.read_bytes())
    model = started(options.script)
    if options.state:
        model.load_state_dict(torch.load(options.state))
    learn = [crop for crop in own if not crop.held_back]
    held_back = [crop for crop in own if crop.held_back]
    print(f"{len(learn)} to learn, {len(held_back)} held back, {len(general)} others", flush=True)
    tune_script(
        model,
        general,
        learn,
        seconds=options.seconds,
        steps=options.steps,
        rate=options.rate,
        own_share=options.own_share,
        seed=options.seed,
        state=options.out.with_suffix(".pt"),
    )
    temperature = fit_temperature(model, held_back)
    print(f"temperature {temperature}", flush=True)
    shown = [replace_inks(crop) for crop in learn]
    choose_lines(model, shown)
    samples = [training_view(crop, crop.chosen) for crop in shown if crop.chosen >= 0]
    export_bank(model, options.out, glyph_portraits(model, samples[::3]), temperature)
    for name, (right, total) in accuracy(model, held_back).items():
        print(f"held back {name}: {right} of {total} right ({100 * right / total:.1f} %)")


if __name__ == "__main__":
    main()
