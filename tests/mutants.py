# SPDX-License-Identifier: Apache-2.0
"""Faults that the tests must notice: ``python tests/mutants.py [NAME ...]``, from the repository.

Each changes one constant, one sign or one wire in a copy of the checkout and runs the tests that
are about it, without the golden replies: these notice most of them, but some only on the processor
that they were made on. It prints which tests noticed, and exits with 1 if a fault survived. A fault
in C++ is compiled: all of them take some minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mutant:
    """A fault: the one place in the files of `where` that `old` matches becomes `new`."""

    about: str
    where: str
    old: str
    new: str
    tests: tuple[str, ...]


READ = "tests/reading/test_read.py"
MUTANTS = {
    "C1": Mutant(
        "a steep line costs nothing",
        "csrc/src/*.cpp",
        r"(steep_cost) = 0\.25F",
        r"\1 = 0.0F",
        ("tests/reading/test_segment.py",),
    ),
    "C2": Mutant(
        "line images are sampled half a pixel off in x",
        "csrc/src/*.cpp",
        r"limited\(x - 0\.5F",
        "limited(x - 0.0F",
        ("tests/reading/test_segment.py",),
    ),
    "C3": Mutant(
        "terms of a sum are dropped that count",
        "csrc/src/*.cpp",
        r"(negligible) = -40\.0",
        r"\1 = -2.0",
        ("tests/reading/test_segment.py",),
    ),
    "C4": Mutant(
        "a character is followed whatever the probability of its stretch",
        "csrc/src/*.cpp",
        r"least \* total / lattice\.posteriors\[stretch\]",
        "least * total",
        ("tests/reading/test_decode.py",),
    ),
    "P1": Mutant(
        "crops are cut half a pixel off",
        "alprcore/picture/rectify.py",
        r"\[\[1, 0, 0\.5\], \[0, 1, 0\.5\]",
        "[[1, 0, 0.0], [0, 1, 0.5]",
        ("tests/picture/test_rectify.py",),
    ),
    "P2": Mutant(
        "rare letters do not count for the country",
        "alprcore/ranking/rank.py",
        r"odd_length \+ RARE_LETTER_WEIGHT \* fit\.rare_letters\n    \)",
        "odd_length\n    )",
        ("tests/ranking/test_rank.py",),
    ),
    "P3": Mutant(
        "a plate is cut off where any area's border cuts it",
        "alprcore/picture/view.py",
        r"if all\(meets_border",
        "if any(meets_border",
        ("tests/picture/test_areas.py",),
    ),
    "P4": Mutant(
        "corners are rounded, not cut",
        "alprcore/wire/results.py",
        r'"x": int\(point\[0\]\), "y": int\(point\[1\]\)',
        '"x": round(point[0]), "y": round(point[1])',
        ("tests/wire/test_results.py",),
    ),
    "P5": Mutant(
        "stretches are one slot that share a third",
        "alprcore/reading/glyphs.py",
        r"both \* 2 > either",
        "both * 3 > either",
        ("tests/reading/test_readings.py",),
    ),
    "P6": Mutant(
        "a line too few says nothing of the country",
        "alprcore/countries/fit.py",
        r"ODD_LINES_WEIGHT = -5\.0",
        "ODD_LINES_WEIGHT = 0.0",
        ("tests/countries/test_country_set.py",),
    ),
    "P7": Mutant(
        "corners are not looked at again",
        "alprcore/finding/corners.py",
        r"(?i)refinements = 2",
        "refinements = 1",
        ("tests/finding/test_detect.py",),
    ),
    "P8": Mutant(
        "doubtful plates are reported as others are",
        "alprcore/ranking/examine.py",
        r"min_score=settings\.min_plate_score",
        "min_score=0.0",
        ("tests/test_engine.py",),
    ),
    "P9": Mutant(
        "no line settles the plate early",
        "alprcore/reading/read.py",
        r"if _settled(\(readings, crop\.shape, two_lines=two_lines\):\n            break)",
        r"if False and _settled\1",
        (READ,),
    ),
    "P10": Mutant(
        "a region of a third is named",
        "alprcore/ranking/region.py",
        r"REGION_SHARE = 0\.5",
        "REGION_SHARE = 0.3",
        ("tests/ranking/test_regions.py",),
    ),
    "S1": Mutant(
        "a key has one request over its rate",
        "alprcore/server/accounts/file.py",
        r"if made >= limit",
        "if made > limit",
        ("tests/server/test_accounts.py",),
    ),
}


def copied(folder: Path) -> None:
    """Copy the checkout, with what is built, so that only what changes is built again."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    built = [str(path.relative_to(ROOT)) for path in ROOT.glob("alprcore/*.so")]
    for name in [*listed.stdout.splitlines(), *built]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    if (ROOT / "build").is_dir():
        shutil.copytree(ROOT / "build", folder / "build", dirs_exist_ok=True)
    if not (folder / "alprcore" / "runtime_data").exists():
        (folder / "alprcore" / "runtime_data").symlink_to("../runtime_data")


def build(folder: Path) -> None:
    """Compile what has changed."""
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=folder, check=True
    )


def noticed(folder: Path, mutant: Mutant) -> list[str]:
    """Return the tests that fail with the fault in."""
    path, text, changed = place(folder, mutant)
    path.write_text(changed, "utf-8")
    compiled = path.suffix in {".cpp", ".pyx"}
    try:
        if compiled:
            build(folder)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *mutant.tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(text, "utf-8")
        if compiled:
            build(folder)
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE)


def place(folder: Path, mutant: Mutant) -> tuple[Path, str, str]:
    """Return the file of the fault, its text, and its text with the fault."""
    found = []
    for path in sorted(folder.glob(mutant.where)):
        text = path.read_text("utf-8")
        changed, count = re.subn(mutant.old, mutant.new, text, flags=re.IGNORECASE)
        found += [(path, text, changed)] * count
    if len(found) != 1:
        raise RuntimeError(f"{mutant.old!r} is in {mutant.where} {len(found)} times, not once")
    return found[0]


def main(names: list[str]) -> int:
    """Try the faults; return 1 if one survived."""
    survived = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        for key in names or MUTANTS:
            tests = noticed(folder, MUTANTS[key])
            survived += not tests
            print(f"{key:4}{MUTANTS[key].about}: {', '.join(tests) or 'SURVIVED'}", flush=True)
    return int(survived > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
