# SPDX-License-Identifier: Apache-2.0
"""The network that names vehicles, what its outputs stand for, and how far they can be trusted.

A `VehicleModel` is cheap to make: its network is loaded when a vehicle is first looked at.
"""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import ResourceError
from alprcore.network import LazyNetwork

CROP_SIZE = (192, 128)
"""Columns and rows of what the network looks at."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VehicleLabels:
    """What the outputs stand for, in their order.

    Attributes
    ----------
    classes
        Name of each class in the data it was trained on: make, model and body, year, joined by
        ``|``.
    makes, models, bodies, years
        Of each class; ``models`` as ``<make>_<model>``.
    learned
        Of each output of the make head but the last, which stands for another make. Some of these
        makes have no class.
    colors, views
        Of each output of the colour and of the view head; the last view is ``"none"``.
    """

    classes: tuple[str, ...]
    makes: tuple[str, ...]
    models: tuple[str, ...]
    bodies: tuple[str, ...]
    years: tuple[str, ...]
    learned: tuple[str, ...]
    colors: tuple[str, ...]
    views: tuple[str, ...]

    @property
    def rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """Make, model, body type and year of each class: the combinations that exist."""
        return tuple(zip(self.makes, self.models, self.bodies, self.years, strict=True))

    @property
    def make_numbers(self) -> NDArray[np.intp]:
        """The place of each class's make among the learned ones."""
        return np.array([self.learned.index(make) for make in self.makes])


@dataclass(frozen=True, slots=True)
class VehicleTrust:
    """What turns outputs into probabilities; measured on pictures that no training saw.

    Attributes
    ----------
    class_heat, make_heat, view_heat
        (1,) temperatures of the logits.
    make_weight
        (4,) how much the class head's word on a make counts, see `vehicles.look.class_and_make`.
    known
        (6,) weights of what `vehicles.look.make_evidence` returns: the logit of "the make is
        among those that were learned, and the best one is it".
    color_weights
        (2,) weights of the network's logits and of the measured body's.
    color_bias
        (colors,) added to each colour's logit.
    body_weights
        (colors, features) a colour's logit by what was measured of the body.
    paint
        (colors, 12, 16, 16) uint8: probability of each colour, in 255ths, given a body pixel's
        lightness, a and b (`vehicles.color`).
    """

    class_heat: Floats
    make_heat: Floats
    view_heat: Floats
    make_weight: Floats
    known: Floats
    color_weights: Floats
    color_bias: Floats
    body_weights: Floats
    paint: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class BodyColor:
    """What was measured of a vehicle's paint.

    Attributes
    ----------
    features
        (features,) see `vehicles.color.body_features`.
    sureness
        How far the light allows to tell colours, [0, 1].
    colorless
        Whether the picture shows no colours, so that none can be named.
    """

    features: NDArray[np.float64]
    sureness: float
    colorless: bool = False


@dataclass(frozen=True, slots=True)
class VehicleLogits:
    """What the network says of n pictures.

    Attributes
    ----------
    classes, makes, colors, views
        (n, …) float32 arrays of logits, in the order of `VehicleLabels`.
    """

    classes: Floats
    makes: Floats
    colors: Floats
    views: Floats


class VehicleModel:
    """The network and its tables; loads on first use, safe to share between threads, picklable.

    Parameters
    ----------
    read : callable
        Returns the content of a shipped file by its name: ``vehicle.onnx``,
        ``vehicle_labels.toml``, ``vehicle_trust.npz``. Must itself be picklable.
    threads : int
        Threads of one run inside ONNX Runtime.
    """

    __slots__ = ("_labels", "_network", "_read", "_threads", "_trust")

    def __init__(self, read: Callable[[str], bytes], *, threads: int = 1) -> None:
        self._read, self._threads = read, threads
        self._network = LazyNetwork(partial(read, "vehicle.onnx"), threads=threads, one_size=True)
        self._labels: VehicleLabels | None = None
        self._trust: VehicleTrust | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the network; it is loaded again where it is used."""
        return partial(VehicleModel, threads=self._threads), (self._read,)

    @property
    def loaded(self) -> bool:
        """Whether the network is in memory."""
        return self._network.loaded

    @property
    def labels(self) -> VehicleLabels:
        """What the outputs stand for."""
        if self._labels is None:
            self._labels = parse_labels(self._read("vehicle_labels.toml").decode("utf-8"))
        return self._labels

    @property
    def trust(self) -> VehicleTrust:
        """What turns outputs into probabilities."""
        if self._trust is None:
            self._trust = parse_trust(self._read("vehicle_trust.npz"))
        return self._trust

    def logits(self, crops: NDArray[np.uint8]) -> VehicleLogits:
        """Return what the network says of (n, 128, 192, 3) BGR pictures."""
        return VehicleLogits(*self._network.run(image=crops))


def parse_labels(text: str) -> VehicleLabels:
    """Return the labels in the text of ``vehicle_labels.toml``.

    Raises
    ------
    ResourceError
        If a label is missing.
    """
    try:
        found = tomllib.loads(text)
        rows = [tuple(str(field) for field in row) for row in found["classes"]]
        names, makes, models, bodies, years = zip(*rows, strict=True)
        return VehicleLabels(
            classes=names,
            makes=makes,
            models=tuple(f"{make}_{model}" for make, model in zip(makes, models, strict=True)),
            bodies=bodies,
            years=years,
            learned=tuple(str(make) for make in found["makes"]),
            colors=tuple(str(color) for color in found["colors"]),
            views=tuple(str(view) for view in found["views"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ResourceError(
            f"vehicle labels: the file is not what it should be ({error})"
        ) from error


def parse_trust(content: bytes) -> VehicleTrust:
    """Return what is in ``vehicle_trust.npz``, written by `alprcore.training.vehicles.trust`.

    Raises
    ------
    ResourceError
        If an array is missing.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return VehicleTrust(
                **{field.name: arrays[field.name] for field in fields(VehicleTrust)}
            )
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ResourceError(
            f"vehicle trust: the file is not what it should be ({error})"
        ) from error
