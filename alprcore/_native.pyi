from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LINE_ROWS: int
LINE_MARGIN: int

def kernels(name: str = "") -> str: ...
def available_kernels() -> list[str]: ...
def text_lines(crop: NDArray[np.uint8], most: int, steepest: float) -> NDArray[np.float32]: ...
def line_image(
    crop: NDArray[np.uint8], top: float, bottom: float, slope: float, slant: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]: ...
def segment(
    scores: NDArray[np.float32], gaps: NDArray[np.float32], narrowest: int, least: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], float]: ...
def decode(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    posteriors: NDArray[np.float32],
    gaps: NDArray[np.float32],
    log_total: float,
    count: int,
    beam: int,
    least: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]: ...
def best_stretches(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    gaps: NDArray[np.float32],
    text: NDArray[np.int32],
) -> list[int]: ...
def log_probability(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    gaps: NDArray[np.float32],
    log_total: float,
    text: NDArray[np.int32],
) -> float: ...
def log_pattern_probability(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    gaps: NDArray[np.float32],
    log_total: float,
    admits: NDArray[np.uint8],
    runs: NDArray[np.uint8],
) -> float: ...
def sketches(records: NDArray[np.uint8]) -> NDArray[np.uint64]: ...
def scan(
    records: NDArray[np.uint8],
    sketches: NDArray[np.uint64],
    places: NDArray[np.uint8],
    runs: NDArray[np.uint8],
    edits: int,
    least: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]: ...
def log_accepted(
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    scores: NDArray[np.float32],
    gaps: NDArray[np.float32],
    log_total: float,
    steps: NDArray[np.int32],
    groups: NDArray[np.int32],
    accepting: NDArray[np.uint8],
) -> float: ...

class TemplateBank:
    def __init__(
        self,
        filters: Sequence[tuple[NDArray[np.float32], NDArray[np.float32], int, int]],
        templates: NDArray[np.float32],
        gap_weights: NDArray[np.float32],
        gap_offset: float,
        width_bias: NDArray[np.float32],
        narrowest: int,
        kernels: str = "",
    ) -> None: ...
    @property
    def column_pixels(self) -> int: ...
    @property
    def kernels(self) -> str: ...
    def match(
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
