# SPDX-License-Identifier: Apache-2.0
"""``alpr``: OpenALPR's command, flag for flag, on this engine.

Exit codes are OpenALPR's: 0 also when no plate was found or a picture is missing, 1 when the
command is wrong, an input is of no known kind or nothing can be loaded, and for ``--help`` and
``--version``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alprcore.cli import guarded
from alprcore.cli.alpr.arguments import Chosen, StoppedError, parse
from alprcore.cli.alpr.inputs import Kind, camera_number, kind_of, pictures_in, videos_in
from alprcore.cli.alpr.text import plate_lines, total_time
from alprcore.cli.alpr.video import (
    MotionDetector,
    VideoError,
    camera_frames,
    stream_frames,
    video_frames,
)
from alprcore.cli.inputs import STDIN, read_frame
from alprcore.errors import AlprError, ImageError
from alprcore.openalpr.library import (
    Area,
    Library,
    Wishes,
    load_config,
    load_library,
    tell,
    unread,
)
from alprcore.records import Box, Frame
from alprcore.wire.numbers import json_text
from alprcore.wire.results import Recognition

NO_PLACE: Mapping[str, Any] = {}  # of a frame that is not of a video file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments
        Words after the program's name; those of the process when None.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return guarded("alpr", lambda: _run(words))


def _run(words: Sequence[str]) -> int:
    try:
        chosen = parse(words)
    except StoppedError as stopped:
        print(stopped.text, file=sys.stderr if stopped.wrong else sys.stdout)
        return 1
    try:
        config = load_config(chosen.config)
        tell(config.warning)
        wishes = Wishes(chosen.country, chosen.topn, chosen.pattern, chosen.detect_region)
        library = load_library(wishes, config)
    except AlprError as error:
        print(f"alpr: {error}\nError loading OpenALPR", file=sys.stderr)
        return 1
    tell(library.region_problem())
    program = _Program(library, chosen)
    for word in chosen.inputs:
        if not program.read(word):
            return 1
    return 0


@dataclass(frozen=True, slots=True)
class _Program:
    """Reads inputs and prints what is found in them."""

    library: Library
    chosen: Chosen

    def read(self, word: str) -> bool:
        """Read one input; False when the program ends with it."""
        kind = kind_of(word)
        if kind is Kind.BYTES:
            self._read_picture(STDIN)
        elif kind is Kind.NAMES:
            for name in _names_on_stdin():
                self._read_picture(name)
        elif kind is Kind.PICTURE:
            self._read_picture(word, says_none=True)
        elif kind is Kind.FOLDER:
            for path in videos_in(word):
                print(f"alpr: {path}: videos of a folder are not read; name it", file=sys.stderr)
            for path in pictures_in(word):
                print(path, flush=True)
                self._read_picture(path)
        elif kind is Kind.VIDEO:
            self._read_video(word)
        elif kind is Kind.CAMERA:
            return self._read_live(camera_frames(camera_number(word)), "Error opening webcam")
        elif kind is Kind.STREAM:
            return self._read_live(stream_frames(word), f"Error opening stream: {word}")
        else:
            print("Unknown file type", file=sys.stderr)  # alone: programs read the last line
            return False
        return True

    def _read_picture(self, name: str, *, says_none: bool = False) -> None:
        """Read a file or standard input; in JSON mode a line comes of it, read or not."""
        if name != STDIN and not Path(name).is_file():
            print(f"Image file not found: {name}", file=sys.stderr)
            return
        try:
            frame = read_frame(name)
        except ImageError as error:
            invalid = "Image invalid: -\n" if name == STDIN else ""
            reason = str(error).removeprefix("image: ")
            print(f"{invalid}alpr: {name}: {reason}", file=sys.stderr)
            if name != STDIN or self.chosen.json:
                self._show(unread(Box(0, 0, 0, 0)), 0.0, says_none=says_none)
            return
        self._recognize(frame, says_none=says_none)

    def _read_video(self, path: str) -> None:
        if not Path(path).is_file():
            print(f"Video file not found: {path}", file=sys.stderr)
            return
        try:
            self._read_frames(video_frames(path, seek_ms=self.chosen.seek))
        except VideoError:
            print(f"alpr: {path}: cannot be read as a video", file=sys.stderr)

    def _read_live(self, frames: Iterable[Frame], problem: str) -> bool:
        try:
            self._read_frames((frame, {}) for frame in frames)
        except VideoError:
            print(problem, file=sys.stderr)
            return False
        return True

    def _read_frames(self, frames: Iterable[tuple[Frame, dict[str, Any]]]) -> None:
        """Read frames, each with its place in a video; the place of a live one is empty."""
        detector = MotionDetector() if self.chosen.motion else None
        for number, (frame, place) in enumerate(frames):
            if place and not self.chosen.json:
                print(f"Frame: {number}", flush=True)
            if detector is None:
                self._recognize(frame, place=place)
            elif (area := detector.moving_area(frame)) is not None:
                self._recognize(frame, areas=(area,), place=place)
            else:
                self._show(unread(), 0.0, place=place)

    def _recognize(
        self,
        frame: Frame,
        *,
        areas: Sequence[Area] = (),
        says_none: bool = False,
        place: Mapping[str, Any] = NO_PLACE,
    ) -> None:
        begin = time.perf_counter()
        found = self.library.recognize(frame, areas)
        elapsed_ms = (time.perf_counter() - begin) * 1e3
        self._show(found, elapsed_ms, says_none=says_none, place=place)

    def _show(
        self,
        found: Recognition,
        elapsed_ms: float,
        *,
        says_none: bool = False,
        place: Mapping[str, Any] = NO_PLACE,
    ) -> None:
        """Print one picture's results; `says_none` reports to people when there are none."""
        chosen = self.chosen
        lines = [total_time(elapsed_ms)] if chosen.clock else []
        if chosen.json:
            lines.append(json_text({**found.to_dict(), **place}) if place else found.to_json())
        else:
            plates = found.to_dict()["results"]
            lines += plate_lines(plates, pattern=bool(chosen.pattern), clock=chosen.clock)
            if says_none and not plates:
                lines.append("No license plates found.")
        if lines:
            print("\n".join(lines), flush=True)


def _names_on_stdin() -> Iterator[str]:
    for line in sys.stdin.buffer:
        if name := os.fsdecode(line.rstrip(b"\r\n")):
            yield name


if __name__ == "__main__":
    sys.exit(main())
