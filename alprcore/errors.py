# SPDX-License-Identifier: Apache-2.0
"""The errors alprcore raises; every one of them is an `AlprError`."""

from __future__ import annotations

_SHOWN = 100  # characters of a value in a message


class AlprError(Exception):
    """Base of every error this package raises on purpose."""


class ImageError(AlprError, ValueError):
    """The input cannot be read as a picture: missing, cut short, too large or not an image."""


class VideoError(AlprError, ValueError):
    """A video cannot be read: missing, no video, damaged, or PyAV is not installed."""


class SettingsError(AlprError, ValueError):
    """A setting is unknown or out of its range."""


class CountryError(SettingsError):
    """A country code is unknown, or its script cannot be read by this version."""


class ResourceError(AlprError, RuntimeError):
    """A file of `runtime_data` is missing or not the recorded one, or a bank file is not valid."""


class CaseError(AlprError, RuntimeError):
    """A case of the archive cannot be opened, read or written, or a search makes no sense."""


def shown(value: object) -> str:
    """Return a value as a message shows it: its repr, and short whatever it is."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python turns into text
        return f"a {type(value).__name__} of too many digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
