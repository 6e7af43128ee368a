# SPDX-License-Identifier: Apache-2.0
"""Recognition off the event loop: a few threads, a short queue, and engines kept for reuse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

import cv2

from alprcore.engine import Engine
from alprcore.errors import ImageError, SettingsError
from alprcore.openalpr.form import of_usual_length
from alprcore.resources import country_codes
from alprcore.server.api.parameters import Ask
from alprcore.server.api.problems import BAD_ENGINE, bad, busy
from alprcore.server.config import Serving, threads_of
from alprcore.wire.results import Recognition


def load_engine(serving: Serving) -> Engine:
    """Return the engine that all others of this process share networks and bank with.

    Raises
    ------
    AlprError
        If a file is missing or damaged.
    """
    # Each request has its thread; OpenCV's own would only fight over the same cores.
    cv2.setNumThreads(1)
    return Engine(settings=serving.settings, max_pixels=serving.limits.max_pixels)


class Recognizer:
    """Recognizes pictures in a few threads and refuses what would wait in too long a queue.

    Parameters
    ----------
    load
        Returns the engine; called once, in one of the threads.
    serving
        Says how many threads, how long a queue and how much time.
    count
        Called at each change with how many requests are in the threads and in the queue.
    """

    def __init__(
        self,
        load: Callable[[Serving], Engine],
        serving: Serving,
        *,
        count: Callable[[int], None],
    ) -> None:
        self._serving = serving
        self._limits = limits = serving.limits
        self._threads = threads_of(serving)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="recognize")
        self._pending = 0
        self._count = count
        self._engine: Engine | None = None
        self._load = load
        self._of_countries = lru_cache(limits.siblings)(self._with_countries)
        self._sibling = lru_cache(limits.siblings)(self._with_settings)

    async def load(self) -> None:
        """Load the engine, in a thread.

        Raises
        ------
        AlprError
            If it cannot be loaded.
        """
        loop = asyncio.get_running_loop()
        self._engine = await loop.run_in_executor(self._pool, self._load, self._serving)

    async def recognize(self, content: bytes, ask: Ask) -> Recognition:
        """Return what is in a picture; `load` has been called.

        Raises
        ------
        Problem
            400 if the picture or the parameters are wrong, 503 if there is too much to do.
        """
        if self._pending >= self._threads + self._limits.queue:
            raise busy("The server is busy")
        loop = asyncio.get_running_loop()
        self._change(1)
        job = self._pool.submit(self._work, content, ask)
        # A job that was given up still has its thread: it counts until it really ends.
        job.add_done_callback(lambda _: _call(loop, partial(self._change, -1)))
        try:
            async with asyncio.timeout(self._limits.recognition_s):
                return await asyncio.wrap_future(job)
        except TimeoutError as error:
            raise busy("Recognition took too long", retry_after_s=10) from error

    def close(self) -> None:
        """Wait for the threads; what is in the queue is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _change(self, by: int) -> None:
        self._pending += by
        self._count(self._pending)

    def _work(self, content: bytes, ask: Ask) -> Recognition:
        try:
            engine = self._sibling(
                ask.countries, ask.state, ask.topn, ask.prewarp, ask.is_cropped, ask.with_boxes
            )
        except SettingsError as error:
            raise bad(BAD_ENGINE) from error
        try:
            found = engine.recognize(content, tasks=ask.tasks)
        except ImageError as error:
            raise bad(str(error)) from error
        return of_usual_length(found, engine.countries.text_lengths)

    def _with_countries(self, countries: tuple[str, ...]) -> Engine:
        assert self._engine is not None
        return self._engine.with_settings(country=countries) if countries else self._engine

    def _with_settings(
        self,
        countries: tuple[str, ...],
        state: str,
        topn: int,
        prewarp: str,
        cropped: bool,
        boxes: bool,
    ) -> Engine:
        engine, base = self._of_countries(countries), self._serving.settings
        return engine.with_settings(
            default_region=_bare_region(
                state or base.default_region, countries or base.country, base.country_dirs
            ),
            topn=topn,
            prewarp=prewarp or base.prewarp,
            skip_detection=cropped or base.skip_detection,
            find_vehicles=boxes or base.find_vehicles,
        )


def _bare_region(region: str, countries: Sequence[str], folders: Sequence[str]) -> str:
    """Return a region code without its country, which replies from version 2 on put before it."""
    known = country_codes(folders) if "auto" in countries else countries
    country, _, bare = region.partition("-")
    return bare if bare and country in known else region


def _call(loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(action)
    except RuntimeError:  # the loop is closed: the server has stopped
        return
