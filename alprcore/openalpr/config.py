# SPDX-License-Identifier: Apache-2.0
"""OpenALPR's configuration file, and what of it has a meaning here.

Keys stand in no section, as OpenALPR 2.1 and later write them, or under ``[common]``, as earlier
ones did; ``[debug]`` and the sections of countries are ignored. A line is a comment when it
begins with ``;`` or ``#``. A number may be followed by anything (``0.4;``), a switch is a number
that is not 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alprcore.errors import SettingsError
from alprcore.settings import MOST_ANALYSES, Settings

ENVIRONMENT_VARIABLE = "OPENALPR_CONFIG_FILE"
FILE_NAME = "openalpr.conf"
SYSTEM_FILE = Path("/etc/openalpr") / FILE_NAME

# Characters that its OCR scores below 65 % are dropped by OpenALPR as shipped, and its scores of
# readable characters run from there to 100. That range is mapped to probabilities of 0 to 1.
_LOWEST_SCORE, _HIGHEST_SCORE = 65.0, 100.0
# One step of strictness in `min_plausibility`. Of 151 plates in photographs, strictness 2 to 9
# reports 150, 150, 150, 150, 150, 148, 145 and 126, and 12, 2, 2, 1, 1, 0, 0 and 0 results on no
# plate; of 99 in poorer ones 3 reports 93, 4 87.
_STRICTNESS_STEP, _SHIPPED_STRICTNESS = 0.1, 3

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
_WHOLE = re.compile(r"\s*([+-]?\d+)", re.ASCII)
_SECTION = re.compile(r"\[([^\]]*)\]")
_FOLLOWED_SECTIONS = ("common", "")  # the later one wins

# What OpenALPR ships for keys without a meaning here; a file that leaves them so gets no warning.
_WITHOUT_MEANING = {
    "detector": "lbpcpu",
    "detection_iteration_increase": "1.1",
    "contrast_detection_threshold": "0.3",
    "max_plate_angle_degrees": "15",
    "ocr_img_size_percent": "1.33333333",
    "state_id_img_size_percent": "2.0",
    "ocr_min_font_point": "6",
    "postprocess_confidence_skip_level": "80",
}
_DEBUG = "debug_"


class MissingConfigError(SettingsError):
    """A configuration file that was named is not there."""


@dataclass(frozen=True, slots=True)
class OpenAlprConfig:
    """What a configuration file asks for.

    Attributes
    ----------
    settings
        Names and values for `Settings`.
    runtime_dir
        Folder that it names for runtime data, ``""`` for none.
    warning
        One line that names what has no meaning here or could not be understood; else ``""``.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    runtime_dir: str = ""
    warning: str = ""


def find_config(
    named: str,
    *,
    environment: Mapping[str, str],
    program: Path,
    system_file: Path = SYSTEM_FILE,
) -> Path | None:
    """Return the configuration file that OpenALPR would read, None when there is none.

    Parameters
    ----------
    named
        Path that the caller gave, ``""`` for none.
    environment
        Its ``OPENALPR_CONFIG_FILE`` comes next.
    program
        ``openalpr.conf`` in the folder of this file is third.
    system_file
        The last one.

    Raises
    ------
    MissingConfigError
        If a path was named, by the caller or the environment, and there is no such file.
    SettingsError
        If it is a folder.
    """
    for path, origin in ((named, "config"), (environment.get(ENVIRONMENT_VARIABLE, ""), "")):
        if path:
            where = origin or ENVIRONMENT_VARIABLE
            if Path(path).is_dir():
                raise SettingsError(f"{where}: {path!r} is a folder")
            if not Path(path).is_file():
                raise MissingConfigError(f"{where}: there is no file {path!r}")
            return Path(path)
    for candidate in (program.parent / FILE_NAME, system_file):
        if candidate.is_file():
            return candidate
    return None


def read_config(path: Path) -> OpenAlprConfig:
    """Return what the configuration file `path` asks for.

    Raises
    ------
    SettingsError
        If it cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except (OSError, ValueError) as error:  # a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"config: cannot read {str(path)!r}: {reason}") from error
    return parse_config(text, str(path))


def parse_config(text: str, origin: str) -> OpenAlprConfig:
    """Return what the text of a configuration file asks for.

    Parameters
    ----------
    text
        Lines of ``key = value``.
    origin
        Name of the file, for the warning.

    Examples
    --------
    >>> dict(parse_config("analysis_count = 3;", "a.conf").settings)
    {'analysis_count': 3}
    """
    values = _values(text)
    settings: dict[str, Any] = {}
    unread, no_number = [], []
    for key, value in values.items():
        if key not in _SETTINGS:
            if not _as_shipped(key, value):
                unread.append(key)
            continue
        name, read = _SETTINGS[key]
        try:
            wanted = read(value)
        except ValueError:
            no_number.append(f"{key} = {value}")
        else:
            # Two keys speak of tiles: one that asks for less is enough.
            settings[name] = wanted and settings.get(name, True) if name == "tiled" else wanted
    problems = [
        f"{what}: {', '.join(keys)}"
        for what, keys in (("without effect", unread), ("expected a number", no_number))
        if keys
    ]
    warning = f"{origin}: {'; '.join(problems)}" if problems else ""
    return OpenAlprConfig(settings, values.get("runtime_dir", ""), warning)


def _values(text: str) -> dict[str, str]:
    """Return the keys, in lower case, and values of the sections that are followed."""
    sections: dict[str, dict[str, str]] = {"": {}}
    keys = sections[""]
    for line in text.splitlines():
        plain = line.strip()
        if not plain or plain[0] in ";#":
            continue
        if heading := _SECTION.match(plain):
            keys = sections.setdefault(heading[1].strip().lower(), {})
            continue
        key, equals, value = plain.partition("=")
        if equals and key.strip():
            keys[key.strip().lower()] = value.strip()
    values: dict[str, str] = {}
    for name in _FOLLOWED_SECTIONS:
        values |= sections.get(name, {})
    return values


def _as_shipped(key: str, value: str) -> bool:
    """Whether a key without a meaning here has the value that OpenALPR ships, or none."""
    if key == "runtime_dir" or not value:
        return True
    shipped = "0" if key.startswith(_DEBUG) else _WITHOUT_MEANING.get(key)
    if shipped is None:
        return False
    try:
        return _number(value) == _number(shipped)
    except ValueError:
        return value == shipped


def _number(value: str) -> float:
    """Return the number at the start of a text, as C's ``strtod`` does, or raise ValueError."""
    return float(_start(_NUMBER, value))


def _whole(value: str) -> int:
    return int(_start(_WHOLE, value))


def _start(pattern: re.Pattern[str], value: str) -> str:
    if (found := pattern.match(value)) is None:
        raise ValueError(value)
    return found[1]


def _switch(value: str) -> bool:
    return _whole(value) != 0


def _percent(value: str) -> float:
    return min(100.0, max(0.0, _number(value)))


def _analyses(value: str) -> int:
    return min(MOST_ANALYSES, max(1, _whole(value)))


def _character_confidence(value: str) -> float:
    share = (_number(value) - _LOWEST_SCORE) / (_HIGHEST_SCORE - _LOWEST_SCORE)
    return min(1.0, max(0.0, share))


def _plausibility(value: str) -> float:
    steps = _number(value) - _SHIPPED_STRICTNESS
    return min(2.0, max(0.0, Settings().min_plausibility + _STRICTNESS_STEP * steps))


def _at_least(shipped: int) -> Callable[[str], bool]:
    return lambda value: _whole(value) >= shipped


_SETTINGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "must_match_pattern": ("must_match_pattern", _switch),
    "skip_detection": ("skip_detection", _switch),
    "detection_mask_image": ("detection_mask", str),
    "analysis_count": ("analysis_count", _analyses),
    "prewarp": ("prewarp", str),
    "max_plate_width_percent": ("max_plate_width_percent", _percent),
    "max_plate_height_percent": ("max_plate_height_percent", _percent),
    "postprocess_min_confidence": ("min_character_confidence", _character_confidence),
    "detection_strictness": ("min_plausibility", _plausibility),
    # Less than shipped asks for speed at the price of small plates in large pictures: that is what
    # the tiled pass finds, at most of the cost.
    "max_detection_input_width": ("tiled", _at_least(1280)),
    "max_detection_input_height": ("tiled", _at_least(720)),
}
