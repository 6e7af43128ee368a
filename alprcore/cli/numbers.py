# SPDX-License-Identifier: Apache-2.0
"""Whole numbers on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return the type of an option that is a whole number from `low` to `high`."""

    def parsed(text: str) -> int:
        digits = text.isascii() and text.isdecimal() and len(text) <= 12
        if not digits or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"expected {low} to {high}, got {text!r}")
        return int(text)

    return parsed
