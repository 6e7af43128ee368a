# SPDX-License-Identifier: Apache-2.0
"""Whatever a file holds, it is a bank that reads or a `ResourceError`."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.budget import bounded
from fuzz.mutation import damaged
from hypothesis import given
from hypothesis import strategies as st

from alprcore.errors import ResourceError
from alprcore.reading.bank import parse_bank

BANK = Path(__file__).resolve().parents[2] / "runtime_data" / "banks" / "latin.npz"
ARRAYS = dict(np.load(BANK))
LINE = np.zeros((32, 40), np.float32)


def bank_or_error(content: bytes) -> None:
    try:
        bank = parse_bank(content)
    except ResourceError as error:
        assert str(error).startswith("template bank: ")
        assert len(str(error)) < 2000
        return
    bank.templates.lattice(LINE, 1e-4)


def packed(arrays: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


FILES = [BANK.read_bytes(), packed({"alphabet": np.array("AB")}), b"PK\3\4", b"PK\5\6" + bytes(18)]


@st.composite
def changed_arrays(draw: st.DrawFn) -> dict[str, Any]:
    """The arrays of a bank, one of them of another size, type or content, or missing."""
    arrays = dict(ARRAYS)
    name = draw(st.sampled_from(sorted(arrays)))
    array = arrays[name]
    kind = draw(st.sampled_from(["gone", "shape", "type", "fill", "cut", "doubled", "number"]))
    if kind == "gone":
        del arrays[name]
    elif kind == "shape":
        arrays[name] = array.reshape(-1)
    elif kind == "type":
        arrays[name] = array.astype(draw(st.sampled_from(["U4", "f8", "c16", "i1", "?", "M8[s]"])))
    elif kind == "fill" and array.dtype.kind in "fiu":
        value = draw(st.sampled_from([0, 1, 255, -1, 2**31 - 1, np.nan, np.inf, 1e38]))
        with np.errstate(all="ignore"):
            arrays[name] = np.full(array.shape, np.float64(value)).astype(array.dtype)
    elif kind == "cut":
        arrays[name] = array[..., : draw(st.integers(0, 3))] if array.ndim else array
    elif kind == "doubled":
        arrays[name] = np.concatenate([array, array]) if array.ndim else array
    elif kind == "number":
        arrays[name] = np.float64(draw(st.floats()))
    return arrays


@bounded(80)
@given(changed_arrays())
def test_a_bank_with_other_arrays_reads_or_is_an_error(arrays):
    with np.errstate(all="ignore"):
        bank_or_error(packed(arrays))


@bounded(60)
@given(
    damaged(
        [BANK.read_bytes(), packed({"alphabet": np.array("AB")}), b"PK\3\4", b"PK\5\6" + bytes(18)]
    )
)
def test_a_damaged_bank_file_is_an_error(content):
    bank_or_error(content)


def test_an_array_that_holds_python_objects_is_an_error():
    bank_or_error(packed(ARRAYS | {"templates": np.array([{}], dtype=object)}))


def test_an_array_that_claims_terabytes_is_an_error():
    file = io.BytesIO()
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("strides.npy", b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head)
    bank_or_error(file.getvalue())
