# SPDX-License-Identifier: Apache-2.0
"""Numbers as the cloud API writes them in JSON."""

from __future__ import annotations

import json
from typing import Any

_INT32 = 2**31
_WRITER = json.JSONEncoder(ensure_ascii=False)


def json_text(value: Any) -> str:
    """Return a value as JSON without spaces; numbers as in `Recognition.to_json`."""
    if isinstance(value, dict):
        return "{" + ",".join(f'"{key}":{json_text(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return _WRITER.encode(value)


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value)) if abs(value) < _INT32 else f"{value:.0f}"
    if abs(value) < 1e-6 or abs(value) > 1e9:
        return f"{value:.6e}"
    return f"{value:.6f}"
