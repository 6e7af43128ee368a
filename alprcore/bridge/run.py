# SPDX-License-Identifier: Apache-2.0
"""The bridge: events in over MQTT, pictures out of Frigate, readings back into it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from alprcore.bridge.event import VEHICLES, Event, parsed_event, plate_of
from alprcore.bridge.frigate import Frigate, FrigateError
from alprcore.engine import Engine
from alprcore.errors import AlprError, ImageError
from alprcore.records import Plate

Answer = TypeVar("Answer")

LEAST = 0.75
"""Probability of a reading that is written into Frigate."""

_MOST_WAITING = 1000  # objects; the oldest is given up, and said
_MOST_KNOWN = 10_000  # objects whose best reading is remembered
_TRIES, _PAUSE_S = 4, 1.0  # for a picture that is not there yet; the pause doubles
_KEEP_ALIVE_S = 30


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects are read.

    Attributes
    ----------
    labels, cameras, zones
        Names; all cameras and zones where empty.
    least
        Probability from which a reading is written.
    """

    labels: tuple[str, ...] = VEHICLES
    cameras: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    least: float = LEAST

    def takes(self, event: Event) -> bool:
        """Whether an event is read."""
        return (
            event.has_snapshot
            and event.label in self.labels
            and (not self.cameras or event.camera in self.cameras)
            and (not self.zones or not set(self.zones).isdisjoint(event.zones))
        )


@dataclass(frozen=True, slots=True)
class Told:
    """A reading that was written into Frigate."""

    event: Event
    plate: Plate
    went: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    """What is known of an object: the picture that was read last, and the best reading."""

    taken: float = -1.0
    best: float = 0.0


@dataclass(slots=True)
class Bridge:
    """Reads events one after another; messages may come from another thread.

    Attributes
    ----------
    engine, frigate, wanted
        What reads, where pictures come from and readings go, and which objects are read.
    told
        Called with each reading that was written.
    complain
        Called with a line for each thing that went wrong.
    pause_s
        First pause before another try.
    """

    engine: Engine
    frigate: Frigate
    wanted: Wanted
    told: Callable[[Told], None]
    complain: Callable[[str], None]
    pause_s: float = _PAUSE_S
    _waiting: OrderedDict[str, Event] = field(default_factory=OrderedDict)
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)
    _change: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    def hear(self, payload: bytes) -> None:
        """Take a message; of several about one object the last one counts."""
        event = parsed_event(payload)
        if event is None or not self.wanted.takes(event):
            return
        with self._change:
            self._waiting[event.id] = event
            if len(self._waiting) > _MOST_WAITING:
                lost, _ = self._waiting.popitem(last=False)
                self.complain(f"event {lost}: not read, {_MOST_WAITING} are waiting")
            self._change.notify()

    def stop(self) -> None:
        """Let `run` return once what it does is done."""
        with self._change:
            self._stopped = True
            self._change.notify()

    def run(self) -> None:
        """Read events until stopped."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                _, event = self._waiting.popitem(last=False)
            try:
                self.read(event)
            except (FrigateError, ImageError) as error:
                self.complain(f"event {event.id}: {error}")

    def read(self, event: Event) -> None:
        """Read the picture of an event, and write the plate where it is surer than before.

        Raises
        ------
        FrigateError, ImageError
            If there is no picture, or Frigate does not take the reading.
        """
        known = self._of(event.id)
        if event.taken and event.taken == known.taken:  # the same picture as last time
            return
        found = self.engine.recognize(self._again(lambda: self.frigate.snapshot(event.id)))
        plate = plate_of(event, found.plates)
        if plate is not None and plate.confidence >= self.wanted.least:
            surer = plate if plate.confidence > known.best else None
            if surer is not None:
                went = self._again(lambda: self.frigate.tell(event.id, surer))
                known.best = surer.confidence
                self.told(Told(event, surer, went))
        known.taken = event.taken

    def _of(self, event_id: str) -> _Known:
        known = self._known.setdefault(event_id, _Known())
        self._known.move_to_end(event_id)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return known

    def _again(self, ask: Callable[[], Answer]) -> Answer:
        """Return what Frigate answers; a picture that it is still writing comes a little later."""
        pause = self.pause_s
        for left in reversed(range(_TRIES)):
            try:
                return ask()
            except FrigateError:
                if not left:
                    raise
            time.sleep(pause)
            pause *= 2
        raise AssertionError("the last try returns or raises")


def connected(
    bridge: Bridge,
    host: str,
    port: int,
    *,
    topic: str = "frigate",
    login: Sequence[str] = (),
    tls: bool = False,
) -> Any:
    """Return a client of an MQTT broker that lets a bridge hear events, and comes back by itself.

    Parameters
    ----------
    bridge : Bridge
    host, port
        Of the broker.
    topic : str
        Frigate's ``topic_prefix``.
    login : sequence of str
        Name and password, or nothing.
    tls : bool
        Whether the connection is encrypted.

    Raises
    ------
    AlprError
        If paho-mqtt is not installed or the broker cannot be reached now.
    """
    try:
        from paho.mqtt import client as paho  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise AlprError("frigate: needs paho-mqtt: pip install 'alprcore[agent]'") from error
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    if login:
        client.username_pw_set(*login)
    if tls:
        client.tls_set()

    def on_connect(each: Any, _: object, __: object, reason: Any, ___: object) -> None:
        if reason.is_failure:
            bridge.complain(f"the broker refuses: {reason}")
            return
        each.subscribe(f"{topic}/events", qos=1)

    client.on_connect = on_connect
    client.on_message = lambda _, __, message: bridge.hear(message.payload)
    client.reconnect_delay_set(1, 60)
    try:
        client.connect(host, port, keepalive=_KEEP_ALIVE_S)
    except (OSError, ValueError) as error:
        raise AlprError(f"frigate: broker {host}:{port}: {error}") from error
    client.loop_start()
    return client
