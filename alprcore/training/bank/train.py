# SPDX-License-Identifier: Apache-2.0
"""Learn the template bank: ``python -m alprcore.training.bank.train --data DIR --out FILE``.

The bank is first taught on rendered plates, whose lines are known. Then the labelled crops join:
each is read along all of its proposed lines, and the line under which its text is most probable is
taken as the one that carries it (repeated, as the bank gets better). Half of what is shown comes
from real crops from then on. Crops without labels join with the bank's own reading once it is
nearly certain of it: degraded anew each time they are shown, they teach what the certain view
already showed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from alprcore.training.bank.calibration import fit_temperature
from alprcore.training.bank.choice import choose_lines, label_crops
from alprcore.training.bank.data import (
    FOLD,
    Crop,
    TrainingLine,
    batched,
    cut_line,
    read_all_labelled,
    read_labelled,
    read_unlabelled,
    training_line,
    training_view,
)
from alprcore.training.bank.export import export_bank, glyph_portraits
from alprcore.training.bank.likelihood import text_log_likelihood
from alprcore.training.bank.model import (
    ALPHABETS,
    BankModel,
    BankShape,
    model_of,
    widened,
)
from alprcore.training.bank.reading import read_line
from alprcore.training.bank.rendered import rendered_crops

BATCH = 48
# How often a crop of a set is drawn: US plates are the hardest and the fewest, Spanish ones are
# many and lack characters.
SET_WEIGHTS = {"us": 4.0, "br": 1.0, "ar": 1.5, "eu": 2.0, "spain_masked": 0.5, "street": 2.5}
WRONG_LINES = 0.12
REAL_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class Plan:
    """What one training run does."""

    steps: int
    seed: int = 1
    rate: float = 2e-3
    real_from: float = 0.25
    rechoose: float = 0.3
    label_from: float = 0.5
    real_share: float = REAL_SHARE


class Sampler:
    """Draws training lines: rendered plates, labelled crops by weight, wrong lines of both."""

    def __init__(
        self, rendered: Sequence[Crop], real: Sequence[Crop], rng: np.random.Generator
    ) -> None:
        self.rendered = rendered
        self.real = real
        self.rng = rng
        self.refresh()

    def refresh(self) -> None:
        """Look again at which crops have a chosen line."""
        self.usable = [crop for crop in self.real if crop.chosen >= 0]
        weights = np.array([SET_WEIGHTS.get(crop.source, 1.0) for crop in self.usable])
        self.weights = weights / weights.sum() if len(weights) else weights

    def draw(self, count: int, real_share: float) -> list[TrainingLine]:
        """Return `count` lines with their texts."""
        out = []
        for _ in range(count):
            if self.usable and self.rng.random() < real_share:
                crop = self.usable[int(self.rng.choice(len(self.usable), p=self.weights))]
            else:
                crop = self.rendered[int(self.rng.integers(len(self.rendered)))]
            out.append(training_line(crop, self.rng, wrong=bool(self.rng.random() < WRONG_LINES)))
        return out

    def batches(self, real_share: float) -> Iterator[list[TrainingLine]]:
        """Yield batches of lines of about the same width, so that little is padding."""
        pool = self.draw(BATCH * 4, real_share)
        pool.sort(key=lambda sample: sample.image.shape[1])
        for k in self.rng.permutation(4):
            yield pool[k * BATCH : (k + 1) * BATCH]


def accuracy(model: BankModel, crops: Sequence[Crop]) -> dict[str, tuple[int, int]]:
    """Return, for each set, how many crops are read right (O = 0, I = 1), and of how many."""
    model.eval()
    tally: dict[str, tuple[int, int]] = {}
    for crop in crops:
        readings = [read_line(model, cut_line(crop.image, line)) for line in crop.lines[:4]]
        text = max(readings, key=lambda reading: reading.score).text if readings else ""
        right, total = tally.get(crop.source, (0, 0))
        tally[crop.source] = (
            right + (text.translate(FOLD) == crop.text.translate(FOLD)),
            total + 1,
        )
    return tally


def lines_loss(model: BankModel, samples: Sequence[TrainingLine]) -> torch.Tensor:
    """Return the mean loss of lines with their texts."""
    batch = batched(samples)
    lines = torch.from_numpy(batch.lines).contiguous(memory_format=torch.channels_last)
    scores, gaps = model(lines)
    value = text_log_likelihood(
        scores,
        gaps,
        torch.from_numpy(batch.lengths),
        torch.from_numpy(batch.texts),
        torch.from_numpy(batch.inks),
    )
    # A mislabelled or illegible line must not outweigh a batch: its loss is capped softly.
    return (30.0 * (1.0 - torch.exp(value / 30.0))).mean()


def train(
    model: BankModel,
    rendered: Sequence[Crop],
    real: Sequence[Crop],
    unlabelled: Sequence[Crop],
    plan: Plan,
) -> None:
    """Train `model` in place for ``plan.steps``, printing the progress."""
    rng = np.random.default_rng(plan.seed)
    learn = [crop for crop in real if not crop.held_back]
    sampler = Sampler(rendered, [*learn, *unlabelled], rng)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=1e-3)
    step, shown, loss_sum, next_choice = 0, 0, 0.0, plan.real_from
    while (done := step / plan.steps) < 1.0:
        if done >= next_choice:
            mean = choose_lines(model, learn)
            known = label_crops(model, unlabelled) if done >= plan.label_from else 0
            sampler.refresh()
            print(
                f"{done:.2f} chose lines: mean {mean:.2f},"
                f" {len(sampler.usable) - known} of {len(learn)} usable,"
                f" {known} of {len(unlabelled)} labelled by the bank",
                flush=True,
            )
            next_choice += plan.rechoose
        warm = min(1.0, step / 200)
        rate = plan.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        model.train()
        for samples in sampler.batches(plan.real_share if done >= plan.real_from else 0.0):
            loss = lines_loss(model, samples)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            step += 1
            shown += len(samples)
            loss_sum += float(loss.detach())
            if step % 200 == 0:
                print(f"{done:.2f} step {step} lines {shown} loss {loss_sum / 200:.3f}", flush=True)
                loss_sum = 0.0


def started(state: Path | None, alphabet: str) -> BankModel:
    """Return the model of a ``.pt`` state, or an untrained one; it gets the alphabet's classes."""
    if state is None:
        return BankModel(BankShape(alphabet=alphabet))
    model = model_of(torch.load(state))
    return model if model.alphabet == alphabet else widened(model, alphabet)


def parsed_options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="folder that holds reading/ and glyphs/"
    )
    parser.add_argument("--fonts", type=Path, default=Path("training_data/fonts"))
    parser.add_argument("--cache", type=Path, default=Path("training_data/rendered_lines.pickle"))
    parser.add_argument("--out", type=Path, required=True, help="the bank to write, .npz")
    parser.add_argument("--steps", type=int, default=2600, help="batches, 48 lines each")
    parser.add_argument("--rendered", type=int, default=24000, help="how many plates to render")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="a .pt state to go on from")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate with --start")
    parser.add_argument("--street", type=Path, help="crops made by alprcore.training.bank.street")
    parser.add_argument(
        "--korean", type=int, default=0, help="Korean plates besides: the bank has Hangul, too"
    )
    parser.add_argument("--real-share", type=float, default=REAL_SHARE, help="of what is shown")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Run the command."""
    options = parsed_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rendered = rendered_crops(
        options.fonts, options.data, options.rendered, options.seed, options.cache
    )
    if options.korean:
        cache = options.cache.with_name("korean_lines.pickle")
        rendered += rendered_crops(
            options.fonts, options.data, options.korean, options.seed, cache, korean=True
        )
    real = read_all_labelled(options.data)
    if options.street:
        real += read_labelled(options.street, "street", either=True)
    model = started(options.start, ALPHABETS["hangul" if options.korean else "latin"])
    unlabelled = read_unlabelled(options.data / "reading" / "eu", "eu")
    plan = Plan(steps=options.steps, seed=options.seed, real_share=options.real_share)
    if options.start:
        plan = replace(plan, real_from=0.0, label_from=0.0, rate=options.rate)
    print(
        f"{len(rendered)} rendered, {len(real)} labelled, {len(unlabelled)} unlabelled", flush=True
    )
    train(model, rendered, real, unlabelled, plan)
    torch.save(model.state_dict(), options.out.with_suffix(".pt"))
    model.eval()
    readable = set(model.alphabet)
    known = [crop for crop in (*real, *rendered) if crop.chosen >= 0 and set(crop.text) <= readable]
    samples = [training_view(crop, crop.chosen) for crop in known[::3]]
    held_back = [crop for crop in real if crop.held_back]
    temperature = fit_temperature(model, held_back)
    print(f"temperature {temperature}", flush=True)
    export_bank(model, options.out, glyph_portraits(model, samples), temperature)
    for name, (right, total) in accuracy(model, held_back).items():
        print(f"held back {name}: {right} of {total} right ({100 * right / total:.1f} %)")


if __name__ == "__main__":
    main()
