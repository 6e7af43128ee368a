# SPDX-License-Identifier: Apache-2.0
"""JSON in its one canonical form, RFC 8785, so that equal values have equal hashes."""

from __future__ import annotations

import hashlib
import json
import math
from decimal import Decimal
from typing import Any

_LARGEST = 2**53  # integers beyond this are not exact in every reader of JSON


def canonical(value: Any) -> str:
    r"""Return a value as canonical JSON.

    Parameters
    ----------
    value
        None, bool, int up to 2**53, finite float, str without lone surrogates, and lists, tuples
        and dicts (with str keys) of these.

    Raises
    ------
    ValueError
        If a number is not finite or too large, or a text has a lone surrogate.
    TypeError
        If something else is in it.

    Examples
    --------
    >>> canonical({"b": 1.0, "a": [True, None, 1e21, "\n"]})
    '{"a":[true,null,1e+21,"\\n"],"b":1}'
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        # A larger one is what a float was written as, or its last digits would be lost.
        if abs(value) > _LARGEST and _number(float(value)) != str(value):
            raise ValueError(f"canonical JSON: {value} is beyond 2**53")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        value.encode("utf-8")  # raises UnicodeEncodeError, a ValueError, for a lone surrogate
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("canonical JSON: expected texts as keys")
        ordered = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in ordered) + "}"
    raise TypeError(f"canonical JSON: {type(value).__name__} has no form")


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def _number(value: float) -> str:
    """Return a number as ECMAScript writes it: its shortest digits, without needless ones."""
    if not math.isfinite(value):
        raise ValueError(f"canonical JSON: {value} has no form")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    if not isinstance(exponent, int):  # only for what is not finite
        raise TypeError("canonical JSON: a number without an exponent")
    point = len(digits) + exponent  # where the decimal point stands, from the first digit
    if 0 < point <= 21:
        body = text.ljust(point, "0")
        body = body if len(text) <= point else f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        body = "0." + "0" * -point + text
    else:
        mantissa = text if len(text) == 1 else f"{text[0]}.{text[1:]}"
        body = f"{mantissa}e{point - 1:+d}"
    return ("-" if sign else "") + body
