# SPDX-License-Identifier: Apache-2.0
"""The engine: the one place that knows the order of the stages."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import Any

from alprcore.countries.fit import CountrySet, load_countries
from alprcore.errors import ImageError
from alprcore.finding.detect import corners_in
from alprcore.finding.network import PlateFinder
from alprcore.finding.search import search
from alprcore.picture.areas import clamped_areas
from alprcore.picture.load import ImageSource, load_frame
from alprcore.picture.prewarp import parse_prewarp
from alprcore.picture.view import View, load_mask, plate_in_picture, quads_in_picture, view_of
from alprcore.ranking.examine import Examination, examine_crop, examine_plate
from alprcore.ranking.region_network import RegionModel
from alprcore.ranking.select import select_plates
from alprcore.reading.attempts import Reader
from alprcore.reading.bank import Bank, parse_bank, read_bank
from alprcore.records import Box, Detection, Plate
from alprcore.resources import bank_bytes, model_bytes
from alprcore.settings import Settings, changed, checked_tasks
from alprcore.vehicles.find import search_vehicles
from alprcore.vehicles.looks import Looks, look_at_vehicles
from alprcore.vehicles.main import on_vehicle
from alprcore.vehicles.model import VehicleModel
from alprcore.vehicles.networks import VehicleFinder
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

    __slots__ = (
        "_finder",
        "_mask",
        "_prewarp",
        "_reader",
        "_regions",
        "_vehicle_finder",
        "_vehicles",
    )

    def __init__(
        self, country: str | None = None, *, settings: Settings | None = None, **changes: Any
    ) -> None:
        if country is not None:
            changes["country"] = country
        wanted = changed(settings or Settings(), changes)
        countries = load_countries(wanted.country, wanted.country_dirs)
        self._reader = Reader(_load_bank(wanted, countries.bank), countries, wanted)
        self._regions = RegionModel(model_bytes, threads=wanted.threads)
        self._finder = _load_finder(wanted)
        self._mask = load_mask(wanted.detection_mask, wanted.max_pixels)
        self._prewarp = parse_prewarp(wanted.prewarp)
        self._vehicle_finder = VehicleFinder(model_bytes, threads=wanted.threads)
        self._vehicles = VehicleModel(model_bytes, threads=wanted.threads)

    @property
    def settings(self) -> Settings:
        """What this engine does."""
        return self._reader.settings

    @property
    def countries(self) -> CountrySet:
        """The countries whose formats it knows."""
        return self._reader.countries

    def with_settings(self, **changes: Any) -> Engine:
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
        before, after = self.settings, changed(self.settings, changes)
        reader, finder, mask = self._reader, self._finder, self._mask
        vehicle_finder, vehicles, regions = self._vehicle_finder, self._vehicles, self._regions
        if (after.country, after.country_dirs) != (before.country, before.country_dirs):
            reader = replace(reader, countries=load_countries(after.country, after.country_dirs))
        old, new = self.countries.bank, reader.countries.bank
        if (after.bank, new) != (before.bank, old):
            reader = replace(reader, bank=_load_bank(after, new))
        if after.threads != before.threads:
            finder = _load_finder(after)
            vehicle_finder = VehicleFinder(model_bytes, threads=after.threads)
            vehicles = VehicleModel(model_bytes, threads=after.threads)
            regions = RegionModel(model_bytes, threads=after.threads)
        if after.detection_mask != before.detection_mask:
            mask = load_mask(after.detection_mask, after.max_pixels)
        twin = object.__new__(type(self))
        twin._reader, twin._finder, twin._mask = replace(reader, settings=after), finder, mask
        twin._vehicle_finder, twin._vehicles = vehicle_finder, vehicles
        twin._regions = regions
        twin._prewarp = parse_prewarp(after.prewarp)
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
        wanted = checked_tasks(tasks)
        frame = load_frame(image, max_pixels=self.settings.max_pixels)
        epoch_ms, begin = time.time_ns() // 1_000_000, time.perf_counter()
        height, width = frame.shape[:2]
        areas = clamped_areas(regions_of_interest, width, height)
        view = view_of(frame, areas, self._prewarp, self._mask)
        found = search(view, self._finder, self.settings)
        examined = self._examine(view, found) if "plate" in wanted else ()
        plates_done = time.perf_counter()
        plates = tuple(each.plate for each in examined)
        looks = self._look_at(view, plates, found, wanted - {"plate"})
        done = time.perf_counter()
        return Recognition(
            width=width,
            height=height,
            epoch_ms=epoch_ms,
            elapsed_ms=(done - begin) * 1e3,
            regions_of_interest=areas,
            plates=looks.plates,
            vehicles=looks.vehicles,
            main_vehicle=looks.main,
            vehicles_ms=(done - plates_done) * 1e3,
        )

    def _look_at(
        self,
        view: View,
        plates: tuple[Plate, ...],
        found: tuple[Detection, ...],
        wanted: frozenset[str],
    ) -> Looks:
        """Return the plates on their vehicles, with the looks that are wanted."""
        settings = self.settings
        if not wanted and not settings.find_vehicles:
            return Looks(plates, (), None)
        vehicles = search_vehicles(view, self._vehicle_finder, settings)
        plates = tuple(on_vehicle(plate, vehicles) for plate in plates)
        if not wanted:
            return Looks(plates, vehicles, None)
        return look_at_vehicles(
            view.picture,
            plates,
            vehicles,
            self._vehicles,
            detected=quads_in_picture(view, found, settings.min_plate_score),
            tasks=wanted,
            topn=settings.topn,
            most=settings.max_vehicles,
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
                found = self.recognize(image, regions_of_interest=regions_of_interest, tasks=tasks)
            except ImageError as error:
                done.append(error)
            else:
                done.append(found)
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
        frame = load_frame(image, max_pixels=self.settings.max_pixels)
        areas = clamped_areas(regions_of_interest, frame.shape[1], frame.shape[0])
        view = view_of(frame, areas, self._prewarp, self._mask)
        return self._examine(view, search(view, self._finder, self.settings))

    def _examine(self, view: View, found: tuple[Detection, ...]) -> tuple[Examination, ...]:
        """Return the plates to report, read, where they are in the picture."""
        settings, reader, regions = self.settings, self._reader, self._regions
        readable: list[Examination] = []
        for index, detection in enumerate(found):
            if settings.skip_detection:
                corners = corners_in(view.frame, detection.quad.bounds(), self._finder)
                read = examine_crop(view.frame, detection, corners, reader, regions, index=index)
            else:
                read = examine_plate(view.frame, detection, reader, regions, index=index)
            if read is not None:
                readable.append(read)
        chosen = select_plates(
            [each.plate for each in readable],
            min_plausibility=settings.min_plausibility,
            min_confidence=settings.min_confidence,
            min_score=settings.min_plate_score,
        )
        placed = [
            (readable[i], plate_in_picture(view, readable[i].plate, whole=settings.skip_detection))
            for i in chosen
        ]
        return tuple(replace(each, plate=plate) for each, plate in placed if plate is not None)


def _load_bank(settings: Settings, shipped: str) -> Bank:
    return read_bank(settings.bank) if settings.bank else parse_bank(bank_bytes(shipped))


def _load_finder(settings: Settings) -> PlateFinder:
    detector, corners = (model_bytes(f"plate_{name}.onnx") for name in ("detector", "corners"))
    return PlateFinder(detector, corners, threads=settings.threads)
