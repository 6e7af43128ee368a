# SPDX-License-Identifier: Apache-2.0
"""Half a minute of what `benchmarks/agent_endurance.py` does for an hour."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the extra `agent` is not installed")
pytest.importorskip("uvicorn", reason="the extra `agent` is not installed")

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from agent_endurance import endure


@pytest.mark.slow
def test_while_everything_fails_no_group_is_lost_or_doubled(tmp_path):
    outcome = endure(0.5, tmp_path, rounds=3)
    assert outcome.lost == []
    assert outcome.doubled == []
    assert outcome.disordered == 0
    assert outcome.arrived >= 3
    assert outcome.right == outcome.arrived
    assert outcome.failures > 0
    assert outcome.connections >= 4
    assert outcome.repeated <= outcome.failures + outcome.kills
