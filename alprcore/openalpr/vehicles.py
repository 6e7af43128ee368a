# SPDX-License-Identifier: Apache-2.0
"""The class of the commercial SDK's vehicle classifier."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from alprcore.engine import Engine
from alprcore.errors import AlprError, ImageError
from alprcore.openalpr.binding import NotLoadedError
from alprcore.openalpr.library import DEFAULT_COUNTRY, checked_text, load_config, tell

_TASKS = ("color", "make", "makemodel")


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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unload()

    def is_loaded(self) -> bool:
        """Return whether vehicles can be classified."""
        return self._engine is not None

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
        if self._engine is None:
            raise NotLoadedError("VehicleClassifier: nothing is loaded; see is_loaded()")
        if not Path(picture).is_file():
            tell(f"Image file not found: {picture}")
            return {}
        try:
            found = self._engine.recognize(picture, tasks=_TASKS)
        except ImageError as error:
            tell(str(error))
            return {}
        look: dict[str, Any] = json.loads(found.to_json()).get("main_vehicle", {})
        return look
