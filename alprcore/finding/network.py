# SPDX-License-Identifier: Apache-2.0
"""The networks of plate finding as `finding.detect` holds them: loaded once, shared by threads."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.network import onnx_session
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
    """

    def __init__(self, detector: bytes, corners: bytes | None, *, threads: int = 1) -> None:
        self._source = (detector, corners, threads)
        self._detector = onnx_session(detector, threads, one_size=False)
        self._corners = None
        if corners is not None:
            self._corners = onnx_session(corners, threads, one_size=False)

    def __reduce__(self) -> tuple[Any, ...]:
        detector, corners, threads = self._source
        return partial(PlateFinder, threads=threads), (detector, corners)

    def map(self, image: Frame) -> NDArray[np.float32]:
        """Return the (5, rows / 8, cols / 8) map of a picture with sides that 32 divides."""
        plates: NDArray[np.float32] = self._detector.run(None, {"image": image[None]})[0]
        return plates

    def refined(self, crops: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Return the (n, 4, 2) corners in (n, 64, 128) grey crops, or None without a refiner."""
        if self._corners is None:
            return None
        corners: NDArray[np.float32] = self._corners.run(None, {"crops": crops})[0]
        return corners
