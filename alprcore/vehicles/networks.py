# SPDX-License-Identifier: Apache-2.0
"""The network that boxes vehicles as `vehicles.find` holds it: shared by threads.

A `VehicleFinder` is cheap to make: its network is loaded when a vehicle is first looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.network import LazyNetwork
from alprcore.records import Frame


class VehicleFinder:
    """The network; loads on first use, safe to share between threads, picklable.

    Parameters
    ----------
    read : callable
        Returns the content of ``vehicle_boxes.onnx`` by that name. Must itself be picklable.
    threads : int
        Threads of one run inside ONNX Runtime.
    """

    __slots__ = ("_network", "_source")

    def __init__(self, read: Callable[[str], bytes], *, threads: int = 1) -> None:
        self._source = (read, threads)
        content = partial(read, "vehicle_boxes.onnx")
        self._network = LazyNetwork(content, threads=threads, one_size=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the network; it is loaded again where it is used."""
        read, threads = self._source
        return partial(VehicleFinder, threads=threads), (read,)

    @property
    def loaded(self) -> bool:
        """Whether the network is in memory."""
        return self._network.loaded

    def heat_map(self, image: Frame) -> NDArray[np.float32]:
        """Return the (5, rows / 16, cols / 16) map of a picture with sides that 32 divides."""
        found: NDArray[np.float32] = self._network.run(image=image[None])[0]
        return found
