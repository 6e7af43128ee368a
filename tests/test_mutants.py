# SPDX-License-Identifier: Apache-2.0
"""The faults of `mutants` can still be put in; whether tests notice them, it says itself."""

from __future__ import annotations

import mutants
import pytest


@pytest.mark.parametrize("name", mutants.MUTANTS)
def test_a_fault_has_one_place(name: str) -> None:
    mutant = mutants.MUTANTS[name]
    path, text, changed = mutants.place(mutants.ROOT, mutant)
    assert changed != text
    assert all((mutants.ROOT / test).exists() for test in mutant.tests), path
