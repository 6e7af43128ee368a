# SPDX-License-Identifier: Apache-2.0
"""The template bank as the reader holds it: parsed from its file, immutable, shared by threads."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alprcore import _native
from alprcore.countries.file import BANKS
from alprcore.errors import ResourceError
from alprcore.resources import bank_bytes, kernels

PORTRAIT = (24, 16)


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


def load_bank(script: str) -> Bank:
    """Return the shipped bank that reads a script.

    Raises
    ------
    ResourceError
        If the file is missing, or not the one that was shipped.
    """
    return parse_bank(bank_bytes(BANKS[script]))


def read_bank(path: str) -> Bank:
    """Return the bank in a file of the user's.

    Raises
    ------
    ResourceError
        If the file cannot be read or is not a bank.
    """
    try:
        return parse_bank(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ResourceError(f"template bank: cannot read {path!r} ({error})") from error
    except ResourceError as error:
        raise ResourceError(f"{path}: {error}") from error


def parse_bank(content: bytes) -> Bank:
    """Return the bank in `content`, an ``.npz`` written by `alprcore.training.bank.export`.

    Raises
    ------
    ResourceError
        If the content is not a bank, or ``ALPRCORE_KERNELS`` names no inner loops; see
        `alprcore.resources.kernels`.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise ResourceError("template bank: the file is not a bank (expected .npz)")
    kernels_name = kernels()
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
            templates, width_bias = _floats(arrays["templates"]), _floats(arrays["width_bias"])
            native = _native.TemplateBank(
                filters,
                templates,
                _floats(arrays["gap_weights"]),
                float(_floats(arrays["gap_offset"])[0]),
                width_bias,
                int(arrays["widths"][0]),
                kernels_name,
            )
            # Do the sizes fit one another?
            native.match(np.zeros((_native.LINE_ROWS, 64), np.float32), 1.0)
            bank = Bank(str(arrays["alphabet"]), native, np.asarray(arrays["portraits"], np.uint8))
    except (
        KeyError, ValueError, TypeError, OSError, EOFError, IndexError, MemoryError,
        OverflowError, NotImplementedError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise ResourceError(f"template bank: the file is not a bank ({error})") from error
    if len(set(bank.alphabet)) != len(bank.alphabet) or len(bank.alphabet) != width_bias.shape[1]:
        raise ResourceError("template bank: expected as many different characters as classes")
    if bank.portraits.shape != (templates.shape[1], *PORTRAIT):
        raise ResourceError("template bank: expected a portrait for each template")
    return bank


def _floats(array: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return the weights as float32, contiguous; raises ValueError unless all are finite."""
    floats = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(floats).all():
        raise ValueError("weights must be finite")
    return floats
