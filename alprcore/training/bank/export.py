# SPDX-License-Identifier: Apache-2.0
"""Write a trained bank as the arrays the native matcher reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alprcore.reading.bank import PORTRAIT
from alprcore.training.bank.data import TrainingLine
from alprcore.training.bank.model import BINS, NARROWEST, WIDEST, BankModel
from alprcore.training.bank.reading import read_line


def glyph_portraits(model: BankModel, samples: Sequence[TrainingLine]) -> NDArray[np.uint8]:
    """Return (templates, 24, 16) uint8 means of the glyphs that each template matches best.

    Parameters
    ----------
    model : BankModel
    samples : sequence of TrainingLine
        Lines that are read rightly are used, others are ignored.
    """
    sums = np.zeros((model.count, *PORTRAIT))
    counts = np.zeros(model.count)
    classes = len(model.alphabet)
    for line, text, _ in samples:
        reading = read_line(model, line)
        if reading.text != text:
            continue
        with torch.no_grad():
            responses = model.responses(torch.from_numpy(line)[None, None])[0]
        for character, (start, end) in zip(text, reading.stretches, strict=True):
            kind = model.alphabet.index(character)
            best = (
                int(responses[start, end - start - NARROWEST, kind::classes].argmax()) * classes
                + kind
            )
            glyph = line[4:-4, 2 * start : 2 * end]
            sums[best] += cv2.resize(glyph, PORTRAIT[::-1], interpolation=cv2.INTER_AREA)
            counts[best] += 1
    means = sums / np.maximum(counts, 1)[:, None, None]
    return np.clip(means * 48 + 144, 0, 255).astype(np.uint8)


def export_bank(
    model: BankModel, path: Path, portraits: NDArray[np.uint8], temperature: float = 1.0
) -> None:
    """Fold the batch normalisations into the convolutions and save the bank as ``.npz``, float16.

    The temperature is worked into the weights, which every score is linear in but for the sum over
    a class's few templates. Half precision moves no score by more than 0.02 (natural-log units) and
    halves the file.
    """
    arrays: dict[str, NDArray[Any]] = {}
    layers = list(model.features)
    for i in range(0, len(layers), 3):
        conv, norm = layers[i], layers[i + 1]
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        arrays[f"filters{i // 3}"] = (conv.weight.detach() * scale[:, None, None, None]).numpy()
        arrays[f"offsets{i // 3}"] = (norm.bias.detach() - norm.running_mean * scale).numpy()
    arrays["templates"] = (
        model.templates.weight.detach().reshape(BINS, model.count, -1).numpy() / temperature
    )
    arrays["gap_weights"] = model.gap.weight.detach().reshape(-1).numpy() / temperature
    arrays["gap_offset"] = model.gap.bias.detach().reshape(-1).numpy() / temperature
    arrays["width_bias"] = model.width_bias.detach().numpy() / temperature
    halves = {name: value.astype(np.float16) for name, value in arrays.items()}
    header = {
        "alphabet": np.array(model.alphabet),
        "widths": np.array([NARROWEST, WIDEST], np.int32),
        "portraits": portraits,
        "strides": np.array([layers[i].stride for i in range(0, len(layers), 3)], np.int32),
    }
    temporary = path.with_name(path.name + ".new.npz")
    contents: dict[str, Any] = {**halves, **header}
    np.savez(temporary, **contents)
    temporary.replace(path)
