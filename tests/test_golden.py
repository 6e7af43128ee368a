# SPDX-License-Identifier: Apache-2.0
"""Every reply is what it was; ``python -m tests.golden`` shows and keeps what has changed."""

from __future__ import annotations

import copy

import pytest
from golden.cases import CASES
from golden.replies import (
    EXACT,
    OTHER_KERNELS,
    OTHER_PROCESSOR,
    circumstances,
    differences,
    kept,
    reply_to,
    tolerance,
)

from alprcore import Engine

WHERE, KEPT = kept()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def test_every_case_is_kept():
    assert list(KEPT) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_reply_is_what_it_was(name, engine):
    found = reply_to(CASES[name], engine)
    assert sorted(differences(KEPT[name], found, tolerance(WHERE))) == []


@pytest.mark.parametrize("allowed", [EXACT, OTHER_KERNELS, OTHER_PROCESSOR])
def test_a_reply_that_is_not_what_it_was_is_noticed(allowed):
    old = KEPT["sample-us"]
    for change in (
        lambda new: new["json"]["results"][0].update(plate="LMR4821"),
        lambda new: new["json"]["results"][0].update(confidence=50.0),
        lambda new: new["json"]["results"][0]["candidates"].pop(0),
        lambda new: new["json"]["results"].pop(),
        lambda new: new["plates"][0].update(truncated=True),
        lambda new: new["plates"][0]["glyphs"][3]["corners"].__setitem__(0, [1.0, 1.0]),
        lambda new: new["plates"][0]["glyphs"][3].update(confidence=0.25),
        lambda new: new["plates"][0]["glyphs"].pop(),
        lambda new: new["json"].pop("regions_of_interest"),
    ):
        new = copy.deepcopy(old)
        change(new)
        assert list(differences(old, new, allowed))


def test_another_processor_may_explain_a_hair_but_no_more():
    old = KEPT["sample-us"]
    new = copy.deepcopy(old)
    new["plates"][0]["glyphs"][0]["confidence"] -= 1e-6
    assert list(differences(old, new, EXACT))
    assert not list(differences(old, new, OTHER_KERNELS))
    new["plates"][0]["glyphs"][0]["confidence"] -= 1e-3
    assert list(differences(old, new, OTHER_KERNELS))
    assert not list(differences(old, new, OTHER_PROCESSOR))


def test_what_allows_a_difference_is_another_place():
    assert tolerance(circumstances()) == EXACT
    assert tolerance(circumstances() | {"kernels": "another"}) == OTHER_KERNELS
    assert tolerance(circumstances() | {"onnxruntime": "1.17"}) == OTHER_PROCESSOR
