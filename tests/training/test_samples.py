# SPDX-License-Identifier: Apache-2.0
"""The shipped sample pictures and their truth agree."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import pytest

folder = Path(__file__).resolve().parents[2] / "runtime_data" / "samples"


folders = (folder, folder / "kr")


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


pictures = [folder / name for folder in folders for name in {r["image"] for r in truth(folder)}]


def test_every_picture_has_its_truth() -> None:
    assert sorted(pictures) == sorted(folder.rglob("*.jpg"))


@pytest.mark.parametrize("path", sorted(pictures), ids=lambda path: path.name)
def test_a_picture_is_small_and_holds_its_plates(path: Path) -> None:
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.shape == (768, 1024, 3)
    assert path.stat().st_size < 200_000
    for row in truth(path.parent):
        if row["image"] == path.name:
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
    assert all(row["plate"] in text for each in folders for row in truth(each))
