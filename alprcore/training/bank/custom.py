# SPDX-License-Identifier: Apache-2.0
"""Teach a bank a country or a face: ``alprcore train-bank --crops FOLDER --out my.npz``.

It goes on from the shipped bank (or ``--start``), on the labelled crops and the faces that are
given, mixed with rendered plates of the whole world, and prints what is read right before and
after: of the crops and plates held back, and of others, so that a loss elsewhere is seen. Where
nothing is gained the bank stays as it was, and the exit code is 2. The same inputs and seed give
the same bank on the same machine.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from alprcore.cli.train_bank import add_options
from alprcore.errors import AlprError, ImageError, ResourceError, SettingsError
from alprcore.reading.bank import Bank, parse_bank
from alprcore.resources import bank_bytes
from alprcore.training.bank.choice import choose_lines
from alprcore.training.bank.data import (
    HELD_BACK,
    Crop,
    TrainingLine,
    degraded,
    read_labelled,
    training_line,
)
from alprcore.training.bank.export import export_bank
from alprcore.training.bank.importing import model_of_bank
from alprcore.training.bank.model import ALPHABET
from alprcore.training.bank.rendered import crop_of, drawn_crops
from alprcore.training.bank.tuning import (
    TuningPlan,
    farthest_harmless,
    native_bank,
    right_readings,
    tune,
)
from alprcore.training.drawing.faces import (
    Face,
    FontSet,
    load_fonts,
    margin,
    outline_face,
    plain_words,
    stroke_face,
    stroke_face_count,
)
from alprcore.training.drawing.hangul_faces import drawn_hangul
from alprcore.training.drawing.render import render_plate

# Rendered plates that choose how far to go, and others that are reported.
CONTROL_PLATES = 300
REPORTED_PLATES = 200
# Plates in a given face: to learn from, and held back. More than that shows nothing new, as each is
# degraded anew every time it is shown.
FACE_PLATES = 400
FACE_HELD_BACK = 100


# One in so many crops to learn is kept back to decide how far to go.
DECIDING = 8
LOOKALIKES = {"O0": "o", "I1": "i"}
# Two characters are drawn alike when their ink overlaps (intersection over union) by more than this
# once both are brought to the mean of their widths: blur takes away more than what is left.
ALIKE = 0.9
SIMILAR_WIDTHS = 0.93


@dataclass(frozen=True, slots=True)
class TestSet:
    """Crops to measure on, under the name that is printed."""

    name: str
    crops: Sequence[Crop]


def general_faces(fonts: Path | None) -> FontSet:
    """Return the faces of plates of the whole world: those below `fonts`, or the drawn ones."""
    if fonts is not None:
        try:
            return load_fonts(fonts)
        except FileNotFoundError as error:
            raise ResourceError(str(error)) from error
    drawn = tuple(stroke_face(i) for i in range(stroke_face_count))
    return FontSet(outline=drawn, stroke=drawn, real={}, words=plain_words())


def face_of(path: Path) -> Face:
    """Return the face of a font file.

    Raises
    ------
    ResourceError
        If it is not a font for plates: its digits must be about as tall as its capitals.
    """
    try:
        face = outline_face(path)
    except (OSError, ValueError) as error:
        raise ResourceError(f"{path}: cannot be read as a font ({error})") from error
    if face is None:
        raise ResourceError(f"{path}: expected A-Z and 0-9 of about the same height")
    return face


def drawn_alike(face: Face, first: str, second: str) -> bool:
    """Whether a face draws two characters so alike that a plate does not tell them apart."""
    inks = [face.fields[c][:, margin:-margin] > 128 for c in (first, second)]
    widths = sorted(ink.shape[1] for ink in inks)
    if widths[0] < SIMILAR_WIDTHS * widths[1]:
        return False
    size = (sum(widths) // 2, inks[0].shape[0])
    a, b = (
        np.asarray(
            cv2.resize(ink.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), np.bool_
        )
        for ink in inks
    )
    return float((a & b).sum()) > ALIKE * float((a | b).sum())


def drawn_plates(faces: FontSet, count: int, seed: int) -> list[Crop]:
    """Return rendered plates as training crops, lines known; every third one Korean, if it can."""
    return drawn_crops(faces, count, seed, korean_every=3 if faces.hangul else 0)


def photographed_plates(faces: FontSet, count: int, seed: int) -> list[Crop]:
    """Return rendered plates as a camera would have seen them, with all of their text."""
    rng = np.random.default_rng(seed)
    crops = []
    for _ in range(count):
        plate = render_plate(rng, faces)
        crop = crop_of(plate, 0, rng)
        image, _ = degraded(crop.image, float(crop.lines[0][1] - crop.lines[0][0]), rng)
        text = "".join(line.text for line in plate.lines)
        crops.append(Crop(image, text, "rendered", crop.lines))
    return crops


def degraded_lines(crops: Sequence[Crop]) -> list[TrainingLine]:
    """Return the line of each rendered crop as a camera would have seen it, the same every time."""
    rng = np.random.default_rng(len(crops))
    return [training_line(crop, rng, wrong=False)._replace(inks=None) for crop in crops]


def labelled_crops(folder: Path) -> list[Crop]:
    """Return the labelled crops of a folder; every fifth, by a hash of its name, is held back.

    Raises
    ------
    ImageError
        If there is no ``truth.csv`` with the columns image and plate, or nothing usable in it.
    """
    try:
        crops = read_labelled(folder, folder.name)
    except OSError as error:
        raise ImageError(f"{folder}: expected a truth.csv ({error.strerror})") from error
    except KeyError as error:
        raise ImageError(f"{folder}/truth.csv: the column {error} is missing") from error
    crops = [crop for crop in crops if len(crop.lines)]
    if len(crops) < 2 * HELD_BACK:
        raise ImageError(
            f"{folder}: expected at least {2 * HELD_BACK} readable labelled crops, got {len(crops)}"
        )
    if not any(crop.held_back for crop in crops):
        min(crops, key=lambda crop: zlib.crc32(crop.image.tobytes())).held_back = True
    return crops


def gathered(chosen: argparse.Namespace) -> tuple[list[Crop], list[Crop], list[TestSet]]:
    """Return what is to be learned, what decides how much of it is, and sets to measure it on."""
    learn: list[Crop] = []
    decide: list[Crop] = []
    tests = []
    for folder in chosen.crops:
        crops = labelled_crops(folder)
        for crop in crops:
            if not crop.held_back:
                (decide if zlib.crc32(crop.image.tobytes()) % DECIDING == 0 else learn).append(crop)
        tests.append(TestSet(f"{folder.name}, held back", [c for c in crops if c.held_back]))
    for path in chosen.font:
        face = face_of(path)
        faces = FontSet(outline=(face,), stroke=(face,), real={}, words=plain_words())
        alike = [pair for pair in LOOKALIKES if drawn_alike(face, *pair)]
        plates = drawn_plates(faces, FACE_PLATES, chosen.seed)
        for crop in plates:
            # A face that draws O and 0 alike must not teach that one of them is right.
            crop.text = crop.text.translate({ord(c): LOOKALIKES[p] for p in alike for c in p})
        learn += plates[FACE_PLATES // DECIDING :]
        decide += plates[: FACE_PLATES // DECIDING]
        held = photographed_plates(faces, FACE_HELD_BACK, chosen.seed + 1_000_003)
        tests.append(TestSet(f"{path.stem}, other plates", held))
    tests += [TestSet(f"{path.name}, control", labelled_crops(path)) for path in chosen.control]
    return learn, decide, tests


def start_bank(start: Path | None, crops: Sequence[Crop]) -> bytes:
    """Return the bank to go on from: the given one, or the shipped one that has the characters.

    Raises
    ------
    SettingsError
        If the given bank lacks a character of the crops.
    OSError, ResourceError
        If it cannot be read.
    """
    wanted = {char for crop in crops for char in crop.text} - set(LOOKALIKES.values())
    if start is None:
        return bank_bytes("latin.npz" if wanted <= set(ALPHABET) else "hangul.npz")
    content = start.read_bytes()
    if missing := wanted - set(parse_bank(content).alphabet):
        raise SettingsError(f"{start}: this bank has no {', '.join(sorted(missing))}")
    return content


def table(tests: Sequence[TestSet], before: Bank, after: Bank) -> str:
    """Return what is read right before and after, a line for each set."""
    lines = [f"{'read right (O = 0, I = 1)':<32} {'of':>5} {'before':>7} {'after':>7}"]
    for test in tests:
        was, now = (right_readings(bank, test.crops) for bank in (before, after))
        lines.append(f"{test.name:<32} {len(test.crops):>5} {was:>7} {now:>7}")
    return "\n".join(lines)


def run(chosen: argparse.Namespace) -> int:
    """Train as the options say; return 0, or 2 when the bank did not change.

    Raises
    ------
    AlprError
        If an input cannot be used.
    """
    if not chosen.crops and not chosen.font:
        raise SettingsError("train-bank: expected --crops or --font")
    if chosen.steps < 1 or chosen.rendered < 1 or chosen.threads < 1:
        raise SettingsError("train-bank: --steps, --rendered and --threads must be at least 1")
    begin = time.monotonic()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(chosen.seed)
    learn, decide, tests = gathered(chosen)
    content = start_bank(chosen.start, [*learn, *decide])
    before = model_of_bank(content)
    faces = general_faces(chosen.fonts)
    if before.alphabet != ALPHABET:
        faces = replace(faces, hangul=drawn_hangul())
    general = drawn_plates(faces, chosen.rendered, chosen.seed + 2_000_003)
    control = degraded_lines(drawn_plates(faces, CONTROL_PLATES, chosen.seed + 3_000_017))
    others = photographed_plates(faces, REPORTED_PLATES, chosen.seed + 4_000_037)
    tests.append(TestSet("rendered, all the world", others))
    print(f"{len(learn)} crops to learn, {len(general)} rendered plates in between", flush=True)
    after = copy.deepcopy(before)
    tune(after, general, learn, TuningPlan(chosen.steps, chosen.seed))
    # For people to look at only: the new bank keeps those of the one it goes on from.
    portraits = parse_bank(content).portraits
    choose_lines(before, [crop for crop in decide if crop.inks is None])
    known = degraded_lines([crop for crop in decide if crop.chosen >= 0])
    final, share = farthest_harmless(before, after, [control, known] if known else [control])
    print(table(tests, native_bank(before, portraits), native_bank(final, portraits)))
    export_bank(final, chosen.out, portraits)
    print(f"{chosen.out}: {100 * share:.0f} % of the way, {time.monotonic() - begin:.0f} s")
    return 0 if share > 0 else 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_options(parser)
    try:
        return run(parser.parse_args(arguments))
    except (AlprError, OSError) as error:
        print(f"train-bank: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
