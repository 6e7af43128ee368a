# SPDX-License-Identifier: Apache-2.0
"""What is known of a country's plates: sizes, lengths, alphabets and the formats of its regions.

Read from the TOML text of ``runtime_data/countries``; `resources` opens the files.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from alprcore.countries.series import series_patterns
from alprcore.countries.table import Size, Table
from alprcore.errors import SettingsError

LATIN = "Latin"
# The shipped bank that reads a script; all but the Arabic one read Latin letters, too.
BANKS = {
    LATIN: "latin.npz",
    "Hangul": "hangul.npz",
    "Chinese": "chinese.npz",
    "Arabic": "arabic.npz",
}
MOST_LINES = 3  # what `reading.read` puts together
_REGION_KEYS = ("code", "name", "weight", "series", "stems", "tails", "patterns", "also")


@dataclass(frozen=True, slots=True)
class Region:
    """A state, province or country and its plate formats (see `countries.formats`).

    Attributes
    ----------
    code, name
        Such as ``"ca"``, ``"California"``; codes are unique within their country.
    formats
        The commonest first. A format is one pattern, or several that make it up together, such as
        one for each province's letters.
    weight
        Plates on the road, in a unit of the country's own; 0 for what is not a place,
        such as ``base``.
    also
        Patterns that count as the region's although very few plates have them: what is listed
        elsewhere, or may be issued one day.
    """

    code: str
    name: str
    formats: tuple[tuple[str, ...], ...]
    weight: float = 1.0
    also: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[str, ...]:
        """All patterns, those of `also` last."""
        return (*(pattern for made_of in self.formats for pattern in made_of), *self.also)


@dataclass(frozen=True, slots=True)
class Country:
    """The plates of a country.

    Attributes
    ----------
    code, name
        Such as ``"us"``, ``"United States and Canada"``.
    plate_mm
        Width and height of the plate.
    lines
        Text lines, 1 to 3.
    min_chars, max_chars
        Length of a text, all lines together.
    letters, digits
        What ``@`` and ``#`` of a pattern stand for, as the inside of a character set: ``"A-Z"``.
    regions
        Regions with their formats; may be empty.
    script
        Script of the letters: ``"Latin"``, ``"Hangul"``, or one that this version cannot read.
    script_beside
        Another script in which the plate says the same beside its text, which is no reason to
        doubt this one.
    rare_letters
        Letters that are rarely issued: ``"IOQ"`` where O would be taken for 0.
    never_two_lines
        Whether no second line is looked for: American plates carry words as tall as one.
    only_named
        Whether ``"auto"`` leaves it out, because another file has its formats.
    vehicles
        Vehicles that carry such plates, in millions: it distinguishes countries whose plates look
        the same.
    more_plate_mm
        Other sizes that plates of the same number of lines have.
    two_line_plate_mm
        Sizes of plates with two lines in a country of one-line plates; empty when `lines` is 2 or
        when such plates are not this file's.
    """

    code: str
    name: str
    plate_mm: Size
    lines: int
    min_chars: int
    max_chars: int
    letters: str
    digits: str
    regions: tuple[Region, ...]
    script: str = LATIN
    script_beside: str = ""
    rare_letters: str = ""
    never_two_lines: bool = False
    only_named: bool = False
    vehicles: float = 1.0
    more_plate_mm: tuple[Size, ...] = ()
    two_line_plate_mm: tuple[Size, ...] = ()

    @property
    def text_lengths(self) -> range:
        """Lengths that texts have, all lines together."""
        return range(self.min_chars, self.max_chars + 1)

    @property
    def readable(self) -> bool:
        """Whether there is a bank with the script of these plates."""
        return self.script in BANKS

    def plate_sizes(self, lines: int) -> tuple[Size, ...]:
        """Return the sizes of plates with so many text lines; empty when there is none."""
        if lines == self.lines:
            return (self.plate_mm, *self.more_plate_mm)
        return self.two_line_plate_mm if lines == 2 else ()


def parse_country(text: str, origin: str) -> Country:
    """Return the country described by a TOML text.

    Parameters
    ----------
    text
        Keys as the attributes of `Country`; ``[[regions]]`` with ``code``, ``name``, ``weight``,
        ``patterns`` (the commonest first) and, before these in rank, ``stems``, each followed by
        every one of the ``tails``, and ``series``. A series such as ``"MZN-NAG"`` stands for all
        three-letter series of that range, each followed by every one of the country's
        ``series_tails``. For ``also`` see `Region`.
    origin
        File name, for messages.

    Raises
    ------
    SettingsError
        If a key is missing, unknown or has a wrong value; the message names file and key.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of 5,000 digits, lists in lists
        raise SettingsError(f"{origin}: not TOML: {error}") from error
    table = Table(values, origin)
    fields = set(Country.__dataclass_fields__)
    table.reject_unknown(fields | {"series_tails"})
    country = Country(
        code=table.text("code"),
        name=table.text("name"),
        plate_mm=table.size("plate_mm"),
        lines=table.count("lines", 1),
        min_chars=table.count("min_chars"),
        max_chars=table.count("max_chars"),
        letters=table.text("letters", "A-Z"),
        digits=table.text("digits", "0-9"),
        regions=_regions(table),
        script=table.text("script", LATIN),
        script_beside=table.text("script_beside", ""),
        rare_letters=table.text("rare_letters", ""),
        never_two_lines=table.flag("never_two_lines"),
        only_named=table.flag("only_named"),
        vehicles=table.amount("vehicles"),
        more_plate_mm=table.sizes("more_plate_mm"),
        two_line_plate_mm=table.sizes("two_line_plate_mm"),
    )
    if country.max_chars < country.min_chars:
        raise table.fail("max_chars", f"at least min_chars, {country.min_chars}")
    if country.lines > MOST_LINES:
        raise table.fail("lines", f"1 to {MOST_LINES}")
    return country


def _regions(table: Table) -> tuple[Region, ...]:
    listed = table.values.get("regions", [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise table.fail("regions", "a list of tables")
    tails = table.texts("series_tails")
    regions = []
    for number, values in enumerate(listed, start=1):
        entry = Table(values, f"{table.where}: region {values.get('code', number)}")
        entry.reject_unknown(set(_REGION_KEYS))
        code, name, weight = entry.text("code"), entry.text("name"), entry.amount("weight")
        if code != code.strip().lower():
            raise entry.fail("code", "a code in lower case")
        regions.append(Region(code, name, _formats(entry, tails), weight, entry.texts("also")))
    codes = [region.code for region in regions]
    if len(set(codes)) != len(codes):
        raise SettingsError(f"{table.where}: regions: expected different codes, got {codes}")
    return tuple(regions)


def _formats(entry: Table, tails: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the formats of a region: stems with each tail, series with each tail, patterns."""
    stems, own_tails = entry.texts("stems"), entry.texts("tails")
    if bool(stems) != bool(own_tails):
        raise entry.fail("tails" if stems else "stems", "stems and tails together")
    formats = [tuple(stem + tail for stem in stems) for tail in own_tails]
    try:
        ranges = [stem for series in entry.texts("series") for stem in series_patterns(series)]
    except ValueError:
        raise entry.fail("series", 'ranges such as "MZN-NAG"') from None
    if ranges:
        formats += [tuple(stem + tail for stem in ranges) for tail in tails]
    return (*formats, *((pattern,) for pattern in entry.texts("patterns")))
