# SPDX-License-Identifier: Apache-2.0
"""The trainable bank: its likelihood against enumeration, its gradient against differences."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from alprcore.reading.bank import parse_bank  # noqa: E402
from alprcore.training.bank.export import export_bank  # noqa: E402
from alprcore.training.bank.likelihood import (  # noqa: E402
    ZERO_OR_O,
    allowed_stretches,
    text_log_likelihood,
)
from alprcore.training.bank.model import (  # noqa: E402
    ALPHABET,
    ALPHABETS,
    IMPOSSIBLE,
    NARROWEST,
    WIDTHS,
    BankModel,
    model_of,
    widened,
)

COLUMNS = 6


def random_scores(seed: int, lines: int = 1, columns: int = COLUMNS) -> tuple[object, object]:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(lines, columns, WIDTHS, len(ALPHABET), generator=generator).double()
    ends = torch.arange(columns)[:, None] + NARROWEST + torch.arange(WIDTHS)[None]
    gaps = torch.randn(lines, columns, generator=generator).double()
    return scores.masked_fill((ends > columns)[None, ..., None], IMPOSSIBLE), gaps


def enumerated(scores, gaps, text: list[int] | None, at: int = 0) -> float:
    """Sum of exp(score) over all paths from column `at` that spell `text`, or anything."""
    if at == len(gaps):
        return 1.0 if not text else 0.0
    total = math.exp(gaps[at]) * enumerated(scores, gaps, text, at + 1)
    for k in range(WIDTHS):
        end = at + NARROWEST + k
        if end > len(gaps) or text == []:
            continue
        kinds = range(len(ALPHABET)) if text is None else [text[0]]
        rest = enumerated(scores, gaps, None if text is None else text[1:], end)
        total += sum(math.exp(scores[at, k, c]) for c in kinds) * rest
    return total


@pytest.mark.parametrize("text", [[], [3], [10, 0], [1, 1, 35]])
def test_the_likelihood_is_the_share_of_the_paths(text: list[int]) -> None:
    scores, gaps = random_scores(len(text))
    padded = torch.tensor([text + [-1] * (4 - len(text))])
    value = text_log_likelihood(scores, gaps, torch.tensor([COLUMNS]), padded)
    plain, plain_gaps = scores[0].numpy(), gaps[0].numpy()
    share = enumerated(plain, plain_gaps, text) / enumerated(plain, plain_gaps, None)
    assert math.exp(value.item()) == pytest.approx(share, rel=1e-6)


def test_either_of_zero_and_o_is_the_sum_of_both() -> None:
    scores, gaps = random_scores(5)
    length = torch.tensor([COLUMNS])
    parts = [
        text_log_likelihood(scores, gaps, length, torch.tensor([[ALPHABET.index(c), 7]])).exp()
        for c in "0O"
    ]
    both = text_log_likelihood(scores, gaps, length, torch.tensor([[ZERO_OR_O, 7]])).exp()
    assert both.item() == pytest.approx(sum(parts).item(), rel=1e-9)


def test_padding_changes_nothing() -> None:
    scores, gaps = random_scores(6)
    wide_scores, wide_gaps = random_scores(7, columns=COLUMNS + 5)
    wide_scores[:, :COLUMNS] = IMPOSSIBLE
    wide_scores[:, :COLUMNS] = scores
    wide_gaps[:, :COLUMNS] = gaps
    text = torch.tensor([[4, 5]])
    alone = text_log_likelihood(scores, gaps, torch.tensor([COLUMNS]), text)
    padded = text_log_likelihood(wide_scores, wide_gaps, torch.tensor([COLUMNS]), text)
    assert padded.item() == pytest.approx(alone.item(), abs=1e-9)


def test_the_gradient_agrees_with_differences() -> None:
    scores, gaps = random_scores(8, lines=2)
    texts, lengths = torch.tensor([[4, ZERO_OR_O], [5, -1]]), torch.tensor([COLUMNS, COLUMNS - 1])
    scores.requires_grad_(True)
    gaps.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda s, g: text_log_likelihood(s, g, lengths, texts),
        (scores, gaps),
        atol=1e-5,
        fast_mode=True,
    )


def test_known_ink_ties_the_cuts() -> None:
    inks = torch.tensor([[[2.0, 5.0], [float("nan"), float("nan")]]])
    allowed = allowed_stretches(10, torch.tensor([[3, 4]]), inks)
    starts, widths = torch.nonzero(allowed[0, :, :, 0], as_tuple=True)
    assert len(starts) > 0
    assert ((starts - 2.0).abs() <= 1.6).all()
    assert ((starts + widths + NARROWEST - 5.0).abs() <= 1.6).all()
    assert allowed[0, :, :, 1].all()


def test_the_exported_bank_scores_as_the_model(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = BankModel().eval()
    portraits = np.zeros((model.count, 24, 16), np.uint8)
    export_bank(model, tmp_path / "bank.npz", portraits)
    bank = parse_bank((tmp_path / "bank.npz").read_bytes())
    line = np.random.default_rng(2).normal(0, 1, (32, 60)).astype(np.float32)
    with torch.no_grad():
        scores, gaps = model(torch.from_numpy(line)[None, None])
    starts, ends, got, _, _, got_gaps, _ = bank.templates.match(line, 0.0)
    np.testing.assert_allclose(got, scores[0].numpy()[starts, ends - starts - 2], atol=2e-2)
    np.testing.assert_allclose(got_gaps, gaps[0].numpy(), atol=2e-2)


def test_a_widened_model_scores_old_characters_as_before() -> None:
    torch.manual_seed(3)
    model = BankModel().eval()
    wide = widened(model, ALPHABETS["hangul"]).eval()
    assert wide.alphabet == ALPHABETS["hangul"]
    line = torch.from_numpy(np.random.default_rng(4).normal(0, 1, (1, 1, 32, 60))).float()
    with torch.no_grad():
        (scores, gaps), (more, same) = model(line), wide(line)
    assert torch.equal(gaps, same)
    torch.testing.assert_close(more[..., : len(ALPHABET)], scores)
    again = model_of(wide.state_dict()).eval()
    with torch.no_grad():
        assert torch.equal(again(line)[0], more)
    with pytest.raises(ValueError, match="begins with"):
        widened(wide, ALPHABET)
