# SPDX-License-Identifier: Apache-2.0
"""What a threshold on the first candidate's confidence keeps, through OpenALPR's interface.

``python benchmarks/threshold.py DIR/photos_dev`` reads the sets us, eu and br with
`alprcore.openalpr.Alpr`, each with its own country, and counts the plates that read as one of the
picture's labels, letter for letter, and all others, those of unlabelled plates among them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from alprcore.evaluation.scoring import clean, parse_truth
from alprcore.openalpr import Alpr


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path, help="folder that holds the sets")
    parser.add_argument("--threshold", type=float, default=75.0, help="percent")
    args = parser.parse_args()
    found, kept = Counter[str](), Counter[str]()
    for country in ("us", "eu", "br"):
        with (args.photos / country / "truth.csv").open(encoding="utf-8", newline="") as file:
            labels = parse_truth(file)
        with Alpr(country, "", "") as alpr:
            for image, plates in sorted(labels.items()):
                texts = {plate.text for plate in plates}
                for plate in alpr.recognize_file(str(args.photos / country / image))["results"]:
                    kind = "right" if clean(plate["plate"]) in texts else "other"
                    found[kind] += 1
                    kept[kind] += plate["candidates"][0]["confidence"] >= args.threshold
    for kind in ("right", "other"):
        print(f"{kind}: {kept[kind]} of {found[kind]} kept at {args.threshold:g} %")


if __name__ == "__main__":
    main()
