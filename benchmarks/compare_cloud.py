# SPDX-License-Identifier: Apache-2.0
"""alprcore beside another recognizer with the same HTTP interface, on labelled pictures.

``python benchmarks/compare_cloud.py FOLDER --url URL --api v2 --country us --save DIR`` sends the
pictures of FOLDER/truth.csv to URL/v2/recognize, keeps each reply as it came in DIR, and prints
both side by side; run it again and it goes on where it stopped. ``--offline`` scores what is in DIR
once more and sends nothing; replies that were saved by other means as NAME.json or STEM.json will
do, in the form of any version.

The key comes from the environment variable ALPR_SECRET_KEY or from --key-file. Only pictures with a
reply count, for both sides. Latency is the time from connecting, with a new connection for each
picture, to the last byte of the reply; alprcore's is that of `Engine.recognize` on the bytes of the
file. Colour and make have no labels here: what is counted is how often both sides name the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cloud_replies import TASKS, Reply, Server, StopAsking, Store, collect

from alprcore import Engine
from alprcore.evaluation.scoring import Label, Score, clean, parse_truth, percent, score

Labels = Mapping[str, Sequence[Label]]
ANY_KEY = "none"  # the interface asks for a key even where the server takes any
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
KINDS = (("color", "color"), ("make", "make"), ("make_model", "makemodel"))  # v2 and v1 names


@dataclass
class Side:
    """Replies of one side in one form, with latencies and credits; None where not known."""

    replies: dict[str, Reply] = field(default_factory=dict)
    latency_ms: list[float] = field(default_factory=list)
    credits: int | None = None


def one_form(
    reply: Mapping[str, Any], elapsed_ms: float | None, *, main_first: bool = False
) -> Reply:
    """Return a reply of any version as `alpr_results` with a `look`: best name of each kind.

    The look is that of the first plate with a vehicle, else of the main or the first vehicle; with
    `main_first` the main vehicle's goes first, as replies of version 1 know no other.
    """
    inner = reply["plate"] if isinstance(reply.get("plate"), Mapping) else reply
    results = [result for result in inner.get("results") or () if result.get("coordinates")]
    looks = [result["vehicle"] for result in results if result.get("vehicle")]
    main = [reply["main_vehicle"]] if reply.get("main_vehicle") else []
    looks = main + looks if main_first else looks + main
    looks += [vehicle.get("details") or {} for vehicle in reply.get("vehicles") or ()]
    looks.append({kind: reply.get(old) for kind, old in KINDS})
    look = {}
    for kind, _ in KINDS:
        labels = looks[0].get(kind) or ()
        best = max(labels, key=lambda label: float(label.get("confidence") or 0), default={})
        look[kind] = str(best.get("name") or best.get("value") or "")
    return {"results": results, "processing_time_ms": elapsed_ms or 0, "look": look}


def theirs(store: Store, labels: Labels) -> Side:
    """Return the saved replies."""
    side = Side()
    for image in labels:
        if (found := store.read(image)) is None:
            continue
        reply, elapsed = found
        side.replies[image] = one_form(reply, elapsed)
        if elapsed is not None:
            side.latency_ms.append(elapsed)
        if (cost := reply.get("credit_cost")) is not None:
            side.credits = (side.credits or 0) + int(cost)
    return side


def ours(
    folder: Path, images: Sequence[str], *, country: str, topn: int, vehicles: bool, api: str
) -> Side:  # fmt: skip
    """Return what this package makes of the pictures, one at a time, as that version shows it."""
    engine = Engine(country, topn=topn)
    tasks = {"tasks": TASKS} if vehicles else {}
    side = Side()
    for warm in (True, False):  # the first call of all is slower than the rest
        for image in images[:1] if warm else images:
            content = (folder / image).read_bytes()
            begin = time.perf_counter()
            found = engine.recognize(content, **tasks)
            elapsed = (time.perf_counter() - begin) * 1e3
            if not warm:
                side.replies[image] = one_form(found.to_dict(), elapsed, main_first=api == "v1")
                side.latency_ms.append(elapsed)
    return side


def same_name(kind: str, first: str, second: str) -> bool:
    """Whether two labels mean the same: ``silver-gray`` and ``gray`` do, ``Land_Rover`` too."""
    if kind == "color":
        return bool(set(first.lower().split("-")) & set(second.lower().split("-")))
    return clean(first) == clean(second)


def agreement(first: Side, second: Side, kind: str) -> tuple[int, int]:
    """Return in how many pictures both name the same, and in how many both name one."""
    pairs = [
        (first.replies[image]["look"][kind], reply["look"][kind])
        for image, reply in second.replies.items()
        if image in first.replies
    ]
    named = [(one, two) for one, two in pairs if one and two]
    return sum(same_name(kind, one, two) for one, two in named), len(named)


def misread(labels: Labels, side: Side) -> dict[tuple[str, str], str]:
    """Return by picture and label what was read instead."""
    missed = score(labels, side.replies).misses
    return {(miss.image, miss.want): miss.got or "(not found)" for miss in missed}


def report(labels: Labels, own: Side, other: Side, *, topn: int, differences: bool) -> str:
    """Return both sides beside each other, for people."""
    shared = {image: labels[image] for image in labels if image in other.replies}
    own_score, other_score = score(shared, own.replies), score(shared, other.replies)
    n = own_score.plates
    lines = [f"{n} plates in {len(shared)} of {len(labels)} pictures", row("", "alprcore", "other")]
    top = "top-10" if topn >= 10 else f"top-{topn}"
    for name, what in (("found", "found"), ("strict", "strict"), ("folded", "folded"),
                       (top, "top10")):  # fmt: skip
        cells = (counted(getattr(one, what), n) for one in (own_score, other_score))
        lines.append(row(name, *cells))
    lines.append(row("character error", *(error(one) for one in (own_score, other_score))))
    lines.append(row("extra results", str(own_score.extra), str(other_score.extra)))
    if own_score.regions:
        cells = (counted(one.regions_right, one.regions) for one in (own_score, other_score))
        lines.append(row("region", *cells))
    for name, rank in (("latency, median", 0.5), ("latency, 95 %", 0.95)):
        lines.append(row(name, *(quantile(side.latency_ms, rank) for side in (own, other))))
    spent = "not stated" if other.credits is None else str(other.credits)
    lines.append(row("credits", "0", spent))
    for kind, _ in KINDS:
        same, both = agreement(own, other, kind)
        if both:
            lines.append(f"{kind.replace('_', ' and ')}: the same in {counted(same, both)}")
    own_wrong, other_wrong = misread(shared, own), misread(shared, other)
    only_other, only_own = own_wrong.keys() - other_wrong.keys(), other_wrong.keys() - own_wrong
    lines.append(
        f"read right by alprcore alone {len(only_own)}, by the other alone {len(only_other)},"
        f" by neither {len(own_wrong.keys() & other_wrong.keys())}"
    )
    if differences:
        right = "(right)"
        lines += [
            f"  {key[0]}: {key[1]}, alprcore {own_wrong.get(key, right)}, "
            f"other {other_wrong.get(key, right)}"
            for key in sorted(own_wrong.keys() | other_wrong.keys())
        ]
    return "\n".join(lines)


def row(name: str, first: str, second: str) -> str:
    return f"{name:16} {first:>18} {second:>18}".rstrip()


def counted(part: int, whole: int) -> str:
    return f"{part} of {whole}, {percent(part, whole)} %"


def error(one: Score) -> str:
    return f"{100 * one.character_error:.2f} %"


def quantile(times: Sequence[float], rank: float) -> str:
    if len(times) < 2:
        return f"{times[0]:.0f} ms" if times else "not measured"
    return f"{statistics.quantiles(times, n=100, method='inclusive')[round(rank * 100) - 1]:.0f} ms"


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="pictures and a truth.csv")
    parser.add_argument("--save", type=Path, required=True, metavar="DIR", help="replies go here")
    parser.add_argument("--url", help="base address, without the version")
    parser.add_argument("--api", choices=["v1", "v2", "v3"], default="v2")
    parser.add_argument("--country", default="us")
    parser.add_argument("--topn", type=int, default=10)
    parser.add_argument(
        "--vehicles", action="store_true", help="also colour and make: more credits"
    )
    parser.add_argument("--offline", action="store_true", help="score saved replies, send nothing")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N pictures only")
    parser.add_argument("--key-file", type=Path, help="holds the key; else ALPR_SECRET_KEY does")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one reply")
    parser.add_argument("--max-wait", type=float, default=600, help="seconds for a busy server")
    parser.add_argument("--ask-again", action="store_true", help="also what was asked in vain")
    parser.add_argument("--differences", action="store_true", help="list what either misread")
    return parser


def key_of(chosen: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """Return the key; refuse to send one in clear text to another machine."""
    key = os.environ.get("ALPR_SECRET_KEY", "")
    if chosen.key_file:
        key = chosen.key_file.read_text("utf-8").strip()
    parts = urlsplit(chosen.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        parser.error("--url: expected http://… or https://…")
    if key and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        parser.error("--url: a key goes over https only, except to this machine")
    return key or ANY_KEY


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 when asking had to stop early, else 0."""
    parser = options()
    chosen = parser.parse_args(arguments)
    with (chosen.folder / "truth.csv").open(encoding="utf-8", newline="") as lines:
        labels = dict(list(parse_truth(lines).items())[: chosen.limit])
    store, code = Store(chosen.save), 0
    if not chosen.offline:
        if not chosen.url:
            parser.error("--url is needed, or --offline")
        server = Server(chosen.url, chosen.api, chosen.country, chosen.topn, chosen.vehicles,
                        key_of(chosen, parser), chosen.timeout)  # fmt: skip
        try:
            store.claim(server)
            done = collect(chosen.folder, labels, server, store, max_wait=chosen.max_wait,
                           again=chosen.ask_again)  # fmt: skip
            print(f"sent {done.sent}, refused {len(done.refused)}, "
                  f"asked in vain {len(done.unanswered)}")  # fmt: skip
        except StopAsking as stop:
            print(f"stopped: {stop}", file=sys.stderr)
            code = 1
    other = theirs(store, labels)
    if not other.replies:
        print("no replies to score", file=sys.stderr)
        return 1
    own = ours(chosen.folder, list(other.replies), country=chosen.country, topn=chosen.topn,
               vehicles=chosen.vehicles, api=chosen.api)  # fmt: skip
    print(report(labels, own, other, topn=chosen.topn, differences=chosen.differences))
    return code


if __name__ == "__main__":
    sys.exit(main())
