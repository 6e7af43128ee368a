# SPDX-License-Identifier: Apache-2.0
"""Plate formats of a country: which ones a text has, and how common they are.

What a pattern may be made of is described in `alprcore.countries.pattern`. The lines of a text are
joined before they are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from alprcore import _readings
from alprcore.countries.file import Country, Region
from alprcore.countries.pattern import Pattern, compile_pattern, plain_characters

# What is known of a country but is not a place, such as ``base`` with every Brazilian series: the
# share of plates of series newer than the file.
PLACELESS_SHARE = 0.05
# Of a region's plates, the share that has one of the rare patterns; see `Region.also`.
ALSO_SHARE = 0.01
# A pattern of twelve ``?`` has 2**12 choices of letter or digit. Sixteen took 4 s and 400 MB.
MOST_STARTS = 4096
_LOG_PLAIN = math.log(len(plain_characters))
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A format that a text has.

    Attributes
    ----------
    region, pattern
        Code of the region and its pattern, as written.
    specificity
        How much the pattern says; see `Pattern`.
    log_share
        Natural logarithm of the share of the region's plates that have the pattern.
    """

    region: str
    pattern: str
    specificity: float
    log_share: float = 0.0


@dataclass(frozen=True, slots=True)
class KnownPattern:
    """A compiled pattern of a region; `log_share` as in `PatternMatch`."""

    region: str
    pattern: Pattern
    log_share: float


@dataclass(frozen=True, slots=True)
class CountryPatterns:
    """The compiled formats of a country.

    Attributes
    ----------
    by_length
        All of them; those that match nothing have the length 0.
    by_start
        Those that admit some text of plain characters, by its first character and the kinds of all
        of them, ``@`` or ``#``: of Brazil's hundreds and Europe's dozens of countries few are left.
    open
        Those that admit texts of more than `MOST_STARTS` such starts, by their length.
    shares
        The share of the country's plates that each region issues.
    """

    by_length: Mapping[int, tuple[KnownPattern, ...]]
    by_start: Mapping[str, tuple[KnownPattern, ...]]
    open: Mapping[int, tuple[KnownPattern, ...]]
    shares: Mapping[str, float]

    def admitting(self, text: str) -> tuple[KnownPattern, ...]:
        """Return the formats that admit the text, of one line."""
        return _readings.admitted(text, self.by_length, self.by_start, self.open)


def compile_patterns(country: Country) -> CountryPatterns:
    """Return the formats of all regions of a country, compiled once for many texts."""
    by_length: dict[int, list[KnownPattern]] = {}
    for region in country.regions:
        for known in _known_patterns(region, country):
            by_length.setdefault(len(known.pattern.positions), []).append(known)
    by_start: dict[str, list[KnownPattern]] = {}
    open_: dict[int, list[KnownPattern]] = {}
    for length, found in by_length.items():
        for known in found:
            kinds = _position_kinds(known.pattern)
            if math.prod(map(len, kinds)) > MOST_STARTS:
                open_.setdefault(length, []).append(known)
                continue
            for start in _starts(known.pattern, kinds):
                by_start.setdefault(start, []).append(known)
    return CountryPatterns(
        {length: tuple(found) for length, found in by_length.items()},
        {start: tuple(found) for start, found in by_start.items()},
        {length: tuple(found) for length, found in open_.items()},
        _shares(country),
    )


def _position_kinds(pattern: Pattern) -> list[str]:
    """Return what each position of a pattern admits: ``@``, ``#``, ``@#`` or nothing plain."""
    return [
        "@" * (not allowed <= _DIGITS) + "#" * (not allowed.isdisjoint(_DIGITS))
        for allowed in pattern.plain
    ]


def _starts(pattern: Pattern, kinds: Sequence[str]) -> Iterator[str]:
    """Return first characters and kinds of the plain texts that a pattern may admit."""
    for choice in product(*kinds[1:]):
        for first in sorted(pattern.plain[0]) if pattern.plain else ():
            yield first + ("#" if first in _DIGITS else "@") + "".join(choice)


def _shares(country: Country) -> dict[str, float]:
    """Return the share of the country's plates that each region issues."""
    total = sum(region.weight for region in country.regions)
    placeless = sum(region.weight == 0 for region in country.regions)
    if total == 0:
        return {region.code: 1 / placeless for region in country.regions}
    each = PLACELESS_SHARE / placeless if placeless else 0.0
    rest = 1 - PLACELESS_SHARE if placeless else 1.0
    return {
        region.code: rest * region.weight / total if region.weight else each
        for region in country.regions
    }


def _known_patterns(region: Region, country: Country) -> list[KnownPattern]:
    """Return the patterns of a region with the share of its plates that have each.

    The k-th format of a region has 1 / k² of the first one's plates: of equal shares, 1 / √k,
    1 / k, 1 / k² and 1 / 2^k this made the states of 502 American plates likeliest.
    """
    total = sum(1 / rank**2 for rank in range(1, len(region.formats) + 1))
    usual = 1 - ALSO_SHARE if region.also else 1.0
    known = [] if not region.also else _shared(region.also, region, country, ALSO_SHARE)
    for rank, sources in enumerate(region.formats, start=1):
        known += _shared(sources, region, country, usual / total / rank**2)
    return known


def _shared(
    sources: Sequence[str], region: Region, country: Country, share: float
) -> list[KnownPattern]:
    """Return patterns that have a share together, by the number of texts that each admits."""
    patterns = [
        compile_pattern(source, letters=country.letters, digits=country.digits)
        for source in sources
    ]
    log_sizes = [len(each.positions) * _LOG_PLAIN - each.specificity for each in patterns]
    log_size = math.log(sum(math.exp(size) for size in log_sizes))
    return [
        KnownPattern(region.code, pattern, size - log_size + math.log(share))
        for pattern, size in zip(patterns, log_sizes, strict=True)
    ]


def match_patterns(text: str, patterns: CountryPatterns) -> tuple[PatternMatch, ...]:
    """Return the formats that `text` has, the most specific first.

    Parameters
    ----------
    text
        Characters of the plate; the newline between two lines is left out of the comparison.
    patterns
        From `compile_patterns`.
    """
    return matches_of(patterns.admitting(text.replace("\n", "")))


def matches_of(formats: Sequence[KnownPattern]) -> tuple[PatternMatch, ...]:
    """Return what formats that a text has say, the most specific first."""
    found = [
        PatternMatch(known.region, known.pattern.source, known.pattern.specificity, known.log_share)
        for known in formats
    ]
    return tuple(sorted(found, key=lambda match: -match.specificity))
