# SPDX-License-Identifier: Apache-2.0
"""How many files there are, found out beside the work, for a progress bar that knows its end."""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress


def counted(paths: Iterable[str], *, follow: bool = False) -> Callable[[], int | None]:
    """Return a function that gives the number of files below the paths, None while it is not known.

    Members of zip files count, by their directories; of a tar file it is known when it was read.
    """
    total: list[int] = []

    def count() -> None:
        with suppress(OSError):
            total.append(sum(_below(path, follow=follow) for path in list(paths)))

    threading.Thread(target=count, name="alprcore-count", daemon=True).start()
    return lambda: total[0] if total else None


def _below(path: str, *, follow: bool) -> int:
    if not os.path.isdir(path):  # noqa: PTH112 - names may be any bytes
        return _files_of(path)
    return sum(
        _files_of(os.path.join(folder, name))  # noqa: PTH118
        for folder, _, names in os.walk(path, followlinks=follow)
        for name in names
    )


def _files_of(path: str) -> int:
    """Return 1, or of a zip file the number of its members."""
    if not path.lower().endswith(".zip"):
        return 1
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(not entry.is_dir() for entry in archive.infolist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return 1
