# SPDX-License-Identifier: Apache-2.0
"""What a request asks for, checked: one parameter after the other, in the order of the cloud API.

Parameters may come in the query, a urlencoded body or a multipart body; the first value that is
not empty counts, the query's before the body's. Unknown ones are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from alprcore.server.api.problems import (
    BAD_ENGINE,
    MISSING_IMAGE,
    MISSING_KEY,
    MISSING_TASKS,
    NOT_BASE64,
    bad,
)
from alprcore.server.http.forms import Fields, decoded_base64, field_text
from alprcore.settings import MOST_CANDIDATES, TASKS, Settings

_COUNTRY = re.compile(r"[a-z0-9]{1,12}", re.ASCII)
_MOST_COUNTRIES = 32
_MAX_STATE = 32  # characters
_MAX_PREWARP = 400  # characters: ten numbers
_MAX_URL = 4000  # characters
_LONGEST = 8192  # bytes looked at of a parameter that is not a picture; every bound is below
_MOST_VALUES = 50  # of a repeated parameter
_SWITCHES = {"0": False, "1": True, "false": False, "true": True, "": False}


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request asks for.

    Attributes
    ----------
    version
        Of the path: 1, 2 or 3.
    tasks
        Some of `TASKS`, in that order; each costs a credit.
    cost
        Credits.
    countries
        Country codes; empty when only vehicles are asked for.
    state
        Region code to report and match, with its country before it or not; ``""`` for none.
    topn
        Maximum number of readings per plate and of labels per vehicle.
    prewarp
        As in `Settings`.
    return_image
        Whether the picture comes back with the reply.
    is_cropped
        Whether the picture is itself a plate.
    with_boxes
        Whether the reply has the boxes of vehicles whose look nobody asked for.
    """

    version: int
    tasks: tuple[str, ...]
    cost: int
    countries: tuple[str, ...]
    state: str
    topn: int
    prewarp: str
    return_image: bool
    is_cropped: bool
    with_boxes: bool


@dataclass(frozen=True, slots=True)
class PictureSource:
    """Where the picture of a request is: here, as `content`, or at a URL."""

    content: bytes = b""
    url: str = ""


class Parameters:
    """The parameters of one request by name."""

    def __init__(self, fields: Fields) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, value in fields:
            if value:
                self._values.setdefault(name, []).append(value)

    def raw(self, name: str) -> bytes:
        """Return the first value that is not empty, as it came; empty when there is none."""
        return self._values.get(name, [b""])[0]

    def text(self, name: str) -> str:
        """Return the first value as text without spaces around it."""
        return field_text(self.raw(name)[:_LONGEST])

    def joined(self, name: str) -> str:
        """Return all values, joined by commas: a list may come as a repeated parameter."""
        values = self._values.get(name, [])[:_MOST_VALUES]
        return ",".join(field_text(value[:_LONGEST]) for value in values)

    def switch(self, name: str) -> bool:
        """Return a 0 or 1; 0 when there is none."""
        value = self.text(name).lower()
        if value not in _SWITCHES:
            raise bad(f"{name} must be 0 or 1")
        return _SWITCHES[value]


def key_of(parameters: Parameters, *, version: int, authorization: str = "") -> str:
    """Return the secret key: the parameter, else what the header ``Authorization`` carries.

    The header is ``Bearer KEY`` or ``Token KEY``; it keeps keys out of logs of proxies.

    Raises
    ------
    Problem
        400 if it is missing; of version 1, if the tasks are: they are looked for first.
    """
    if version == 1 and not _words(parameters.joined("tasks")):
        raise bad(MISSING_TASKS)
    scheme, _, given = authorization.strip().partition(" ")
    known = scheme.lower() in {"bearer", "token"}
    key = parameters.text("secret_key") or (given.strip() if known else "")
    if not key:
        raise bad(MISSING_KEY)
    return key


def ask_of(parameters: Parameters, *, version: int) -> Ask:
    """Return what is asked for.

    Raises
    ------
    Problem
        400 with the text for the first parameter that is wrong.
    """
    if version == 1:
        tasks = _tasks(parameters.joined("tasks"))
        cost = len(tasks)
    else:
        vehicles = parameters.switch("recognize_vehicle")
        tasks, cost = (TASKS, 2) if vehicles else (TASKS[:1], 1)
    countries = _countries(parameters.text("country"))
    if not countries and "plate" in tasks:
        raise bad("Missing country")
    return Ask(
        version=version,
        tasks=tasks,
        cost=cost,
        countries=countries,
        state="" if version == 3 else _short(parameters, "state", _MAX_STATE).lower(),
        topn=_topn(parameters.text("topn")),
        prewarp="" if version == 3 else _short(parameters, "prewarp", _MAX_PREWARP),
        return_image=parameters.switch("return_image"),
        is_cropped=version == 3 and parameters.switch("is_cropped"),
        with_boxes=version == 3,
    )


def v1_source(parameters: Parameters) -> PictureSource:
    """Return the picture of a version 1 request: of several, the file counts, then the bytes.

    Raises
    ------
    Problem
        400 if there is none, or the bytes are not base64.
    """
    if content := parameters.raw("image"):
        return PictureSource(content=content)
    if text := parameters.raw("image_bytes"):
        return PictureSource(content=decoded_base64(text))
    if parameters.raw("image_url"):
        return url_source(parameters)
    raise bad("Missing image, image_bytes or image_url")


def file_source(parameters: Parameters) -> PictureSource:
    """Return the picture of ``/recognize`` from version 2 on.

    Raises
    ------
    Problem
        400 if there is none.
    """
    if content := parameters.raw("image"):
        return PictureSource(content=content)
    raise bad(MISSING_IMAGE)


def url_source(parameters: Parameters) -> PictureSource:
    """Return where the picture of ``/recognize_url`` is.

    Raises
    ------
    Problem
        400 if there is no URL.
    """
    return url_of(parameters, "image_url")


def url_of(parameters: Parameters, name: str) -> PictureSource:
    """Return where a picture is whose URL has that name.

    Raises
    ------
    Problem
        400 if there is none.
    """
    url = _short(parameters, name, _MAX_URL)
    if not url:
        raise bad(f"Missing {name}")
    return PictureSource(url=url)


def body_source(body: bytes) -> PictureSource:
    """Return the picture of ``/recognize_bytes``, whose body is base64, in double quotes or not.

    Raises
    ------
    Problem
        400 if it is not base64.
    """
    text = body.strip()
    if text.startswith(b'"'):  # a JSON string, as generated clients send
        if len(text) < 2 or not text.endswith(b'"'):
            raise bad(NOT_BASE64)
        escapes = ((b"\\/", b"/"), (b"\\n", b"\n"), (b"\\r", b"\r"), (b"\\u002b", b"+"))
        text = text[1:-1]
        for escape, byte in (*escapes, (b"\\u002B", b"+"), (b"\\u003d", b"="), (b"\\u003D", b"=")):
            text = text.replace(escape, byte)
    return PictureSource(content=decoded_base64(text))


def _words(text: str) -> list[str]:
    return [word for word in (part.strip().lower() for part in text.split(",")) if word]


def _tasks(text: str) -> tuple[str, ...]:
    wanted = set(_words(text))
    if not wanted <= set(TASKS):
        raise bad(f"tasks must be some of {', '.join(TASKS)}")
    return tuple(task for task in TASKS if task in wanted)


def _countries(text: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(_words(text)))
    if len(codes) > _MOST_COUNTRIES or not all(_COUNTRY.fullmatch(code) for code in codes):
        raise bad(BAD_ENGINE)
    return codes


def _topn(text: str) -> int:
    if not text:
        return Settings().topn
    whole = text.isascii() and text.isdecimal() and len(text) <= 10
    if not whole or not 1 <= int(text) <= MOST_CANDIDATES:
        raise bad(f"topn must be a whole number from 1 to {MOST_CANDIDATES}")
    return int(text)


def _short(parameters: Parameters, name: str, longest: int) -> str:
    text = parameters.text(name)
    if len(text) > longest:
        raise bad(f"{name} is longer than {longest} characters")
    return text
