# SPDX-License-Identifier: Apache-2.0
"""Fields out of query strings, urlencoded and multipart bodies, and pictures out of base64.

Written for bodies of many megabytes that somebody hostile made: every step is linear in the size
and runs at the speed of `bytes` methods, whatever the content.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from alprcore.server.api.problems import NOT_BASE64, bad

Fields = list[tuple[str, bytes]]
"""Names and values in the order they came."""

_FILE = "image"  # of a multipart body; in other places it is some text, never a file
_MAX_NAME = 100  # bytes; our longest name is `recognize_vehicle`
_MAX_PART_HEAD = 8192  # bytes of the headers of a part of a multipart body
# What base64 needs escaped. Done by `replace`, a picture costs milliseconds; escape by escape it
# would be seconds.
_BASE64_ESCAPES = {
    b"%2B": b"+",
    b"%2b": b"+",
    b"%2F": b"/",
    b"%2f": b"/",
    b"%3D": b"=",
    b"%3d": b"=",
    b"%0A": b"\n",
    b"%0a": b"\n",
    b"%0D": b"\r",
    b"%0d": b"\r",
    b"%20": b" ",
}
_MAX_ESCAPES = 20_000  # other escapes in one value: decoding that many takes ten milliseconds
_PARAMETER = re.compile(rb';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))', re.ASCII)
_DATA_URL = re.compile(rb"\s*data:[\w.+/;=-]{0,100}?;base64,", re.ASCII | re.IGNORECASE)
_DROPPED = b"\r\n\t"


class FieldLimit:
    """Counts the parameters of one request, wherever they stand and whether named or not.

    Parameters
    ----------
    most
        How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = self._left = most

    def take(self, count: int) -> None:
        """Count `count` parameters more.

        Raises
        ------
        Problem
            400 if that is more than there may be.
        """
        self._left -= count
        if self._left < 0:
            raise bad(f"More than {self._most} parameters")


def urlencoded_fields(content: bytes, limit: FieldLimit) -> Fields:
    """Return the fields of a query string or an urlencoded body; none of them is a file.

    Raises
    ------
    Problem
        400 if there are too many fields, or more escapes than any sensible client sends.
    """
    if not content:
        return []
    limit.take(content.count(b"&") + 1)
    fields = []
    for pair in content.split(b"&"):
        name, _, value = pair.partition(b"=")
        key = _text(_unescaped(name)) if len(name) <= _MAX_NAME else ""
        if key and key != _FILE:
            fields.append((key, _unescaped(value)))
    return fields


def json_fields(content: bytes, limit: FieldLimit) -> Fields:
    """Return the members of a JSON object as fields; a list is a repeated one.

    Raises
    ------
    Problem
        400 if it is not a JSON object or has too many members.
    """
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise bad("The JSON body is damaged") from error
    if not isinstance(values, dict):
        raise bad("The JSON body is not an object")
    fields = []
    for name, value in values.items():
        each = value if isinstance(value, list) else [value]
        limit.take(max(1, len(each)))
        fields += [(name, _json_text(item)) for item in each if item is not None]
    return fields


def _json_text(value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace")


def multipart_fields(content: bytes, content_type: bytes, limit: FieldLimit) -> Fields:
    """Return the fields of a multipart body; of a file, its content.

    Raises
    ------
    Problem
        400 if the body is not what its type says, is cut short or has too many parts.
    """
    boundary = dict(_parameters(content_type[:_MAX_PART_HEAD])).get("boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, 5.1.1
        raise bad("The multipart body has no boundary")
    fields: Fields = []
    for part in _parts(content, boundary):
        limit.take(1)
        head, gap, value = part[:_MAX_PART_HEAD].partition(b"\r\n\r\n")
        if not gap:
            raise bad("A part of the multipart body has no headers")
        name = _part_name(head)
        if name is not None:
            fields.append((name, value if len(part) <= _MAX_PART_HEAD else part[len(head) + 4 :]))
    return fields


def decoded_base64(text: bytes) -> bytes:
    """Return the bytes that `text` stands for, which may have suffered on its way.

    Line breaks, a ``data:`` prefix, pluses that became spaces, missing padding and the alphabet
    for URLs are all taken.

    Raises
    ------
    Problem
        400 if it is not base64, or empty.
    """
    prefix = _DATA_URL.match(text[:200])
    text = text[prefix.end() :] if prefix else text
    plain = text.translate(None, _DROPPED)
    for spaced in (plain, plain.strip(b" ")):
        whole = spaced.translate(_BASE64_ALPHABET).rstrip(b"=")
        try:
            content = binascii.a2b_base64(whole + b"=" * (-len(whole) % 4), strict_mode=True)
        except binascii.Error:
            continue
        if content:
            return content
    raise bad(NOT_BASE64)


def encoded_base64(content: bytes) -> str:
    """Return `content` in base64, on one line."""
    return base64.b64encode(content).decode("ascii")


_BASE64_ALPHABET = bytes.maketrans(b"-_ ", b"+/+")


def _parts(content: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield the parts of a multipart body, headers and all."""
    delimiter = b"\r\n--" + boundary
    if content.startswith(delimiter[2:]):
        at = len(delimiter) - 2
    else:
        at = content.find(delimiter)  # behind a preamble
        if at < 0:
            raise bad("The multipart body has no parts")
        at += len(delimiter)
    while not content.startswith(b"--", at):
        begin = content.find(b"\r\n", at, at + 200)  # spaces may follow the boundary
        end = content.find(delimiter, max(begin, 0))
        if begin < 0 or end < 0 or content[at:begin].strip(b" \t"):
            raise bad("The multipart body is cut short")
        yield content[begin + 2 : end]
        at = end + len(delimiter)


def _part_name(head: bytes) -> str | None:
    """Return the field that a part of a multipart body is, None when it does not say."""
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-disposition":
            name = dict(_parameters(value)).get("name")
            return _text(name) if name and len(name) <= _MAX_NAME else None
    return None


def _parameters(header: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the parameters of a header such as ``form-data; name="image"``."""
    for match in _PARAMETER.finditer(header):
        quoted, plain = match[2], match[3]
        value = plain if quoted is None else re.sub(rb"\\(.)", rb"\1", quoted)
        yield match[1].decode("ascii").lower(), value


def _unescaped(value: bytes) -> bytes:
    value = value.replace(b"+", b" ")
    if b"%" not in value:
        return value
    for escape, byte in _BASE64_ESCAPES.items():
        value = value.replace(escape, byte)
    escapes = value.count(b"%")
    if escapes > _MAX_ESCAPES:
        raise bad("Too many escapes in a parameter")
    return unquote_to_bytes(value) if escapes else value


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")


def field_text(value: bytes) -> str:
    """Return the text of a field; bytes that are not UTF-8 become U+FFFD: an invalid value."""
    return _text(value.strip())
