# SPDX-License-Identifier: Apache-2.0
"""The 64 bytes of a read, and the scan over them."""

from __future__ import annotations

import numpy as np
import pytest
from archive_tools import ALPHABET, random_lattice, text_probabilities
from hypothesis import given
from hypothesis import strategies as st

from alprcore import _native
from alprcore.archive.language import parse_query, scan_places
from alprcore.archive.slots import SIZE, Slot, _packed, read_slots, slot_bytes, symbol


def record(text, *, second=None, other=0.0, empty=0.0):
    """64 bytes whose slots spell a text, each slot with a second symbol where there is one."""
    slots = [
        Slot(((symbol(one), 0.9), *([(symbol(second[i]), 0.05)] if second else [])), other, empty)
        for i, one in enumerate(text)
    ]
    return _packed(slots, 0, 0)


def scan(records, pattern, least=1e-5):
    query = parse_query(pattern)
    places, runs = scan_places(query)
    array = np.frombuffer(b"".join(records), np.uint8).reshape(-1, SIZE)
    rows, scores = _native.scan(array, _native.sketches(array), places, runs, query.edits, least)
    return dict(zip(rows.tolist(), scores.tolist(), strict=True))


def test_the_bytes_come_back_as_levels_that_are_not_below():
    slots = [Slot(((65, 0.7), (66, 0.2), (67, 0.05)), 0.03, 0.02)] * 12
    content = _packed(slots, 0, 5)
    assert len(content) == SIZE
    assert (content[0], content[3]) == (12, 5)
    for slot in read_slots(content):
        assert [code for code, _ in slot.symbols] == [65, 66, 67]
        assert 0.2 <= slot.symbols[1][1] < 0.4
        assert 0.03 <= slot.other < 0.06
        assert 0.02 <= slot.empty < 0.04


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("ABC123", {0, 2}),
        ("AB?123", {0, 1, 2}),
        ("AB[CD]123", {0, 1, 2}),
        ("*123", {0, 1, 2, 3}),
        ("A*", {0, 1, 2}),
        ("XBC123", {2}),
        ("AB123~1", {0, 1, 2, 3}),
        ("ABC1234~1", {0, 2}),
        ("ABX123~1", {0, 1, 2}),
    ],
)
def test_a_scan_finds_what_matches_and_nothing_else(pattern, rows):
    records = [
        record("ABC123"),
        record("ABD123"),
        record("ABC123", second="XYZ789"),
        record("QB123"),
        record("ZZZZZ"),
    ]
    assert set(scan(records, pattern, least=0.01)) == rows


def test_a_read_that_does_not_fit_is_always_let_through():
    long = slot_bytes((), (), ALPHABET)
    assert scan([long, record("ZZZ")], "ABC") == {0: 1.0}


@given(
    texts=st.lists(st.text("AB1", min_size=1, max_size=12), min_size=1, max_size=20),
    place=st.integers(0, 11),
)
def test_any_text_is_found_with_a_character_unknown(texts, place):
    wanted = texts[0]
    pattern = "".join("?" if i == place else each for i, each in enumerate(wanted))
    if set(pattern) == {"?"}:
        pattern = wanted
    assert 0 in scan([record(text) for text in texts], pattern)


@given(text=st.text("AB1", min_size=2, max_size=11), at=st.integers(0, 10), kind=st.integers(0, 2))
def test_any_text_is_found_by_a_text_one_edit_away(text, at, kind):
    at %= len(text)
    edited = (
        text[:at] + "X" + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + "X" + text[at:],
    )
    assert 0 in scan([record(text)], edited[kind] + "~1")


def test_of_random_lattices_the_scan_loses_little():
    """What the slots' score misses of the probability that exact sums give, over many patterns."""
    generator = np.random.default_rng(4)
    kept = whole = 0.0
    for _ in range(150):
        lattice = random_lattice(generator)
        texts = text_probabilities(lattice)
        best = max((text for text in texts if text), key=lambda text: texts[text])
        content = slot_bytes((lattice,), (best,), ALPHABET)
        for text, value in texts.items():
            if len(text) > 1:
                whole += value
                kept += value if scan([content], text) else 0.0
    # Flat lattices with every cut open: nothing like plates, whose loss the benchmark measures.
    assert kept / whole > 0.97


def test_symbols_are_bytes_and_ascii_is_itself():
    assert symbol("A") == 65
    assert {1 <= symbol(each) <= 254 for each in "AZ09ÄÖ가皖ب"} == {True}


def test_a_scan_refuses_what_it_cannot_read():
    places, runs = scan_places(parse_query("AB"))
    none = np.zeros(3, np.uint64)
    with pytest.raises(ValueError, match="64 bytes a row"):
        _native.scan(np.zeros((3, 32), np.uint8), none, places, runs, 0, 0.1)
    with pytest.raises(ValueError, match="one run more than places"):
        _native.scan(np.zeros((3, 64), np.uint8), none, places, runs[:-1].copy(), 0, 0.1)
    with pytest.raises(ValueError, match="least score above 0"):
        _native.scan(np.zeros((3, 64), np.uint8), none, places, runs, 0, 0.0)
    with pytest.raises(ValueError, match="a sketch for each record"):
        _native.scan(np.zeros((3, 64), np.uint8), none[:2], places, runs, 0, 0.1)
    with pytest.raises(ValueError, match="64 bytes a row"):
        _native.sketches(np.zeros((3, 32), np.uint8))
