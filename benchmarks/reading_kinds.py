# SPDX-License-Identifier: Apache-2.0
"""How reading holds out, by kind of plate.

``python benchmarks/reading_kinds.py --data DIR [--bank FILE]`` reads the labelled crops that no
bank is trained on, as they are and made into other kinds, and prints for each kind what is read
right (*strict*, and *folded* with O for 0 and I for 1), and the mean probability that was stated of
the folded reading: where less is right, less must be stated. The US labels write every O as 0, so
there strict takes either.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alprcore.countries.fit import CountrySet
from alprcore.reading.bank import Bank, parse_bank
from alprcore.resources import bank_bytes
from alprcore.training.bank.data import Crop
from alprcore.training.bank.held_back import country_sets, is_right, read_crop, read_held_back
from alprcore.training.bank.reading_kinds import Kind, kinds

# Small letters stacked beside the number, by eye; the labels leave them out.
STACKED = frozenset({"2678", "2422", "19012", "7524", "3555", "4779"})


@dataclass(frozen=True, slots=True)
class Row:
    """What was read of one kind."""

    name: str
    crops: int
    strict: float
    folded: float
    stated: float


def measured(
    name: str, crops: Sequence[Crop], bank: Bank, countries: dict[str, CountrySet], kind: Kind
) -> Row | None:
    """Return the row of a kind, None when no crop can be made one."""
    found = []
    for crop, height in zip(crops, text_heights(crops, bank, countries), strict=True):
        image = kind.make(crop.image, height)
        if image is None:
            continue
        reading = read_crop(np.ascontiguousarray(image), bank, countries[crop.source])
        right = [is_right(reading.text, crop.text, fold=fold) for fold in (False, True)]
        found.append((*right, reading.stated()))
    if not found:
        return None
    strict, folded, stated = np.mean(found, axis=0)
    return Row(name, len(found), float(strict), float(folded), float(stated))


_HEIGHTS: dict[int, float] = {}


def text_heights(
    crops: Sequence[Crop], bank: Bank, countries: dict[str, CountrySet]
) -> list[float]:
    """Return the height of each crop's text, as it is read best."""
    for crop in crops:
        if id(crop) not in _HEIGHTS:
            reading = read_crop(crop.image, bank, countries[crop.source])
            _HEIGHTS[id(crop)] = reading.text_height or 0.5 * crop.image.shape[0]
    return [_HEIGHTS[id(crop)] for crop in crops]


def rows(crops: Sequence[Crop], bank: Bank) -> list[Row]:
    """Return the rows of all sets as they are, and of all crops together made into each kind."""
    countries = country_sets()
    plain, *others = kinds()
    table = []
    for source in dict.fromkeys(crop.source for crop in crops):
        part = [crop for crop in crops if crop.source == source]
        table.append(measured(f"{source}, as it is", part, bank, countries, plain))
    stacked = [c for c in crops if c.source == "us" and c.text.replace("o", "0") in STACKED]
    table.append(measured("us, small stacked letters", stacked, bank, countries, plain))
    table.append(measured("all of these, as they are", crops, bank, countries, plain))
    table += [measured(kind.name, crops, bank, countries, kind) for kind in others]
    return [row for row in table if row is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds reading/")
    parser.add_argument("--bank", type=Path, help="a bank; the shipped one when not given")
    options = parser.parse_args()
    content = options.bank.read_bytes() if options.bank else bank_bytes("latin.npz")
    crops = [crop for crop in read_held_back(options.data) if crop.source != "spain_masked"]
    print("| kind | crops | strict % | folded % | stated % |\n| --- | --: | --: | --: | --: |")
    for row in rows(crops, parse_bank(content)):
        shares = " | ".join(f"{100 * v:.1f}" for v in (row.strict, row.folded, row.stated))
        print(f"| {row.name} | {row.crops} | {shares} |")


if __name__ == "__main__":
    main()
