# SPDX-License-Identifier: Apache-2.0
"""The engine: the one place that knows the order of the stages."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import partial
from os import PathLike
from typing import Any, Unpack

from alprcore.countries.fit import CountrySet
from alprcore.errors import ImageError, SettingsError
from alprcore.finding.search import search
from alprcore.picture.areas import clamped_areas
from alprcore.picture.load import ImageSource, load_frame
from alprcore.picture.view import view_of
from alprcore.ranking.examine import read_plates
from alprcore.ranking.record import Examination
from alprcore.records import Box, Detection
from alprcore.running.in_order import in_order
from alprcore.running.parts import load_parts
from alprcore.running.places import places_of
from alprcore.settings import Changes, CountryChanges, Settings, changed, checked_tasks
from alprcore.vehicles.looks import vehicles_of
from alprcore.wire.results import Recognition


class Engine:
    """Recognizes number plates; immutable, safe to share between threads, picklable.

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
        self._parts = load_parts(changed(settings or Settings(), named))

    @property
    def settings(self) -> Settings:
        """What this engine does."""
        return self._parts.settings

    @property
    def countries(self) -> CountrySet:
        """The countries whose formats it knows."""
        return self._parts.countries

    @property
    def alphabet(self) -> str:
        """All characters that may be read."""
        return self._parts.reader.alphabet

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
        twin._parts = load_parts(changed(self.settings, changes), like=self._parts)
        return twin

    def __repr__(self) -> str:
        """Return the call that makes it."""
        usual, mine = Settings(), self.settings
        names = (knob.name for knob in fields(Settings))
        said = [f"{n}={getattr(mine, n)!r}" for n in names if getattr(mine, n) != getattr(usual, n)]
        return f"Engine({', '.join(said)})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as settings: the networks are loaded again from the shipped files."""
        return partial(Engine, settings=self.settings), ()

    def recognize(
        self,
        image: ImageSource,
        *,
        regions_of_interest: Sequence[Box] = (),
        tasks: Collection[str] = ("plate",),
        rgb: bool = False,
    ) -> Recognition:
        """Return the plates of one picture.

        Parameters
        ----------
        image : str, path, bytes, binary file, PIL.Image, or (rows, cols[, 1 | 3 | 4]) uint8 array
            A file, its content, or pixels (blue, green, red[, alpha], or grey); any strides.
        regions_of_interest : sequence of Box, optional
            Areas to search, in pixels of the picture; all of it when there is none. What reaches
            beyond the picture is cut, what lies outside finds nothing; see
            `picture.areas.clamped_areas`. A plate in several areas is reported once.
        tasks : collection of str, optional
            What is wanted, of ``"plate"``, ``"color"``, ``"make"`` and ``"makemodel"``. Without
            ``"plate"`` nothing is read.
        rgb : bool, optional
            Whether an array has its channels as red, green, blue[, alpha], as those of Pillow,
            imageio and torchvision have. Swapped channels cost few readings but most colours.

        Raises
        ------
        ImageError
            If the picture cannot be read. A picture without plates is not an error.
        SettingsError
            If a task is unknown, or a region of interest is not a box.
        """
        areas = regions_of_interest
        return self.recognize_and_examine(image, regions_of_interest=areas, tasks=tasks, rgb=rgb)[0]

    def recognize_and_examine(
        self,
        image: ImageSource,
        *,
        regions_of_interest: Sequence[Box] = (),
        tasks: Collection[str] = ("plate",),
        rgb: bool = False,
        is_worth: Callable[[Detection], bool] = lambda _: True,  # others are not read
    ) -> tuple[Recognition, tuple[Examination, ...]]:
        """Return `recognize` of a picture and, for each of its plates, all that led to its reading.

        Raises
        ------
        ImageError, SettingsError
            As for `recognize`.
        """
        wanted, parts, settings = checked_tasks(tasks), self._parts, self.settings
        frame = load_frame(image, max_pixels=settings.max_pixels, rgb=rgb)
        epoch_ms, begin = time.time_ns() // 1_000_000, time.perf_counter()
        areas = clamped_areas(regions_of_interest, *frame.shape[1::-1])
        view = view_of(frame, areas, parts.prewarp, parts.mask)
        found = tuple(filter(is_worth, search(view, parts.networks.plates, settings)))
        to_read = found if "plate" in wanted else ()
        reads = read_plates(view, to_read, parts.reader, parts.networks.regions)
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
            source=os.fspath(image) if isinstance(image, str | PathLike) else "",
        )
        return recognition, tuple(
            Examination(plate, read.crop, read.reading, read.bank)
            for plate, (read, _) in zip(plates, reads, strict=True)
        )

    def find(self, image: ImageSource) -> tuple[Detection, ...]:
        """Return every place of a picture that may be a plate, from `min_plate_score` on, unread.

        Raises
        ------
        ImageError
            As for `recognize`.
        """
        frame = load_frame(image, max_pixels=self.settings.max_pixels)
        return places_of(self._parts, frame)

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
        areas = regions_of_interest
        return list(self.recognize_many(images, regions_of_interest=areas, tasks=tasks))

    def recognize_many(
        self,
        images: Iterable[ImageSource],
        *,
        regions_of_interest: Sequence[Box] = (),
        tasks: Collection[str] = ("plate",),
        rgb: bool = False,
        workers: int = 1,
        progress: Callable[[int], object] | None = None,
    ) -> Iterator[Recognition | ImageError]:
        """Yield `recognize` of each picture, in order; for one that cannot be read, its error.

        Parameters
        ----------
        images : iterable of pictures
            Each as for `recognize`; taken as they are needed, so that any number of them will do.
        regions_of_interest, tasks, rgb
            As for `recognize`, for every picture.
        workers : int
            Threads; about as many as there are processors is best.
        progress : callable, optional
            Called with the number of pictures that are done, after each of them.

        Raises
        ------
        SettingsError
            As for `recognize`, or if `workers` is below 1. No picture raises.

        Examples
        --------
        >>> engine = Engine(country="eu")
        >>> list(engine.recognize_many([b"not a picture"]))
        [ImageError('image: not a picture that can be read')]
        """
        if workers < 1:
            raise SettingsError(f"workers: expected at least 1, got {workers}")
        areas = regions_of_interest

        def outcome(image: ImageSource) -> Recognition | ImageError:
            try:
                return self.recognize(image, regions_of_interest=areas, tasks=tasks, rgb=rgb)
            except ImageError as error:
                return error

        for done, found in enumerate(in_order(outcome, images, workers=workers), 1):
            if progress is not None:
                progress(done)
            yield found

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
