# SPDX-License-Identifier: Apache-2.0
"""What a file is by its first bytes, and whether it carries a signature of its origin."""

from __future__ import annotations

import mmap
import struct
from typing import Literal

Kind = Literal["picture", "video", "zip", "tar", "unsupported", "empty", "other"]

HEAD = 1024
"""First bytes of a file that `kind_of` wants."""

_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}
_VIDEO_STARTS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"OggS",
)
_ANNEX_B = (b"\x00\x00\x00\x01", b"\x00\x00\x01")
_ANNEX_B_UNITS = {0x67, 0x27, 0x09, 0x40, 0x42, 0x46}  # H.264 and H.265: parameter sets, delimiter
_STILLS = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis",
}  # fmt: skip
_UNSUPPORTED = (
    (b"%PDF-", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"FUJIFILMCCD-RAW", "a raw picture"),
)


def kind_of(head: bytes) -> tuple[Kind, str]:
    r"""Return what a file is, and for what cannot be read its name in words.

    Parameters
    ----------
    head
        The first `HEAD` bytes, all of a shorter file.

    Examples
    --------
    >>> kind_of(b"\xff\xd8\xff\xe0")
    ('picture', '')
    """
    if not head:
        return "empty", "empty, 0 bytes"
    if _is_picture(head):
        return "picture", ""
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return "zip", ""
    if _is_tar(head):
        return "tar", ""
    if head[4:8] == b"ftyp" and head[8:12] in _STILLS:
        return "unsupported", "a HEIF or AVIF picture, which cannot be read"
    if _is_video(head):
        return "video", ""
    for start, name in _UNSUPPORTED:
        if head.startswith(start):
            return "unsupported", f"{name}, which cannot be read"
    return "other", ""


def _is_picture(head: bytes) -> bool:
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return True
    if head[:4] in {b"II*\0", b"MM\0*"} or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    # Many texts begin with BM; the size of the second header tells.
    return head[:2] == b"BM" and len(head) >= 18 and _little(head, 14) in _BMP_HEADERS


def _little(head: bytes, at: int) -> int:
    (value,) = struct.unpack_from("<I", head, at)
    return int(value)


def _is_tar(head: bytes) -> bool:
    """Whether it may be a tar file, compressed or not."""
    return head[257:262] == b"ustar" or head.startswith((b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00"))


def _is_video(head: bytes) -> bool:
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide"} or head.startswith(_VIDEO_STARTS):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return True
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:  # MPEG transport stream
        return True
    return any(
        head.startswith(start) and head[len(start) : len(start) + 1] and
        head[len(start)] in _ANNEX_B_UNITS
        for start in _ANNEX_B
    )  # fmt: skip


_ONVIF_UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")


def origin_notices(data: bytes | mmap.mmap) -> tuple[str, ...]:
    """Return which signatures of origin a file seems to carry; none of them is checked.

    Looked for are C2PA manifests (a JUMBF box labelled ``c2pa``), and the identifier of ONVIF Media
    Signing in H.264 and H.265 streams.
    """
    found = []
    if data.find(b"jumb") >= 0 and data.find(b"c2pa") >= 0:
        found.append("C2PA manifest present, not verified")
    if data.find(_ONVIF_UUID) >= 0:
        found.append("ONVIF media signature present, not verified")
    return tuple(found)
