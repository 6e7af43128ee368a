# SPDX-License-Identifier: Apache-2.0
"""The engine: the one place that knows the order of the stages."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any, Unpack

from alprcore.countries.fit import CountrySet, load_countries
from alprcore.errors import ImageError
from alprcore.finding.network import PlateFinder, load_finder
from alprcore.finding.search import search
from alprcore.picture.areas import clamped_areas
from alprcore.picture.load import ImageSource, load_frame
from alprcore.picture.prewarp import Prewarp, parse_prewarp
from alprcore.picture.view import (
    Place,
    View,
    load_mask,
    view_of,
)
from alprcore.ranking.examine import Examination, Read, read_detection
from alprcore.ranking.region_network import RegionModel
from alprcore.ranking.select import select_plates
from alprcore.reading.attempts import Reader
from alprcore.reading.bank import Bank, load_bank
from alprcore.records import Box, Detection, GrayImage
from alprcore.resources import model_bytes
from alprcore.settings import Changes, CountryChanges, Settings, changed, checked_tasks
from alprcore.vehicles.looks import VehicleNetworks, vehicle_networks, vehicles_of
from alprcore.wire.results import Recognition


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

    __slots__ = ("_parts",)

    def __init__(
        self,
        country: str | None = None,
        *,
        settings: Settings | None = None,
        **changes: Unpack[Changes],
    ) -> None:
        named = {**changes, **({"country": country} if country is not None else {})}
        self._parts = _loaded(changed(settings or Settings(), named))

    @property
    def settings(self) -> Settings:
        """What this engine does."""
        return self._parts.settings

    @property
    def countries(self) -> CountrySet:
        """The countries whose formats it knows."""
        return self._parts.countries

    def with_settings(self, **changes: Unpack[CountryChanges]) -> Engine:
        """Return an engine with some settings changed; it shares what is loaded with this one.

        Parameters
        ----------
        **changes
            Settings by name; ``country`` as for `Engine`.

        Raises
        ------
        CountryError, SettingsError
            As for `Engine`.

        Examples
        --------
        >>> Engine(country="eu").with_settings(country="us", topn=3).settings.topn
        3
        """
        twin = object.__new__(type(self))
        twin._parts = _loaded(changed(self.settings, changes), like=self._parts)
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as settings: the networks are loaded again from the shipped files."""
        return partial(Engine, settings=self.settings), ()

    def recognize(
        self,
        image: ImageSource,
        *,
        regions_of_interest: Sequence[Box] = (),
        tasks: Collection[str] = ("plate",),
    ) -> Recognition:
        """Return the plates of one picture.

        Parameters
        ----------
        image : str, path, bytes, or (rows, cols[, 1 | 3 | 4]) uint8 array
            A file, its content, or pixels (blue, green, red[, alpha], or grey); any strides.
        regions_of_interest : sequence of Box, optional
            Areas to search, in pixels of the picture; all of it when there is none. What reaches
            beyond the picture is cut, what lies outside finds nothing; see
            `picture.areas.clamped_areas`. A plate in several areas is reported once.
        tasks : collection of str, optional
            What is wanted, of ``"plate"``, ``"color"``, ``"make"`` and ``"makemodel"``. Without
            ``"plate"`` nothing is read.

        Raises
        ------
        ImageError
            If the picture cannot be read. A picture without plates is no error.
        SettingsError
            If a task is unknown, or a region of interest is no box.
        """
        areas = regions_of_interest
        return self.recognize_and_examine(image, regions_of_interest=areas, tasks=tasks)[0]

    def recognize_and_examine(
        self,
        image: ImageSource,
        *,
        regions_of_interest: Sequence[Box] = (),
        tasks: Collection[str] = ("plate",),
    ) -> tuple[Recognition, tuple[Examination, ...]]:
        """Return `recognize` of a picture and, for each of its plates, all that led to its reading.

        Raises
        ------
        ImageError, SettingsError
            As for `recognize`.
        """
        wanted, parts, settings = checked_tasks(tasks), self._parts, self.settings
        frame = load_frame(image, max_pixels=settings.max_pixels)
        epoch_ms, begin = time.time_ns() // 1_000_000, time.perf_counter()
        areas = clamped_areas(regions_of_interest, *frame.shape[1::-1])
        view = view_of(frame, areas, parts.prewarp, parts.mask)
        found = search(view, parts.networks.plates, settings)
        reads = self._reads(view, found) if "plate" in wanted else []
        plates_done = time.perf_counter()
        quads, looked_for = [place.quad for _, place in reads], wanted - {"plate"}
        looks = vehicles_of(view, quads, found, parts.networks.vehicles, settings, looked_for)
        plates = tuple(
            read.reported(place, carrier, requested_topn=settings.topn)
            for (read, place), carrier in zip(reads, looks.carriers, strict=True)
        )
        done = time.perf_counter()
        height, width = frame.shape[:2]
        recognition = Recognition(
            width,
            height,
            epoch_ms,
            elapsed_ms=(done - begin) * 1e3,
            regions_of_interest=areas,
            plates=plates,
            vehicles=looks.vehicles,
            main_vehicle=looks.main,
            vehicles_ms=(done - plates_done) * 1e3,
        )
        return recognition, tuple(
            Examination(plate, read.crop, read.reading, parts.bank)
            for plate, (read, _) in zip(plates, reads, strict=True)
        )

    def recognize_batch(
        self,
        images: Iterable[ImageSource],
        *,
        regions_of_interest: Sequence[Box] = (),
        tasks: Collection[str] = ("plate",),
    ) -> list[Recognition | ImageError]:
        """Return `recognize` of each picture, in order; for one that cannot be read, its error.

        Parameters
        ----------
        images : iterable of pictures
            Each as for `recognize`.
        regions_of_interest, tasks
            As for `recognize`, for every picture.

        Raises
        ------
        SettingsError
            As for `recognize`. No picture raises.
        TypeError
            If `images` is one picture's path or bytes.
        """
        if isinstance(images, str | bytes | bytearray | PathLike):
            raise TypeError("images: expected several pictures, got one")
        done: list[Recognition | ImageError] = []
        for image in images:
            try:
                areas = regions_of_interest
                done.append(self.recognize(image, regions_of_interest=areas, tasks=tasks))
            except ImageError as error:
                done.append(error)
        return done

    def examine(
        self, image: ImageSource, *, regions_of_interest: Sequence[Box] = ()
    ) -> tuple[Examination, ...]:
        """Return, for each plate that `recognize` returns, all that led to its reading.

        Raises
        ------
        ImageError, SettingsError
            As for `recognize`.
        """
        return self.recognize_and_examine(image, regions_of_interest=regions_of_interest)[1]

    def _reads(self, view: View, found: Sequence[Detection]) -> list[tuple[Read, Place]]:
        """Return the plates to report, read, with their places in the picture."""
        parts, settings = self._parts, self.settings
        reader = Reader(parts.bank, parts.countries, settings)
        reads = [
            read_detection(view.frame, detection, reader, parts.networks.regions, index=index)
            for index, detection in enumerate(found)
        ]
        readable = [read for read in reads if read is not None]
        chosen = select_plates(
            readable,
            min_plausibility=settings.min_plausibility,
            min_confidence=settings.min_confidence,
            min_score=settings.min_plate_score,
        )
        placed = ((readable[i], readable[i].placed(view)) for i in chosen)
        return [(read, place) for read, place in placed if place is not None]


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks of an engine; those of plate finding are loaded at once, others when needed."""

    plates: PlateFinder
    regions: RegionModel
    vehicles: VehicleNetworks


@dataclass(frozen=True, slots=True)
class Parts:
    """All that an engine holds: settings, and what was loaded for them."""

    settings: Settings
    countries: CountrySet
    bank: Bank
    networks: Networks
    mask: GrayImage | None
    prewarp: Prewarp | None


def _loaded(settings: Settings, like: Parts | None = None) -> Parts:
    """Return the parts for the settings; what they have in common with `like` is shared."""

    def kept(part: str, *names: str) -> Any:
        same = like and all(getattr(settings, n) == getattr(like.settings, n) for n in names)
        return getattr(like, part) if same else None

    countries = kept("countries", "country", "country_dirs")
    countries = countries or load_countries(settings.country, settings.country_dirs)
    bank = kept("bank", "bank") if like and countries.bank == like.countries.bank else None
    mask = kept("mask", "detection_mask")
    return Parts(
        settings,
        countries,
        bank or load_bank(settings.bank, countries.bank),
        kept("networks", "threads") or _load_networks(settings.threads),
        load_mask(settings.detection_mask, settings.max_pixels) if mask is None else mask,
        parse_prewarp(settings.prewarp),
    )


def _load_networks(threads: int) -> Networks:
    return Networks(
        load_finder(model_bytes, threads=threads),
        RegionModel(model_bytes, threads=threads),
        vehicle_networks(model_bytes, threads=threads),
    )
