# SPDX-License-Identifier: Apache-2.0
"""The pictures named on the command line, and a decoder that keeps quiet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alprcore.errors import ImageError
from alprcore.image import MAX_BYTES, load_frame
from alprcore.records import Frame

STDIN = "-"
_SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"}


def expanded(names: Iterable[str]) -> Iterator[str]:
    """Yield `names` with each folder replaced by the pictures directly in it, sorted.

    A folder without a picture yields itself, so that it is reported and not passed over.
    """
    for name in names:
        if name == STDIN or not Path(name).is_dir():
            yield name
            continue
        files = sorted(path for path in Path(name).iterdir() if path.suffix.lower() in _SUFFIXES)
        yield from map(str, files) if files else [name]


def read_frame(name: str) -> Frame:
    """Return the picture `name`; ``-`` is the bytes on standard input.

    Raises
    ------
    ImageError
        If it cannot be read.
    """
    if name != STDIN:
        with quiet_stderr():
            return load_frame(name)
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    with quiet_stderr():
        return load_frame(content)


def problem(name: str, error: ImageError) -> str:
    """Return one line that says which input could not be read and why."""
    label = "standard input" if name == STDIN else name
    return f"alprcore: {label}: {str(error).removeprefix('image: ')}"


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
