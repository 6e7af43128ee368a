# SPDX-License-Identifier: Apache-2.0
"""How crops of a script are read, all characters: ``python benchmarks/script_crops.py SET CODES``.

SET is a folder of labelled crops, such as ``DATA/reading/cn``, CODES the countries that are given,
such as ``cn``. Only the fifth of the plates is read that no bank learned from. The
steps are those of the engine from an upright crop on; the plate's shape is taken to be the
country's, since crops are cut loosely. Crops that were read wrongly were looked at; where the
label is what is wrong, ``labels/corrected_crops.csv`` has what the picture shows, and readings are
counted against that a second time.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from alprcore.countries.fit import CountrySet, load_countries
from alprcore.ranking.rank import rank_candidates
from alprcore.reading.attempts import Reader, load_reader, read_upright
from alprcore.reading.order import as_spoken
from alprcore.records import Candidate, GrayImage
from alprcore.settings import Settings
from alprcore.training.bank.data import STEEPEST, read_grey
from alprcore.training.bank.held_back import plate_shape
from alprcore.training.bank.script_crops import held_back_rows

SURE = 0.9
CORRECTED = Path(__file__).parent / "labels" / "corrected_crops.csv"


def shown_in(name: str) -> dict[str, str]:
    """Return what pictures of a set show whose label says something else, by image."""
    with CORRECTED.open(newline="", encoding="utf-8") as file:
        return {row["image"]: row["shown"] for row in csv.DictReader(file) if row["set"] == name}


def best(image: GrayImage, reader: Reader, countries: CountrySet) -> Candidate:
    """Return the first candidate of a crop; an empty one where nothing is read."""
    reading = read_upright(image, reader.bank, countries, reader.settings, steepest=STEEPEST)
    texts = [(as_spoken(text), value) for text, value in reading.texts]
    fits = countries.fits([text for text, _ in texts], plate_shape(image, countries))
    ranking = rank_candidates(
        texts, fits, topn=1, default_region="", must_match_pattern=False, only_regions={}
    )
    return ranking.candidates[0] if ranking.candidates else Candidate("", 0.0)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("codes", help="one script's, comma-separated")
    parser.add_argument("--every", type=int, default=1, help="read one of so many")
    parser.add_argument("--show", type=int, default=20, help="wrong readings listed")
    options = parser.parse_args()
    countries = load_countries(tuple(options.codes.split(",")))
    reader = load_reader(Settings(), countries, {})
    rows = held_back_rows(options.folder)
    corrected = shown_in(options.folder.name)
    right = sure = sure_wrong = total = right_by_eye = sure_wrong_by_eye = 0
    wrong = []
    for row in rows[:: options.every]:
        image = read_grey(options.folder / row["image"])
        if image is None:
            continue
        total += 1
        found = best(image, reader, countries)
        text = found.text.replace("\n", "")
        right += text == row["plate"]
        sure += found.confidence >= SURE
        by_eye = text == corrected.get(row["image"], row["plate"])
        right_by_eye += by_eye
        sure_wrong_by_eye += found.confidence >= SURE and not by_eye
        if text != row["plate"]:
            sure_wrong += found.confidence >= SURE
            wrong.append(f"  {row['image']}: {row['plate']} {text} {100 * found.confidence:.0f} %")
    print(
        f"{options.folder.name}, {options.codes}: {right} of {total} right"
        f" ({100 * right / max(1, total):.1f} %);"
        f" {sure} at 90 % or more, {sure_wrong} of them wrong"
    )
    print(
        f"  by eye, where labels are wrong: {right_by_eye} right"
        f" ({100 * right_by_eye / max(1, total):.1f} %), {sure_wrong_by_eye} wrong at 90 %"
    )
    print("\n".join(wrong[: options.show]))


if __name__ == "__main__":
    main()
