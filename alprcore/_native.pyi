from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

def text_lines(crop: NDArray[np.uint8], most: int, steepest: float) -> NDArray[np.float32]: ...
def line_image(
    crop: NDArray[np.uint8], top: float, bottom: float, slope: float, slant: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]: ...

class TemplateBank:
    def __init__(
        self,
        filters: Sequence[tuple[NDArray[np.float32], NDArray[np.float32], int, int]],
        templates: NDArray[np.float32],
        gap_weights: NDArray[np.float32],
        gap_offset: float,
        width_bias: NDArray[np.float32],
        narrowest: int,
    ) -> None: ...
    def lattice(
        self, line: NDArray[np.float32], least: float
    ) -> tuple[
        NDArray[np.int32],
        NDArray[np.int32],
        NDArray[np.float32],
        NDArray[np.int32],
        NDArray[np.float32],
        NDArray[np.float32],
        float,
    ]: ...
