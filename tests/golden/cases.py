# SPDX-License-Identifier: Apache-2.0
"""What the golden replies are replies to: a picture, settings, and what is asked of it.

Pictures are files or cuts of files by whole pixels, so that every version of OpenCV sees the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore import Box

DRAWN = Path(__file__).parent / "pictures"
SAMPLES = Path(__file__).resolve().parents[2] / "runtime_data" / "samples"
BANKS = SAMPLES.parent / "banks"

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """One question: `picture` is a drawn picture's name, a sample's path, or makes an array."""

    picture: str | Callable[[], Picture]
    settings: dict[str, Any] = field(default_factory=dict)
    areas: tuple[Box, ...] = ()
    tasks: tuple[str, ...] = ("plate",)

    def source(self) -> Path | Picture:
        """Return what `Engine.recognize` is given."""
        if callable(self.picture):
            return self.picture()
        return path_of(self.picture)


def path_of(name: str) -> Path:
    """Return the file of a picture: a sample with its ending, a drawn one without."""
    return SAMPLES / name if name.endswith(".jpg") else DRAWN / f"{name}.jpg"


def _pixels(name: str) -> Picture:
    return np.asarray(cv2.imread(str(path_of(name))), np.uint8)


def _cut(name: str, left: int, top: int, right: int, bottom: int) -> Callable[[], Picture]:
    return lambda: _pixels(name)[top:bottom, left:right]


def _large() -> Picture:
    """Return 12 megapixels with two small plates far apart, which tiles alone can show."""
    canvas = np.full((3000, 4000, 3), 118, np.uint8)
    for name, top, left in (("one_line", 2300, 3100), ("two_lines", 310, 420)):
        small = _pixels(name)[::3, ::3]
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def _beside() -> Picture:
    """Return three cars side by side: surely a plate, letters alone, and a blurred plate."""
    faded = np.repeat(np.repeat(_pixels("faded"), 3, axis=0), 3, axis=1)
    canvas = np.full((450, 3 * 560, 3), 118, np.uint8)
    for number, part in enumerate((_pixels("one_line"), _pixels("letters"), faded)):
        canvas[: part.shape[0], 560 * number : 560 * number + part.shape[1]] = part
    return canvas


ALL_TASKS = ("plate", "color", "make", "makemodel")
# Nothing is sure here, and nothing likely: whatever is found is doubtful.
DOUBTFUL = {"min_plate_score": 0.9, "sure_plate_score": 0.95}

CASES: dict[str, Case] = {
    # The shipped samples, each as a newcomer asks and with its country named.
    **{f"sample-{name}": Case(f"{name}.jpg") for name in ("us", "eu", "br", "two_plates")},
    **{
        f"sample-{name}-{name}": Case(f"{name}.jpg", {"country": name})
        for name in ("us", "eu", "br")
    },
    "sample-kr": Case("kr/kr.jpg", {"country": "kr,kr2"}),
    # What a plate may look like.
    **{
        name: Case(name)
        for name in (
            "one_line",
            "two_lines",
            "three_lines",
            "lookalikes",
            "rare_letters",
            "light_on_dark",
            "letters",
            "faded",
            "turned",
            "leaning",
            "small",
        )
    },
    "grey": Case(lambda: _pixels("one_line")[:, :, 1]),
    "no-plate": Case(_cut("us.jpg", 0, 0, 400, 300)),
    # Countries: what is known of plates.
    "rare_letters-us": Case("rare_letters", {"country": "us"}),
    "lookalikes-us": Case("lookalikes", {"country": "us"}),
    "one_line-gb": Case("one_line", {"country": "gb"}),
    "two_lines-one_line_country": Case("two_lines", {"country": "us"}),
    "two_lines-country_of_one_line": Case("two_lines", {"country": "br,eu"}),
    "two_lines-br2": Case("two_lines", {"country": "br2,vn2"}),
    "three_lines-in": Case("three_lines", {"country": "in"}),
    "several-countries": Case("two_plates.jpg", {"country": "us,eu,br,gb"}),
    "only-region": Case("eu.jpg", {"country": "fr"}),
    "region": Case("us.jpg", {"country": "us", "default_region": "md"}),
    "region-unknown": Case("us.jpg", {"country": "us", "default_region": "nowhere"}),
    "must_match": Case("lookalikes", {"country": "us", "must_match_pattern": True}),
    "must_match-region": Case(
        "us.jpg", {"country": "us", "must_match_pattern": True, "default_region": "nc"}
    ),
    "must_match-nothing": Case(
        "us.jpg", {"country": "us", "must_match_pattern": True, "default_region": "nowhere"}
    ),
    "region-by-text-alone": Case("us.jpg", {"country": "us", "detect_region": False}),
    # How a plate is read.
    "topn-1": Case("lookalikes", {"topn": 1}),
    "topn-60": Case("lookalikes", {"topn": 60}),
    "topn-30-two_lines": Case("two_lines", {"topn": 30, "country": "br2"}),
    "analysis_count": Case("lookalikes", {"analysis_count": 5}),
    "min_confidence": Case(_beside, {"min_confidence": 0.7}),
    "min_character_confidence": Case("lookalikes", {"min_character_confidence": 0.2}),
    "unsure_below": Case("lookalikes", {"unsure_below": 0.95}),
    "plate_margin": Case("leaning", {"plate_margin": 0.4}),
    "one-proposal": Case(
        "two_lines", {"line_proposals": 1, "unsure_line_proposals": 1, "more_line_proposals": 0}
    ),
    "unsure": Case("two_lines", {"sure_plate_score": 0.99, "unsure_line_proposals": 3}),
    "bank": Case("one_line", {"bank": str(BANKS / "hangul.npz")}),
    # Where plates are looked for.
    "areas": Case(
        "two_plates.jpg",
        areas=(Box(150, 380, 420, 480), Box(640, 400, 830, 470), Box(0, 0, 90, 70)),
    ),
    "areas-that-overlap": Case(
        "us.jpg", areas=(Box(300, 300, 700, 600), Box(350, 250, 5000, 5000))
    ),
    "area-outside": Case("us.jpg", areas=(Box(-50, -50, -10, -10),)),
    "mask": Case("two_plates.jpg", {"detection_mask": str(DRAWN / "mask.png")}),
    "mask-and-prewarp": Case(
        "two_plates.jpg",
        {
            "detection_mask": str(DRAWN / "mask.png"),
            "prewarp": "planar,1024,768,0.00005,0.00008,0.05,1.02,1.1,12,-8",
        },
    ),
    "prewarp": Case("leaning", {"prewarp": "planar,560,450,0,0,-0.15,1,1,0,0"}),
    "prewarp-area": Case(
        "us.jpg",
        {"prewarp": "planar,1024,768,0.0001,-0.0001,0.06,1,1,12,-8"},
        areas=(Box(400, 330, 700, 540),),
    ),
    "prewarp-malformed": Case("one_line", {"prewarp": "planar,1,2"}),
    "skip_detection": Case(_cut("us.jpg", 450, 380, 633, 486), {"skip_detection": True}),
    "skip_detection-loose": Case(_cut("us.jpg", 384, 341, 699, 525), {"skip_detection": True}),
    "skip_detection-areas": Case(
        "two_plates.jpg",
        {"skip_detection": True},
        areas=(Box(675, 426, 796, 452), Box(204, 418, 364, 451)),
    ),
    "truncated": Case(_cut("us.jpg", 0, 0, 585, 768)),
    "truncated-by-area": Case("us.jpg", areas=(Box(500, 330, 800, 540),)),
    "doubtful": Case(_beside, DOUBTFUL),
    "doubtful-none": Case(_beside, DOUBTFUL | {"doubtful_plate_score": 1.0}),
    "implausible": Case(_beside, {"min_plausibility": 1.18}),
    "tiles": Case(_large),
    "no-tiles": Case(_large, {"tiled": False}),
    "turned-not-searched": Case("turned", {"tilted": False}),
    "max_plates": Case("two_plates.jpg", {"max_plates": 1}),
    "max_plate_width": Case("two_plates.jpg", {"max_plate_width_percent": 14.0}),
    "max_plate_height": Case("two_plates.jpg", {"max_plate_height_percent": 4.0}),
    "detection_pixels": Case("two_plates.jpg", {"detection_pixels": 230_400}),
    # Vehicles.
    "vehicles": Case("us.jpg", {"find_vehicles": True}),
    "tasks": Case("two_plates.jpg", tasks=ALL_TASKS),
    "tasks-without-plate": Case("br.jpg", tasks=("color", "makemodel")),
    "tasks-area": Case("two_plates.jpg", tasks=ALL_TASKS, areas=(Box(0, 150, 560, 700),)),
    "tasks-mask": Case(
        "two_plates.jpg", {"detection_mask": str(DRAWN / "mask.png")}, tasks=ALL_TASKS
    ),
    "max_vehicles": Case("two_plates.jpg", {"max_vehicles": 1}, tasks=("plate", "color")),
    "min_vehicle_score": Case(
        "two_plates.jpg", {"min_vehicle_score": 0.99}, tasks=("plate", "make")
    ),
}
