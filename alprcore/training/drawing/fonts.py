# SPDX-License-Identifier: Apache-2.0
"""Fetch the fonts that rendered plates are drawn with.

``python -m alprcore.training.drawing.fonts --out training_data/fonts`` downloads each package by
name with ``apt-get download`` and ``npm pack``, keeps the faces that are used and the licence text
of each, and writes ``LICENCES.csv``. The fonts are used while training only; none is shipped.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

debian_packages = {
    "fonts-roadgeek": "MIT",
    "fonts-opendin": "OFL-1.1",
    "fonts-routed-gothic": "OFL-1.1",
}

# Plate-like faces: condensed, DIN-like, monoline and monospaced ones, chosen for their varied
# O/0 and I/1. Value: weights to keep.
plate_families: dict[str, tuple[int, ...]] = {
    "abel": (400,),
    "aldrich": (400,),
    "anton": (400,),
    "antonio": (400, 600),
    "archivo-narrow": (500, 700),
    "asap-condensed": (500, 700),
    "b612": (400, 700),
    "b612-mono": (400, 700),
    "barlow": (500, 700),
    "barlow-condensed": (400, 500, 600),
    "barlow-semi-condensed": (500, 600),
    "bebas-neue": (400,),
    "big-shoulders-text": (500, 700),
    "blinker": (400, 600),
    "chakra-petch": (500, 600),
    "cousine": (400, 700),
    "dm-mono": (500,),
    "dosis": (500, 600, 700),
    "encode-sans-condensed": (500, 600),
    "exo-2": (500, 600),
    "fira-mono": (500,),
    "fira-sans-condensed": (500, 600),
    "fira-sans-extra-condensed": (500, 600),
    "fjalla-one": (400,),
    "ibm-plex-mono": (500, 600),
    "ibm-plex-sans-condensed": (500, 600),
    "jetbrains-mono": (500,),
    "khand": (500, 600),
    "league-gothic": (400,),
    "monda": (400, 700),
    "nunito": (600, 800),
    "oswald": (300, 400, 500),
    "overpass": (600, 700),
    "overpass-mono": (600,),
    "pt-mono": (400,),
    "pt-sans-narrow": (700,),
    "quantico": (400, 700),
    "quicksand": (600, 700),
    "rajdhani": (500, 600, 700),
    "roboto-condensed": (400, 500, 700),
    "roboto-mono": (500, 600),
    "rubik": (400, 500),
    "saira": (500,),
    "saira-condensed": (500, 600),
    "saira-extra-condensed": (500, 600),
    "saira-semi-condensed": (500,),
    "saira-stencil-one": (400,),
    "share-tech": (400,),
    "share-tech-mono": (400,),
    "signika": (500, 600),
    "space-mono": (400,),
    "spline-sans-mono": (500,),
    "staatliches": (400,),
    "teko": (400, 500),
    "titillium-web": (600,),
    "tomorrow": (500,),
    "ubuntu-condensed": (400,),
    "ubuntu-mono": (700,),
    "varela-round": (400,),
    "victor-mono": (600,),
    "yanone-kaffeesatz": (500, 700),
}

# Faces for state names, slogans, dealer frames and stickers.
word_families: dict[str, tuple[int, ...]] = {
    "arvo": (700,),
    "courgette": (400,),
    "kaushan-script": (400,),
    "lobster": (400,),
    "montserrat": (700,),
    "pacifico": (400,),
    "playfair-display": (700,),
    "rokkitt": (600,),
    "satisfy": (400,),
}

# Faces for the Hangul of Korean plates; those of the second table are kept for measuring and never
# learned from.
hangul_families: dict[str, tuple[int, ...]] = {
    "black-han-sans": (400,),
    "gothic-a1": (400, 600, 800),
    "ibm-plex-sans-kr": (400, 600),
    "jua": (400,),
    "noto-sans-kr": (400, 600, 800),
}
hangul_held_back: dict[str, tuple[int, ...]] = {
    "do-hyeon": (400,),
    "nanum-gothic": (700, 800),
    "sunflower": (500, 700),
}


def run_in(folder: Path, command: list[str]) -> None:
    """Run `command` in `folder`; raises CalledProcessError with its output when it fails."""
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def fetch_debian(package: str, out: Path) -> list[str]:
    """Unpack the fonts of a Debian package below `out`; return the file names."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        run_in(scratch, ["apt-get", "download", package])
        archive = next(scratch.glob("*.deb"))
        run_in(scratch, ["dpkg-deb", "-x", archive.name, "tree"])
        folder = out / package
        folder.mkdir(parents=True, exist_ok=True)
        kept = []
        for path in sorted((scratch / "tree").rglob("*")):
            if path.suffix.lower() in {".ttf", ".otf"} or path.name == "copyright":
                shutil.copy(path, folder / path.name)
                kept.append(path.name)
        return kept


def fetch_npm(
    family: str, weights: tuple[int, ...], out: Path, script: str = "latin"
) -> tuple[str, list[str]]:
    """Unpack faces of ``@fontsource/<family>``; return its licence and the file names."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        run_in(scratch, ["npm", "pack", "--silent", f"@fontsource/{family}"])
        folder = out / family
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {f"{family}-{script}-{weight}-normal.woff" for weight in weights} | {"LICENSE"}
        licence, kept = "", []
        with tarfile.open(next(scratch.glob("*.tgz"))) as archive:
            for member in archive.getmembers():
                base = Path(member.name).name
                content = archive.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                if member.name == "package/metadata.json":
                    stated = json.load(content)["license"]
                    licence = str(stated["type"] if isinstance(stated, dict) else stated)
                elif base in wanted:
                    (folder / base).write_bytes(content.read())
                    kept.append(base)
        return licence, kept


def fetch_fonts(out: Path) -> list[tuple[str, str, str]]:
    """Fetch every package below `out`; return rows of package, licence and file name."""
    rows = []
    for package, licence in debian_packages.items():
        rows += [(package, licence, name) for name in fetch_debian(package, out / "plate")]
    for use, families, script in (
        ("plate", plate_families, "latin"),
        ("word", word_families, "latin"),
        ("hangul", hangul_families, "korean"),
        ("hangul_held_back", hangul_held_back, "korean"),
    ):
        for family, weights in families.items():
            found, kept = fetch_npm(family, weights, out / use, script)
            rows += [(f"@fontsource/{family}", found, name) for name in kept]
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="fetch the fonts of rendered plates")
    parser.add_argument("--out", type=Path, default=Path("training_data/fonts"))
    options = parser.parse_args(arguments)
    rows = fetch_fonts(options.out)
    with (options.out / "LICENCES.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("package", "licence", "file"))
        writer.writerows(rows)
    sys.stdout.write(f"{len(rows)} files in {options.out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
