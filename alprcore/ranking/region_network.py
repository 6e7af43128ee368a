# SPDX-License-Identifier: Apache-2.0
"""The network that tells a state from a plate's look; loaded when a plate is first looked at."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.errors import ResourceError
from alprcore.network import LazyNetwork
from alprcore.records import Frame

# Of the crops that the network learned from, photographed, 1 in 10,000 pixels is darker than byte
# 10, 1 in 10,000 lighter than 233.
LEVELS, MIDDLE = 72, 144
LEAST_SPREAD = 8  # levels that are added to the deviation: plain crops stay plain


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
        logits = self._network.run(image=levelled(crop)[None])[0][0].astype(np.float64)
        logits -= logits.max()
        logs: NDArray[np.float32] = (logits - np.log(np.exp(logits).sum())).astype(np.float32)
        return logs


def levelled(crop: Frame) -> Frame:
    """Return a crop with its levels evened out: exposure says nothing about the state.

    A pixel's difference from the mean of all, over twice their standard deviation and 8 levels
    more, in bytes of `LEVELS` to one, `MIDDLE` for none. The mean and the deviation come from whole
    numbers, so every processor gets the same bytes.

    Parameters
    ----------
    crop : (rows, cols, 3) uint8 array

    Returns
    -------
    (rows, cols, 3) uint8 array
    """
    rows, cols = crop.shape[:2]
    flat, levels = crop.reshape(rows, 3 * cols), np.arange(256)
    counts = cv2.calcHist([flat], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    total, squares = int(counts @ levels), int(counts @ levels**2)
    mean = total / flat.size
    spread = 2 * (math.sqrt(flat.size * squares - total**2) / flat.size + LEAST_SPREAD)
    table = np.clip(np.rint((levels - mean) / spread * LEVELS) + MIDDLE, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table), np.uint8)
