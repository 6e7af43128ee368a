# SPDX-License-Identifier: Apache-2.0
"""Crops of plates in other scripts, with the lines that the boxes of their characters give."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alprcore.training.bank.data import HELD_BACK, Crop, proposed_lines, read_grey
from alprcore.training.bank.model import ARABIC_DIGITS


def is_held_back(plate: str) -> bool:
    """Whether the crops of a plate are for measuring only: every fifth plate, by its text.

    By the text and not by the picture: a plate that is seen twice must not be on both sides.
    """
    return zlib.crc32(plate.encode()) % HELD_BACK == 0


def held_back_rows(folder: Path) -> list[dict[str, str]]:
    """Return the rows of a set's labels that are for measuring only."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if row["plate"] and is_held_back(row["plate"])]


def in_visual_order(plate: str) -> str:
    """Return an Arabic text as it stands on the plate, from left to right.

    Letters are read from the right and stand to the right of the digits: reversed, after these.
    """
    digits = [char for char in plate if char in ARABIC_DIGITS]
    letters = [char for char in plate if char not in ARABIC_DIGITS]
    return "".join([*digits, *reversed(letters)])


def boxed_lines(chars: str, text: str) -> list[tuple[str, NDArray[np.float32]]]:
    """Return the lines of a label's boxes: the text of each, and its (n, 4) boxes, left to right.

    Boxes are left, top, right, bottom. Empty where they are not exactly the text's characters.
    """
    boxes = []
    for item in filter(None, chars.split(";")):
        char, *place = item.split(",")
        x, y, w, h = map(float, place)
        if char not in "-.":
            boxes.append((char, (x, y, x + w, y + h)))
    if sorted(char for char, _ in boxes) != sorted(text):
        return []
    rows: list[list[tuple[str, tuple[float, float, float, float]]]] = []
    for box in sorted(boxes, key=lambda box: box[1][1] + box[1][3]):
        middle = 0.5 * (box[1][1] + box[1][3])
        if rows and middle < max(other[1][3] for other in rows[-1]) - 0.15 * (
            box[1][3] - box[1][1]
        ):
            rows[-1].append(box)
        else:
            rows.append([box])
    found = []
    for row in rows:
        row.sort(key=lambda box: box[1][0])
        found.append(
            ("".join(char for char, _ in row), np.array([place for _, place in row], np.float32))
        )
    return found


def line_of(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (4,) line that boxes stand on: top and bottom at the left edge, slope, slant 0.

    The tallest characters say how tall it is: Arabic letters are lower than the digits.
    """
    middles = 0.5 * (boxes[:, 0] + boxes[:, 2])
    slope = 0.0
    if len(boxes) > 2:
        slope = float(np.polyfit(middles, 0.5 * (boxes[:, 1] + boxes[:, 3]), 1)[0])
        slope = float(np.clip(slope, -0.2, 0.2))
    tops, bottoms = boxes[:, 1] - slope * middles, boxes[:, 3] - slope * middles
    top, bottom = np.percentile(tops, 15), np.percentile(bottoms, 85)
    return np.array([top, bottom, slope, 0.0], np.float32)


def read_script(folder: Path, source: str) -> list[Crop]:
    """Return the crops of a set with their lines; two-line plates come once for each line."""
    crops = []
    with (folder / "truth.csv").open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            image = read_grey(folder / row["image"])
            if image is None or not row["plate"]:
                continue
            plate = in_visual_order(row["plate"]) if source == "eg" else row["plate"]
            held = is_held_back(row["plate"])
            lines = boxed_lines(row.get("chars") or "", plate)
            proposed = proposed_lines(image)
            if not lines and row.get("lines") != "2":
                crops.append(Crop(image, plate, source, proposed, held_back=held))
            exact = [line_of(boxes) for _, boxes in lines]
            for k, (text, boxes) in enumerate(lines):
                crop = Crop(
                    image,
                    text,
                    source,
                    np.concatenate([exact[k][None], proposed]),
                    inks=boxes[:, [0, 2]],
                    held_back=held,
                )
                crop.choose(0)
                others = exact[:k] + exact[k + 1 :]
                crop.wrong = [i for i in crop.wrong if not _shows(crop.lines[i], others)]
                crops.append(crop)
    return crops


def _shows(line: NDArray[np.float32], others: Sequence[NDArray[np.float32]]) -> bool:
    """Whether a proposal shows a good part of another line of text."""
    return any(
        min(line[1], other[1]) - max(line[0], other[0]) > 0.4 * (other[1] - other[0])
        for other in others
    )


def foreign_crops(folder: Path, source: str, count: int) -> list[Crop]:
    """Return some plates of another script, as lines that hold no text."""
    crops = []
    for path in sorted(folder.glob("*.jpg"))[:: max(1, len(list(folder.glob("*.jpg"))) // count)]:
        image = read_grey(path)
        if image is not None and len(lines := proposed_lines(image)):
            crops.append(Crop(image, "", f"not {source}", lines, chosen=0))
    return crops
