# SPDX-License-Identifier: Apache-2.0
"""A decoder that keeps quiet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what C libraries write to standard error inside the block.

    The decoders of OpenCV print their own complaints about a broken file there, beside the one
    that this package raises. What Python writes to `sys.stderr` is seen, such as progress. The
    whole process is affected: for one-threaded programs only.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with Path(os.devnull).open("wb") as sink:
        os.dup2(sink.fileno(), 2)
    usual = sys.stderr
    spoken = _speaking(kept) if _is_process_stderr(usual) else None
    if spoken is not None:
        sys.stderr = spoken
    try:
        yield
    finally:
        if spoken is not None:
            sys.stderr = usual
            spoken.close()
        os.dup2(kept, 2)
        os.close(kept)


def _is_process_stderr(stream: TextIO) -> bool:
    """Whether a stream writes to the descriptor that is dropped."""
    try:
        return stream.fileno() == 2
    except (OSError, ValueError, AttributeError):  # of a test, or closed
        return False


def _speaking(descriptor: int) -> TextIO:
    return os.fdopen(
        os.dup(descriptor), "w", buffering=1, encoding="utf-8", errors="backslashreplace"
    )
