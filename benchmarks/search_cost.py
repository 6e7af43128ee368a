# SPDX-License-Identifier: Apache-2.0
"""What the search costs: ``python benchmarks/search_cost.py FOLDER…``.

For the pictures of each folder it counts the pixels that the detector sees, all looks together, as
a share of those of one main pass, which every picture had before the search looked small first.
Counts do not depend on how busy the machine is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alprcore import ImageError, load_frame
from alprcore.finding.detect import main_scale
from alprcore.finding.network import PlateFinder
from alprcore.finding.search import search
from alprcore.picture.areas import clamped_areas
from alprcore.picture.view import view_of
from alprcore.records import Frame
from alprcore.resources import model_bytes
from alprcore.settings import Settings


class CountingFinder(PlateFinder):
    """Counts the pixels that its detector sees."""

    seen = 0

    def heat_map(self, image: Frame) -> NDArray[np.float32]:
        """Return what the network sees."""
        self.seen += image.shape[0] * image.shape[1]
        return super().heat_map(image)


def cost(path: Path, finder: CountingFinder, settings: Settings) -> float:
    """Return the pixels that a picture's search takes, as a share of its main pass's."""
    frame = load_frame(path)
    rows, cols = frame.shape[:2]
    finder.seen = 0
    search(view_of(frame, clamped_areas((), cols, rows), None, None), finder, settings)
    scale = main_scale(frame, settings.detection_pixels)
    return finder.seen / (rows * cols * scale * scale)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    options = parser.parse_args()
    finder = CountingFinder(model_bytes("plate_detector.onnx"), model_bytes("plate_corners.onnx"))
    for folder in options.folders:
        costs = []
        for path in sorted(folder.iterdir()):
            if path.suffix != ".csv":
                try:
                    costs.append(cost(path, finder, Settings()))
                except ImageError as error:
                    print(error)
        low, middle, high = np.quantile(costs, (0.25, 0.5, 0.75))
        print(
            f"{folder.name}: {len(costs)} pictures, mean {np.mean(costs):.2f} main passes,"
            f" quartiles {low:.2f} {middle:.2f} {high:.2f}"
        )


if __name__ == "__main__":
    main()
