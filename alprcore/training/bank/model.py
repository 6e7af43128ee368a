# SPDX-License-Identifier: Apache-2.0
"""The trainable form of the template bank.

A line image is turned into feature columns by four small convolutions. Templates are compared with
stretches of columns: each template is a row of bins, each bin a weight for every feature, and a
stretch's response is the sum over the bins of the mean feature under the bin. Because the mean is
linear, the products are formed once a column and stretches are read off prefix sums.

`bank_likelihood` says how it is trained.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from alprcore.training.drawing.hangul_faces import syllables

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Where a bank has Latin characters its classes begin with them: each has one class in all banks.
# The Chinese of plates: 31 provinces, and what follows the number of learner drivers', police, Hong
# Kong, Macao, trailer, embassy and consulate plates.
PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
SIGNS = "学警港澳挂使领"
# Egyptian plates carry Arabic-Indic digits and seventeen letters, each on its own.
ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
ARABIC_LETTERS = "أبجدرسصطعفقلمنهوى"
ALPHABETS = {
    "latin": ALPHABET,
    "hangul": ALPHABET + syllables,
    "chinese": ALPHABET + PROVINCES + SIGNS,
    "arabic": ARABIC_DIGITS + ARABIC_LETTERS,
}
NARROWEST = 2
WIDEST = 16
WIDTHS = WIDEST - NARROWEST + 1
INNER_BINS = 4
BINS = INNER_BINS + 2
FEATURE_ROWS = 4
# Score of a class that is yet to be learned: of 62 with a score of 0 one stands everywhere.
UNTRAINED = -8.0
# Stands for log 0 without the NaN that inf - inf would give.
IMPOSSIBLE = -1e4


@dataclass(frozen=True, slots=True)
class BankShape:
    """Sizes of the bank: feature maps of the four convolutions, templates a class, its classes."""

    channels: tuple[int, int, int, int] = (16, 32, 64, 80)
    templates: int = 2
    alphabet: str = ALPHABET


class BankModel(nn.Module):
    """Feature columns, templates, width and gap scores; see the module's docstring."""

    def __init__(self, shape: BankShape | None = None) -> None:
        super().__init__()
        self.shape = shape or BankShape()
        self.alphabet = self.shape.alphabet
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
        self.count = len(self.alphabet) * self.shape.templates
        self.templates = nn.Linear(columns, BINS * self.count, bias=False)
        self.gap = nn.Linear(columns, 1)
        self.width_bias = nn.Parameter(torch.zeros(WIDTHS, len(self.alphabet)))
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
        grouped = responses.reshape(n, t, WIDTHS, self.shape.templates, len(self.alphabet))
        scores = torch.logsumexp(grouped, dim=3) + self.width_bias
        ends = torch.arange(t)[:, None] + NARROWEST + torch.arange(WIDTHS)[None, :]
        return scores.masked_fill((ends > t)[None, :, :, None], IMPOSSIBLE)


def model_of(weights: dict[str, Tensor]) -> BankModel:
    """Return the model of a saved state; how many classes it has says which alphabet is its."""
    known = weights["width_bias"].shape[1]
    alphabet = next(each for each in ALPHABETS.values() if len(each) == known)
    model = BankModel(BankShape(alphabet=alphabet))
    model.load_state_dict(weights)
    return model


def widened(model: BankModel, alphabet: str) -> BankModel:
    """Return a model of a longer alphabet that scores the characters of `model` as it does.

    Parameters
    ----------
    model : BankModel
    alphabet : str
        Begins with the model's own; what follows has untrained templates.
    """
    old, count = model.alphabet, model.shape.templates
    if not alphabet.startswith(old):
        raise ValueError(f"expected an alphabet that begins with {old!r}")
    wide = BankModel(replace(model.shape, alphabet=alphabet))
    wide.features.load_state_dict(model.features.state_dict())
    wide.gap.load_state_dict(model.gap.state_dict())
    with torch.no_grad():
        known = model.templates.weight.reshape(BINS, count, len(old), -1)
        wide.templates.weight.view(BINS, count, len(alphabet), -1)[:, :, : len(old)] = known
        wide.width_bias[:, : len(old)] = model.width_bias
        wide.width_bias[:, len(old) :] = UNTRAINED
    return wide


def restarted(model: BankModel, alphabet: str) -> BankModel:
    """Return a model with the convolutions and gaps of `model`, and untrained templates."""
    fresh = BankModel(replace(model.shape, alphabet=alphabet))
    fresh.features = model.features
    fresh.gap = model.gap
    return fresh


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
