# SPDX-License-Identifier: Apache-2.0
"""Frigate's HTTP interface, as far as a bridge needs it: a picture out, a reading in."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from alprcore.errors import AlprError
from alprcore.records import Plate

PLATE, SUB_LABEL, BOTH = "plate", "sub-label", "both"
_TIMEOUT_S = 10.0
_MOST_BYTES = 32 * 2**20
_MOST_TEXT = 100  # characters of a label
_NOT_FOUND = 404


class FrigateError(AlprError):
    """Frigate cannot be reached or refuses; `status` is that of its reply, 0 for none."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Frigate:
    """One Frigate.

    Parameters
    ----------
    url
        Such as ``http://frigate:5000``, http or https.
    way
        Where a reading goes: ``"plate"`` its field for plates (Frigate 0.16), ``"sub-label"`` the
        sub-label, ``"both"``. A Frigate without that field gets a sub-label.
    token
        Sent as ``Authorization: Bearer``, for the port that asks for one.

    Raises
    ------
    AlprError
        If the URL is none.
    """

    def __init__(self, url: str, *, way: str = PLATE, token: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise AlprError(f"frigate: expected an http or https URL, got {url!r}")
        self._url, self._way, self._token = url.rstrip("/"), way, token

    def snapshot(self, event_id: str) -> bytes:
        """Return the picture of an event, without anything drawn into it.

        Raises
        ------
        FrigateError
            If there is none (yet), or Frigate cannot be reached.
        """
        how = "bbox=0&timestamp=0&crop=0&quality=95"
        return self._asked(f"/api/events/{quote(event_id)}/snapshot.jpg?{how}", None)

    def tell(self, event_id: str, plate: Plate) -> tuple[str, ...]:
        """Write a reading into an event; return where it went: ``"plate"``, ``"sub-label"``.

        Raises
        ------
        FrigateError
            If Frigate cannot be reached or refuses.
        """
        text = plate.text.replace("\n", "")[:_MOST_TEXT]
        score = round(min(max(plate.confidence, 0.0001), 1.0), 4)
        went: list[str] = []
        if self._way in {PLATE, BOTH}:
            body = {"recognizedLicensePlate": text, "recognizedLicensePlateScore": score}
            try:
                self._asked(f"/api/events/{quote(event_id)}/recognized_license_plate", body)
                went.append(PLATE)
            except FrigateError as error:
                if error.status != _NOT_FOUND:
                    raise
        if self._way in {SUB_LABEL, BOTH} or not went:
            label = {"subLabel": text, "subLabelScore": score}
            self._asked(f"/api/events/{quote(event_id)}/sub_label", label)
            went.append(SUB_LABEL)
        return tuple(went)

    def _asked(self, path: str, body: dict[str, Any] | None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = Request(self._url + path, data, headers)
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as reply:
                content: bytes = reply.read(_MOST_BYTES + 1)
        except HTTPError as error:
            error.close()
            raise FrigateError(f"frigate: {path}: status {error.code}", error.code) from error
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise FrigateError(f"frigate: {self._url}: {reason}") from error
        if len(content) > _MOST_BYTES:
            raise FrigateError(f"frigate: {path}: more than {_MOST_BYTES} bytes")
        return content
