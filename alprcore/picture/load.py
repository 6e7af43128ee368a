# SPDX-License-Identifier: Apache-2.0
"""Path, bytes or array to a checked frame; the only module that opens a user's picture.

A frame is (rows, cols, 3) uint8, blue green red, adjacent in memory and read-only. What becomes of
other pictures:

- 16-bit samples are scaled to 8 bits (the high byte stays).
- Transparent pixels are laid over white: dark text on nothing stays dark text on light. A picture
  whose every pixel is transparent is taken as opaque: some cameras and screen grabbers leave the
  fourth byte at zero.
- The EXIF orientation is applied; of an animation or a multi-page file the first picture is taken.
- A declared size above the limits is refused before any pixel is decoded.
- A file that stops early is refused, never read in part. Of a progressive JPEG file that was cut
  and closed again nothing shows that scans are missing: it is a whole picture, but coarser.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.errors import ImageError
from alprcore.picture.header import read_header
from alprcore.picture.held import (
    BinaryFile,
    PillowImage,
    file_content,
    is_pillow,
    pillow_pixels,
    swapped,
)
from alprcore.picture.jpeg import is_single_scan, scan_count, with_filler
from alprcore.records import Frame

ImageSource = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | NDArray[Any]
    | BinaryFile
    | PillowImage
)
"""What a picture may come as."""

MAX_PIXELS = 100_000_000
"""Largest picture that is taken by default: 300 MB as a frame."""

MAX_SIDE = 32_767
"""Longest side taken: OpenCV's warps keep coordinates in 16 bits with a sign."""

MAX_BYTES = 512 * 2**20
"""Largest file taken: 100 megapixels of 8-bit colour, uncompressed, fit in it."""

MAX_SCANS = 100
"""Maximum number of scans of a JPEG file: encoders write about ten, each costs a pass."""

_COLOUR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_DECODER_GREY = 128  # what a JPEG decoder leaves where the file had no more data


def load_frame(source: ImageSource, *, max_pixels: int = MAX_PIXELS, rgb: bool = False) -> Frame:
    """Return the picture `source` as a checked frame.

    Parameters
    ----------
    source
        A path, the bytes of an encoded picture, an open binary file, a `PIL.Image.Image`, or a
        (rows, cols[, 1 | 3 | 4]) uint8 array with any strides, its channels in the order blue,
        green, red, alpha. Not modified; an array must not be written by another thread while the
        frame is in use.
    max_pixels
        Largest declared width times height.
    rgb
        Whether the channels of an array are in the order red, green, blue, alpha.

    Returns
    -------
    (rows, cols, 3) uint8 array
        Read-only; shares memory with `source` when that already has this form.

    Raises
    ------
    ImageError
        If `source` is missing, empty, truncated, corrupted, too large or not a picture.

    Examples
    --------
    >>> load_frame(np.zeros((4, 6), np.uint8)).shape
    (4, 6, 3)
    """
    if isinstance(source, np.ndarray):
        return _checked(_array_frame(swapped(source) if rgb else source, max_pixels))
    if isinstance(source, str | os.PathLike):
        return _checked(_decode(_file_bytes(source), max_pixels))
    if isinstance(source, bytes | bytearray | memoryview):
        _check_bytes(memoryview(source).nbytes)
        return _checked(_decode(bytes(source), max_pixels))
    if is_pillow(source):
        return _checked(_pillow_frame(source, max_pixels))
    if callable(getattr(source, "read", None)):
        content = file_content(source, MAX_BYTES + 1)
        _check_bytes(len(content))
        return _checked(_decode(content, max_pixels))
    raise ImageError(
        "image: expected a path, bytes, an open binary file, a PIL.Image or a uint8 array,"
        f" got {type(source).__name__}"
    )


def _pillow_frame(image: Any, max_pixels: int) -> Frame:
    """Return a Pillow image, upright by its EXIF orientation."""
    width, height = image.size
    _check_size(width, height, max_pixels)
    pixels, orientation = pillow_pixels(image)
    return _upright(_array_frame(pixels, max_pixels), orientation)


def _checked(frame: Frame) -> Frame:
    view = np.ascontiguousarray(frame).view()
    view.flags.writeable = False
    return view


def _check_bytes(size: int) -> None:
    if size == 0:
        raise ImageError("image: empty, 0 bytes")
    if size > MAX_BYTES:
        raise ImageError(f"image: {size} bytes, more than the limit of {MAX_BYTES}")


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise ImageError(
            f"image: {width} x {height} pixels, more than the limit of {max_pixels} pixels"
            f" or {MAX_SIDE} a side"
        )


def _file_bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageError(f"image: {os.fspath(path)!r} is a folder")
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device may never end
            raise ImageError(f"image: {os.fspath(path)!r} is not a regular file")
        _check_bytes(status.st_size)
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"image: no file {os.fspath(path)!r}") from error
    except ImageError:
        raise
    except (OSError, ValueError, TypeError) as error:  # a NUL in the name; a name in bytes
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"image: cannot read {os.fspath(path)!r}: {reason}") from error


def _array_frame(array: NDArray[Any], max_pixels: int) -> Frame:
    if array.dtype != np.uint8:
        raise ImageError(f"image: expected uint8, got {array.dtype}")
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in {1, 3, 4}):
        raise ImageError(
            f"image: expected shape (rows, cols) or (rows, cols, 1 | 3 | 4), got {array.shape}"
        )
    rows, cols = array.shape[:2]
    if rows == 0 or cols == 0:
        raise ImageError(f"image: empty, shape {array.shape}")
    _check_size(cols, rows, max_pixels)
    pixels: NDArray[np.uint8] = np.asarray(array)
    return _three_channels(pixels, premultiplied=False)


def _three_channels(pixels: NDArray[np.uint8], *, premultiplied: bool) -> Frame:
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        grey = pixels.reshape(pixels.shape[:2])
        colour = cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2BGR)
        return np.asarray(colour, dtype=np.uint8)
    if pixels.shape[2] == 4:
        return _over_white(pixels[:, :, :3], pixels[:, :, 3], premultiplied=premultiplied)
    return pixels


def _over_white(
    colour: NDArray[np.uint8], alpha: NDArray[np.uint8], *, premultiplied: bool
) -> Frame:
    """Return `colour` laid over white; as it is when no pixel or every pixel is transparent."""
    if alpha.min() == 255 or alpha.max() == 0:
        return colour
    paper = 255 - alpha[:, :, np.newaxis].astype(np.uint16)
    ink = colour.astype(np.uint16)
    if not premultiplied:
        ink = (ink * (255 - paper) + 127) // 255
    laid: Frame = np.minimum(ink + paper, 255).astype(np.uint8)
    return laid


def _decode(data: bytes, max_pixels: int) -> Frame:
    header = read_header(data)
    _check_size(header.width, header.height, max_pixels)
    if header.format == "JPEG" and scan_count(data) > MAX_SCANS:
        raise ImageError(f"image: the JPEG file has more than {MAX_SCANS} scans")
    pixels = _pixels(data, cv2.IMREAD_UNCHANGED if header.has_alpha else _COLOUR)
    if header.format == "JPEG":
        pixels = _whole_jpeg(data, pixels)
    if pixels is None:
        raise ImageError(f"image: the {header.format} file is truncated, corrupted or unsupported")
    # The decoder gives TIFF pictures of 8 bits already multiplied by their alpha.
    premultiplied = header.format == "TIFF" and pixels.dtype == np.uint8
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise ImageError(f"image: samples of type {pixels.dtype} are not supported")
    rows, cols = pixels.shape[:2]
    if {rows, cols} != {header.height, header.width}:
        raise ImageError(
            f"image: the {header.format} file declares {header.width} x {header.height} pixels"
            f" and holds {cols} x {rows}"
        )
    return _upright(_three_channels(pixels, premultiplied=premultiplied), header.orientation)


def _pixels(data: bytes, flags: int) -> NDArray[Any] | None:
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None


def _whole_jpeg(data: bytes, pixels: NDArray[Any] | None) -> NDArray[Any] | None:
    """Return the pixels of a JPEG file, or raise if its scan stops before the last row.

    The decoder fills what is missing with grey, or gives nothing when the end marker is missing
    too. Whether the scan is whole shows when bytes are put behind it: a whole scan ignores them.
    So a file that only lacks its end marker, as some cameras write, does not count as cut.
    """
    if pixels is not None:
        top, left = ((side - 1) // 8 * 8 for side in pixels.shape[:2])
        # The luma of the last block: its chroma may be mixed with that of a block above.
        luma = pixels[top:, left:] @ np.array([0.114, 0.587, 0.299])
        if np.abs(luma - _DECODER_GREY).max() > 2:
            return pixels
    if not is_single_scan(data):  # progressive: later scans refine the first
        return pixels
    sealed = pixels if pixels is not None else _pixels(with_filler(data, b""), _COLOUR)
    # Where data are missing the decoder reads zero bits; these begin with ones.
    probed = _pixels(with_filler(data, bytes(range(0xFE, 0x7F, -1))), _COLOUR)
    if sealed is None or probed is None or not np.array_equal(sealed, probed):
        raise ImageError("image: the JPEG file is truncated")
    return sealed


def _upright(frame: Frame, orientation: int) -> Frame:
    """Return `frame` with its EXIF orientation undone."""
    if orientation in {5, 6, 7, 8}:
        frame = frame.transpose(1, 0, 2)
    if orientation in {2, 3, 6, 7}:
        frame = frame[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        frame = frame[::-1]
    return frame
