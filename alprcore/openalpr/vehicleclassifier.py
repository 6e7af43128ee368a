# SPDX-License-Identifier: Apache-2.0
"""The class of the commercial SDK's vehicle classifier."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from alprcore.engine import Engine
from alprcore.errors import AlprError, ImageError
from alprcore.openalpr.binding import NotLoadedError
from alprcore.openalpr.library import (
    DEFAULT_COUNTRY,
    VERSION,
    checked_text,
    load_config,
    tell,
)
from alprcore.picture.load import ImageSource, load_frame
from alprcore.settings import MOST_CANDIDATES, VEHICLE_TASKS


class VehicleClassifier:
    """Says what the main vehicle of a picture looks like.

    Parameters
    ----------
    config_file : str or bytes
        Path of an ``openalpr.conf``; empty to look where OpenALPR looks.
    runtime_dir : str or bytes
        Taken and not read.
    *args, **kwargs
        Licence key and GPU of the SDK's class; taken and not used.

    Raises
    ------
    TypeError
        If one of the first two is neither str nor bytes. What cannot be loaded raises nothing: the
        reason goes to standard error and `is_loaded` is False.
    """

    def __init__(
        self, config_file: str | bytes, runtime_dir: str | bytes, *args: Any, **kwargs: Any
    ) -> None:
        del args, kwargs
        self._engine: Engine | None = None
        path = checked_text("config_file", config_file)
        checked_text("runtime_dir", runtime_dir)
        try:
            load_config(path)  # has nothing to say of vehicles; a missing one is a mistake
            self._engine = Engine(country=DEFAULT_COUNTRY)  # no plate is read
        except AlprError as error:
            tell(f"Error loading OpenALPR: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.unload()

    def is_loaded(self) -> bool:
        """Return whether vehicles can be classified."""
        return self._engine is not None

    @property
    def engine(self) -> Engine:
        """What looks at vehicles.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        """
        return self._loaded_engine()

    def unload(self) -> None:
        """Give the engine's memory back; a second time nothing happens."""
        self._engine = None

    def recognize_file(self, country: str | bytes, path: str | bytes) -> dict[str, Any]:
        """Return what the main vehicle of a picture looks like.

        Parameters
        ----------
        country
            Accepted and not used: makes are distinguished the same everywhere.
        path
            A picture.

        Returns
        -------
        dict
            Lists of ``{"name": …, "confidence": percent}``, best first, by ``color``, ``make``,
            ``make_model`` and others; empty when the picture cannot be read.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        TypeError
            If one of the two is neither str nor bytes.
        """
        checked_text("country", country)
        picture = checked_text("path", path)
        engine = self._loaded_engine()
        if not Path(picture).is_file():
            tell(f"Image file not found: {picture}")
            return {}
        return _look(engine, picture)

    def recognize_array(
        self,
        country: str | bytes,
        byte_array: bytes,
        x: int = 0,
        y: int = 0,
        width: int = 0,
        height: int = 0,
    ) -> dict[str, Any]:
        """Return what the main vehicle of an encoded picture looks like, or of a part of it.

        Parameters
        ----------
        country
            Accepted and not used.
        byte_array
            The bytes of a picture file.
        x, y, width, height
            The part, in pixels; all of it when the width or the height is 0.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        TypeError
            If the picture is not bytes.
        """
        checked_text("country", country)
        if not isinstance(byte_array, bytes):
            raise TypeError(f"byte_array: expected bytes, got {type(byte_array).__name__}")
        engine = self._loaded_engine()
        try:
            frame = load_frame(byte_array)
        except ImageError as error:
            tell(str(error))
            return {}
        return _look(engine, _part(frame, x, y, width, height))

    def recognize_ndarray(
        self,
        country: str | bytes,
        ndarray: Any,
        x: int = 0,
        y: int = 0,
        width: int = 0,
        height: int = 0,
    ) -> dict[str, Any]:
        """Return what the main vehicle of a (rows, cols[, 1 | 3 | 4]) uint8 array looks like.

        Parameters
        ----------
        country
            Accepted and not used.
        ndarray
            Blue, green, red.
        x, y, width, height
            As for `recognize_array`.

        Raises
        ------
        NotLoadedError
            If nothing is loaded.
        TypeError
            If it is not a uint8 array.
        """
        checked_text("country", country)
        if not isinstance(ndarray, np.ndarray) or ndarray.dtype != np.uint8:
            raise TypeError("ndarray: expected a NumPy array of uint8")
        engine = self._loaded_engine()
        return _look(engine, _part(ndarray, x, y, width, height))

    def set_top_n(self, topn: int) -> None:
        """Set the number of labels in each list; less than 1 gives 1."""
        if not isinstance(topn, int):
            raise TypeError(f"topn: expected an int, got {type(topn).__name__}")
        count = min(max(topn, 1), MOST_CANDIDATES)
        self._engine = self._loaded_engine().with_settings(topn=count)

    def get_top_result(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Return the first label of each list of a result; lists that are empty are left out."""
        return {name: labels[0] for name, labels in result.items() if labels}

    def get_version(self) -> str:
        """Return the version of OpenALPR whose behaviour this is."""
        return VERSION

    def _loaded_engine(self) -> Engine:
        if self._engine is None:
            raise NotLoadedError("VehicleClassifier: nothing is loaded; see is_loaded()")
        return self._engine


def _part(image: Any, x: int, y: int, width: int, height: int) -> Any:
    """Return the part of a picture; all of it where none is meant."""
    if width <= 0 or height <= 0:
        return image
    return image[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]


def _look(engine: Engine, picture: ImageSource) -> dict[str, Any]:
    try:
        found = engine.recognize(picture, tasks=VEHICLE_TASKS)
    except ImageError as error:
        tell(str(error))
        return {}
    look: dict[str, Any] = json.loads(found.to_json()).get("main_vehicle", {})
    return look
