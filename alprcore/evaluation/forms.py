# SPDX-License-Identifier: Apache-2.0
"""Replies of other recognizers in one form, so that one rule counts them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alprcore.evaluation.replies import Reply

KINDS = (("color", "color"), ("make", "make"), ("make_model", "makemodel"))
"""What is compared of vehicles: its name from version 2 on, and in version 1."""


def one_form(
    reply: Mapping[str, Any], elapsed_ms: float | None, *, main_first: bool = False
) -> Reply:
    """Return a reply as `alpr_results` with a `look`: the best name of each kind.

    Parameters
    ----------
    reply : mapping
        Of the OpenALPR cloud, version 1 to 3, of Rekor's, which is the third; an `alpr_group`; or
        a snapshot of Plate Recognizer.
    elapsed_ms : float, optional
        How long it took.
    main_first : bool
        Whether the look is the main vehicle's before that of the first plate with a vehicle, as
        replies of version 1 know no other.
    """
    if isinstance(reply.get("best_plate"), Mapping):
        reply = _of_group(reply)
    elif any("box" in result for result in _listed(reply.get("results"))):
        reply = _of_snapshot(reply)
    inner = reply["plate"] if isinstance(reply.get("plate"), Mapping) else reply
    results = [result for result in inner.get("results") or () if result.get("coordinates")]
    looks = [result["vehicle"] for result in results if result.get("vehicle")]
    main = [reply["main_vehicle"]] if reply.get("main_vehicle") else []
    looks = main + looks if main_first else looks + main
    looks += [vehicle.get("details") or {} for vehicle in reply.get("vehicles") or ()]
    looks.append({kind: reply.get(old) for kind, old in KINDS})
    look = {}
    for kind, _ in KINDS:
        labels = looks[0].get(kind) or ()
        best: Mapping[str, Any] = max(
            labels, key=lambda label: float(label.get("confidence") or 0), default={}
        )
        look[kind] = str(best.get("name") or best.get("value") or "")
    return {"results": results, "processing_time_ms": elapsed_ms or 0, "look": look}


def _of_group(group: Mapping[str, Any]) -> Reply:
    best = group["best_plate"]
    return {"results": [{**best, "vehicle": group.get("vehicle") or {}}]}


def _of_snapshot(reply: Mapping[str, Any]) -> Reply:
    """Return a reply of Plate Recognizer: scores to percents, a box to its corners."""
    return {"results": [_plate(result) for result in _listed(reply["results"])]}


def _plate(result: Mapping[str, Any]) -> Reply:
    box = result["box"]
    corners = [("xmin", "ymin"), ("xmax", "ymin"), ("xmax", "ymax"), ("xmin", "ymax")]
    vehicle = {
        "color": [_label(each, each.get("color")) for each in _listed(result.get("color"))],
        "make": [_label(each, each.get("make")) for each in _listed(result.get("model_make"))],
        "make_model": [
            _label(each, f"{each.get('make')}_{each.get('model')}")
            for each in _listed(result.get("model_make"))
        ],
    }
    return {
        "plate": str(result.get("plate") or "").upper(),
        "confidence": 100 * float(result.get("score") or 0),
        "region": str((result.get("region") or {}).get("code") or ""),
        "coordinates": [{"x": box[x], "y": box[y]} for x, y in corners],
        "candidates": [
            {"plate": str(each.get("plate") or ""), "confidence": 100 * float(each["score"])}
            for each in _listed(result.get("candidates"))
        ],
        "vehicle": vehicle,
    }


def _label(entry: Mapping[str, Any], name: Any) -> Reply:
    return {"name": str(name or ""), "confidence": 100 * float(entry.get("score") or 0)}


def _listed(value: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
