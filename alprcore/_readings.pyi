from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_T = TypeVar("_T")
_F = TypeVar("_F")

def spelled(
    sizes: NDArray[np.int32],
    classes: NDArray[np.int32],
    values: NDArray[np.float64],
    alphabet: str,
) -> tuple[tuple[str, float], ...]: ...
def admits(plain: tuple[frozenset[str], ...], positions: tuple[object, ...], text: str) -> bool: ...
def admitted(
    text: str,
    by_length: Mapping[int, tuple[_F, ...]],
    by_start: Mapping[str, tuple[_F, ...]],
    open_: Mapping[int, tuple[_F, ...]],
) -> tuple[_F, ...]: ...
def fitted(
    text: str,
    countries: list[
        tuple[
            Mapping[int, tuple[_F, ...]],
            Mapping[str, tuple[_F, ...]],
            Mapping[int, tuple[_F, ...]],
            int,
            int,
            str,
        ]
    ],
    unmatched: list[dict[int, _T]],
    matched: Callable[[int, tuple[_F, ...], bool, int], _T],
) -> list[_T]: ...
