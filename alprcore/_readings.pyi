import numpy as np
from numpy.typing import NDArray

def best_texts(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    posteriors: NDArray[np.float32],
    gaps: NDArray[np.float32],
    alphabet: str,
    log_total: float,
    count: int,
    beam: int,
    least: float,
) -> list[tuple[str, float]]: ...
def best_stretches(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    gaps: NDArray[np.float32],
    alphabet: str,
    text: str,
) -> list[int]: ...
