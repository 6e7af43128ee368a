# SPDX-License-Identifier: Apache-2.0
"""Everything on a disk read once into a case, searched by probability, reported and provable."""

from __future__ import annotations

from alprcore.archive.batch import Summary, add
from alprcore.archive.case import Case
from alprcore.archive.evidence import Difference, verify
from alprcore.archive.filters import Filters
from alprcore.archive.lattices import read_lattices
from alprcore.archive.rows import Read
from alprcore.archive.search import Hit, SearchResult
from alprcore.archive.sightings import links, sightings
from alprcore.archive.slots import read_slots

__all__ = [
    "Case",
    "Difference",
    "Filters",
    "Hit",
    "Read",
    "SearchResult",
    "Summary",
    "add",
    "links",
    "read_lattices",
    "read_slots",
    "sightings",
    "verify",
]
