# SPDX-License-Identifier: Apache-2.0
"""Programs of this package: called in this process, and run as one of their own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable


def called(main: Callable[[list[str]], int], capsys, *words: object) -> tuple[int, str, str]:
    """Return a program's exit status and what it prints, called in this process."""
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def program(module: str, *words: object, cwd, **options) -> subprocess.CompletedProcess:
    """Run a module as a program."""
    command = [sys.executable, "-m", module, *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, check=False, **options)


def wait_until(claim: Callable[[], object], seconds: float = 60.0) -> None:
    """Return when `claim` holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
