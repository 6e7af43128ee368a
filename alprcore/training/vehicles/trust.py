# SPDX-License-Identifier: Apache-2.0
"""Measure how far the vehicle network can be trusted, on pictures that no training saw.

``python -m alprcore.training.vehicles.trust --data DIR --model vehicle.onnx
--labels benchmarks/labels --out vehicle_trust.npz``

What is fitted with: the held-back tenth of the adverts and the held-back fifth of the street, makes
that were never learned among them. Figures are of pictures that the fit did not use: each half of
the pictures is measured with what the other half gave.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from alprcore.training.vehicles.answers import (
    KNOWN_SHARE,
    WORD_SHARE,
    Answers,
    Fitted,
    Floats,
    asked,
    best_of,
    part_of,
    show_each,
    stated,
)
from alprcore.training.vehicles.colours import (
    calibration_error,
    fitted_colours,
    halves,
    measured_tables,
    minimised,
)
from alprcore.training.vehicles.data import split
from alprcore.training.vehicles.street import load_street
from alprcore.training.vehicles.worlds import UNKNOWN, Car, held_back, load_worlds
from alprcore.vehicles.look import MOST_WORD

# What is said above one half in the street has to be right so often, and may be wrong so often.
RIGHT_ABOVE_HALF, WRONG_ABOVE_HALF = 0.85, 0.04
SHIFTS = np.arange(0.0, 12.01, 0.1)  # of the logit of "known", tried in turn


def heat_of(logits: Tensor, labels: Tensor) -> float:
    """Return the temperature under which the labels are likeliest."""
    heats = np.exp(np.linspace(np.log(0.3), np.log(2.5), 90))
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
    x : (n, k) array
        See `alprcore.vehicles.look.make_evidence`.
    share : (n,) array
        How much each answer counts; sums to 1.
    """
    given = torch.from_numpy(chances)
    wanted, counts = torch.from_numpy(right.astype(float)), torch.from_numpy(share)
    evidence = torch.from_numpy(x)
    weights = torch.zeros(x.shape[1], dtype=torch.double)
    weights[0] = 2.0
    weights.requires_grad_(True)

    def loss() -> Tensor:
        sure = (given * (evidence @ weights).sigmoid()).clamp(1e-6, 1 - 1e-6)
        losses = nnf.binary_cross_entropy(sure, wanted, reduction="none")
        return (losses * counts).sum() + 1e-4 * weights.square().sum()

    return minimised(loss, [weights])[0]


def shifted(
    weights: Floats, chances: Floats, right: NDArray[np.bool_], x: Floats
) -> tuple[Floats, float]:
    """Return the weights lowered by the least that makes what is said above one half true enough.

    Parameters
    ----------
    weights : (k,) array
    chances, right, x
        As for `known_weights`, of street photographs.
    """
    for shift in SHIFTS:
        lower = weights - np.where(np.arange(len(weights)) == 0, shift, 0)
        sure = chances / (1 + np.exp(-x @ lower)) > 0.5
        wrong = (sure & ~right).mean()
        if wrong <= WRONG_ABOVE_HALF and right[sure].sum() >= RIGHT_ABOVE_HALF * sure.sum():
            return lower, float(shift)
    raise ValueError("no shift makes makes in the street true enough")


def fitted_word(answers: Answers, make_of: NDArray[np.intp], heat: float, share: Floats) -> Fitted:
    """Return the heat of the makes and the weight of the class head's word that fit best."""
    logits = answers.logits
    mean = torch.from_numpy(logits.classes.astype(np.float64))
    of_class = torch.zeros(len(mean), logits.makes.shape[1], dtype=torch.double)
    of_class.index_add_(1, torch.from_numpy(make_of), (mean / heat).softmax(1))
    advertised = torch.bincount(torch.from_numpy(make_of), minlength=of_class.shape[1]) > 0
    word = torch.full_like(of_class, -float(np.log(int(advertised.sum()))))
    word[:, advertised] = of_class[:, advertised].clamp(min=1e-4).log()
    familiar = torch.stack(
        [
            torch.ones(len(mean), dtype=torch.double),
            mean.logsumexp(1) / 10,
            mean.amax(1) / 10,
            of_class.amax(1),
        ],
        1,
    )
    makes = torch.from_numpy(logits.makes.astype(np.float64))
    truth, counts = torch.from_numpy(answers.makes), torch.from_numpy(share)
    log_heat = torch.zeros(1, dtype=torch.double, requires_grad=True)
    weight = torch.zeros(4, dtype=torch.double, requires_grad=True)

    def loss() -> Tensor:
        said = MOST_WORD * (familiar @ weight).sigmoid()[:, None] * word
        losses = nnf.cross_entropy(makes / log_heat.exp() + said, truth, reduction="none")
        return (losses * counts).sum() + 1e-4 * weight.square().sum()

    found = minimised(loss, [log_heat, weight])
    return Fitted(heat, float(np.exp(found[0][0])), found[1], np.zeros(6))


def fit_makes(answers: Answers, chosen: NDArray[np.intp], make_of: NDArray[np.intp]) -> Fitted:
    """Return what the chosen pictures give, `known` not lowered yet."""
    advert = chosen[~answers.street[chosen]]
    heat = heat_of(
        torch.from_numpy(answers.logits.classes[advert]), torch.from_numpy(answers.classes[advert])
    )
    wanted = chosen[answers.makes[chosen] != UNKNOWN]
    truth, share = answers.makes[wanted], answers.shares(wanted, WORD_SHARE)
    best = fitted_word(part_of(answers, wanted), make_of, heat, share)
    makes, x = stated(part_of(answers, wanted), make_of, best)
    learned = makes[:, :-1]
    chances = learned.max(1) / learned.sum(1)
    share = answers.shares(wanted, KNOWN_SHARE)
    weights = known_weights(chances, learned.argmax(1) == truth, x, share)
    return Fitted(best.class_heat, best.make_heat, best.make_weight, weights)


def lowered(answers: Answers, make_of: NDArray[np.intp], fitted: Fitted) -> Fitted:
    """Return the fit such that makes above one half are true enough in the street."""
    street = part_of(answers, np.flatnonzero(answers.street & (answers.makes != UNKNOWN)))
    learned, chances, x = best_of(street, make_of, fitted)
    known, shift = shifted(fitted.known, chances, learned.argmax(1) == street.makes, x)
    print(f"known lowered by {shift:.1f}")
    return Fitted(fitted.class_heat, fitted.make_heat, fitted.make_weight, known)


def show_makes(answers: Answers, make_of: NDArray[np.intp], names: Sequence[str]) -> None:
    """Print how often makes and classes are right; each half measured with the other's fit."""
    count = len(answers.makes)
    table = np.zeros((count, len(names)))
    for fit, rest in halves(count):
        fitted = lowered(part_of(answers, fit), make_of, fit_makes(answers, fit, make_of))
        learned, _, x = best_of(part_of(answers, rest), make_of, fitted)
        table[rest] = learned / (1 + np.exp(-x @ fitted.known))[:, None]
    for title, world in (("adverts", ~answers.street), ("street", answers.street)):
        part = world & (answers.makes != UNKNOWN)
        makes, truth = table[part], answers.makes[part]
        order = (-makes).argsort(1)[:, :5] == truth[:, None]
        seen, sure = truth < len(names), makes.max(1) > 0.5
        right = order[:, 0]
        print(
            f"make, {title}: {right[seen].mean():.3f} of {seen.sum()}, among five"
            f" {order[seen].any(1).mean():.3f}; all {len(truth)}: right {right.mean():.3f}, above"
            f" one half {sure.mean():.3f}, of these right {right[sure].mean():.3f}, wrong above"
            f" one half {(sure & ~right).mean():.3f}, never learned {(~seen).sum()} of which"
            f" above one half {sure[~seen].mean() if (~seen).any() else 0:.3f};"
            f" error of calibration {calibration_error(makes.max(1), right):.3f}"
        )
    logits = answers.logits.classes[~answers.street]
    right = logits.argmax(1) == answers.classes[~answers.street]
    print(f"class: {right.mean():.3f} of {len(right)}")


def view_heat(answers: Answers) -> float:
    """Return the temperature of the view logits; prints how often they are right."""
    known = answers.views != UNKNOWN
    logits, truth = answers.logits.views[known], answers.views[known]
    two = truth < 2
    right = logits[two][:, :2].argmax(1) == truth[two]
    print(f"view, front against rear: {right.mean():.4f} of {two.sum()};", end=" ")
    print(f"with side: {(logits[:, :3].argmax(1) == truth).mean():.4f} of {known.sum()}")
    return heat_of(torch.from_numpy(logits), torch.from_numpy(truth))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="measure how far the vehicle network is right")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="folder of labels by eye")
    parser.add_argument("--tables", type=Path, help="vehicle_trust.npz whose paint is kept")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    file = options.labels / "street_vehicles.csv"
    worlds = load_worlds(options.data, file)
    _, adverts = split(worlds.adverts)
    cars = [car for car in worlds.street if held_back(car.photo)]
    answers = asked(cars, adverts, options.model, other=len(worlds.makes))
    make_of = np.array(_make_of_classes(worlds.adverts))
    show_makes(answers, make_of, worlds.makes)
    fitted = fit_makes(answers, np.arange(len(answers.makes)), make_of)
    fitted = lowered(answers, make_of, fitted)
    show_each(answers, make_of, worlds.makes, fitted)
    street = load_street(file, options.data / "plates")
    rng = np.random.default_rng(options.seed)
    coloured, held = split(worlds.coloured)
    if options.tables is None:
        tables = measured_tables(coloured, rng)
    else:
        with np.load(options.tables) as given:
            tables = given["paint"], given["body_weights"].astype(np.float64)
    color_weights, color_bias = fitted_colours(held, street, options.model, tables, rng)
    np.savez_compressed(
        options.out,
        class_heat=np.array([fitted.class_heat], np.float32),
        make_heat=np.array([fitted.make_heat], np.float32),
        make_weight=fitted.make_weight.astype(np.float32),
        view_heat=np.array([view_heat(answers)], np.float32),
        known=fitted.known.astype(np.float32),
        paint=tables[0],
        body_weights=tables[1].astype(np.float32),
        color_weights=color_weights.astype(np.float32),
        color_bias=color_bias.astype(np.float32),
    )
    return 0


def _make_of_classes(adverts: Sequence[Car]) -> list[int]:
    """Return the number of each class's make."""
    makes = {car.vehicle: car.make for car in adverts}
    return [makes[number] for number in sorted(makes)]


if __name__ == "__main__":
    raise SystemExit(main())
