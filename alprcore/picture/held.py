# SPDX-License-Identifier: Apache-2.0
"""Pictures as callers hold them: Pillow's, open files, arrays of red, green and blue."""

from __future__ import annotations

import sys
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import ImageError

_ORIENTATION = 0x0112  # the EXIF field


class BinaryFile(Protocol):
    """An open file whose bytes are read from where it stands; `io.BytesIO` is one."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


class PillowImage(Protocol):
    """A `PIL.Image.Image`, as far as it is used; Pillow itself is not needed."""

    @property
    def mode(self) -> str:
        """Names its channels."""

    def convert(self, mode: str, /) -> Any:
        """Return it with other channels."""

    def getexif(self) -> Any:
        """Return its EXIF fields by number."""


def swapped(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array with its first and third channel exchanged; a grey one as it is."""
    if array.ndim != 3 or array.shape[2] not in {3, 4}:
        return array
    return array[:, :, [2, 1, 0, *range(3, array.shape[2])]]


def is_pillow(source: object) -> bool:
    """Whether `source` is an image of Pillow's; Pillow is not imported for it."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(source, module.Image)


def pillow_pixels(image: Any) -> tuple[NDArray[np.uint8], int]:
    """Return the pixels of a Pillow image, blue green red [alpha] or grey, and its orientation.

    Returns
    -------
    (rows, cols[, 3 | 4]) uint8 array
    int
        By EXIF, 1 to 8; 1 is upright.

    Raises
    ------
    ImageError
        If Pillow cannot decode it.
    """
    try:
        if image.mode.startswith("I;16"):
            pixels = (np.asarray(image) >> 8).astype(np.uint8)
        else:
            clear = "A" in image.mode or "transparency" in image.info
            pixels = swapped(np.asarray(image.convert("RGBA" if clear else "RGB")))
        return pixels, int(image.getexif().get(_ORIENTATION, 1))
    except (OSError, ValueError, TypeError, SyntaxError) as error:  # truncated; odd modes
        raise ImageError(f"image: Pillow cannot give its pixels ({error})") from error


def file_content(file: Any, limit: int) -> bytes:
    """Return the bytes of an open file, at most `limit`.

    Raises
    ------
    ImageError
        If it cannot be read or is a file of text.
    """
    try:
        content = file.read(limit)
    except (OSError, ValueError) as error:
        raise ImageError(f"image: cannot read the file ({error})") from error
    if not isinstance(content, bytes | bytearray | memoryview):
        raise ImageError("image: expected a file opened in binary mode, got one of text")
    return bytes(content)
