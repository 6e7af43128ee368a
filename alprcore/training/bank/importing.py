# SPDX-License-Identifier: Apache-2.0
"""Turn a bank file back into the model it was written from, so that it can be trained on."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alprcore.errors import ResourceError
from alprcore.reading.bank import parse_bank
from alprcore.training.bank.model import (
    ALPHABETS,
    NARROWEST,
    WIDEST,
    BankModel,
    BankShape,
)


def model_of_bank(content: bytes) -> BankModel:
    """Return a model that scores as the bank in `content`, an ``.npz`` of `bank_export`.

    The file holds the normalisations folded into the convolutions; the model's are the identity,
    with the offsets as their biases, so that exporting it again gives the same arrays bit for bit.
    Their statistics mean nothing any more: train with them frozen (`bank_tuning.tune`).

    Raises
    ------
    ResourceError
        If the content is not a bank, or one of another shape than this version trains.
    """
    parse_bank(content)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        alphabet, widths = str(arrays["alphabet"]), arrays["widths"].tolist()
        if alphabet not in ALPHABETS.values() or widths != [NARROWEST, WIDEST]:
            raise ResourceError("template bank: its alphabet or widths cannot be trained on")
        model = BankModel(BankShape(alphabet=alphabet))
        layers = list(model.features)
        with torch.no_grad():
            for i in range(0, len(layers), 3):
                conv, norm = layers[i], layers[i + 1]
                assert isinstance(conv, nn.Conv2d)
                assert isinstance(norm, nn.BatchNorm2d)
                norm.eps = 0.0
                _fill(conv.weight, arrays[f"filters{i // 3}"])
                _fill(norm.bias, arrays[f"offsets{i // 3}"])
            _fill(
                model.templates.weight, arrays["templates"].reshape(-1, len(arrays["gap_weights"]))
            )
            _fill(model.gap.weight, arrays["gap_weights"][None])
            _fill(model.gap.bias, arrays["gap_offset"])
            _fill(model.width_bias, arrays["width_bias"])
    return model.eval()


def _fill(parameter: Tensor, values: NDArray[np.generic]) -> None:
    if tuple(parameter.shape) != values.shape:
        raise ResourceError(
            f"template bank: expected an array of {tuple(parameter.shape)}, got {values.shape}"
        )
    parameter.copy_(torch.from_numpy(values.astype(np.float32)))
