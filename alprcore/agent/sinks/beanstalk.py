# SPDX-License-Identifier: Apache-2.0
"""Messages as jobs of a beanstalkd queue."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from alprcore.agent.courier import RefusedError, UnreachableError
from alprcore.agent.messages import GROUP, HEARTBEAT, RESULTS, Message
from alprcore.errors import AlprError
from alprcore.wire.pieces import compact

RUN_S = 60  # time that a consumer has for a job, as OpenALPR's daemon sets it
TIMEOUT_S = 10.0
# What a job too large for the queue goes without, one after the other; the agent's port has it.
PICTURES = ("overview_jpeg", "vehicle_crop_jpeg")


class Beanstalk:
    """A tube of a queue.

    Parameters
    ----------
    host, port, tube
        Of the queue.

    Raises
    ------
    AlprError
        If greenstalk is not installed.
    """

    def __init__(self, host: str, port: int, tube: str) -> None:
        try:
            import greenstalk  # noqa: PLC0415
        except ImportError as error:
            raise AlprError(
                "agent: use_beanstalkd needs greenstalk: pip install 'alprcore[agent]'"
            ) from error
        self.name = "beanstalkd"
        self.kinds = frozenset({GROUP, HEARTBEAT, RESULTS})
        self._greenstalk: Any = greenstalk
        self._address, self._tube = (host, port), tube
        self._client: Any = None

    def send(self, message: Message) -> None:
        """Put a job; one that is too large goes without its large pictures."""
        bodies = [message.body, *lighter(message)]
        for body in bodies:
            try:
                self._put(body)
            except self._greenstalk.JobTooBigError as error:
                if body is bodies[-1]:
                    raise RefusedError(f"{len(body)} bytes are too many for a job") from error
            else:
                return

    def waiting(self) -> int:
        """Return how many jobs are ready; -1 when the queue cannot be asked."""
        try:
            with self._greenstalk.Client(self._address, use=self._tube) as client:
                return int(client.stats_tube(self._tube)["current-jobs-ready"])
        except (OSError, self._greenstalk.Error):
            return -1

    def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError):
                client.close()

    def _put(self, body: str) -> None:
        try:
            if self._client is None:
                self._client = self._greenstalk.Client(self._address, use=self._tube)
                self._client._sock.settimeout(TIMEOUT_S)  # noqa: SLF001 - it has no other way
            self._client.put(body, priority=0, delay=0, ttr=RUN_S)
        except self._greenstalk.JobTooBigError:
            self.close()  # what the queue did not read of the job is in the way
            raise
        except (OSError, self._greenstalk.Error) as error:
            self.close()
            raise UnreachableError(str(error) or repr(error)) from error


def lighter(message: Message) -> list[str]:
    """Return a group's body without its largest pictures: first one, then more."""
    if message.kind != GROUP:
        return []
    found, bodies = json.loads(message.body), []
    for name in PICTURES:
        if found.get(name):
            found[name] = ""
            bodies.append(compact(found))
    return bodies
