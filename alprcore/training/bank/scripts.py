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
import csv
import math
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from alprcore.resources import bank_bytes
from alprcore.training.bank.calibration import fit_temperature
from alprcore.training.bank.choice import choose_lines
from alprcore.training.bank.data import (
    HELD_BACK,
    Crop,
    proposed_lines,
    read_grey,
    training_view,
)
from alprcore.training.bank.export import export_bank, glyph_portraits
from alprcore.training.bank.importing import model_of_bank
from alprcore.training.bank.model import (
    ALPHABETS,
    ARABIC_DIGITS,
    BankModel,
    restarted,
    widened,
)
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


def is_held_back(plate: str) -> bool:
    """Whether the crops of a plate are for measuring only: every fifth plate, by its text.

    By the text and not by the picture: a plate that is seen twice must not be on both sides.
    """
    return zlib.crc32(plate.encode()) % HELD_BACK == 0


def in_visual_order(plate: str) -> str:
    """Return an Arabic text as it stands on the plate, from left to right.

    Letters are read from the right and stand to the right of the digits: reversed, after these.
    """
    digits = [char for char in plate if char in ARABIC_DIGITS]
    letters = [char for char in plate if char not in ARABIC_DIGITS]
    return "".join([*digits, *reversed(letters)])


def boxed_lines(chars: str, text: str) -> list[tuple[str, NDArray[np.float32]]]:
    """Return the lines of a label's boxes: the text of each, and its (n, 4) boxes, left to right.

    Boxes are left, top, right, bottom. Empty where they are not exactly the text's characters.
    """
    boxes = []
    for item in filter(None, chars.split(";")):
        char, *place = item.split(",")
        x, y, w, h = map(float, place)
        if char not in "-.":
            boxes.append((char, (x, y, x + w, y + h)))
    if sorted(char for char, _ in boxes) != sorted(text):
        return []
    rows: list[list[tuple[str, tuple[float, float, float, float]]]] = []
    for box in sorted(boxes, key=lambda box: box[1][1] + box[1][3]):
        middle = 0.5 * (box[1][1] + box[1][3])
        if rows and middle < max(other[1][3] for other in rows[-1]) - 0.15 * (
            box[1][3] - box[1][1]
        ):
            rows[-1].append(box)
        else:
            rows.append([box])
    found = []
    for row in rows:
        row.sort(key=lambda box: box[1][0])
        found.append(
            ("".join(char for char, _ in row), np.array([place for _, place in row], np.float32))
        )
    return found


def line_of(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (4,) line that boxes stand on: top and bottom at the left edge, slope, slant 0.

    The tallest characters say how tall it is: Arabic letters are lower than the digits.
    """
    middles = 0.5 * (boxes[:, 0] + boxes[:, 2])
    slope = 0.0
    if len(boxes) > 2:
        slope = float(np.polyfit(middles, 0.5 * (boxes[:, 1] + boxes[:, 3]), 1)[0])
        slope = float(np.clip(slope, -0.2, 0.2))
    tops, bottoms = boxes[:, 1] - slope * middles, boxes[:, 3] - slope * middles
    top, bottom = np.percentile(tops, 15), np.percentile(bottoms, 85)
    return np.array([top, bottom, slope, 0.0], np.float32)


def read_script(folder: Path, source: str) -> list[Crop]:
    """Return the crops of a set with their lines; two-line plates come once for each line."""
    crops = []
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            image = read_grey(folder / row["image"])
            if image is None or not row["plate"]:
                continue
            plate = in_visual_order(row["plate"]) if source == "eg" else row["plate"]
            held = is_held_back(row["plate"])
            lines = boxed_lines(row.get("chars") or "", plate)
            proposed = proposed_lines(image)
            if not lines and row.get("lines") != "2":
                crops.append(Crop(image, plate, source, proposed, held_back=held))
            exact = [line_of(boxes) for _, boxes in lines]
            for k, (text, boxes) in enumerate(lines):
                crop = Crop(
                    image,
                    text,
                    source,
                    np.concatenate([exact[k][None], proposed]),
                    inks=boxes[:, [0, 2]],
                    held_back=held,
                )
                crop.choose(0)
                others = exact[:k] + exact[k + 1 :]
                crop.wrong = [i for i in crop.wrong if not _shows(crop.lines[i], others)]
                crops.append(crop)
    return crops


def _shows(line: NDArray[np.float32], others: Sequence[NDArray[np.float32]]) -> bool:
    """Whether a proposal shows a good part of another line of text."""
    return any(
        min(line[1], other[1]) - max(line[0], other[0]) > 0.4 * (other[1] - other[0])
        for other in others
    )


def foreign_crops(folder: Path, source: str, count: int) -> list[Crop]:
    """Return some plates of another script, as lines that hold no text."""
    crops = []
    for path in sorted(folder.glob("*.jpg"))[:: max(1, len(list(folder.glob("*.jpg"))) // count)]:
        image = read_grey(path)
        if image is not None and len(lines := proposed_lines(image)):
            crops.append(Crop(image, "", f"not {source}", lines, chosen=0))
    return crops


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
    # The first two convolutions see edges; left as they are need no gradient, a quarter of all.
    for layer in list(model.features)[:FIRST_LEARNED]:
        layer.requires_grad_(False)
    features = [each for each in model.features.parameters() if each.requires_grad]
    known = {id(each) for each in features}
    rest = [each for each in model.parameters() if each.requires_grad and id(each) not in known]
    optimiser = torch.optim.AdamW(
        [{"params": rest, "share": 1.0}, {"params": features, "share": FEATURE_RATE}],
        lr=rate,
        weight_decay=1e-4,
    )
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
    samples = [training_view(crop, crop.chosen) for crop in learn if crop.chosen >= 0]
    export_bank(model, options.out, glyph_portraits(model, samples[::3]), temperature)
    for name, (right, total) in accuracy(model, held_back).items():
        print(f"held back {name}: {right} of {total} right ({100 * right / total:.1f} %)")


if __name__ == "__main__":
    main()
