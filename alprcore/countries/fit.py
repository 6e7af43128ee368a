# SPDX-License-Identifier: Apache-2.0
"""The countries an engine knows: what their formats, lengths and plate shapes say of a plate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from alprcore import _readings
from alprcore.countries.file import BANKS, Country, parse_country
from alprcore.countries.formats import (
    CountryPatterns,
    KnownPattern,
    compile_patterns,
    matches_of,
)
from alprcore.errors import CountryError, SettingsError
from alprcore.records import Fit, Quad
from alprcore.resources import country_codes, country_file

# Plates with a text of the owner's choice or of a special series, which no format lists; such a
# plate may come from any region.
UNLISTED_FORMATS = 0.1

# How far a plate's width to height may be from its country's, as the deviation of its logarithm:
# corners are off by a tenth of the height and perspective narrows plates by as much again.
ASPECT_DEVIATION = 0.3
# A line is missed, or a frame's words taken for one, on about one plate of 150.
ODD_LINES_WEIGHT = -5.0
LEAST_VEHICLES = 1e-3  # millions
LEAST_NATIVE = 1e-9  # only the text distinguishes one sliver of a plate from another


@dataclass(frozen=True, slots=True)
class CountrySet:
    """Countries with their formats compiled; at least one."""

    entries: tuple[tuple[Country, CountryPatterns], ...]
    automatic: bool = False

    @property
    def lengths(self) -> range:
        """Lengths of text that any of the countries has."""
        fewest = min(country.min_chars for country, _ in self.entries)
        return range(fewest, max(country.max_chars for country, _ in self.entries) + 1)

    @property
    def text_lengths(self) -> dict[str, range]:
        """Lengths that the texts of each country have, lines together."""
        return {country.code: country.text_lengths for country, _ in self.entries}

    @property
    def two_lines(self) -> bool:
        """Whether a plate of these countries may carry a second line.

        American plates carry words as tall as one: no second line is looked for there.
        """
        return any(not country.never_two_lines for country, _ in self.entries)

    @property
    def scripts(self) -> tuple[str, ...]:
        """Scripts of these countries in the order of `BANKS`, the Latin one first."""
        met = {country.script for country, _ in self.entries}
        return tuple(script for script in BANKS if script in met)

    def of_script(self, script: str) -> CountrySet:
        """Return those of the countries whose plates carry a script; there must be one."""
        entries = tuple(entry for entry in self.entries if entry[0].script == script)
        return CountrySet(entries, self.automatic)

    def script_beside(self, code: str) -> str:
        """Return the script that a country's plates carry beside their own; empty for none."""
        return next((each.script_beside for each, _ in self.entries if each.code == code), "")

    @property
    def only_regions(self) -> dict[str, str]:
        """The region of each country that has no other; none for ``"auto"``.

        Naming such a country names its region as well. Where every country may be met, the region
        is said only if the text has its format.
        """
        if self.automatic:
            return {}
        return {
            country.code: country.regions[0].code
            for country, _ in self.entries
            if len(country.regions) == 1
        }

    @property
    def region_codes(self) -> list[str]:
        """Codes of all regions, sorted."""
        return sorted({each.code for country, _ in self.entries for each in country.regions})

    def lacks(self, region: str) -> bool:
        """Whether no country has a region that was given, so that no reading matches it.

        A country's only region stands whatever was given.
        """
        known = not region or region.strip().lower() in self.region_codes
        return not known and len(self.only_regions) < len(self.entries)

    def weights(self, code: str) -> dict[str, float]:
        """Return the plates that each region of a country issues, in a unit of the country's."""
        country = next(country for country, _ in self.entries if country.code == code)
        return {region.code: region.weight for region in country.regions}

    def has_format(self, text: str) -> bool:
        """Whether some country has a format for a text of one line."""
        return any(known.admitting(text) for _, known in self.entries)

    def fits(self, texts: Iterable[str], quad: Quad | None) -> dict[str, list[Fit]]:
        """Return how each text fits each country.

        Parameters
        ----------
        texts : iterable of str
        quad : Quad or None
            The plate's outline, whose shape speaks for countries; None where it says nothing, as
            that of a plate that is seen from the side.
        """
        log_aspect = None if quad is None else _log_aspect(quad)
        formats = [
            (known.by_length, known.by_start, known.open, each.min_chars, each.max_chars,
             each.rare_letters)
            for each, known in self.entries
        ]  # fmt: skip
        by_lines: dict[int, tuple[list[dict[int, Fit]], Callable[..., Fit]]] = {}
        found: dict[str, list[Fit]] = {}
        for text in texts:
            lines = text.count("\n") + 1
            if lines not in by_lines:
                plates = [_shape_evidence(each, lines, log_aspect) for each, _ in self.entries]
                unmatched: list[dict[int, Fit]] = [{} for _ in self.entries]
                by_lines[lines] = unmatched, partial(_fit, self.entries, plates)
            found[text] = _readings.fitted(text, formats, *by_lines[lines])
        return found


def load_countries(codes: Sequence[str], folders: Sequence[str] = ()) -> CountrySet:
    """Return the countries of `codes`.

    Parameters
    ----------
    codes
        Country codes; ``"auto"`` is every country whose script can be read and that has formats of
        its own, and codes beside it add to these.
    folders
        Folders with country files on top of the shipped ones.

    Raises
    ------
    CountryError
        If a code is unknown or its script cannot be read by this version.
    SettingsError
        If a country file is wrong; the message names file and key.
    """
    automatic = "auto" in codes
    named = dict.fromkeys(code for code in codes if code != "auto")
    entries = []
    for code in dict.fromkeys([*country_codes(folders), *named] if automatic else named):
        country, patterns = load_country(code, folders)
        if code not in named and (not country.readable or country.only_named):
            continue
        if not country.readable:
            raise CountryError(
                f"country {code}: its plates carry {country.script}, which this version cannot read"
            )
        entries.append((country, patterns))
    return CountrySet(tuple(entries), automatic)


def load_country(code: str, folders: Sequence[str] = ()) -> tuple[Country, CountryPatterns]:
    """Return the country of a code with its formats compiled; errors as for `load_countries`."""
    text, name = country_file(code, folders)
    country = parse_country(text, name)
    if country.code != code:
        raise SettingsError(f"{name}: code: expected {code!r} as the file's, got {country.code!r}")
    patterns = compile_patterns(country)
    for known in patterns.by_length.get(0, ()):
        raise SettingsError(f"{name}: region {known.region}: patterns: {known.pattern.problem}")
    return country, patterns


def _log_aspect(quad: Quad) -> float:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad.to_points()
    width = math.hypot(x1 - x0, y1 - y0) + math.hypot(x2 - x3, y2 - y3)
    height = math.hypot(x3 - x0, y3 - y0) + math.hypot(x2 - x1, y2 - y1)
    return math.log(max(width, 1e-3) / max(height, 1e-3))


def _shape_evidence(country: Country, lines: int, log_aspect: float | None) -> tuple[float, float]:
    """Return `Fit.native` of a plate, and what it adds to `Fit.country_log` whatever its text."""
    sizes = country.plate_sizes(lines)
    misfit = 0.0
    if log_aspect is not None:
        misfit = min(abs(log_aspect - math.log(w / h)) for w, h in sizes or (country.plate_mm,))
    native = max(LEAST_NATIVE, math.exp(-0.5 * (misfit / ASPECT_DEVIATION) ** 2))
    vehicles = math.log(max(country.vehicles, LEAST_VEHICLES))
    return native, math.log(native) + vehicles + (0.0 if sizes else ODD_LINES_WEIGHT)


def _fit(
    entries: Sequence[tuple[Country, CountryPatterns]],
    plates: Sequence[tuple[float, float]],
    place: int,
    formats: Sequence[KnownPattern],
    odd_length: bool,
    rare_letters: int,
) -> Fit:
    """Return how a text with some formats fits a country; `plates` are from `_shape_evidence`."""
    (country, patterns), (native, plate_log) = entries[place], plates[place]
    matches = matches_of(formats)
    likelihoods: dict[str, float] = {}
    for match in matches:
        likelihood = math.exp(match.log_share + match.specificity)
        likelihoods[match.region] = likelihoods.get(match.region, 0.0) + likelihood
    formatted = sum(patterns.shares[code] * value for code, value in likelihoods.items())
    return Fit(
        country=country.code,
        regions=tuple((match.region, match.specificity) for match in matches),
        odd_length=odd_length,
        rare_letters=rare_letters,
        country_log=plate_log + math.log(UNLISTED_FORMATS + (1 - UNLISTED_FORMATS) * formatted),
        native=native,
        region_logs=tuple((code, math.log(value)) for code, value in likelihoods.items()),
    )
