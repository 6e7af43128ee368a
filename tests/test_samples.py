# SPDX-License-Identifier: Apache-2.0
"""The shipped sample pictures and their truth agree."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import pytest

folder = Path(__file__).resolve().parent.parent / "runtime_data" / "samples"


def truth() -> list[dict[str, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


pictures = sorted({row["image"] for row in truth()})


def test_every_picture_has_its_truth() -> None:
    assert pictures == sorted(path.name for path in folder.glob("*.jpg"))


@pytest.mark.parametrize("name", pictures)
def test_a_picture_is_small_and_holds_its_plates(name: str) -> None:
    picture = cv2.imread(str(folder / name))
    assert picture is not None
    assert picture.shape == (768, 1024, 3)
    assert (folder / name).stat().st_size < 200_000
    for row in truth():
        if row["image"] == name:
            left, top, width, height = (int(row[key]) for key in ("x", "y", "w", "h"))
            assert left >= 0
            assert top >= 0
            assert width > 80
            assert height > 20
            assert left + width <= 1024
            assert top + height <= 768
            # A plate has strong edges; a wrong box on bodywork has none.
            assert picture[top : top + height, left : left + width].std() > 25


def test_the_readme_names_every_plate() -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert all(row["plate"] in text for row in truth())
