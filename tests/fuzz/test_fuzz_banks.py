# SPDX-License-Identifier: Apache-2.0
"""Whatever a file holds, it is a bank that reads or a `ResourceError`."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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
    bank.templates.match(LINE, 1e-4)


def packed(arrays: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


FILES = [BANK.read_bytes(), packed({"alphabet": np.array("AB")}), b"PK\3\4", b"PK\5\6" + bytes(18)]
CHANGES = st.tuples(
    st.sampled_from(sorted(ARRAYS)),
    st.one_of(
        st.sampled_from(["gone", "flat", "cut", "doubled"]),
        st.sampled_from(["U4", "f8", "c16", "i1", "?", "M8[s]"]).map(np.dtype),
        st.sampled_from([0.0, 1.0, 255.0, -1.0, 2.0**31 - 1, np.nan, np.inf, 1e38]),
    ),
)


def changed(name: str, change: object) -> dict[str, Any]:
    """The arrays of a bank, one of them gone or of another size, type or content."""
    arrays, array = dict(ARRAYS), ARRAYS[name]
    if change == "gone":
        del arrays[name]
    elif change == "flat":
        arrays[name] = array.reshape(-1)
    elif change == "cut":
        arrays[name] = array[..., :2] if array.ndim else array
    elif change == "doubled":
        arrays[name] = np.concatenate([array, array]) if array.ndim else array
    elif array.dtype.kind == "U":
        arrays[name] = np.array("AB")
    elif isinstance(change, np.dtype):
        arrays[name] = array.astype(change)
    else:
        arrays[name] = np.full(array.shape, change).astype(array.dtype)
    return arrays


@bounded(80)
@given(CHANGES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
def test_a_bank_with_other_arrays_reads_or_is_an_error(change):
    bank_or_error(packed(changed(*change)))


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
