# SPDX-License-Identifier: Apache-2.0
"""The template bank as the reader holds it: parsed from its file, immutable, shared by threads."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.errors import ResourceError


@dataclass(frozen=True, slots=True)
class Bank:
    """Learned templates.

    Attributes
    ----------
    alphabet
        The character of each class, in order.
    templates
        The native matcher.
    portraits
        (templates, 24, 16) uint8: the mean of the training glyphs that each template matched best,
        to show a person; ink is dark. Matching does not use them.
    """

    alphabet: str
    templates: _native.TemplateBank
    portraits: NDArray[np.uint8]


def parse_bank(content: bytes) -> Bank:
    """Return the bank in `content`, an ``.npz`` written by `alprcore.training.bank_export`.

    Raises
    ------
    ResourceError
        If the content is not a bank.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            strides = arrays["strides"]
            filters = [
                (
                    _floats(arrays[f"filters{i}"]),
                    _floats(arrays[f"offsets{i}"]),
                    int(strides[i, 0]),
                    int(strides[i, 1]),
                )
                for i in range(len(strides))
            ]
            native = _native.TemplateBank(
                filters,
                _floats(arrays["templates"]),
                _floats(arrays["gap_weights"]),
                float(arrays["gap_offset"][0]),
                _floats(arrays["width_bias"]),
                int(arrays["widths"][0]),
            )
            portraits = np.asarray(arrays["portraits"], dtype=np.uint8)
            return Bank(str(arrays["alphabet"]), native, portraits)
    except (KeyError, ValueError, OSError, EOFError, IndexError, zipfile.BadZipFile) as error:
        raise ResourceError(f"template bank: the file is not a bank ({error})") from error


def _floats(array: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)
