# SPDX-License-Identifier: Apache-2.0
"""Series of letters, as Brazil's states get them: a range such as ``"MZN-NAG"`` as patterns."""

from __future__ import annotations


def series_patterns(series: str) -> tuple[str, ...]:
    """Return patterns for the three-letter series of a range, ``"MZN-NAG"`` or ``"OVG"``.

    Raises
    ------
    ValueError
        If it is not a rising range of three letters A-Z.
    """
    first, _, last = series.partition("-")
    last = last or first
    if not (_is_series(first) and _is_series(last) and first <= last):
        raise ValueError(series)
    return _series_runs(first, last)


def _series_runs(first: str, last: str) -> tuple[str, ...]:
    """Return patterns for all texts of equal length from `first` to `last`."""
    if len(first) == 1:
        return (_run(first, last),)
    lowest, highest = "A" * (len(first) - 1), "Z" * (len(first) - 1)
    head, tail = [], []
    low, high = first[0], last[0]
    if low == high:
        return tuple(low + rest for rest in _series_runs(first[1:], last[1:]))
    if first[1:] != lowest:
        head = [low + rest for rest in _series_runs(first[1:], highest)]
        low = chr(ord(low) + 1)
    if last[1:] != highest:
        tail = [high + rest for rest in _series_runs(lowest, last[1:])]
        high = chr(ord(high) - 1)
    middle = [_run(low, high) + "[A-Z]" * len(lowest)] if low <= high else []
    return (*head, *middle, *tail)


def _run(low: str, high: str) -> str:
    return low if low == high else f"[{low}-{high}]"


def _is_series(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()
