# SPDX-License-Identifier: Apache-2.0
"""The words after ``alpr``, taken as OpenALPR's program takes them.

Flags and inputs may come in any order and switches may be combined (``-dj``). A flag stands once;
anything else is an input. Beyond OpenALPR's, which took these for inputs, ``--country=us``,
``-cus`` and ``-jc us`` are understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from alprcore.openalpr.library import VERSION

USAGE = """alpr [-c CODES] [--config FILE] [-n COUNT] [-p REGION] [--seek MS] [-d] [-j]
     [--clock] [--motion] [--debug] [--ignore_rest] [--version] [-h] INPUT ..."""

HELP = f"""
USAGE:

{USAGE}

Reads number plates as OpenALPR's command of this name does.

  -c, --country CODES     countries, separated by commas (default: us)
      --config FILE       an openalpr.conf; else $OPENALPR_CONFIG_FILE, one beside the program, or
                          /etc/openalpr/openalpr.conf
  -n, --topn COUNT        readings of a plate at most (default: 10)
  -p, --pattern REGION    region whose formats the readings are compared with, such as md
  -d, --detect_region     find the region of each plate
  -j, --json              one line of JSON for each picture or frame
      --clock             show how long recognition took
      --seek MS           where in a video to begin, in milliseconds
      --motion            search only what moves in a video
      --debug             taken, without effect
      --, --ignore_rest   what follows are inputs
      --version           show the version of OpenALPR whose behaviour this is
  -h, --help              show this

An INPUT is a picture, a folder of pictures, a video, - for a picture on standard input, stdin for
names of pictures there, webcam or /dev/videoN for a camera, or the http address of a stream.
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the command line asks for; the values here are OpenALPR's defaults."""

    inputs: tuple[str, ...] = ()
    country: str = "us"
    config: str = ""
    topn: int = 10
    pattern: str = ""
    seek: int = 0
    detect_region: bool = False
    json: bool = False
    clock: bool = False
    motion: bool = False
    debug: bool = False


class StoppedError(Exception):
    """The command line asks for help or the version, or is wrong; `text` is for the user."""

    def __init__(self, text: str, *, wrong: bool) -> None:
        super().__init__(text)
        self.text, self.wrong = text, wrong


_TEXTS = {"country": "c", "config": "", "pattern": "p"}
_COUNTS = {"topn": "n", "seek": ""}
_SWITCHES = {"detect_region": "d", "json": "j", "clock": "", "motion": "", "debug": ""}
_NOTICES = {"version": "", "help": "h"}
_SHORT = {
    short: name
    for table in (_TEXTS, _COUNTS, _SWITCHES, _NOTICES)
    for name, short in table.items()
    if short
}
_VALUED = {**_TEXTS, **_COUNTS}
_FLAGS = {**_VALUED, **_SWITCHES, **_NOTICES}
_WHOLE = re.compile(r"\s*[+-]?\d{1,10}", re.ASCII)
_INT32 = 2**31


def parse(words: Sequence[str]) -> Chosen:
    """Return what the words ask for.

    Raises
    ------
    StoppedError
        If help or the version is asked for before anything is wrong, or something is wrong.

    Examples
    --------
    >>> parse(["-j", "car.jpg", "-n", "3"]).topn
    3
    """
    found: dict[str, Any] = {}
    inputs: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in {"--", "--ignore_rest"}:
            inputs += rest
            break
        flags = _flags_of(word)
        if not flags:
            inputs.append(word)
        for name, value in flags:
            if name in _NOTICES:
                raise StoppedError(_notice(name), wrong=False)
            if name in found:
                raise _wrong(name, "Argument already set!")
            found[name] = _converted(name, value) if value is not None else _taken(name, rest)
    if not inputs:
        raise _stopped("", "Required argument missing: INPUT")
    return replace(Chosen(), inputs=tuple(inputs), **found)


def _flags_of(word: str) -> list[tuple[str, str | None]]:
    """Return the flags in a word, with the values in it; empty when it is an input."""
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        if equals:
            return [(name, value)] if name in _VALUED else []
        return [(name, None)] if name in _FLAGS else []
    flags: list[tuple[str, str | None]] = []
    if not word.startswith("-"):
        return flags
    for at, letter in enumerate(word[1:], start=2):
        name = _SHORT.get(letter, "")
        if not name:
            return []
        if name in _VALUED:
            return [*flags, (name, word[at:] or None)]
        flags.append((name, None))
    return flags


def _taken(name: str, rest: list[str]) -> str | int | bool:
    """Return the value of a flag from the next word, whatever that is: "-c -j" names "-j"."""
    if name in _SWITCHES:
        return True
    if not rest:
        raise _wrong(name, "Missing a value for this argument!")
    return _converted(name, rest.pop(0))


def _converted(name: str, value: str) -> str | int:
    if name in _TEXTS:
        return value
    if not _WHOLE.fullmatch(value) or not -_INT32 <= int(value) < _INT32:
        raise _wrong(name, f"Couldn't read argument value from string '{value}'")
    return int(value)


def _notice(name: str) -> str:
    return f"\nalpr  version: {VERSION}\n" if name == "version" else HELP


def _wrong(name: str, problem: str) -> StoppedError:
    short = f"-{_FLAGS[name]} " if _FLAGS[name] else ""
    label = f"{short}(--{name})" if short else f"(--{name})"
    return _stopped(f"Argument: {label}", problem)


def _stopped(where: str, problem: str) -> StoppedError:
    return StoppedError(
        f"PARSE ERROR: {where}\n             {problem}\n\nBrief USAGE:\n{USAGE}\n\n"
        "For complete USAGE and HELP type:\n   alpr --help\n",
        wrong=True,
    )
