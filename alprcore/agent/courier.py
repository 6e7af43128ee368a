# SPDX-License-Identifier: Apache-2.0
"""One receiver's messages, delivered in order, each until it is taken."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from alprcore.agent.messages import HEARTBEAT, Message
from alprcore.agent.metrics import Metrics
from alprcore.agent.spool import Spool
from alprcore.agent.waits import Waits

LOG = logging.getLogger("alprcore.agent")


class UnreachableError(Exception):
    """The receiver did not take the message; it may later.

    Parameters
    ----------
    reason : str
    wait_s : float
        How long the receiver asks to wait, 0 where it says nothing.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class RefusedError(Exception):
    """The receiver will never take this message."""


class Sink(Protocol):
    """A receiver.

    Attributes
    ----------
    name
        Also of its queue in the spool.
    kinds
        ``data_type`` of the messages that it wants.
    """

    name: str
    kinds: frozenset[str]

    def send(self, message: Message) -> None:
        """Deliver a message; return when the receiver has it.

        Raises
        ------
        UnreachableError, RefusedError
            If it does not take it.
        """

    def close(self) -> None:
        """Disconnect."""


class Courier(threading.Thread):
    """Delivers what waits for one receiver.

    Parameters
    ----------
    sink : Sink
    spool : Spool
    metrics : Metrics
    most_s : float
        Longest wait between attempts, in seconds.
    """

    def __init__(self, sink: Sink, spool: Spool, metrics: Metrics, *, most_s: float = 60.0) -> None:
        super().__init__(name=f"courier {sink.name}", daemon=True)
        self.sink = sink
        self._spool, self._metrics = spool, metrics
        self._waits = Waits(most_s)
        self._stopped = threading.Event()
        self._draining = threading.Event()
        self._beat: Message | None = None

    def beat(self, message: Message) -> None:
        """Deliver a heartbeat if the receiver can be reached; the newest replaces older ones."""
        if HEARTBEAT in self.sink.kinds:
            self._beat = message

    def drain(self) -> None:
        """End when nothing waits, or when the receiver cannot be reached."""
        self._draining.set()

    def stop(self) -> None:
        """End soon; what waits stays in the spool."""
        self._draining.set()
        self._stopped.set()

    def run(self) -> None:
        """Deliver until stopped."""
        while not self._stopped.is_set():
            self._send_beat()
            self._spool.settle()
            waiting = self._spool.next(self.sink.name)
            if waiting is not None:
                reached = self._deliver(*waiting)
                if not reached and self._draining.is_set():
                    break
            elif self._draining.is_set():
                break
            else:
                self._spool.wait(1.0)
        self.sink.close()

    def _send_beat(self) -> None:
        """Try the newest heartbeat once: an old one is worth nothing."""
        beat, self._beat = self._beat, None
        if beat is None:
            return
        try:
            self.sink.send(beat)
        except (UnreachableError, RefusedError) as error:
            LOG.debug("%s: heartbeat not delivered: %s", self.sink.name, error)
        else:
            self._metrics.add("messages_sent_total", sink=self.sink.name)

    def _deliver(self, number: int, message: Message) -> bool:
        """Try a message once; return whether the receiver answered."""
        name = self.sink.name
        try:
            self.sink.send(message)
        except RefusedError as error:
            LOG.warning("%s: %s refused: %s", name, message.key, error)
            self._metrics.add("messages_refused_total", sink=name)
            self._spool.refuse(name, number, str(error))
        except UnreachableError as error:
            wait = max(self._waits.next(), error.wait_s)
            LOG.warning("Job: %d failed to upload.  Will retry. (%s: %s)", number, name, error)
            self._metrics.add("message_failures_total", sink=name)
            self._pause(wait)
            return False
        else:
            LOG.info("Job: %d successfully uploaded", number)
            self._metrics.add("messages_sent_total", sink=name)
            self._spool.done(name, number)
            self._waits.reset()
        return True

    def _pause(self, seconds: float) -> None:
        if not self._draining.is_set():
            self._stopped.wait(seconds)
