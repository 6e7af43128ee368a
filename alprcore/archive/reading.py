# SPDX-License-Identifier: Apache-2.0
"""What a run of ``add`` reads with: processes of this machine, or others in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from alprcore.archive.recognition import SourceResult
from alprcore.archive.sources import Found, Place, walk


class Reading:
    """What finds places and reads them."""

    def walk(self, paths: Iterable[bytes], *, follow: bool, leave_out: Path) -> Iterator[Found]:
        """Yield what lies at and below paths; see `alprcore.archive.sources.walk`."""
        return walk(paths, follow=follow, leave_out=leave_out)

    def results(
        self, places: Iterator[Place | SourceResult | None]
    ) -> Iterator[SourceResult | None]:
        """Yield what becomes of each place, in order; what is no place, as it came."""
        raise NotImplementedError
