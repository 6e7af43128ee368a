# SPDX-License-Identifier: Apache-2.0
"""Where the copy of each input goes, so that no two meet and no input is written over."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from alprcore.cli.inputs import PICTURE_ENDINGS, STDIN, Input, is_video, refuse_loss
from alprcore.errors import AlprError


def drawn_ending(name: str) -> str:
    """Return the ending of an annotated copy."""
    return ".mp4" if is_video(name) else ".jpg"


def targets(
    inputs: Sequence[Input],
    out: Path | None,
    option: str,
    *,
    ending: Callable[[str], str] = drawn_ending,
    always_folder: bool = False,
) -> list[Path | None]:
    """Return where the copy of each input goes: None of them without `out`.

    A folder gets the inputs' own folders, as far as they differ: ``a/x.jpg`` and ``b/x.jpg`` go to
    ``OUT/a/x.jpg`` and ``OUT/b/x.jpg``; the pictures of one folder go straight into `out`.

    Parameters
    ----------
    inputs : sequence of Input
    out : path, optional
        A file for one input, else a folder.
    option : str
        What asked for it, for messages.
    ending : callable
        The ending of the copy of a name.
    always_folder : bool
        Whether `out` is a folder for one input, too.

    Raises
    ------
    AlprError
        If a copy would be one of the inputs, or `out` is the name of one picture for several.
    """
    if out is None:
        return [None] * len(inputs)
    in_folder = always_folder or len(inputs) > 1 or not out.suffix or out.is_dir()
    if len(inputs) > 1 and out.suffix.lower() in PICTURE_ENDINGS and not out.is_dir():
        raise AlprError(f"{option}: expected a folder for {len(inputs)} pictures, got '{out}'")
    found = _below(out, inputs, ending) if in_folder else [out]
    refuse_loss([each.name for each in inputs], found, option)
    if in_folder:
        for folder in {out, *(place.parent for place in found)}:
            folder.mkdir(parents=True, exist_ok=True)
    return [*found]


def _below(out: Path, inputs: Sequence[Input], ending: Callable[[str], str]) -> list[Path]:
    roots = [os.path.abspath(each.folder) for each in inputs if each.name != STDIN]  # noqa: PTH100 - links stay
    common = os.path.commonpath(roots) if roots else ""
    taken: set[Path] = set()
    found = []
    for each in inputs:
        if each.name == STDIN:
            place = Path("stdin")
        else:
            place = Path(os.path.relpath(os.path.abspath(each.name), common)).with_suffix("")  # noqa: PTH100
        name = place.name
        place, number = place.with_name(name + ending(each.name)), 1
        while place in taken:  # a.jpg and a.png
            number += 1
            place = place.with_name(f"{name}-{number}{ending(each.name)}")
        taken.add(place)
        found.append(out / place)
    return found
