# SPDX-License-Identifier: Apache-2.0
"""Damage to files, as transports, disks and people who mean harm do it."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

# Lengths, counts and offsets break where a number is at an end of its range.
_NUMBERS = [bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\1"]


class Content(bytes):
    """Bytes that a failing test shows in full only where they are few."""

    def __repr__(self) -> str:
        shown = bytes(self).__repr__()
        return shown if len(self) < 2000 else f"<{len(self)} bytes {shown[:80]}...>"


@st.composite
def damaged(draw: DrawFn, files: list[bytes]) -> bytes:
    """One of the files after one to four of: cut, bytes changed, put in, taken out or doubled."""
    content = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 4))):
        # Headers decide; damage to them is drawn as often as damage to all the rest.
        reach = draw(st.sampled_from([min(64, len(content)), len(content)]))
        at = draw(st.integers(0, max(0, reach - 1)))
        kind = draw(st.sampled_from(["cut", "byte", "bit", "number", "put", "take", "double"]))
        if kind == "cut":
            del content[at:]
        elif kind == "byte":
            content[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "bit" and at < len(content):
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "number":
            number = draw(st.sampled_from(_NUMBERS))
            content[at : at + len(number)] = number
        elif kind == "put":
            content[at:at] = draw(st.binary(max_size=8))
        elif kind == "take":
            del content[at : at + draw(st.integers(1, 16))]
        elif kind == "double":
            content[at:at] = content[at : at + draw(st.integers(1, 64))]
    return Content(content)


def whole_and_damaged(files: list[bytes]) -> SearchStrategy[bytes]:
    """Files as they are, damaged, and bytes that only begin like one."""
    starts = st.sampled_from([content[:12] for content in files])
    made_up = st.builds(bytes.__add__, starts, st.binary(max_size=200))
    return st.one_of(damaged(files), damaged(files), made_up, st.sampled_from(files))
