# SPDX-License-Identifier: Apache-2.0
"""``alprvideocli``: OpenALPR's Forensic Plate Finder on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from alprcore.cli import guarded
from alprcore.cli.numbers import whole
from alprcore.errors import AlprError
from alprcore.openalpr.alprvideo import find_plates
from alprcore.openalpr.findertables import Finding
from alprcore.openalpr.library import VERSION, Wishes, load_config, load_library, tell
from alprcore.picture.quiet import quiet_stderr
from alprcore.settings import MOST_CANDIDATES
from alprcore.video.group import Group


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = _Parser(
        prog="alprvideocli",
        description="Find the number plates of a video: two CSV files and an SQLite file.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("video", nargs="+", metavar="VIDEO", help="file of any container that FFmpeg reads")
    add("--output_dir", type=Path, required=True, metavar="DIR", help="folder of the files")
    add("-c", "--country", default="us", metavar="CODES", help="countries, separated by commas")
    add("--config", default="", metavar="FILE", help="an openalpr.conf")
    add(
        "-n",
        "--topn",
        type=whole(1, MOST_CANDIDATES),
        default=10,
        metavar="N",
        help="readings per plate (default: 10)",
    )
    add("--threads", type=whole(1, 64), default=1, metavar="N", help="of the decoder")
    add("-p", "--pattern", default="", metavar="REGION", help="region of `matches_pattern`")
    add("--save_frames", action="store_true", help="write frames with plates, too")
    add("--motion", action="store_true", help="search only what moves: on anyway")
    add("--debug", action="store_true", help="print every vehicle")
    add("--version", action="version", version=f"alprvideocli version: {VERSION}")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 when something is wrong or could not be read.

    Parameters
    ----------
    arguments
        Words after the program's name; those of the process when None.
    """
    return guarded("alprvideocli", lambda: _run(parser().parse_args(arguments)))


def _run(chosen: argparse.Namespace) -> int:
    config = load_config(chosen.config)
    tell(config.warning)
    library = load_library(Wishes(chosen.country, chosen.topn, chosen.pattern), config)
    tell(library.region_problem())
    finding = Finding(
        library, chosen.output_dir, chosen.country, chosen.threads, chosen.save_frames
    )
    code = 0
    for video in chosen.video:
        count = [0]

        def say(group: Group, count: list[int] = count) -> None:
            count[0] += 1
            if chosen.debug:
                text = group.text.replace("\n", "-")
                print(f"{group.first.seconds:.2f} s: {text} {100 * group.confidence:.2f}")

        try:
            with quiet_stderr():
                written = find_plates(video, finding, on_group=say)
        except AlprError as error:
            print(f"alprvideocli: {error}", file=sys.stderr)
            code = 1
        else:
            print(f"{video}: {count[0]} plates, {written}")
    return code
