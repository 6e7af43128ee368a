# SPDX-License-Identifier: Apache-2.0
"""The order of a text's characters: as they are seen from left to right, and as they are spoken.

They differ where letters are written from right to left. An Arabic plate has its digits on the left
and its letters on the right; it is spoken, and written in files, letters first: what is seen as
``٣٢١جبأ`` from left to right is the text of the letters from the right, then ``٣٢١``.
"""

from __future__ import annotations

import unicodedata


def as_spoken(text: str) -> str:
    """Return a text seen from left to right in the order in which it is spoken."""
    return "\n".join("".join(line[i] for i in spoken_order(line)) for line in text.split("\n"))


def as_seen(text: str) -> str:
    """Return a text in the order in which it is spoken as it is seen from left to right."""
    lines = []
    for line in text.split("\n"):
        letters = [char for char in line if _is_from_right(char)]
        rest = [char for char in line if not _is_from_right(char)]
        lines.append("".join([*rest, *reversed(letters)]) if letters else line)
    return "\n".join(lines)


def spoken_order(line: str) -> list[int]:
    """Return the places of a line's characters, seen from left to right, as they are spoken."""
    letters = [i for i, char in enumerate(line) if _is_from_right(char)]
    rest = [i for i, char in enumerate(line) if not _is_from_right(char)]
    return [*reversed(letters), *rest]


def _is_from_right(char: str) -> bool:
    return unicodedata.bidirectional(char) in ("R", "AL")
