# SPDX-License-Identifier: Apache-2.0
"""Two sides of a comparison: their replies in one form, times, and what each makes of a plate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alprcore.engine import Engine
from alprcore.evaluation.forms import one_form
from alprcore.evaluation.paired import Paired
from alprcore.evaluation.replies import Reply, Store
from alprcore.evaluation.scoring import Label, Score, clean, matched_index, score
from alprcore.settings import TASKS

Labels = Mapping[str, Sequence[Label]]


@dataclass(slots=True)
class Side:
    """Replies of one side in one form, with times and credits; None where not known.

    Attributes
    ----------
    replies
        By picture; see `one_form`.
    latency_ms
        Of the side's own kind: in process for this package, over HTTP for another.
    over_http_ms
        Of this package's own server, where it was asked too.
    credits
        What the replies cost.
    """

    replies: dict[str, Reply] = field(default_factory=dict)
    latency_ms: list[float] = field(default_factory=list)
    over_http_ms: list[float] = field(default_factory=list)
    credits: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a side says of a labelled plate; `text` is empty where it did not find it."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A labelled plate and both sides' readings of it."""

    image: str
    label: Label
    own: Reading
    other: Reading

    @property
    def right(self) -> tuple[bool, bool]:
        """Whether each side reads it right, letter for letter."""
        return self.own.text == self.label.text, self.other.text == self.label.text


def theirs(store: Store, labels: Labels) -> Side:
    """Return the saved replies."""
    side = Side()
    for image in labels:
        if (found := store.read(image)) is None:
            continue
        reply, elapsed = found
        side.replies[image] = one_form(reply, elapsed)
        if elapsed is not None:
            side.latency_ms.append(elapsed)
        if (cost := reply.get("credit_cost")) is not None:
            side.credits = (side.credits or 0) + int(cost)
    return side


def ours(
    folder: Path,
    images: Sequence[str],
    engine: Engine,
    *,
    vehicles: bool,
    main_first: bool,
    step: Callable[[], None] = lambda: None,
) -> Side:
    """Return what this package makes of the pictures, one at a time, the bytes in memory.

    Parameters
    ----------
    folder, images
        The pictures, by their names in the folder.
    engine : Engine
    vehicles : bool
        Whether vehicles are looked at, too.
    main_first : bool
        As for `one_form`.
    step : callable
        Called after each picture.
    """
    tasks: dict[str, Any] = {"tasks": TASKS} if vehicles else {}
    side = Side()
    for image in images[:1]:  # the first call of all is slower than the rest
        engine.recognize((folder / image).read_bytes(), **tasks)
    for image in images:
        content = (folder / image).read_bytes()
        begin = time.perf_counter()
        found = engine.recognize(content, **tasks)
        elapsed = (time.perf_counter() - begin) * 1e3
        side.replies[image] = one_form(found.to_dict(), elapsed, main_first=main_first)
        side.latency_ms.append(elapsed)
        step()
    return side


def compared(labels: Labels, own: Side, other: Side) -> list[Compared]:
    """Return every labelled plate of the pictures that the other side replied to."""
    return [
        Compared(image, label, _reading(label, own, image), _reading(label, other, image))
        for image, plates in labels.items()
        if image in other.replies
        for label in plates
        if label.text
    ]


def _reading(label: Label, side: Side, image: str) -> Reading:
    results = side.replies.get(image, {}).get("results", [])
    index = matched_index(label, results)
    if index < 0:
        return Reading("", 0.0)
    found = results[index]
    return Reading(clean(found["plate"]), float(found.get("confidence") or 0.0))


def paired(plates: Sequence[Compared]) -> Paired:
    """Return how many plates each side reads right."""
    right = [each.right for each in plates]
    kinds = ((True, True), (True, False), (False, True), (False, False))
    return Paired(*(right.count(kind) for kind in kinds))


def agreement(first: Side, second: Side, kind: str) -> tuple[int, int]:
    """Return in how many pictures both name the same, and in how many both name one."""
    pairs = [
        (first.replies[image]["look"][kind], reply["look"][kind])
        for image, reply in second.replies.items()
        if image in first.replies
    ]
    named = [(one, two) for one, two in pairs if one and two]
    return sum(same_name(kind, one, two) for one, two in named), len(named)


def same_name(kind: str, first: str, second: str) -> bool:
    """Whether two labels mean the same: ``silver-gray`` and ``gray`` do, ``Land_Rover`` too."""
    if kind == "color":
        return bool(set(first.lower().split("-")) & set(second.lower().split("-")))
    return clean(first) == clean(second)


def scores(labels: Labels, own: Side, other: Side) -> tuple[Score, Score]:
    """Return the counts of both sides over the pictures that the other one replied to."""
    shared = {image: labels[image] for image in labels if image in other.replies}
    return score(shared, own.replies), score(shared, other.replies)
