# SPDX-License-Identifier: Apache-2.0
"""The class of OpenALPR's Python binding."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from alprcore.errors import AlprError, ImageError
from alprcore.openalpr.library import (
    VERSION,
    Area,
    Library,
    Wishes,
    checked_text,
    load_config,
    load_library,
    tell,
    unread,
)
from alprcore.picture.load import ImageSource
from alprcore.wire.results import Recognition

DEFAULT_TOPN = 25
"""Candidates a plate of the library; the command line and the HTTP service have others."""

Results = dict[str, Any]
"""An `alpr_results` object."""


class NotLoadedError(AlprError, RuntimeError):
    """An `Alpr` was used that could not be loaded or was unloaded."""


class Alpr:
    """Recognizes plates with the interface of OpenALPR's ``Alpr``.

    Parameters
    ----------
    country : str or bytes
        Country codes, separated by commas; empty for ``us``.
    config_file : str or bytes
        Path of an ``openalpr.conf``; empty to look where OpenALPR looks.
    runtime_dir : str or bytes
        Folder whose ``countries/<code>.toml`` are taken on top of the shipped ones; nothing else
        in it is read, the models are in this package. Empty for the configuration's.
    license_key, use_gpu, gpu_id, gpu_batch_size
        Of the commercial engine's binding; taken and not used.

    Raises
    ------
    TypeError
        If one of the first three is neither str nor bytes. What cannot be loaded raises nothing:
        the reason goes to standard error and `is_loaded` is False.

    Examples
    --------
    >>> with Alpr("eu", "", "") as alpr:  # doctest: +SKIP
    ...     alpr.recognize_file("car.jpg")["results"][0]["plate"]
    'BA738DE'
    """

    def __init__(
        self,
        country: str | bytes,
        config_file: str | bytes,
        runtime_dir: str | bytes,
        license_key: str | bytes = "",
        use_gpu: bool = False,
        gpu_id: int = 0,
        gpu_batch_size: int = 10,
    ) -> None:
        del license_key, use_gpu, gpu_id, gpu_batch_size
        self._library: Library | None = None
        codes, config_path = (
            checked_text("country", country),
            checked_text("config_file", config_file),
        )
        folder = checked_text("runtime_dir", runtime_dir)
        try:
            config = load_config(config_path, folder)
            tell(config.warning)
            self._library = load_library(Wishes(codes, DEFAULT_TOPN), config)
        except AlprError as error:
            tell(f"Error loading OpenALPR: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.unload()

    @property
    def loaded(self) -> bool:
        """Whether plates can be recognized."""
        return self._library is not None

    @property
    def alpr_pointer(self) -> int | None:
        """A number that stands for the loaded library, None when none is."""
        return None if self._library is None else id(self)

    @property
    def library(self) -> Library:
        """What is loaded; `AlprStream` reads plates with it.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        """
        return self._loaded_library()

    def is_loaded(self) -> bool:
        """Return whether plates can be recognized: False after `unload`, or with a bad config."""
        return self.loaded

    def unload(self) -> None:
        """Give the engine's memory back; a second time nothing happens."""
        self._library = None

    def get_version(self) -> str:
        """Return the version of OpenALPR whose behaviour this is."""
        return VERSION

    def recognize_file(
        self, file_path: str | bytes, *, regions_of_interest: Sequence[Area] = ()
    ) -> Results:
        """Return the plates of a picture file.

        Parameters
        ----------
        file_path
            A picture; one that is missing or cannot be read gives sizes of 0 and empty lists, and
            a line on standard error.
        regions_of_interest
            Areas to search, ``(x, y, width, height)`` in pixels; all of the picture when none.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        TypeError
            If the path is neither str nor bytes.
        """
        path = checked_text("file_path", file_path)
        library = self._loaded_library()
        if not Path(path).is_file():
            tell(f"Image file not found: {path}")
            return _results(unread())
        return _recognized(library, path, regions_of_interest)

    def recognize_array(
        self, byte_array: bytes, *, regions_of_interest: Sequence[Area] = ()
    ) -> Results:
        """Return the plates of an encoded picture, as `recognize_file` does of a file.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        TypeError
            If the picture is not bytes.
        """
        if not isinstance(byte_array, bytes):
            raise TypeError(f"byte_array: expected bytes, got {type(byte_array).__name__}")
        return _recognized(self._loaded_library(), byte_array, regions_of_interest)

    def recognize_ndarray(
        self, ndarray: Any, *, regions_of_interest: Sequence[Area] = ()
    ) -> Results:
        """Return the plates of a (rows, cols[, 1 | 3 | 4]) uint8 array, blue green red.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        TypeError
            If it is not a uint8 array.
        ImageError
            If its shape is not that of an image.
        """
        if not isinstance(ndarray, np.ndarray):
            raise TypeError(f"ndarray: expected a NumPy array, got {type(ndarray).__name__}")
        if ndarray.dtype != np.uint8:
            raise TypeError(f"ndarray: expected uint8, got {ndarray.dtype}")
        return _results(self._loaded_library().recognize(ndarray, regions_of_interest))

    def recognize_batch(self, images: Sequence[Any]) -> list[Results]:
        """Return the plates of each picture, in order.

        Parameters
        ----------
        images
            Encoded pictures, or arrays as for `recognize_ndarray`; not both.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        TypeError
            If they are neither all bytes nor all arrays.
        """
        if all(isinstance(image, bytes) for image in images):
            return [self.recognize_array(image) for image in images]
        if all(isinstance(image, np.ndarray) for image in images):
            return [self.recognize_ndarray(image) for image in images]
        raise TypeError("images: expected all bytes or all NumPy arrays")

    def set_top_n(self, topn: int) -> None:
        """Set the number of candidates per plate; less than 1 gives 1."""
        if not isinstance(topn, int):
            raise TypeError(f"topn: expected an int, got {type(topn).__name__}")
        self._change(topn=topn)

    def set_country(self, country: str | bytes) -> None:
        """Set the country codes; with an unknown one those that are loaded stay.

        The reason is then written to standard error.
        """
        self._change(country=checked_text("country", country))

    def set_prewarp(self, prewarp: str | bytes) -> None:
        """Set how pictures are turned before they are searched, ``planar,…``; empty for not."""
        self._change(prewarp=checked_text("prewarp", prewarp))

    def set_default_region(self, region: str | bytes) -> None:
        """Set the region whose formats the candidates are tested against; empty for none.

        An unknown one is reported with each plate and matches nothing; a line on standard error
        says so.
        """
        self._change(region=checked_text("region", region))
        tell(self._loaded_library().region_problem())

    def set_detect_region(self, enabled: bool) -> None:
        """Set whether regions are detected; then they are tested in place of the default region."""
        self._change(detect_region=bool(enabled))

    def _change(self, **wishes: Any) -> None:
        library = self._loaded_library()
        try:
            self._library = library.changed(**wishes)
        except AlprError as error:
            tell(str(error))

    def _loaded_library(self) -> Library:
        if self._library is None:
            raise NotLoadedError("Alpr: nothing is loaded; see is_loaded()")
        return self._library


def _recognized(library: Library, source: ImageSource, areas: Sequence[Area]) -> Results:
    try:
        return _results(library.recognize(source, areas))
    except ImageError as error:
        tell(str(error))
        return _results(unread())


def _results(found: Recognition) -> Results:
    """Return what reading the library's JSON gives: whole numbers come as int."""
    results: Results = json.loads(found.to_json())
    return results
