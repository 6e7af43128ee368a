# SPDX-License-Identifier: Apache-2.0
"""Programs leave nothing behind that nobody asked for, and tell nobody that they ran."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "runtime_data" / "samples" / "us.jpg"
# ONNX Runtime 1.32 writes a device id and events for its maker below the home folder.
PROGRAMS = {
    "recognize": ["-m", "alprcore", "recognize", "--country", "us", str(SAMPLE)],
    "version": ["-m", "alprcore", "version"],
}


@pytest.mark.parametrize("name", ["recognize", "version"])
def test_a_program_writes_nothing_below_the_home_folder(name, tmp_path):
    home = {key: str(tmp_path) for key in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ORT_")}
    done = subprocess.run(
        [sys.executable, *PROGRAMS[name]],
        env={**environment, **home}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout
    assert [str(path) for path in tmp_path.rglob("*")] == []
