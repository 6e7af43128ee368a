# SPDX-License-Identifier: Apache-2.0
"""The first bytes of an encoded picture: its format, declared size, orientation and alpha.

Read before any decoder sees the file, so that a declared size can be refused without allocating
it, and a file that stops early is detected. Six formats are known: JPEG, PNG, GIF, BMP,
WebP, TIFF; a format whose size cannot be read here is refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Container
from dataclasses import dataclass

from alprcore.errors import ImageError
from alprcore.picture.jpeg import END, SCAN, is_frame, segments

_ORIENTATION = 0x0112
_TIFF_INTEGERS = {1: "B", 3: "H", 4: "I"}  # TIFF field types: byte, short, long
# Width, height, colours, samples, extra samples; where strips and tiles are, and how long.
_TIFF_TAGS = frozenset({256, 257, 262, 277, 338, 273, 279, 324, 325})
_MOST_CHUNKS = 100_000  # of a PNG file; those of 8 KB would be 800 MB
_MOST_VALUES = 1_000_000  # of a field: 100 megapixels in tiles of 16 x 16 are 390,625


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header of an encoded picture declares.

    Attributes
    ----------
    format
        ``"JPEG"``, ``"PNG"``, ``"GIF"``, ``"BMP"``, ``"WebP"`` or ``"TIFF"``.
    width, height
        Stored size in pixels, before the orientation is applied.
    orientation
        EXIF orientation, 1 to 8, that is still to be applied after decoding.
    has_alpha
        Whether pixels may be transparent.
    """

    format: str
    width: int
    height: int
    orientation: int = 1
    has_alpha: bool = False


def read_header(data: bytes) -> ImageHeader:
    r"""Return what the header of the encoded picture `data` declares.

    Parameters
    ----------
    data
        A whole file.

    Returns
    -------
    ImageHeader
        Format, size, orientation and alpha.

    Raises
    ------
    ImageError
        If `data` is none of the six formats, ends inside its header or breaks its format.

    Examples
    --------
    >>> size = b"\x0c\0\0\0\x02\0\x03\0\x01\0\x18\0"
    >>> read_header(b"BM" + bytes(8) + b"\x1a\0\0\0" + size + bytes(24))
    ImageHeader(format='BMP', width=2, height=3, orientation=1, has_alpha=False)
    """
    for signature, name, reader in _READERS:
        if data.startswith(signature):
            try:
                header = reader(data)
            except (struct.error, IndexError) as error:
                raise ImageError(f"image: the {name} file ends inside its header") from error
            if header.width < 1 or header.height < 1:
                size = f"{header.width} x {header.height}"
                raise ImageError(f"image: the {name} header declares a size of {size} pixels")
            return header
    raise ImageError("image: not a picture in a known format (JPEG, PNG, GIF, BMP, WebP or TIFF)")


def _read_jpeg(data: bytes) -> ImageHeader:
    orientation = 1
    for marker, body, end in segments(data):
        if is_frame(marker):
            height, width = struct.unpack_from(">HH", data, body + 1)
            return ImageHeader("JPEG", width, height, orientation)
        if marker in {END, SCAN}:
            break
        if marker == 0xE1 and data[body : body + 6] == b"Exif\0\0":
            orientation = _exif_orientation(data[body + 6 : end])
    raise ImageError("image: the JPEG file has no frame header")


def _read_png(data: bytes) -> ImageHeader:
    if data[12:16] != b"IHDR":
        raise ImageError("image: the PNG file does not begin with its IHDR chunk")
    width, height, _, colour = struct.unpack_from(">IIBB", data, 16)
    orientation, has_alpha = 1, colour in {4, 6}
    position = 8
    for _ in range(_MOST_CHUNKS):
        if position + 12 > len(data):
            raise ImageError("image: the PNG file is truncated")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise ImageError("image: the PNG file is truncated")
        critical = not kind[0] & 0x20
        if critical or kind in {b"tRNS", b"fdAT"}:
            (expected,) = struct.unpack_from(">I", data, end - 4)
            if zlib.crc32(memoryview(data)[position + 4 : end - 4]) != expected:
                raise ImageError(f"image: the PNG file is corrupted in its {kind!r} chunk")
        if kind == b"IEND":
            return ImageHeader("PNG", width, height, orientation, has_alpha)
        if kind == b"tRNS":
            has_alpha = True
        elif kind == b"eXIf":
            orientation = _exif_orientation(data[position + 8 : end - 4])
        position = end
    raise ImageError(f"image: the PNG file has more than {_MOST_CHUNKS} chunks")


def _read_gif(data: bytes) -> ImageHeader:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + _gif_palette(flags)
    try:
        while data[position] != 0x3B:  # the trailer
            if data[position] == 0x21:  # an extension
                position += 2
            elif data[position] == 0x2C:  # a frame: its descriptor, palette and code size
                position += 11 + _gif_palette(data[position + 9])
            else:
                raise ImageError("image: the GIF file is corrupted")
            while data[position]:  # sub-blocks, each behind its length
                position += 1 + data[position]
            position += 1
    except IndexError as error:
        raise ImageError("image: the GIF file is truncated") from error
    return ImageHeader("GIF", width, height, has_alpha=True)


def _gif_palette(flags: int) -> int:
    """Return the bytes of the palette that `flags` announces."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _read_bmp(data: bytes) -> ImageHeader:
    offset, header_size = struct.unpack_from("<II", data, 10)
    if header_size == 12:  # OS/2 1.x
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif header_size >= 40:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise ImageError(f"image: a BMP header of {header_size} bytes is not supported")
    height = abs(height)  # negative: stored from the top
    row = (width * bits + 31) // 32 * 4
    if compression in {0, 3} and offset + row * height > len(data):
        raise ImageError("image: the BMP file is truncated")
    # The fourth byte of a 32-bit BMP is seldom an alpha: it is ignored.
    return ImageHeader("BMP", width, height)


def _read_webp(data: bytes) -> ImageHeader:
    (riff_size,) = struct.unpack_from("<I", data, 4)
    if data[8:12] != b"WEBP":
        raise ImageError("image: a RIFF file that is not WebP")
    if riff_size + 8 > len(data):
        raise ImageError("image: the WebP file is truncated")
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return ImageHeader("WebP", width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return ImageHeader(
            "WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, has_alpha=bool(bits >> 28 & 1)
        )
    if kind != b"VP8X":
        raise ImageError("image: the WebP file is corrupted in its header")
    flags = data[20]
    width = int.from_bytes(data[24:27], "little") + 1
    height = int.from_bytes(data[27:30], "little") + 1
    has_alpha = bool(flags & 0x10)
    orientation = _webp_orientation(data) if flags & 0x08 else 1
    return ImageHeader("WebP", width, height, orientation, has_alpha)


def _webp_orientation(data: bytes) -> int:
    position = 12
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind == b"EXIF":
            body = data[position + 8 : position + 8 + length]
            return _exif_orientation(body.removeprefix(b"Exif\0\0"))
        position += 8 + length + length % 2
    return 1


def _read_tiff(data: bytes) -> ImageHeader:
    fields = _tiff_fields(data, _TIFF_TAGS)
    width, height = fields.get(256, (0,))[0], fields.get(257, (0,))[0]
    if width * height and not fields.keys() & {273, 324}:  # strips or tiles
        raise ImageError("image: the TIFF file has no pixels")
    for offsets, counts in ((273, 279), (324, 325)):
        for start, size in zip(fields.get(offsets, ()), fields.get(counts, ()), strict=False):
            if start + size > len(data):
                raise ImageError("image: the TIFF file is truncated")
    samples, photometric = fields.get(277, (1,))[0], fields.get(262, (2,))[0]
    # The decoder turns TIFF pictures by itself; a fourth ink is not an alpha.
    has_alpha = 338 in fields and samples == 4 and photometric == 2
    return ImageHeader("TIFF", width, height, has_alpha=has_alpha)


def _tiff_fields(data: bytes, wanted: Container[int]) -> dict[int, tuple[int, ...]]:
    """Return the wanted integer fields of the first directory of a TIFF or EXIF block.

    The others are not unpacked: each of 65,535 may claim the whole file.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or struct.unpack_from(order + "H", data, 2)[0] != 42:
        raise ImageError("image: the TIFF file is corrupted in its header, or is a BigTIFF")
    (position,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, position)
    fields: dict[int, tuple[int, ...]] = {}
    for entry in range(position + 2, position + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, entry)
        code = _TIFF_INTEGERS.get(kind)
        if code is None or number == 0:
            continue
        size = struct.calcsize(code) * number
        at = entry + 8 if size <= 4 else struct.unpack_from(order + "I", data, entry + 8)[0]
        if at + size > len(data):
            raise ImageError("image: the TIFF file is truncated")
        if tag in wanted and tag not in fields:
            if number > _MOST_VALUES:
                raise ImageError(f"image: the TIFF file has a field of {number} values")
            fields[tag] = struct.unpack_from(f"{order}{number}{code}", data, at)
    return fields


def _exif_orientation(block: bytes) -> int:
    """Return the orientation of an EXIF block; 1 when it is absent or broken."""
    try:
        value = _tiff_fields(block, {_ORIENTATION}).get(_ORIENTATION, (1,))[0]
    except (ImageError, struct.error):
        return 1  # a broken EXIF block does not make the picture unreadable
    return value if 1 <= value <= 8 else 1


_READERS = (
    (b"\xff\xd8\xff", "JPEG", _read_jpeg),
    (b"\x89PNG\r\n\x1a\n", "PNG", _read_png),
    (b"GIF87a", "GIF", _read_gif),
    (b"GIF89a", "GIF", _read_gif),
    (b"BM", "BMP", _read_bmp),
    (b"RIFF", "WebP", _read_webp),
    (b"II*\0", "TIFF", _read_tiff),
    (b"MM\0*", "TIFF", _read_tiff),
)
