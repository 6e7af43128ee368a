import numpy as np
from numpy.typing import NDArray

def spelled(
    sizes: NDArray[np.int32],
    classes: NDArray[np.int32],
    values: NDArray[np.float64],
    alphabet: str,
) -> tuple[tuple[str, float], ...]: ...
