# SPDX-License-Identifier: Apache-2.0
"""A recognition as a piece of HTML, for notebooks."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import cv2

from alprcore.errors import ImageError
from alprcore.picture.load import load_frame
from alprcore.records import Plate, VehicleBox
from alprcore.showing.drawing import annotated

WIDEST = 900  # pixels; what a notebook's column shows


def shown_as_html(
    rows: Sequence[Mapping[str, Any]],
    source: str,
    plates: Sequence[Plate],
    vehicles: Sequence[VehicleBox],
) -> str:
    """Return the drawn picture and a table of its plates.

    Parameters
    ----------
    rows : sequence of mapping
        A row per plate, all with the same keys.
    source : str
        Path of the picture; nothing is drawn where it is ``""`` or cannot be read any more.
    plates, vehicles
        What is drawn.
    """
    if not rows:
        return _picture(source, plates, vehicles) + "<p>No plate.</p>"
    kept = [key for key in rows[0] if any(row[key] not in {"", None} for row in rows)]
    head = "".join(f"<th>{escape(key)}</th>" for key in kept)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(row[key]))}</td>" for key in kept) + "</tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return _picture(source, plates, vehicles) + table


def _picture(source: str, plates: Sequence[Plate], vehicles: Sequence[VehicleBox]) -> str:
    if not source:
        return ""
    try:
        drawn = annotated(load_frame(source), plates, vehicles)
    except ImageError:  # moved or changed since
        return ""
    scale = min(1.0, WIDEST / drawn.shape[1])
    if scale < 1:
        drawn = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    _, content = cv2.imencode(".jpg", drawn)
    encoded = base64.b64encode(content.tobytes()).decode("ascii")
    return f'<img alt="the picture with its plates" src="data:image/jpeg;base64,{encoded}">'
