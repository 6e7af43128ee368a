# SPDX-License-Identifier: Apache-2.0
"""A decoder that keeps quiet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what C libraries write to standard error inside the block.

    The decoders of OpenCV print their own complaints about a broken file there, beside the one
    that this package raises. The whole process is affected: for one-threaded programs only.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with Path(os.devnull).open("wb") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
