# SPDX-License-Identifier: Apache-2.0
"""The engine: the one place that knows the order of the stages."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from alprcore.bank import Bank, parse_bank
from alprcore.countries import Country, parse_country
from alprcore.errors import CountryError, SettingsError
from alprcore.finder import PlateFinder
from alprcore.image import ImageSource, load_frame
from alprcore.lattice import Reading
from alprcore.records import Box, Detection, Fit, Frame, GrayImage, Plate, Quad, VehicleBox
from alprcore.resources import bank_bytes, country_codes, country_text, model_bytes
from alprcore.results import Recognition
from alprcore.settings import Settings
from alprcore.stages.detect import Findings, find_plates
from alprcore.stages.glyphs import read_glyphs
from alprcore.stages.patterns import CountryPatterns, compile_patterns, match_patterns
from alprcore.stages.rank import rank_candidates
from alprcore.stages.read import read_plate
from alprcore.stages.rectify import rectify
from alprcore.stages.select import select_plates

ONE_LINE_ONLY = frozenset({"us", "mx", "br", "au", "auwide"})


@dataclass(frozen=True, slots=True)
class Examination:
    """A plate and what led to its reading: the upright crop, its lines and lattices, the bank."""

    plate: Plate
    crop: GrayImage
    reading: Reading
    bank: Bank


class Engine:
    """Recognises number plates; immutable, safe to share between threads, picklable.

    Parameters
    ----------
    country : str
        Country codes, comma-separated (``"us,eu"``), or ``"auto"`` for all of them.
    settings : Settings, optional
        Everything else; keyword arguments of the same names override it.

    Raises
    ------
    CountryError
        If a code is unknown or its script cannot be read by this version.
    SettingsError
        If a setting is unknown or out of range.
    ResourceError
        If a shipped file is missing or damaged.

    Examples
    --------
    >>> engine = Engine(country="eu", topn=5)
    >>> engine.recognize("car.jpg").plates[0].text  # doctest: +SKIP
    'BA738DE'
    """

    __slots__ = ("_bank", "_countries", "_finder", "_lengths", "_settings", "_two_lines")

    def __init__(
        self, country: str | None = None, *, settings: Settings | None = None, **changes: Any
    ) -> None:
        base = settings or Settings()
        if country is not None:
            codes = tuple(code.strip().lower() for code in country.split(",") if code.strip())
            changes["country"] = codes
        try:
            base = replace(base, **changes)
        except TypeError as error:
            raise SettingsError(f"settings: {error}") from error
        self._settings = base
        self._countries = _load_countries(base.country)
        # American plates carry words as tall as a second line: no second line is looked for there.
        self._two_lines = any(country.code not in ONE_LINE_ONLY for country, _ in self._countries)
        self._lengths = range(
            min(country.min_chars for country, _ in self._countries),
            max(country.max_chars for country, _ in self._countries) + 1,
        )
        self._finder = PlateFinder(
            model_bytes("plate_detector.onnx"),
            model_bytes("plate_corners.onnx"),
            threads=base.threads,
        )
        self._bank = parse_bank(bank_bytes("latin.npz"))

    @property
    def settings(self) -> Settings:
        """What this engine does."""
        return self._settings

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as settings: the networks are loaded again from the shipped files."""
        return _from_settings, (self._settings,)

    def recognize(self, image: ImageSource) -> Recognition:
        """Return the plates of one picture.

        Parameters
        ----------
        image : str, path, bytes, or (rows, cols[, 1 | 3 | 4]) uint8 array
            A file, its content, or pixels (blue, green, red[, alpha], or grey); any strides.

        Raises
        ------
        ImageError
            If the picture cannot be read. A picture without plates is no error.
        """
        frame = load_frame(image, max_pixels=self._settings.max_pixels)
        return self._recognize_frame(frame)

    def recognize_batch(self, images: Iterable[ImageSource]) -> list[Recognition]:
        """Return `recognize` of each picture, in order.

        Raises
        ------
        ImageError
            At the first picture that cannot be read.
        """
        return [self.recognize(image) for image in images]

    def examine(self, image: ImageSource) -> tuple[Examination, ...]:
        """Return, for each plate that `recognize` returns, all that led to its reading.

        Raises
        ------
        ImageError
            If the picture cannot be read.
        """
        frame = load_frame(image, max_pixels=self._settings.max_pixels)
        return self._examine_frame(frame)[1]

    def _recognize_frame(self, frame: Frame) -> Recognition:
        epoch_ms, begin = time.time_ns() // 1_000_000, time.perf_counter()
        found, examined = self._examine_frame(frame)
        height, width = frame.shape[:2]
        return Recognition(
            width=width,
            height=height,
            epoch_ms=epoch_ms,
            elapsed_ms=(time.perf_counter() - begin) * 1e3,
            regions_of_interest=(Box(0, 0, width, height),),
            plates=tuple(examination.plate for examination in examined),
            vehicles=found.vehicles,
        )

    def _examine_frame(self, frame: Frame) -> tuple[Findings, tuple[Examination, ...]]:
        settings = self._settings
        found = find_plates(
            frame,
            self._finder,
            min_score=settings.min_plate_score,
            max_plates=settings.max_plates,
            vehicle_min_score=settings.min_vehicle_score,
            tiled=settings.tiled,
        )
        examined = [
            self._examine_plate(frame, detection, index, found.vehicles)
            for index, detection in enumerate(found.plates)
        ]
        readable = [examination for examination in examined if examination is not None]
        chosen = select_plates(
            [examination.plate for examination in readable],
            lengths=self._lengths,
            min_plausibility=settings.min_plausibility,
        )
        return found, tuple(readable[i] for i in chosen)

    def _examine_plate(
        self, frame: Frame, detection: Detection, index: int, vehicles: tuple[VehicleBox, ...]
    ) -> Examination | None:
        """Return the plate at `detection`, or None when nothing on it could be text."""
        begin = time.perf_counter()
        settings = self._settings
        sure = detection.score >= settings.sure_plate_score
        crop, matrix = rectify(frame, detection.quad, margin=settings.plate_margin)
        reading = read_plate(
            crop,
            self._bank,
            count=max(10, settings.topn),
            proposals=settings.line_proposals if sure else max(1, settings.line_proposals - 1),
            more_proposals=settings.more_line_proposals if sure else 0,
            two_lines=self._two_lines,
        )
        ranking = rank_candidates(
            reading.texts,
            {text: self._fits(text) for text, _ in reading.texts},
            aspect_misfit=self._aspect_misfit(detection.quad),
            topn=settings.topn,
            default_region=settings.default_region,
            must_match_pattern=settings.must_match_pattern,
        )
        if not ranking.candidates:
            return None
        best = ranking.candidates[0]
        plate = Plate(
            text=best.text,
            confidence=best.confidence,
            matches_template=best.matches_template,
            country=ranking.country,
            region=ranking.region,
            region_confidence=ranking.region_confidence,
            quad=detection.quad,
            detection_score=detection.score,
            candidates=ranking.candidates,
            glyphs=read_glyphs(reading, best.text, self._bank, matrix),
            plate_index=index,
            requested_topn=settings.topn,
            elapsed_ms=(time.perf_counter() - begin) * 1e3,
            vehicle_region=_vehicle_of(detection.quad, vehicles),
        )
        return Examination(plate, crop, reading, self._bank)

    def _fits(self, text: str) -> list[Fit]:
        return [_fit(text, country, patterns) for country, patterns in self._countries]

    def _aspect_misfit(self, quad: Quad) -> dict[str, float]:
        """Return, for each country, how far the plate's shape is from its own (log ratio)."""
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad.to_points()
        width = math.hypot(x1 - x0, y1 - y0) + math.hypot(x2 - x3, y2 - y3)
        height = math.hypot(x3 - x0, y3 - y0) + math.hypot(x2 - x1, y2 - y1)
        aspect = max(width, 1e-3) / max(height, 1e-3)
        return {
            country.code: math.log(aspect * country.plate_mm[1] / country.plate_mm[0])
            for country, _ in self._countries
        }


def _from_settings(settings: Settings) -> Engine:
    return Engine(settings=settings)


def _load_countries(codes: tuple[str, ...]) -> tuple[tuple[Country, CountryPatterns], ...]:
    """Return the countries of `codes` with their formats; "auto" is every one that can be read."""
    wanted = country_codes() if "auto" in codes else list(dict.fromkeys(codes))
    countries = []
    for code in wanted:
        country = parse_country(country_text(code), f"{code}.toml")
        if country.unreadable_script:
            if "auto" in codes:
                continue
            raise CountryError(
                f"country {code}: its plates carry {country.unreadable_script}, which this version"
                " cannot read"
            )
        countries.append((country, compile_patterns(country)))
    return tuple(countries)


def _fit(text: str, country: Country, patterns: CountryPatterns) -> Fit:
    """Return how a text fits a country."""
    length = len(text.replace("\n", ""))
    return Fit(
        country=country.code,
        regions=tuple((m.region, m.specificity) for m in match_patterns(text, patterns)),
        odd_length=not country.min_chars <= length <= country.max_chars,
        rare_letters=sum(text.count(letter) for letter in country.rare_letters),
    )


def _vehicle_of(quad: Quad, vehicles: tuple[VehicleBox, ...]) -> Box | None:
    """Return the smallest vehicle that holds the middle of the plate."""
    x, y = quad.to_points().mean(axis=0)
    holding = [
        vehicle.box
        for vehicle in vehicles
        if vehicle.box.left <= x < vehicle.box.right and vehicle.box.top <= y < vehicle.box.bottom
    ]
    return min(holding, key=lambda box: box.width * box.height, default=None)
