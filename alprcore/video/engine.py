# SPDX-License-Identifier: Apache-2.0
"""Moving pictures to rows: search, track, fuse, one `Group` per vehicle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

from alprcore.engine import Engine
from alprcore.records import Box
from alprcore.settings import Settings
from alprcore.video.frames import Frames, frames, is_live
from alprcore.video.group import Group
from alprcore.video.session import Session, Step, VideoSettings


class VideoEngine:
    """Reads moving pictures: one row per vehicle. Immutable; may be shared by threads.

    Parameters
    ----------
    country : str, optional
        As for `Engine`.
    settings : Settings, optional
        Of the engine. `tilted` is off unless it is given as a keyword: turned searches take
        three times as long, and a moving camera shows a plate level sooner or later.
    engine : Engine, optional
        One that is loaded already, in place of `settings`; it is not changed.
    video : VideoSettings, optional
        How it is watched.
    **changes
        Settings of the engine by name, and ``every``.

    Raises
    ------
    AlprError
        As for `Engine`.

    Examples
    --------
    >>> for group in VideoEngine("eu").read("clip.mp4"):  # doctest: +SKIP
    ...     print(group.text, group.confidence, group.first.seconds)
    """

    def __init__(
        self,
        country: str | None = None,
        *,
        settings: Settings | None = None,
        engine: Engine | None = None,
        video: VideoSettings | None = None,
        **changes: Any,
    ) -> None:
        watch = video or VideoSettings()
        if "every" in changes:
            watch = replace(watch, every=changes.pop("every"))
        self.video = watch
        changes = {"tilted": False, **changes}
        if engine is None:
            engine = Engine(country, settings=settings, **changes)
        else:
            if country is not None:
                changes["country"] = country
            engine = engine.with_settings(**changes)
        self.engine = engine

    @property
    def settings(self) -> Settings:
        """Settings of the engine."""
        return self.engine.settings

    def read(
        self,
        source: str | PathLike[str] | int | Frames,
        *,
        regions_of_interest: Sequence[Box] = (),
        start_s: float = 0.0,
        epoch_ms: int | None = None,
        on_step: Callable[[Step], None] | None = None,
    ) -> Iterator[Group]:
        """Yield each vehicle of a source when it has gone, the last ones at the end.

        Parameters
        ----------
        source
            As for `frames`, or what `frames` returned.
        regions_of_interest : sequence of Box, optional
            Areas to search, in pixels of the frames.
        start_s : float
            Where to begin, in seconds.
        epoch_ms : int, optional
            Milliseconds since 1970 of the first frame; of a live source the time at which it is
            read, else 0.
        on_step : callable, optional
            Called with each frame, for progress, drawing and single readings.

        Raises
        ------
        VideoError
            As for `frames`.
        """
        clip = source
        if not isinstance(clip, Frames):
            clip = frames(clip, start_s=start_s, threads=self.video.threads)
            if epoch_ms is None and isinstance(source, int | str) and is_live(str(source)):
                epoch_ms = time.time_ns() // 1_000_000
        session = self.session(regions_of_interest=regions_of_interest, epoch_ms=epoch_ms or 0)
        with clip:
            for frame in clip:
                step = session.push(frame)
                if on_step is not None:
                    on_step(step)
                yield from step.groups
        yield from session.close()

    def session(self, *, regions_of_interest: Sequence[Box] = (), epoch_ms: int = 0) -> Session:
        """Return a session for frames that are pushed one by one, as agents do."""
        return Session(self.engine, self.video, tuple(regions_of_interest), epoch_ms)
