# SPDX-License-Identifier: Apache-2.0
"""The networks of plate finding as `finding.detect` holds them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.network import LazyNetwork
from alprcore.records import Frame


class PlateFinder:
    """The two networks, ready to run; immutable, picklable, safe to share between threads.

    Parameters
    ----------
    detector : bytes
        ``plate_detector.onnx``.
    corners : bytes or None
        ``plate_corners.onnx``; without it the corners are those of the upright box.
    threads : int
        Threads of one run inside ONNX Runtime.

    Raises
    ------
    ResourceError
        If a file is not a network.
    """

    __slots__ = ("_corners", "_detector", "_source")

    def __init__(self, detector: bytes, corners: bytes | None, *, threads: int = 1) -> None:
        self._source = (detector, corners, threads)
        self._detector = _loaded(detector, threads)
        self._corners = None if corners is None else _loaded(corners, threads)

    def __reduce__(self) -> tuple[Any, ...]:
        detector, corners, threads = self._source
        return partial(PlateFinder, threads=threads), (detector, corners)

    def heat_map(self, image: Frame) -> NDArray[np.float32]:
        """Return the (5, rows / 8, cols / 8) map of a picture with sides that 32 divides."""
        plates: NDArray[np.float32] = self._detector.run(image=image[None])[0]
        return plates

    def refined(self, crops: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Return the (n, 4, 2) corners in (n, 64, 128) grey crops, or None without a refiner."""
        if self._corners is None:
            return None
        corners: NDArray[np.float32] = self._corners.run(crops=crops)[0]
        return corners


def load_finder(read: Callable[[str], bytes], *, threads: int) -> PlateFinder:
    """Return the finder in the shipped files, which `read` returns by name."""
    detector, corners = (read(f"plate_{name}.onnx") for name in ("detector", "corners"))
    return PlateFinder(detector, corners, threads=threads)


def _loaded(content: bytes, threads: int) -> LazyNetwork:
    """Return a network that is loaded at once: every picture needs it."""
    network = LazyNetwork(partial(bytes, content), threads=threads, one_size=False)
    _ = network.session
    return network
