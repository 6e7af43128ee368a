# SPDX-License-Identifier: Apache-2.0
"""What is known of a country's plates: sizes, lengths, alphabets and the formats of its regions.

Read from the TOML text of ``runtime_data/countries``; `resources` opens the files.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alprcore.errors import SettingsError

Size = tuple[float, float]
"""Width and height."""

invert_modes = ("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class Region:
    """A state, province or country: its code, name and plate formats (see `stages.patterns`)."""

    code: str
    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """The plates of a country.

    Attributes
    ----------
    code, name
        Such as ``"us"``, ``"United States and Canada"``.
    plate_mm
        Width and height of the plate.
    char_mm
        Width and height of a character, one pair per text line from top to bottom.
    lines
        Text lines, 1 or 2.
    min_chars, max_chars
        Length of a text, all lines together.
    letters, digits
        What ``@`` and ``#`` of a pattern stand for, as the inside of a character set: ``"A-Z"``.
    invert
        Whether text is light on dark: ``"auto"``, ``"always"`` or ``"never"``.
    min_plate_px
        Width and height of the smallest plate worth reading.
    regions
        Regions with their formats; may be empty.
    unreadable_script
        Name of a script on these plates that this version cannot read, else empty.
    rare_letters
        Letters that are hardly ever issued: ``"IOQ"`` where O would be taken for 0.
    """

    code: str
    name: str
    plate_mm: Size
    char_mm: tuple[Size, ...]
    lines: int
    min_chars: int
    max_chars: int
    letters: str
    digits: str
    invert: str
    min_plate_px: tuple[int, int]
    regions: tuple[Region, ...]
    unreadable_script: str = ""
    rare_letters: str = ""

    def region(self, code: str) -> Region | None:
        """Return the region `code`, or None."""
        return next((region for region in self.regions if region.code == code), None)


@dataclass(frozen=True, slots=True)
class _Table:
    """A TOML table and where it comes from, for messages that name file and key."""

    values: Mapping[str, Any]
    where: str

    def fail(self, key: str, expected: str) -> SettingsError:
        """Return the error for the value of `key`."""
        found = repr(self.values[key]) if key in self.values else "nothing"
        return SettingsError(f"{self.where}: {key}: expected {expected}, got {found}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string that is not empty, or the default when the key is absent."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or (not value and key in self.values):
            raise self.fail(key, "a text")
        return value

    def count(self, key: str) -> int:
        """Return a whole number of at least 1."""
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.fail(key, "a whole number of at least 1")
        return value

    def size(self, key: str) -> Size:
        """Return a pair of positive numbers."""
        if (pair := _pair(self.values.get(key))) is None:
            raise self.fail(key, "a width and a height above 0")
        return pair

    def sizes(self, key: str, count: int) -> tuple[Size, ...]:
        """Return `count` pairs of positive numbers."""
        value = self.values.get(key)
        pairs = tuple(map(_pair, value)) if isinstance(value, list) else ()
        good = tuple(pair for pair in pairs if pair is not None)
        if len(good) != count or len(good) != len(pairs):
            raise self.fail(key, f"{count} times a width and a height above 0")
        return good

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when the key is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.fail(key, "a list of texts")
        return tuple(value)

    def reject_unknown(self, known: set[str]) -> None:
        """Raise for the first key that is not known."""
        for key in self.values:
            if key not in known:
                raise SettingsError(f"{self.where}: {key}: unknown key")


def parse_country(text: str, origin: str) -> Country:
    """Return the country described by a TOML text.

    Parameters
    ----------
    text
        Keys as the attributes of `Country`; ``[[regions]]`` with ``code``, ``name``, ``patterns``
        and ``series``. A series such as ``"MZN-NAG"`` stands for all three-letter series of that
        range, each followed by every one of the country's ``series_tails``.
    origin
        File name, for messages.

    Raises
    ------
    SettingsError
        If a key is missing, unknown or has a wrong value; the message names file and key.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{origin}: not TOML: {error}") from error
    table = _Table(values, origin)
    fields = set(Country.__dataclass_fields__)
    table.reject_unknown(fields | {"series_tails"})
    lines, width_px = table.count("lines"), table.size("min_plate_px")
    country = Country(
        code=table.text("code"),
        name=table.text("name"),
        plate_mm=table.size("plate_mm"),
        char_mm=table.sizes("char_mm", lines),
        lines=lines,
        min_chars=table.count("min_chars"),
        max_chars=table.count("max_chars"),
        letters=table.text("letters"),
        digits=table.text("digits"),
        invert=table.text("invert", "auto"),
        min_plate_px=(int(width_px[0]), int(width_px[1])),
        regions=_regions(table),
        unreadable_script=table.text("unreadable_script", ""),
        rare_letters=table.text("rare_letters", ""),
    )
    if country.invert not in invert_modes:
        raise table.fail("invert", f"one of {', '.join(invert_modes)}")
    if country.max_chars < country.min_chars:
        raise table.fail("max_chars", f"at least min_chars, {country.min_chars}")
    return country


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


def _pair(value: Any) -> Size | None:
    """Return a list of two positive numbers as a pair, else None."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and v > 0 for v in value):
        return None
    return float(value[0]), float(value[1])


def _regions(table: _Table) -> tuple[Region, ...]:
    listed = table.values.get("regions", [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise table.fail("regions", "a list of tables")
    tails = table.texts("series_tails")
    regions = []
    for number, values in enumerate(listed, start=1):
        entry = _Table(values, f"{table.where}: region {values.get('code', number)}")
        entry.reject_unknown({"code", "name", "patterns", "series"})
        patterns = list(entry.texts("patterns"))
        for series in entry.texts("series"):
            try:
                stems = series_patterns(series)
            except ValueError:
                raise entry.fail("series", 'ranges such as "MZN-NAG"') from None
            patterns += [stem + tail for stem in stems for tail in tails]
        regions.append(Region(entry.text("code"), entry.text("name"), tuple(patterns)))
    codes = [region.code for region in regions]
    if len(set(codes)) != len(codes):
        raise SettingsError(f"{table.where}: regions: expected different codes, got {codes}")
    return tuple(regions)
