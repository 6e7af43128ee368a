# SPDX-License-Identifier: Apache-2.0
"""The same photographs through what pip can install, counted by the same rule.

``python benchmarks/peers.py FOLDER [FOLDER …] --country us`` reads the pictures of each
FOLDER/truth.csv with every peer that is installed, turn about on one core: picture by picture, and
each time another peer goes first. A peer that is missing, or wants to fetch a model that is not
there, is named with the reason. Install what is to be compared first, such as ``pip install
rapidocr-onnxruntime fast-alpr``; their licences are theirs.

Rows: *alprcore*; *rapidocr*, which reads all text of a picture, so that each line of text is a
result; *rapidocr, crop*, whose reader alone is given each labelled plate as one line, cut out with
a tenth around it; *fast-alpr*, with its own models for both steps. Found, strict and folded
are as in `alprcore evaluate`; extra results mean nothing for a reader of all text. `p` is McNemar's
exact test of strict against alprcore.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from alprcore import Engine
from alprcore.evaluation.beside import Labels, Side, compared, paired
from alprcore.evaluation.scoring import Label, clean, parse_truth, percent, score, wilson

Result = dict[str, Any]
Read = Callable[[np.ndarray, Sequence[Label]], list[Result]]
MARGIN = 0.1  # of the plate's size, around a crop


@dataclass
class Peer:
    """What reads a picture, given as blue, green, red and with its labels, and what it read."""

    name: str
    read: Read
    replies: dict[str, Result] = field(default_factory=dict)
    times_ms: list[float] = field(default_factory=list)


def result(text: str, corners: Sequence[Sequence[float]], confidence: float) -> Result:
    points = [{"x": int(x), "y": int(y)} for x, y in corners]
    shown = {"plate": text, "confidence": 100 * confidence}
    return {**shown, "coordinates": points, "candidates": [shown]}


def version(package: str) -> str:
    return f"{package} {metadata.version(package)}"


def alprcore_peer(country: str) -> list[Peer]:
    engine = Engine(country)

    def read(image: np.ndarray, _: Sequence[Label]) -> list[Result]:
        return engine.recognize(image).to_dict()["results"]

    return [Peer(version("alprcore") if _installed("alprcore") else "alprcore", read)]


def rapidocr_peers(_: str) -> list[Peer]:
    from rapidocr_onnxruntime import RapidOCR  # noqa: PLC0415 - may be missing

    reader = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def lines(image: np.ndarray) -> list[Result]:
        found, _ = reader(image)
        return [result(clean(text), box, float(sure)) for box, text, sure in found or []]

    def whole(image: np.ndarray, _: Sequence[Label]) -> list[Result]:
        return [each for each in lines(image) if each["plate"]]

    def crops(image: np.ndarray, labels: Sequence[Label]) -> list[Result]:
        found = []
        for label in labels:
            if label.box is None:
                continue
            box, dx, dy = label.box, MARGIN * label.box.width, MARGIN * label.box.height
            top, left = max(0, int(box.top - dy)), max(0, int(box.left - dx))
            part = image[top : int(box.bottom + dy), left : int(box.right + dx)]
            # Its detector enlarges a crop to 736 rows, and then finds little in 16 s.
            read, _ = reader(part, use_det=False, use_cls=False)
            text = clean("".join(each[0] for each in read or []))
            sure = min((float(each[1]) for each in read or []), default=0.0)
            corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom),
                       (box.left, box.bottom)]  # fmt: skip
            found.append(result(text, corners, sure))
        return found

    name = version("rapidocr-onnxruntime")
    return [Peer(name, whole), Peer(f"{name}, crop", crops)]


def fast_alpr_peers(_: str) -> list[Peer]:
    from fast_alpr import ALPR  # noqa: PLC0415 - may be missing

    reader = ALPR()

    def read(image: np.ndarray, _: Sequence[Label]) -> list[Result]:
        found = []
        for each in reader.predict(image):
            box, ocr = each.detection.bounding_box, each.ocr
            corners = [(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)]
            if ocr is not None:
                sure = ocr.confidence if isinstance(ocr.confidence, float) else min(ocr.confidence)
                found.append(result(ocr.text, corners, sure))
        return found

    return [Peer(version("fast-alpr"), read)]


MAKERS = {"alprcore": alprcore_peer, "rapidocr": rapidocr_peers, "fast-alpr": fast_alpr_peers}


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def made(names: Sequence[str], country: str) -> list[Peer]:
    """Return the peers that can be had; say why of the others."""
    peers = []
    for name in names:
        try:
            peers += MAKERS[name](country)
        except Exception as error:  # noqa: BLE001 - whatever keeps a peer away is said
            print(f"{name}: not run: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    return peers


def run(folder: Path, labels: Labels, peers: Sequence[Peer]) -> None:
    """Let each peer read each picture, turn about."""
    for number, (image, plates) in enumerate(labels.items()):
        picture = cv2.imread(str(folder / image))
        if picture is None:
            print(f"{image}: cannot be read", file=sys.stderr)
            continue
        first = number % len(peers)
        for peer in [*peers[first:], *peers[:first]]:
            begin = time.perf_counter()
            results = peer.read(picture, plates)
            elapsed = (time.perf_counter() - begin) * 1e3
            peer.replies[image] = {"results": results, "processing_time_ms": elapsed, "look": {}}
            peer.times_ms.append(elapsed)


def table(name: str, labels: Labels, peers: Sequence[Peer]) -> list[str]:
    """Return a row for each peer."""
    rows = []
    own = Side(replies=peers[0].replies)
    for peer in peers:
        total = score(labels, peer.replies)
        low, high = wilson(total.strict, total.plates)
        pair = paired(compared(labels, own, Side(replies=peer.replies)))
        p = "-" if peer is peers[0] else f"{pair.p_value():.2g}"
        found = percent(total.found, total.plates)
        strict = f"{percent(total.strict, total.plates)} ({100 * low:.1f}-{100 * high:.1f})"
        folded = percent(total.folded, total.plates)
        median = f"{statistics.median(peer.times_ms):.0f}"
        cells = (name, peer.name, str(total.plates), found, strict, folded, str(total.extra), p,
                 median)  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    return rows


HEAD = """| set | peer | n | found % | strict % (95 % interval) | folded % | extra | p | median ms |
| --- | --- | --: | --: | --: | --: | --: | --: | --: |"""


def labels_of(folder: Path, limit: int | None) -> Mapping[str, Sequence[Label]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as lines:
        return dict(list(parse_truth(lines).items())[:limit])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="pictures and a truth.csv")
    parser.add_argument(
        "--country", default="auto", help="given to alprcore; the others have no such option"
    )
    parser.add_argument("--peers", default=",".join(MAKERS), help="which, comma-separated")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N pictures only")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    names = ["alprcore", *(n for n in chosen.peers.split(",") if n in MAKERS and n != "alprcore")]
    print(HEAD)
    for folder in chosen.folders:
        labels, peers = labels_of(folder, chosen.limit), made(names, chosen.country)
        run(folder, labels, peers)
        print("\n".join(table(folder.resolve().name, labels, peers)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
