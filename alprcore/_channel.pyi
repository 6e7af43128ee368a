from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

def stretch_totals(scores: NDArray[np.float32]) -> list[float]: ...
def channel_log_sums(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    totals: NDArray[np.float64],
    gaps: NDArray[np.float32],
    texts: Sequence[Sequence[int]],
    shown: float,
    mistaken: float,
    lost: float,
    stray: float,
) -> list[float]: ...
