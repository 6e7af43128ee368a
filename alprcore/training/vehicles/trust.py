# SPDX-License-Identifier: Apache-2.0
"""Measure how far the vehicle network can be trusted, on pictures that no training saw.

``python -m alprcore.training.vehicles.trust --data DIR --model vehicle.onnx
--labels benchmarks/labels/openimages_vehicles.csv --out vehicle_trust.npz``

Doubt is taught by street photographs: cars of makes that were never learned, and of learned makes
in models that were not. ``--left-out`` names the weights of a run of
`alprcore.training.vehicles.train` with ``--leave-out``; the same fit is then made with that network
first, which shows what is said of makes that it never saw. Figures are of pictures that the fit did
not use: each half of the pictures is measured with what the other half gave.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from alprcore.training.vehicles.colours import (
    calibration_error,
    fitted_colours,
    halves,
    minimised,
)
from alprcore.training.vehicles.data import in_frame
from alprcore.training.vehicles.export import export, load_net, shipped_logits
from alprcore.training.vehicles.street import Street, load_street
from alprcore.training.vehicles.train import Data
from alprcore.vehicles.look import make_evidence
from alprcore.vehicles.model import CROP_SIZE

street_weight = 0.8  # of an answer about a street photograph, against a held-back one

Floats = NDArray[np.float64]


def class_heat(logits: Tensor, labels: Tensor) -> float:
    """Return the temperature under which the labels are likeliest."""
    heats = np.exp(np.linspace(np.log(0.4), np.log(2.5), 85))
    losses = [float(nnf.cross_entropy(logits / heat, labels)) for heat in heats]
    return float(heats[int(np.argmin(losses))])


def known_weights(chances: Floats, right: NDArray[np.bool_], x: Floats, share: Floats) -> Floats:
    """Return the weights of `VehicleTrust.known` under which the answers' confidences are likely.

    Parameters
    ----------
    chances : (n,) array
        Of the best make among the learned ones.
    right : (n,) bool array
        Whether it is the make.
    x : (n, 5) array
        See `alprcore.vehicles.look.make_evidence`.
    share : (n,) array
        How much each answer counts; sums to 1.
    """
    given = torch.from_numpy(chances)
    wanted, counts = torch.from_numpy(right.astype(float)), torch.from_numpy(share)
    evidence = torch.from_numpy(x)
    weights = torch.tensor([2.0, 0, 0, 0, 0], dtype=torch.double, requires_grad=True)

    def loss() -> Tensor:
        sure = (given * (evidence @ weights).sigmoid()).clamp(1e-6, 1 - 1e-6)
        losses = nnf.binary_cross_entropy(sure, wanted, reduction="none")
        return (losses * counts).sum() + 1e-4 * weights.square().sum()

    return minimised(loss, [weights])[0]


def sum_of_makes(chances: Floats, make_of: NDArray[np.intp]) -> Floats:
    """Return (n, makes) probabilities from (n, classes) ones."""
    makes = np.zeros((len(chances), int(make_of.max()) + 1))
    np.add.at(makes.T, make_of, chances.T)
    return makes


@dataclass(frozen=True)
class Answers:
    """What a network says of held-back pictures, of street photographs and of unseen makes.

    Attributes
    ----------
    pairs
        (n, 2, classes) logits of the pictures and of their mirror images.
    labels
        Class of the held-back ones, else -1.
    makes
        Make, -1 for one that was never learned.
    part
        0 held back, 1 in the street, 2 of makes kept out of training.
    """

    pairs: Floats
    labels: NDArray[np.intp]
    makes: NDArray[np.intp]
    part: NDArray[np.intp]


def asked(data: Data, street: Street, model: Path) -> Answers:
    """Return what the network of an ONNX file says."""
    held = [*data.held_vehicles, *data.unseen]
    known = [i for i, make in enumerate(street.makes) if make]
    crops = [in_frame(example.image, CROP_SIZE) for example in held]
    logits, _ = shipped_logits(model, [*crops, *(street.crops[i] for i in known)])
    names = sorted({make for make, _, _ in data.classes})
    codes = {label(name): i for i, name in enumerate(names)}
    left_out = {int(data.make_of[example.vehicle]) for example in data.unseen}
    makes = [int(data.make_of[example.vehicle]) for example in held]
    makes += [codes.get(street.makes[i], -1) for i in known]
    part = np.repeat([0, 2, 1], [len(data.held_vehicles), len(data.unseen), len(known)])
    return Answers(
        logits.astype(np.float64),
        np.where(part == 0, [e.vehicle for e in held] + [-1] * len(known), -1),
        np.array([-1 if make in left_out else make for make in makes]),
        part,
    )


def label(name: str) -> str:
    """Return the label of a make's name."""
    return name.lower().replace(" ", "-")


def fitted_classes(data: Data, answers: Answers) -> tuple[float, Floats]:
    """Return the temperature and the weights of "known"; prints accuracy and errors.

    Makes kept out of training (part 2) are never fitted with.
    """
    make_of, count = data.make_of.numpy(), len(answers.part)
    tables = np.zeros((2, count, answers.pairs.shape[2]))
    logits = torch.from_numpy(answers.pairs.mean(1))
    everything, usable = np.arange(count), answers.part < 2
    rounds = [*halves(count), (everything, everything[:0])]
    for half, rest in rounds:
        fit = half[usable[half]]
        held = fit[answers.part[fit] == 0]
        heat = class_heat(logits[held], torch.from_numpy(answers.labels[held]))
        chances = (logits / heat).softmax(1).numpy()
        makes = sum_of_makes(chances, make_of)
        x = np.stack([make_evidence(pair, make_of, heat) for pair in answers.pairs])
        share = np.where(answers.part[fit] == 0, 1.0, street_weight)
        weights = known_weights(
            makes[fit].max(1),
            makes[fit].argmax(1) == answers.makes[fit],
            x[fit],
            share / share.sum(),
        )
        known = 1 / (1 + np.exp(-x[rest] @ weights))
        tables[:, rest] = chances[rest], chances[rest] * known[:, None]
    show(answers, tables, make_of)
    print(f"class heat {heat:.3f}, known {np.round(weights, 3)}")
    return heat, weights


def show(answers: Answers, tables: Floats, make_of: NDArray[np.intp]) -> None:
    """Print how often the answers are right, and how far from that their confidence is.

    `tables` holds two (n, classes) tables, without and with the doubt that the make was learned.
    """
    held = answers.part == 0
    order = (-tables[0][held]).argsort(1)
    hits = order[:, :5] == answers.labels[held][:, None]
    errors = [calibration_error(table[held].max(1), hits[:, 0]) for table in tables]
    print(f"class, held back: {hits[:, 0].mean():.3f} of {held.sum()},", end=" ")
    print(f"top-5 {hits.any(1).mean():.3f},")
    print(f"  error {errors[0]:.3f} among the learned, {errors[1]:.3f} as given")
    for number, kind in enumerate(("held back", "in the street", "kept out of training")):
        learned = (answers.part == number) & (answers.makes >= 0)
        makes = [sum_of_makes(table, make_of) for table in tables]
        if learned.any():
            right = makes[0][learned].argmax(1) == answers.makes[learned]
            errors = [calibration_error(make[learned].max(1), right) for make in makes]
            print(
                f"make, {kind}: {right.mean():.3f} of {learned.sum()}, error {errors[0]:.3f}",
                end="",
            )
            sure = makes[1][learned].max(1) > 0.5
            print(
                f" / {errors[1]:.3f}; {sure.mean():.3f} above 0.5, right {right[sure].mean():.3f}"
            )
        never = (answers.part == number) & (answers.makes < 0)
        if never.any():
            sure_before, sure = (float((make[never].max(1) > 0.5).mean()) for make in makes)
            print(
                f"never learned, {kind}: {never.sum()}, above 0.5: {sure_before:.3f} / {sure:.3f}"
            )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="measure how far the vehicle network is right")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="of street photographs")
    parser.add_argument("--left-out", type=Path, help="weights of a run with --leave-out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    street = load_street(options.labels, options.data / "plates" / "openimages")
    if options.left_out is not None:
        net, kept = load_net(options.left_out)
        partial = Data(options.data, options.seed, kept["left_out"])
        file = options.out.with_suffix(".left_out.onnx")
        export(net, file)
        fitted_classes(partial, asked(partial, street, file))
        file.unlink()
    data = Data(options.data, options.seed)
    heat, known = fitted_classes(data, asked(data, street, options.model))
    colour = fitted_colours(data, street, options.model, rng)
    np.savez_compressed(
        options.out,
        class_heat=np.array([heat], np.float32),
        known=known.astype(np.float32),
        paint=colour["paint"],
        body_weights=colour["body_weights"],
        color_weights=colour["color_weights"],
        color_bias=colour["color_bias"],
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
