# SPDX-License-Identifier: Apache-2.0
"""The network that tells a state from a plate's look; loaded when a plate is first looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import ResourceError
from alprcore.network import LazyNetwork
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

    __slots__ = ("_network", "_source")

    def __init__(self, read: Callable[[str], bytes], *, threads: int = 1) -> None:
        self._source = (read, threads)
        self._network = LazyNetwork(partial(read, "us_state.onnx"), threads=threads, one_size=True)

    def __reduce__(self) -> tuple[Any, ...]:
        read, threads = self._source
        return partial(RegionModel, threads=threads), (read,)

    @property
    def loaded(self) -> bool:
        """Whether the network is in memory."""
        return self._network.loaded

    @property
    def codes(self) -> tuple[str, ...]:
        """The region code of each output, from the file's metadata.

        Raises
        ------
        ResourceError
            If the file is missing or is not such a network.
        """
        try:
            named: str = self._network.session.get_modelmeta().custom_metadata_map["regions"]
        except (KeyError, ResourceError) as error:
            raise ResourceError(f"region network: the file is not one ({error})") from error
        return tuple(named.split(","))

    def log_probabilities(self, crop: Frame) -> NDArray[np.float32]:
        """Return the natural-log probability of each of `codes` for a (96, 192, 3) BGR crop.

        Raises
        ------
        ResourceError
            If the file is missing or is not such a network.
        """
        _ = self.codes  # raises where the file is another network
        logs: NDArray[np.float32] = self._network.run(crops=crop[None])[0][0]
        return logs
