# SPDX-License-Identifier: Apache-2.0
"""A search in a store against going through every lattice of it, one by one."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from archive_tools import ALPHABET, random_lattice, text_probabilities
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alprcore.archive import Case
from alprcore.archive.language import parse_query
from alprcore.archive.lattices import in_alphabet, lattice_bytes, read_lattices
from alprcore.archive.slots import slot_bytes

WIDE = "1ABÄ"
"""The alphabet of the second setup, in another order and with a letter that is not ASCII."""

SETUP = '{"files": {}, "own_files": {}, "settings": {"country": []}, "tasks": [], "version": ""}'

READS = (
    "INSERT INTO reads (source_id, setup_id, run_id, number, plate, text, text_unsure, confidence,"
    " matches_template, legibility, detection_score, truncated, country, region,"
    " region_confidence, x1, y1, x2, y2, x3, y3, x4, y4, candidates, regions, glyphs, crop,"
    " crop_sha256, crop_x, crop_y, slots, lattice) VALUES (?, ?, 1, 0, '', '', '', 0.9, 1, 1, 1, 0,"
    " 'us', '', 0, 0, 0, 9, 0, 9, 9, 0, 9, '[]', '[]', '[]', '', '', 0, 0, ?, ?)"
)


def best_of(lattice, alphabet):
    texts = text_probabilities(lattice, alphabet)
    return max((text for text in texts if text), key=lambda text: texts[text])


def sharp(lattice, alphabet):
    """A lattice as it is of a plate that can be read: the best text has most of the probability."""
    scores = lattice.scores * 4
    totals = [0.0]
    for x in range(1, len(lattice.gaps) + 1):
        parts = [totals[x - 1] + float(lattice.gaps[x - 1])]
        for i in np.flatnonzero(lattice.ends == x):
            parts += [totals[lattice.starts[i]] + float(score) for score in scores[i]]
        totals.append(float(np.logaddexp.reduce(parts)))
    return type(lattice)(
        lattice.starts, lattice.ends, scores, lattice.templates, lattice.posteriors, lattice.gaps,
        totals[-1],
    )  # fmt: skip


class Made:
    """A case and its texts, without a long repr."""

    def __init__(self, folder, texts):
        self.folder, self.texts = folder, texts


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A case of 24 reads of two setups, a third of them with two lines, and all their texts."""
    generator = np.random.default_rng(6)
    folder = tmp_path_factory.mktemp("case") / "case"
    texts: dict[int, dict[str, float]] = {}
    with Case.open(folder, create=True) as case:
        run = case.connection.execute
        for number, alphabet in ((1, ALPHABET), (2, WIDE)):
            run("INSERT INTO setups VALUES (?, ?, ?, ?)", (number, str(number), alphabet, SETUP))
        run("INSERT INTO runs VALUES (1, 1, '', '', 'done', '[]', 1, '{}', '{}')")
        for source in range(1, 25):
            setup = 1 + source % 2
            alphabet = (ALPHABET, WIDE)[setup - 1]
            lines = [
                sharp(random_lattice(generator, columns, len(alphabet)), alphabet)
                for columns in ((3, 3) if source % 3 == 0 else (5,))
            ]
            run(
                "INSERT INTO sources (id, sha256, size, kind, format, path, notices) VALUES"
                " (?, ?, 0, 'picture', 'JPEG', '', '[]')", (source, str(source)),
            )  # fmt: skip
            run("INSERT INTO readings VALUES (?, ?, 1, 1, NULL, '[]', NULL)", (source, setup))
            content = lattice_bytes([in_alphabet(line, alphabet, alphabet) for line in lines])
            slots = slot_bytes(lines, [best_of(line, alphabet) for line in lines], alphabet)
            texts[run(READS, (source, setup, slots, content)).lastrowid] = joint(
                read_lattices(content), alphabet
            )
    return Made(folder, texts)


def joint(lattices, alphabet):
    """The probability of each text of a read, its lines one after another."""
    whole = {"": 1.0}
    for lattice in lattices:
        line = text_probabilities(lattice, alphabet)
        whole_next: dict[str, float] = {}
        for text, value in whole.items():
            for more, share in line.items():
                whole_next[text + more] = whole_next.get(text + more, 0.0) + value * share
        whole = whole_next
    return whole


def edited(text):
    yield text
    for i in range(len(text) + 1):
        for character in WIDE:
            yield text[:i] + character + text[i:]
            yield text[:i] + character + text[i + 1 :]
        yield text[:i] + text[i + 1 :]


def expected(texts, pattern):
    """The probability of each read that its text is one that a regular expression admits."""
    query = parse_query(pattern)
    parts = ["." if not place else f"[{place}]" for place in query.places]
    body = zip(query.runs, [*parts, ""], strict=True)
    regex = re.compile("".join((".*" if run else "") + part for run, part in body))

    @cache
    def is_in(text):
        return any(regex.fullmatch(each) for each in (edited(text) if query.edits else [text]))

    return {
        number: math.fsum(value for text, value in own.items() if value > 1e-5 and is_in(text))
        for number, own in texts.items()
    }


PIECES = st.sampled_from(["A", "B", "1", "Ä", "a", "ä", "?", "*", "[AB]", "[1Ä]", "-", " "])
PATTERNS = st.tuples(st.lists(PIECES, min_size=2, max_size=5), st.sampled_from(["", "~1"])).map(
    lambda parts: "".join(parts[0]) + parts[1]
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pattern=PATTERNS.filter(lambda text: any(each in text.removesuffix("~1") for each in "AB1Äaä"))
)
def test_a_search_lists_what_every_lattice_says(store, pattern):
    """All that is listed has its exact probability, in order; nothing probable is missing."""
    folder, texts = store.folder, store.texts
    wanted = expected(texts, pattern)
    with Case.open(folder) as case:
        hits = case.search(pattern, limit=100).hits
    found = {hit.read.id: hit.probability for hit in hits}
    for number, value in found.items():
        assert value == pytest.approx(wanted[number], abs=2e-3)
    assert [hit.probability for hit in hits] == sorted(found.values(), reverse=True)
    assert {number for number, value in wanted.items() if value > 0.02} <= found.keys()


def test_what_the_first_step_loses_is_little(store):
    folder, texts = store.folder, store.texts
    kept = whole = 0.0
    with Case.open(folder) as case:
        for pattern in ("A?*", "*B1", "AB~1", "[AB]1?*", "?Ä*", "a*1~1", "*1*B*"):
            wanted = expected(texts, pattern)
            listed = case.search(pattern, limit=100, least=0.0).hits
            whole += math.fsum(wanted.values())
            kept += math.fsum(wanted[hit.read.id] for hit in listed)
    assert kept / whole > 0.999
