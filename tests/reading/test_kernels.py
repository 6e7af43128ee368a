# SPDX-License-Identifier: Apache-2.0
"""The compiled inner loops, by name."""

from __future__ import annotations

import numpy as np
import pytest

from alprcore import _native
from alprcore.errors import ResourceError
from alprcore.reading.bank import parse_bank
from alprcore.reading.match import match
from alprcore.resources import KERNELS_VARIABLE, bank_bytes, kernels

AVAILABLE = _native.available_kernels()


@pytest.fixture(scope="module")
def content() -> bytes:
    return bank_bytes("latin.npz")


def test_the_fastest_are_in_use_unless_others_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KERNELS_VARIABLE, raising=False)
    assert kernels() == AVAILABLE[0]
    monkeypatch.setenv(KERNELS_VARIABLE, "portable")
    assert kernels() == "portable" == AVAILABLE[-1]


def test_a_name_that_is_none_is_an_error_that_lists_the_names(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv(KERNELS_VARIABLE, "neon")
    with pytest.raises(ResourceError, match=r"ALPRCORE_KERNELS: expected .*portable.* 'neon'"):
        parse_bank(content)
    with pytest.raises(ValueError, match="kernels: expected"):
        _native.kernels("neon")


@pytest.mark.parametrize("name", AVAILABLE)
def test_all_read_the_same_to_five_digits(
    monkeypatch: pytest.MonkeyPatch, content: bytes, name: str
) -> None:
    line = np.random.default_rng(1).normal(0, 1, (32, 128)).astype(np.float32)
    monkeypatch.delenv(KERNELS_VARIABLE, raising=False)
    fastest = match(line, parse_bank(content), 1e-3)
    monkeypatch.setenv(KERNELS_VARIABLE, name)
    bank = parse_bank(content)
    assert bank.templates.kernels == name
    named = match(line, bank, 1e-3)
    np.testing.assert_array_equal(named.starts, fastest.starts)
    np.testing.assert_array_equal(named.ends, fastest.ends)
    np.testing.assert_allclose(named.posteriors, fastest.posteriors, atol=1e-5)
    # Scores are sums of some hundred products up to 30.
    np.testing.assert_allclose(named.scores, fastest.scores, atol=1e-4)
