# SPDX-License-Identifier: Apache-2.0
"""The trainable form of the template bank, and the likelihood of a text under its lattice.

A line image is turned into feature columns by four small convolutions. Templates are compared with
stretches of columns: each template is a row of bins, each bin a weight for every feature, and a
stretch's response is the sum over the bins of the mean feature under the bin. Because the mean is
linear, the products are formed once a column and stretches are read off prefix sums.

The lattice is a semi-Markov conditional random field (Sarawagi and Cohen 2004, section 2): a path
is a chain of characters (stretch, class) and gaps (single columns), its score the sum of theirs.
Training maximises the probability of the labelled text, summed over all its segmentations.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NARROWEST = 2
WIDEST = 16
WIDTHS = WIDEST - NARROWEST + 1
INNER_BINS = 4
BINS = INNER_BINS + 2
# In a text to learn, this stands for "O or 0": the labels of some sets write every O as 0.
ZERO_OR_O = len(ALPHABET)
FEATURE_ROWS = 4
LINE_ROWS = 32
# Stands for log 0 without the NaN that inf - inf would give.
IMPOSSIBLE = -1e4


@dataclass(frozen=True, slots=True)
class BankShape:
    """Sizes of the bank: feature maps of the four convolutions and templates a class."""

    channels: tuple[int, int, int, int] = (16, 32, 64, 80)
    templates: int = 2


class BankModel(nn.Module):
    """Feature columns, templates, width and gap scores; see the module's docstring."""

    def __init__(self, shape: BankShape | None = None) -> None:
        super().__init__()
        self.shape = shape or BankShape()
        c1, c2, c3, c4 = self.shape.channels
        self.features = nn.Sequential(
            nn.Conv2d(1, c1, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(c1),
            nn.ReLU(inplace=True),
            nn.Conv2d(c1, c2, 3, padding=1, bias=False),
            nn.BatchNorm2d(c2),
            nn.ReLU(inplace=True),
            nn.Conv2d(c2, c3, 3, stride=(2, 1), padding=1, bias=False),
            nn.BatchNorm2d(c3),
            nn.ReLU(inplace=True),
            nn.Conv2d(c3, c4, 3, stride=(2, 1), padding=1, bias=False),
            nn.BatchNorm2d(c4),
            nn.ReLU(inplace=True),
        )
        columns = c4 * FEATURE_ROWS
        self.count = len(ALPHABET) * self.shape.templates
        self.templates = nn.Linear(columns, BINS * self.count, bias=False)
        self.gap = nn.Linear(columns, 1)
        self.width_bias = nn.Parameter(torch.zeros(WIDTHS, len(ALPHABET)))
        nn.init.normal_(self.templates.weight, std=0.02)
        nn.init.constant_(self.gap.bias, 1.0)

    def forward(self, lines: Tensor) -> tuple[Tensor, Tensor]:
        """Return class scores and gap scores of a batch of lines.

        Parameters
        ----------
        lines : (n, 1, 32, 2 * t) float tensor
            Normalised line images.

        Returns
        -------
        scores : (n, t, widths, classes) tensor
            Score of "the stretch of `width` columns from column t is the class"; -inf where the
            stretch runs over the end.
        gaps : (n, t) tensor
            Score of "column t belongs to no character".
        """
        columns = self._columns(lines)
        gaps = self.gap(columns).squeeze(2)
        return self._scores(self._responses(columns)), gaps

    def responses(self, lines: Tensor) -> Tensor:
        """Return the (n, t, widths, templates) response of every template to every stretch."""
        return self._responses(self._columns(lines))

    def _columns(self, lines: Tensor) -> Tensor:
        maps = self.features(lines)
        n, c, rows, t = maps.shape
        columns: Tensor = maps.reshape(n, c * rows, t).transpose(1, 2)
        return columns

    def _responses(self, columns: Tensor) -> Tensor:
        n, t, _ = columns.shape
        products = self.templates(columns).reshape(n, t * BINS, self.count)
        return (stretch_bins(t).to(products) @ products).reshape(n, t, WIDTHS, self.count)

    def _scores(self, responses: Tensor) -> Tensor:
        n, t = responses.shape[:2]
        grouped = responses.reshape(n, t, WIDTHS, self.shape.templates, len(ALPHABET))
        scores = torch.logsumexp(grouped, dim=3) + self.width_bias
        ends = torch.arange(t)[:, None] + NARROWEST + torch.arange(WIDTHS)[None, :]
        return scores.masked_fill((ends > t)[None, :, :, None], IMPOSSIBLE)


@functools.lru_cache(maxsize=256)
def stretch_bins(t: int) -> Tensor:
    """Return how much of each column each bin of each stretch averages.

    Returns
    -------
    (t * widths, t * bins) float tensor
        Row ``start * widths + k``, column ``x * bins + b``: the share of column x in bin b of the
        stretch of ``k + NARROWEST`` columns from `start`. Bins 1..4 divide the stretch evenly, bin
        0 is the column before it and bin 5 the one after it. Stretches over the end stay zero.
    """
    layout = torch.zeros(t, WIDTHS, t, BINS)
    for k in range(WIDTHS):
        w = k + NARROWEST
        for start in range(t - w + 1):
            if start > 0:
                layout[start, k, start - 1, 0] = 1.0
            if start + w < t:
                layout[start, k, start + w, BINS - 1] = 1.0
            for b in range(INNER_BINS):
                low, high = w * b / INNER_BINS, w * (b + 1) / INNER_BINS
                for x in range(int(low), math.ceil(high)):
                    share = min(high, x + 1) - max(low, x)
                    layout[start, k, start + x, b + 1] = share * INNER_BINS / w
    return layout.reshape(t * WIDTHS, t * BINS)


class TextLogLikelihood(torch.autograd.Function):
    """Log-probability of texts with its gradient, the difference of arc posteriors, in closed form.

    Left to automatic differentiation the recursion took 80 % of a training step; the gradient of a
    log-partition function is the arc's posterior, which one backward recursion gives.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, gaps: Tensor, lengths: Tensor, texts: Tensor) -> Tensor:
        """Return (n,) log-probabilities; see `text_log_likelihood`."""
        n, t = gaps.shape
        longest = texts.shape[1]
        index = texts.clamp(min=0)[:, None, None, :].expand(n, t, WIDTHS, longest)
        classes = scores[..., : len(ALPHABET)]
        wanted = scores.gather(3, index).masked_fill((texts < 0)[:, None, None], IMPOSSIBLE)
        any_class = torch.logsumexp(classes, dim=3)
        counts = (texts >= 0).sum(dim=1)
        forwards = _forward(wanted, any_class, gaps)
        backwards = _backward(wanted, any_class, gaps, lengths, counts)
        total = backwards[:, 0, [0, -1]]
        text_arcs, any_arcs = _posteriors(wanted, any_class, forwards, backwards, total)
        stay = forwards[:, :-1] + gaps[:, :, None] + backwards[:, 1:]
        gap_text = torch.exp(stay[:, :, :-1] - total[:, None, :1]).sum(dim=2)
        gap_any = torch.exp(stay[:, :, -1] - total[:, None, 1])
        grad = torch.zeros_like(scores)
        grad[..., : len(ALPHABET)] = -any_arcs[..., None] * torch.exp(
            classes - any_class[..., None]
        )
        grad.scatter_add_(3, index, text_arcs)
        ctx.save_for_backward(grad, gap_text - gap_any)
        return total[:, 0] - total[:, 1]

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Scale the stored posterior differences by the incoming gradient."""
        grad_scores, grad_gaps = ctx.saved_tensors
        out = outputs[0]
        return out[:, None, None, None] * grad_scores, out[:, None] * grad_gaps, None, None


def _forward(wanted: Tensor, any_class: Tensor, gaps: Tensor) -> Tensor:
    """Return (n, t + 1, longest + 2): sums over paths from the left; the last state is any text."""
    n, t, _, longest = wanted.shape
    by_end = _by_end(torch.cat([wanted, any_class[..., None]], dim=3))
    table = wanted.new_full((n, WIDEST + t + 1, longest + 2), IMPOSSIBLE)
    table[:, WIDEST, [0, -1]] = 0.0
    for end in range(1, t + 1):
        at = WIDEST + end
        before = table[:, at - WIDEST : at - NARROWEST + 1]
        moved = torch.logsumexp(
            torch.cat([before[..., :-2], before[..., -1:]], dim=2) + by_end[:, end], dim=1
        )
        stay = table[:, at - 1] + gaps[:, end - 1 : end]
        table[:, at, 0] = stay[:, 0]
        table[:, at, 1:] = torch.logaddexp(stay[:, 1:], moved)
    return table[:, WIDEST:]


def _by_end(arcs: Tensor) -> Tensor:
    """Re-index (n, t, widths, k) arcs by their end, widest first: (n, t + 1, widths, k)."""
    n, t, _, k = arcs.shape
    out = arcs.new_full((n, t + 1, WIDTHS, k), IMPOSSIBLE)
    for i in range(WIDTHS):
        w = i + NARROWEST
        if w <= t:
            out[:, w:, WIDTHS - 1 - i] = arcs[:, : t + 1 - w, i]
    return out


def _backward(
    wanted: Tensor, any_class: Tensor, gaps: Tensor, lengths: Tensor, counts: Tensor
) -> Tensor:
    """Return (n, t + 1, longest + 2): sums over paths to each line's own end."""
    n, t, _, longest = wanted.shape
    table = wanted.new_full((n, t + 1 + WIDEST, longest + 2), IMPOSSIBLE)
    final = wanted.new_full((n, longest + 2), IMPOSSIBLE)
    final[torch.arange(n), counts] = 0.0
    final[:, -1] = 0.0
    arcs = torch.cat([wanted, any_class[..., None]], dim=3)
    table[:, t] = torch.where((lengths == t)[:, None], final, table[:, t])
    for start in range(t - 1, -1, -1):
        after = table[:, start + NARROWEST : start + WIDEST + 1, 1:]
        moved = torch.logsumexp(after + arcs[:, start], dim=1)
        stay = table[:, start + 1] + gaps[:, start : start + 1]
        row = stay.clone()
        row[:, :longest] = torch.logaddexp(stay[:, :longest], moved[:, :longest])
        row[:, -1] = torch.logaddexp(stay[:, -1], moved[:, -1])
        table[:, start] = torch.where((lengths == start)[:, None], final, row)
    return table[:, : t + 1]


def _posteriors(
    wanted: Tensor, any_class: Tensor, forwards: Tensor, backwards: Tensor, total: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the posteriors of arcs under the text, by its character, and under any text."""
    _, t, _, longest = wanted.shape
    padded = torch.nn.functional.pad(backwards, (0, 0, 0, WIDEST), value=IMPOSSIBLE)
    after = torch.stack([padded[:, w : w + t] for w in range(NARROWEST, WIDEST + 1)], dim=2)
    text = (
        forwards[:, :-1, None, :longest]
        + wanted
        + after[..., 1 : longest + 1]
        - total[:, 0, None, None, None]
    )
    anything = forwards[:, :-1, None, -1] + any_class + after[..., -1] - total[:, 1, None, None]
    return torch.exp(text), torch.exp(anything)


def text_log_likelihood(scores: Tensor, gaps: Tensor, lengths: Tensor, texts: Tensor) -> Tensor:
    """Return the log-probability of each text, summed over its segmentations.

    Parameters
    ----------
    scores : (n, t, widths, classes) tensor
    gaps : (n, t) tensor
    lengths : (n,) int tensor
        Columns that belong to each line; what lies beyond is padding.
    texts : (n, longest) int tensor
        Class indices or `ZERO_OR_O`, -1 beyond the end of a text.

    Returns
    -------
    (n,) tensor
    """
    either = torch.logaddexp(scores[..., ALPHABET.index("0")], scores[..., ALPHABET.index("O")])
    extended = torch.cat([scores, either[..., None]], dim=3)
    result: Tensor = TextLogLikelihood.apply(extended, gaps, lengths, texts)
    return result
