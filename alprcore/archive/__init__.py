# SPDX-License-Identifier: Apache-2.0
"""Everything on a disk read once into a case, searched by probability, reported and provable."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alprcore.archive.batch import Summary
    from alprcore.archive.case import Case
    from alprcore.archive.difference import Difference
    from alprcore.archive.filters import Filters
    from alprcore.archive.lattices import read_lattices
    from alprcore.archive.rows import Read
    from alprcore.archive.search import Hit, SearchResult
    from alprcore.archive.slots import read_slots

__all__ = [
    "Case",
    "Difference",
    "Filters",
    "Hit",
    "Read",
    "SearchResult",
    "Summary",
    "read_lattices",
    "read_slots",
]

_HOMES = {
    "Case": "case",
    "Difference": "difference",
    "Filters": "filters",
    "Hit": "search",
    "Read": "rows",
    "SearchResult": "search",
    "Summary": "batch",
    "read_lattices": "lattices",
    "read_slots": "slots",
}


def __getattr__(name: str) -> Any:
    """Return a public name, loaded when it is asked for: the command line needs few of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
