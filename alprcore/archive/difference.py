# SPDX-License-Identifier: Apache-2.0
"""Something of a case that is not as it was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was.

    Attributes
    ----------
    kind
        ``"source"``, ``"log"``, ``"row"``, ``"crop"``, ``"reading"`` (a sample read again) or
        ``"note"``: what could not be checked, and is not a fault.
    name
        Which one.
    words
        What is wrong with it.
    """

    kind: str
    name: str
    words: str
