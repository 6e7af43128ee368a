# SPDX-License-Identifier: Apache-2.0
"""Fit how measured paint and the network's opinion come together to a colour.

The paint table and the weights of what is measured come from the training pictures, the weight of
the network against them from the held-back tenth, which its training did not see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from alprcore.records import Box, Frame
from alprcore.training.vehicles.data import Pictured, colours, in_frame
from alprcore.training.vehicles.export import shipped_logits
from alprcore.training.vehicles.paint import paints, repainted
from alprcore.training.vehicles.street import Street
from alprcore.vehicles.color import CELLS, Light, body_features, body_pixels, cells_of
from alprcore.vehicles.model import CROP_SIZE

white = Light((1.0, 1.0, 1.0), 0.0, 255.0)
paint_prior = 0.02  # of each colour in each cell of the table, in pictures
looser, brighter, tinted = 0.09, 0.12, 0.03  # how far boxes and light are varied

Floats = NDArray[np.float64]
Pictures = list[tuple[Frame, int]]


def coloured_pictures(
    examples: Sequence[Pictured], rng: np.random.Generator, *, painted: int
) -> Pictures:
    """Return the pictures with their colours; each of a strong colour repainted, so many times."""
    found = [(example.image, example.colour) for example in examples]
    for example in examples:
        for _ in range(painted):
            paint = paints[rng.integers(len(paints))]
            image = repainted(example.image, colours[example.colour], paint, rng)
            if image is not None:
                found.append((image, colours.index(paint)))
    return found


def paint_table(pictures: Pictures, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the probability of each colour, in 255ths, given a body pixel's cell."""
    counts = np.zeros((len(colours), *CELLS))
    for image, colour in pictures:
        lower, upper = body_pixels(image, whole(image), (), some_light(rng))
        pixels = np.concatenate([lower, upper])
        if len(pixels):
            np.add.at(counts[colour], cells_of(pixels), 1 / len(pixels))
    totals = np.bincount([colour for _, colour in pictures], minlength=len(colours))
    counts /= np.sqrt(np.maximum(totals, 1))[:, None, None, None]
    for axis in (1, 2, 3):  # a cell's neighbours look the same
        near = np.roll(counts, 1, axis) + np.roll(counts, -1, axis)
        counts = 0.6 * counts + 0.2 * near
    counts += paint_prior * counts.sum((1, 2, 3)).mean() / np.prod(CELLS)
    return np.asarray(np.round(255 * counts / counts.sum(0)), np.uint8)


def some_light(rng: np.random.Generator) -> Light:
    """Return light a little brighter or darker, and a little coloured."""
    gains = np.exp(rng.normal(0, brighter) + rng.normal(0, tinted, 3))
    return Light((float(gains[0]), float(gains[1]), float(gains[2])), 0.0, 255.0)


def loose_box(image: Frame, rng: np.random.Generator) -> Box:
    """Return about the whole picture as a box."""
    rows, cols = image.shape[:2]
    left, top, right, bottom = rng.uniform(-looser, looser, 4)
    return Box(left * cols, top * rows, (1 + right) * cols, (1 + bottom) * rows)


def whole(image: Frame) -> Box:
    """Return the box of all of a picture."""
    return Box(0, 0, image.shape[1], image.shape[0])


def features_of(pictures: Pictures, paint: NDArray[np.uint8]) -> Floats:
    """Return the measured features of pictures cut to the car, one row each."""
    return np.stack(
        [
            body_features(*body_pixels(image, whole(image), (), white), paint)
            for image, _ in pictures
        ]
    )


def body_weights(pictures: Pictures, paint: NDArray[np.uint8], rng: np.random.Generator) -> Floats:
    """Return (colours, features) weights that tell a colour from the body alone."""
    varied = [
        body_features(*body_pixels(image, loose_box(image, rng), (), some_light(rng)), paint)
        for image, _ in pictures
    ]
    x = torch.from_numpy(np.concatenate([features_of(pictures, paint), np.stack(varied)]))
    y = torch.tensor([colour for _, colour in pictures]).repeat(2)
    share = (1 / torch.bincount(y, minlength=len(colours)).clamp(min=1).double().sqrt())[y]
    share /= share.sum()
    weights = torch.zeros(len(colours), x.shape[1], dtype=torch.double, requires_grad=True)

    def loss() -> Tensor:
        losses = nnf.cross_entropy(x @ weights.T, y, reduction="none")
        return (losses * share).sum() + 1e-4 * weights.square().sum()

    return minimised(loss, [weights])[0]


def colour_weights(
    network: Floats, measured: Floats, labels: NDArray[np.intp], share: Floats
) -> tuple[Floats, Floats]:
    """Return the weights of the two kinds of (n, colours) logits, and each colour's bias.

    `share` says how much each picture counts; it sums to 1.
    """
    x = torch.from_numpy(np.stack([network, measured], 1))
    y, counts = torch.from_numpy(labels), torch.from_numpy(share)
    weights = torch.tensor([1.0, 0.3], dtype=torch.double, requires_grad=True)
    bias = torch.zeros(len(colours), dtype=torch.double, requires_grad=True)

    def loss() -> Tensor:
        logits = (x * weights[:, None]).sum(1) + bias
        losses = nnf.cross_entropy(logits, y, reduction="none")
        return (losses * counts).sum() + 0.01 * bias.square().sum()

    found = minimised(loss, [weights, bias])
    return found[0], found[1]


def minimised(loss: Callable[[], Tensor], values: list[Tensor]) -> list[Floats]:
    """Return the values under which the loss is least, by L-BFGS from where they are."""
    search = torch.optim.LBFGS(values, max_iter=400, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        search.zero_grad()
        now = loss()
        now.backward()  # type: ignore[no-untyped-call]
        return now

    search.step(step)  # type: ignore[no-untyped-call]
    return [np.asarray(value.detach().numpy(), np.float64) for value in values]


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the mean gap of confidence and share of right answers, over bins of equal width."""
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (index == i).mean() * abs(confidence[index == i].mean() - right[index == i].mean())
        for i in range(bins)
        if (index == i).any()
    ]
    return float(np.sum(gaps))


def halves(count: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return what is fitted on and what is measured on, twice; neighbours go to both."""
    even, odd = np.arange(0, count, 2), np.arange(1, count, 2)
    return [(even, odd), (odd, even)]


@dataclass(frozen=True)
class Evidence:
    """What both kinds of evidence say of pictures whose colour is known; `part` names their set."""

    network: Floats
    measured: Floats
    labels: NDArray[np.intp]
    part: NDArray[np.intp]

    def shares(self) -> Floats:
        """Return how much each picture counts: those of the street most."""
        amounts = np.array([0.5, 0.25, 1.0]) / np.maximum(np.bincount(self.part, minlength=3), 1)
        share = amounts[self.part]
        return np.asarray(share / share.sum())


def gathered(
    held: Pictures,
    photographed: int,
    street: Street,
    model: Path,
    tables: tuple[NDArray[np.uint8], Floats],
) -> Evidence:
    """Return the evidence of held-back pictures, of these repainted, and of street photographs.

    The first `photographed` of the `held` are as they were, the others are repainted.
    """
    paint, by_body = tables
    framed = [in_frame(image, CROP_SIZE) for image, _ in held]
    network = shipped_logits(model, [*framed, *street.crops]).colors
    measured = np.concatenate([features_of(held, paint), street.features(paint)]) @ by_body.T
    labels = [colour for _, colour in held] + [colours.index(name) for name in street.colours]
    part = np.full(len(labels), 1)
    part[:photographed] = 0
    part[len(held) :] = 2
    return Evidence(network.astype(np.float64), measured, np.array(labels), part)


def measured_tables(
    coloured: Sequence[Pictured], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Floats]:
    """Return the paint table and the weights of what is measured, from the trained pictures."""
    pictures = coloured_pictures(coloured, rng, painted=1)
    paint = paint_table(pictures, rng)
    return paint, body_weights(pictures, paint, rng)


def fitted_colours(
    held: Sequence[Pictured],
    street: Street,
    model: Path,
    tables: tuple[NDArray[np.uint8], Floats],
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return the weights of network and measurement, and the biases; prints what they give."""
    pictures = coloured_pictures(held, rng, painted=1)
    seen = gathered(pictures, len(held), street, model, tables)
    share, chances = seen.shares(), np.zeros(seen.network.shape)
    for fit, rest in halves(len(seen.labels)):
        weights, bias = colour_weights(
            seen.network[fit], seen.measured[fit], seen.labels[fit], share[fit] / share[fit].sum()
        )
        logits = weights[0] * seen.network[rest] + weights[1] * seen.measured[rest] + bias
        chances[rest] = torch.from_numpy(logits).softmax(1).numpy()
    for number, kind in enumerate(("photographed", "repainted", "in the street")):
        part, wanted = seen.part == number, seen.labels[seen.part == number]
        right = chances[part].argmax(1) == wanted
        error = calibration_error(chances[part].max(1), right)
        alone = [(v[part].argmax(1) == wanted).mean() for v in (seen.network, seen.measured)]
        print(f"colour, {kind}: {right.mean():.3f} of {part.sum()}, error {error:.3f};", end=" ")
        print(f"network alone {alone[0]:.3f}, body alone {alone[1]:.3f}")
    weights, bias = colour_weights(seen.network, seen.measured, seen.labels, share)
    print(f"colour weights {np.round(weights, 3)} bias {np.round(bias, 2)}")
    return weights, bias
