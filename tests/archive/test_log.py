# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON and the hash chain."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alprcore.archive.canonical import canonical, digest
from alprcore.archive.log import FIRST, append_lines, log_line, walk

# RFC 8785, appendix B: the bits of a number and how it is written.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_standard_has_them(bits, text):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number) == text


def test_keys_are_ordered_by_utf_16_and_texts_escaped_as_little_as_can_be():
    # The example of RFC 8785, section 3.2.3.
    value = {
        "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One", "\U0001f600": "Emoji: Grinning Face", "\x80": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }  # fmt: skip
    expected = ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(value))) == expected
    assert canonical('\u20ac$\u000f\u000aA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab\u20ac"), inner),
    )
)  # fmt: skip
def test_canonical_json_says_the_same_thing(value):
    assert json.loads(canonical(value), parse_int=float) == value
    assert digest(json.loads(canonical(value))) == digest(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60 + 1, "\ud800"])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(ValueError, match=r".+"):
        canonical(value)


def written(path, count=5):
    previous, lines = FIRST, []
    for seq in range(1, count + 1):
        line, previous = log_line(seq, previous, "step", {"number": seq, "text": "ä\n"})
        lines.append((seq, line))
    append_lines(path, lines)
    return lines


def faults(path):
    return [(line.number, line.fault) for line in walk(path) if line.fault]


def test_a_log_that_was_left_alone_has_no_fault(tmp_path):
    written(tmp_path / "log.jsonl")
    assert faults(tmp_path / "log.jsonl") == []


def test_lines_that_are_there_are_not_appended_again_and_a_cut_one_is_mended(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = written(path)
    whole = path.read_bytes()
    append_lines(path, lines)
    assert path.read_bytes() == whole
    for cut in (1, 7, len(lines[-1][1]), len(lines[-1][1]) + 1):
        path.write_bytes(whole[:-cut])
        append_lines(path, lines)
        assert path.read_bytes() == whole


def test_every_byte_of_a_log_counts(tmp_path):
    path = tmp_path / "log.jsonl"
    written(path, 2)
    whole = path.read_bytes()
    for at in range(0, len(whole) - 1, 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert faults(path), f"byte {at} may change"


def test_lines_taken_out_or_moved_break_the_chain(tmp_path):
    path = tmp_path / "log.jsonl"
    written(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert faults(path)[0] == (
        3,
        "does not follow the line before: lines are missing, added or moved",
    )
    path.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert len(faults(path)) >= 2
