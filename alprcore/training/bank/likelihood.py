# SPDX-License-Identifier: Apache-2.0
"""The probability of a text under the lattice, with its gradient in closed form.

The lattice is a semi-Markov conditional random field (Sarawagi and Cohen 2004, section 2): a path
is a chain of characters (stretch, class) and gaps (single columns), its score the sum of theirs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from alprcore.training.bank.model import ALPHABET, IMPOSSIBLE, NARROWEST, WIDEST, WIDTHS

# In a text to learn, these stand for "O or 0" and "I or 1": the labels of some sets write every O
# as 0, and a bank that labels crops itself cannot be believed on either.
ZERO_OR_O, ONE_OR_I = -2, -3
# A cut may lie this far outside and inside the rim of a character's ink, in columns: blur and slant
# move rims by about one.
RIM_SLACK = (1.6, 1.2)


class TextLogLikelihood(torch.autograd.Function):
    """Log-probability of texts with its gradient, the difference of arc posteriors, in closed form.

    Left to automatic differentiation the recursion took 80 % of a training step; the gradient of a
    log-partition function is the arc's posterior, which one backward recursion gives.
    """

    @staticmethod
    def forward(
        ctx: Any, scores: Tensor, gaps: Tensor, lengths: Tensor, texts: Tensor, allowed: Tensor
    ) -> Tensor:
        """Return (n,) log-probabilities; see `text_log_likelihood`.

        The last two classes of `scores` are sums of others, for characters that may be either.
        """
        n, t = gaps.shape
        longest = texts.shape[1]
        index = texts.clamp(min=0)[:, None, None, :].expand(n, t, WIDTHS, longest)
        classes = scores[..., :-2]
        wanted = scores.gather(3, index).masked_fill(~allowed, IMPOSSIBLE)
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
        grad[..., :-2] = -any_arcs[..., None] * torch.exp(classes - any_class[..., None])
        grad.scatter_add_(3, index, text_arcs)
        ctx.save_for_backward(grad, gap_text - gap_any)
        return total[:, 0] - total[:, 1]

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Scale the stored posterior differences by the incoming gradient."""
        grad_scores, grad_gaps = ctx.saved_tensors
        out = outputs[0]
        return out[:, None, None, None] * grad_scores, out[:, None] * grad_gaps, None, None, None


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


def allowed_stretches(t: int, texts: Tensor, inks: Tensor | None) -> Tensor:
    """Return which stretches may be which character of each text.

    Parameters
    ----------
    t : int
        Columns.
    texts : (n, longest) int tensor
        -1 beyond the end of a text.
    inks : (n, longest, 2) tensor, optional
        Left and right rim of the ink of each character in columns, NaN where unknown. A stretch
        must then start and end within `RIM_SLACK` of them, which ties cuts to the characters.

    Returns
    -------
    (n, t, widths, longest) bool tensor
    """
    n, longest = texts.shape
    there = (texts >= 0)[:, None, None].expand(n, t, WIDTHS, longest)
    if inks is None:
        return there
    starts = torch.arange(t)[:, None].expand(t, WIDTHS)
    ends = starts + NARROWEST + torch.arange(WIDTHS)
    left, right = inks[:, None, None, :, 0], inks[:, None, None, :, 1]
    outside, inside = RIM_SLACK
    fits = (starts[None, ..., None] >= left - outside) & (starts[None, ..., None] <= left + inside)
    fits &= (ends[None, ..., None] <= right + outside) & (ends[None, ..., None] >= right - inside)
    # A stroke narrower than the narrowest stretch may be cut out anywhere around it.
    fits |= (
        (right - left < 1.0)
        & (starts[None, ..., None] >= left - NARROWEST)
        & (ends[None, ..., None] <= right + NARROWEST)
    )
    return there & (fits | torch.isnan(left))


def text_log_likelihood(
    scores: Tensor, gaps: Tensor, lengths: Tensor, texts: Tensor, inks: Tensor | None = None
) -> Tensor:
    """Return the log-probability of each text, summed over its segmentations.

    Parameters
    ----------
    scores : (n, t, widths, classes) tensor
    gaps : (n, t) tensor
    lengths : (n,) int tensor
        Columns that belong to each line; what lies beyond is padding.
    texts : (n, longest) int tensor
        Class indices, `ZERO_OR_O` or `ONE_OR_I`, -1 beyond the end of a text.
    inks : (n, longest, 2) tensor, optional
        See `allowed_stretches`.

    Returns
    -------
    (n,) tensor
    """
    classes = scores.shape[3]
    texts = texts.where(texts != ZERO_OR_O, classes).where(texts != ONE_OR_I, classes + 1)
    allowed = allowed_stretches(gaps.shape[1], texts, inks)
    either = [
        torch.logaddexp(scores[..., ALPHABET.index(a)], scores[..., ALPHABET.index(b)])
        for a, b in ("0O", "1I")
    ]
    extended = torch.cat([scores, torch.stack(either, dim=3)], dim=3)
    result: Tensor = TextLogLikelihood.apply(extended, gaps, lengths, texts, allowed)
    return result
