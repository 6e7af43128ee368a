# SPDX-License-Identifier: Apache-2.0
"""What kind of input each word of ``alpr`` is, by its look and by what lies there."""

from __future__ import annotations

import re
from enum import Enum, auto

from alprcore.cli.inputs import PICTURE_ENDINGS, is_folder, is_video, picture_names, video_names

_CAMERA = "/dev/video"


class Kind(Enum):
    """Kinds of input."""

    BYTES = auto()
    NAMES = auto()
    CAMERA = auto()
    STREAM = auto()
    VIDEO = auto()
    PICTURE = auto()
    FOLDER = auto()
    UNKNOWN = auto()


def kind_of(word: str) -> Kind:
    """Return the kind of an input."""
    if word == "-":
        return Kind.BYTES
    if word == "stdin":
        return Kind.NAMES
    if word == "webcam" or word.startswith(_CAMERA):
        return Kind.CAMERA
    if word.startswith(("http://", "https://")):
        return Kind.STREAM
    if is_video(word):
        return Kind.VIDEO
    if word.lower().endswith(PICTURE_ENDINGS):
        return Kind.PICTURE
    return Kind.FOLDER if is_folder(word) else Kind.UNKNOWN


def camera_number(word: str) -> int:
    """Return the number of a camera: 2 of ``/dev/video2``, 0 of ``webcam``."""
    found = re.match(r"\d{1,9}", word.removeprefix(_CAMERA), re.ASCII)
    return int(found[0]) if found else 0


def pictures_in(folder: str) -> list[str]:
    """Return the paths of the pictures directly in a folder, sorted without regard to case."""
    names = sorted(picture_names(folder), key=_folded)
    return [f"{folder.rstrip('/')}/{name}" for name in names]


def videos_in(folder: str) -> list[str]:
    """Return the paths of the videos directly in a folder, which are not read there, sorted."""
    return [f"{folder.rstrip('/')}/{name}" for name in sorted(video_names(folder), key=_folded)]


def _folded(name: str) -> tuple[str, str]:
    return name.casefold(), name
