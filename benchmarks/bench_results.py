# SPDX-License-Identifier: Apache-2.0
"""Writing an `alpr_results` line: ours, with six decimals, against the standard library's."""

from __future__ import annotations

import json

import pytest

from alprcore.records import Box, Candidate, Plate, Quad
from alprcore.wire.results import Recognition

CANDIDATES = tuple(Candidate(f"AB{n:02d}CDE", 0.9 / (n + 1)) for n in range(10))
PLATE = Plate(
    "AB00CDE", 0.9, False, "eu", "gb", 0.5, Quad((1, 2), (3, 2), (3, 4), (1, 4)), 0.9,
    CANDIDATES, (), 0, 10, 3.5,
)  # fmt: skip
FOUND = Recognition(800, 600, 1_700_000_000_123, 41.25, (Box(0, 0, 800, 600),), (PLATE,) * 4)


@pytest.mark.benchmark(group="write 4 plates of 10 readings")
def bench_to_json(benchmark):
    assert json.loads(benchmark(FOUND.to_json)) == FOUND.to_dict()


@pytest.mark.benchmark(group="write 4 plates of 10 readings")
def bench_standard_library(benchmark):
    line = benchmark(lambda: json.dumps(FOUND.to_dict(), separators=(",", ":")))
    assert json.loads(line) == FOUND.to_dict()
