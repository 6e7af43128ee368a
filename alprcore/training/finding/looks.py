# SPDX-License-Identifier: Apache-2.0
"""What the search for plates shows its detector of photographs to train on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.finding.detect import find_plates
from alprcore.finding.network import PlateFinder
from alprcore.records import Frame
from alprcore.settings import Settings
from alprcore.training.finding.data import folder_weights, held_back, labelled_boxes


class Recorder(PlateFinder):
    """Keeps what its detector is shown."""

    def __init__(self, detector: bytes) -> None:
        super().__init__(detector, None)
        self.looks: list[Frame] = []

    def heat_map(self, image: Frame) -> NDArray[np.float32]:
        """Return what the network sees."""
        self.looks.append(image)
        return super().heat_map(image)


def looks_at(data: Path, detector: bytes, photos: int, seed: int) -> list[Frame]:
    """Return all looks that the search takes at some photographs to train on."""
    names = [
        data / "plates" / folder / name
        for folder in folder_weights
        for name in labelled_boxes(data / "plates" / folder)
        if folder != "openimages" or not held_back(name)
    ]
    rng, usual = np.random.default_rng(seed), Settings()
    recorder = Recorder(detector)
    for place in rng.permutation(len(names))[:photos]:
        image = cv2.imread(str(names[place]))
        if image is not None:
            find_plates(
                np.asarray(image, np.uint8),
                recorder,
                min_score=usual.min_plate_score,
                doubtful_score=usual.doubtful_plate_score,
                sure_score=usual.sure_plate_score,
                max_plates=usual.max_plates,
                area=usual.detection_pixels,
                tiled=True,
            )
    return recorder.looks
