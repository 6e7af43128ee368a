# SPDX-License-Identifier: Apache-2.0
"""Tables of TOML files, checked value by value: every error names file and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alprcore.errors import SettingsError, shown

Size = tuple[float, float]
"""Width and height."""

LARGEST_AMOUNT = 1e12
LARGEST_COUNT = 1000
LARGEST_SIZE = 1e6  # a kilometre in millimetres; also keeps whole numbers beyond floats out


@dataclass(frozen=True, slots=True)
class Table:
    """A TOML table and where it comes from, for messages that name file and key."""

    values: Mapping[str, Any]
    where: str

    def fail(self, key: str, expected: str) -> SettingsError:
        """Return the error for the value of `key`."""
        found = shown(self.values[key]) if key in self.values else "nothing"
        return SettingsError(f"{self.where}: {key}: expected {expected}, got {found}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string that is not empty, or the default when the key is absent."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or (not value and key in self.values):
            raise self.fail(key, "a text")
        return value

    def count(self, key: str, default: int | None = None) -> int:
        """Return a whole number from 1 to 1000, or the default when the key is absent."""
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_COUNT:
            raise self.fail(key, f"a whole number from 1 to {LARGEST_COUNT}")
        return value

    def amount(self, key: str) -> float:
        """Return a number of at least 0, 1 when the key is absent."""
        value = self.values.get(key, 1.0)
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not 0 <= value < LARGEST_AMOUNT
        ):
            raise self.fail(key, "a number of at least 0")
        return float(value)

    def size(self, key: str) -> Size:
        """Return a pair of positive numbers."""
        if (pair := _pair(self.values.get(key))) is None:
            raise self.fail(key, "a width and a height above 0")
        return pair

    def sizes(self, key: str) -> tuple[Size, ...]:
        """Return pairs of positive numbers, none when the key is absent."""
        value = self.values.get(key, [])
        pairs = tuple(map(_pair, value)) if isinstance(value, list) else (None,)
        good = tuple(pair for pair in pairs if pair is not None)
        if len(good) != len(pairs):
            raise self.fail(key, "a list of pairs: a width and a height above 0")
        return good

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when the key is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.fail(key, "a list of texts")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """Return true or false, false when the key is absent."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.fail(key, "true or false")
        return value

    def reject_unknown(self, known: set[str]) -> None:
        """Raise for the first key that is not known."""
        for key in self.values:
            if key not in known:
                raise SettingsError(f"{self.where}: {key}: unknown key")


def _pair(value: Any) -> Size | None:
    """Return a list of two positive finite numbers as a pair, else None."""
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_size, value)):
        return None
    return float(value[0]), float(value[1])


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < LARGEST_SIZE
    )
