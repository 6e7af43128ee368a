# SPDX-License-Identifier: Apache-2.0
"""Lattices of several scripts in one case: each is kept over one alphabet."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from alprcore.archive.language import automaton, parse_query
from alprcore.archive.lattices import in_alphabet, lattice_bytes, read_lattices
from alprcore.archive.search import match_probability
from alprcore.countries.fit import load_countries
from alprcore.reading.attempts import load_reader
from alprcore.reading.read import read_plate
from alprcore.settings import Settings


def test_a_text_is_as_probable_over_the_alphabet_of_all_scripts() -> None:
    reader = load_reader(Settings(), load_countries(("us", "kr", "cn", "eg")), {})
    whole = reader.alphabet
    assert len(set(whole)) == len(whole)
    chinese = next(one for one in reader.others if one.script == "Chinese")
    crop = np.full((64, 300), 225, np.uint8)
    cv2.putText(crop, "4821XK", (20, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.7, 30, 5, cv2.LINE_AA)
    for one in (reader, chinese):
        reading = read_plate(crop, one.bank, count=3, proposals=3, two_lines=False)
        own = one.bank.alphabet
        text, probability = reading.texts[0]
        kept = [in_alphabet(line.lattice, own, whole) for line in reading.lines]
        back = read_lattices(lattice_bytes(kept))
        wanted = automaton(parse_query(text), whole[: back[0].scores.shape[1]])
        assert match_probability(back, wanted) == pytest.approx(probability, abs=0.02)
