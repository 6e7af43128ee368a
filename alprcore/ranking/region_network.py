# SPDX-License-Identifier: Apache-2.0
"""The network that tells a state from a plate's look.

A `RegionModel` is cheap to make: its network is loaded when a plate is first looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import ResourceError
from alprcore.network import onnx_session
from alprcore.records import Frame


class RegionModel:
    """The network; loads on first use, safe to share between threads, picklable.

    Parameters
    ----------
    read : callable
        Returns the content of a shipped file by its name, ``us_state.onnx``. Must itself be
        picklable.
    threads : int
        Threads of one run inside ONNX Runtime.
    """

    __slots__ = ("_loaded", "_lock", "_read", "_threads")

    def __init__(self, read: Callable[[str], bytes], *, threads: int = 1) -> None:
        self._read, self._threads = read, threads
        self._lock = threading.Lock()
        self._loaded: tuple[Any, tuple[str, ...]] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (self._read, self._threads)

    @property
    def codes(self) -> tuple[str, ...]:
        """The region code of each output, from the file's metadata.

        Raises
        ------
        ResourceError
            If the file is missing or is not such a network.
        """
        return self._load()[1]

    def log_probabilities(self, crop: Frame) -> NDArray[np.float32]:
        """Return the natural-log probability of each of `codes` for a (96, 192, 3) BGR crop.

        Raises
        ------
        ResourceError
            If the file is missing or is not such a network.
        """
        logs: NDArray[np.float32] = self._load()[0].run(None, {"crops": crop[None]})[0][0]
        return logs

    def _load(self) -> tuple[Any, tuple[str, ...]]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _loaded(self._read("us_state.onnx"), self._threads)
            return self._loaded


def _remade(read: Callable[[str], bytes], threads: int) -> RegionModel:
    return RegionModel(read, threads=threads)


def _loaded(content: bytes, threads: int) -> tuple[Any, tuple[str, ...]]:
    """Return the session and the codes of its outputs."""
    try:
        session = onnx_session(content, threads, one_size=True)
        named = session.get_modelmeta().custom_metadata_map["regions"]
    except Exception as error:  # ONNX Runtime raises classes of its own
        raise ResourceError(f"region network: the file is not one ({error})") from error
    return session, tuple(named.split(","))
