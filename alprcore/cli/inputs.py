# SPDX-License-Identifier: Apache-2.0
"""The pictures named on the command line, and a decoder that keeps quiet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alprcore.errors import AlprError, ImageError
from alprcore.picture.load import MAX_BYTES, load_frame
from alprcore.picture.quiet import quiet_stderr
from alprcore.records import Frame

STDIN = "-"

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".bmp", ".gif", ".tiff", ".webp")
"""Beyond those of OpenALPR's command: the last two."""

VIDEO_ENDINGS = (
    ".avi",
    ".mp4",
    ".webm",
    ".flv",
    ".mjpg",
    ".mjpeg",
    ".mkv",
    ".ts",
    ".mts",
    ".mov",
    ".m4v",
    ".mpg",
    ".mpeg",
    ".h264",
)
"""Beyond those of OpenALPR's command: from .ts on."""


@dataclass(frozen=True, slots=True)
class Input:
    """A picture to read.

    Attributes
    ----------
    name
        Its path, ``-`` for standard input.
    problem
        Why it cannot be read, where that is known before.
    folder
        The folder that was named on the command line and has it, somewhere below; else that of the
        file.
    """

    name: str
    problem: str = ""
    folder: str = ""

    def frame(self) -> Frame:
        """Return the picture.

        Raises
        ------
        ImageError
            If it cannot be read.
        """
        if self.problem:
            raise ImageError(f"image: {self.problem}")
        return read_frame(self.name)


def expanded(names: Iterable[str]) -> Iterator[Input]:
    """Yield `names` with each folder replaced by the pictures and videos below it, sorted.

    Links to folders are followed only where they are named themselves: below, they may lead round
    in circles. A folder without any picture and one that cannot be listed yield themselves, so that
    they are reported and not ignored.
    """
    for name in names:
        if name == STDIN or not is_folder(name):
            yield Input(name, folder=os.path.dirname(name))  # noqa: PTH120 - "" for ""
            continue
        below = list(_below(name, name))
        if not below:
            yield Input(name, "no picture or video in this folder", name)
        yield from below


def _below(folder: str, named: str) -> Iterator[Input]:
    """Yield the pictures and videos below a folder."""
    try:
        paths = sorted(Path(folder).iterdir())
    except OSError as error:
        yield Input(folder, f"the folder cannot be listed: {error.strerror}", named)
        return
    for path in paths:
        if is_folder(path):
            if not path.is_symlink():
                yield from _below(str(path), named)
        elif path.name.lower().endswith((*PICTURE_ENDINGS, *VIDEO_ENDINGS)):
            yield Input(str(path), folder=named)


def is_folder(name: str | Path) -> bool:
    """Whether `name` is a folder; the empty name is not, nor is anything that cannot be reached."""
    try:
        return bool(name) and Path(name).is_dir()
    except OSError:
        return False


def picture_names(folder: str) -> list[str]:
    """Return the names of the pictures directly in a folder, in no order.

    Raises
    ------
    OSError
        If it cannot be listed.
    """
    named = (path for path in Path(folder).iterdir() if path.name.lower().endswith(PICTURE_ENDINGS))
    return [path.name for path in named if not is_folder(path)]


def video_names(folder: str) -> list[str]:
    """Return the names of the videos directly in a folder, in no order.

    Raises
    ------
    OSError
        If it cannot be listed.
    """
    named = (path for path in Path(folder).iterdir() if is_video(path.name))
    return [path.name for path in named if not is_folder(path)]


def is_video(name: str) -> bool:
    """Whether a name is that of a video, by its ending."""
    return name.lower().endswith(VIDEO_ENDINGS)


def read_frame(name: str) -> Frame:
    """Return the picture `name`; ``-`` is the bytes on standard input.

    Raises
    ------
    ImageError
        If it cannot be read.
    """
    if not name:  # a path without a name would be the current folder
        raise ImageError("image: the name is empty")
    if name != STDIN:
        with quiet_stderr():
            return load_frame(name)
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    with quiet_stderr():
        return load_frame(content)


def refuse_loss(names: Iterable[str], targets: Iterable[Path], option: str) -> None:
    """Refuse to write over an input, by whatever name.

    Raises
    ------
    AlprError
        If a target is the file of one of the inputs; it names the option.
    """
    sources = {_identity(name) for name in names if name != STDIN} - {None}
    for target in targets:
        if _identity(target) in sources:
            raise AlprError(f"{option}: '{target}' is one of the inputs, it would be lost")


def _identity(path: str | Path) -> tuple[int, int] | None:
    """Return what two names of the same file have in common; None where there is no file."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def shown(name: str) -> str:
    """Return what an input is called in messages."""
    return "standard input" if name == STDIN else name or "''"


def utf8(name: str) -> str:
    """Return a name with U+FFFD for bytes that are not UTF-8, as tables and JSON have it."""
    return os.fsencode(name).decode("utf-8", "replace")


def problem(name: str, error: ImageError) -> str:
    """Return one line that says which input could not be read and why."""
    reason = str(error).removeprefix("image: ")
    was_read = not isinstance(error.__cause__, OSError)
    hint = "; `alprcore video` reads videos" if was_read and is_video(name) else ""
    return f"alprcore: {shown(name)}: {reason}{hint}"
