# SPDX-License-Identifier: Apache-2.0
"""``alprcore frigate``: reads the plates of Frigate's events and writes them back."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.cli.options import add_engine_options, engine_of
from alprcore.errors import AlprError
from alprcore.wire.numbers import json_text
from alprcore.wire.pieces import percent

if TYPE_CHECKING:
    from alprcore.bridge.run import Told
    from alprcore.cli.options import Commands

_MQTT_PORT, _MQTTS_PORT = 1883, 8883


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "frigate", help="read the plates of Frigate's events (needs alprcore[agent])"
    )
    add = parser.add_argument
    add("url", metavar="URL", help="Frigate, such as http://frigate:5000")
    add("--mqtt", required=True, metavar="HOST[:PORT]", help="the broker that Frigate publishes to")
    add("--mqtt-tls", action="store_true", help="encrypt the connection to the broker")
    add("--mqtt-user", default="", metavar="NAME", help="name at the broker")
    add("--mqtt-password", type=Path, metavar="FILE", help="file with the password at the broker")
    add("--topic", default="frigate", metavar="NAME", help="topic_prefix (default: %(default)s)")
    add("--token", type=Path, metavar="FILE", help="file with a token, for a port that wants one")
    for name, help_text in (
        ("label", "objects of that label (default: car, motorcycle, bus, truck)"),
        ("camera", "objects of that camera (default: all)"),
        ("zone", "objects that entered that zone (default: all)"),
    ):
        add(
            f"--{name}",
            action="append",
            default=[],
            dest=f"{name}s",
            metavar="NAME",
            help=f"read {help_text}; may be given several times",
        )
    add("--least", type=float, default=0.75, metavar="SHARE", help="write readings from this"
        " probability on (default: %(default)s)")  # fmt: skip
    add(
        "--write",
        choices=("plate", "sub-label", "both"),
        default="plate",
        help="as the event's plate, its sub-label, or both; an older Frigate, which has no plates,"
        " gets a sub-label (default: %(default)s)",
    )
    add_engine_options(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Read events until stopped by SIGTERM or Ctrl-C.

    Raises
    ------
    AlprError
        If an option is wrong or the broker cannot be reached.
    """
    # Only this command needs what these import.
    from alprcore.bridge.event import VEHICLES  # noqa: PLC0415
    from alprcore.bridge.frigate import Frigate  # noqa: PLC0415
    from alprcore.bridge.run import Bridge, Wanted, connected  # noqa: PLC0415

    if not 0 <= chosen.least <= 1:
        raise AlprError(f"--least: expected 0 to 1, got {chosen.least}")
    host, port = _broker(chosen)
    bridge = Bridge(
        engine=engine_of(chosen),
        frigate=Frigate(chosen.url, way=chosen.write, token=_secret(chosen.token)),
        wanted=Wanted(
            tuple(chosen.labels) or VEHICLES,
            tuple(chosen.cameras),
            tuple(chosen.zones),
            chosen.least,
        ),
        told=_print_told,
        complain=_complain,
    )
    login = (chosen.mqtt_user, _secret(chosen.mqtt_password)) if chosen.mqtt_user else ()
    client = connected(bridge, host, port, topic=chosen.topic, login=login, tls=chosen.mqtt_tls)
    signal.signal(signal.SIGTERM, lambda *_: bridge.stop())
    print(f"alprcore: reading {chosen.topic}/events of {host}:{port}", file=sys.stderr)
    try:
        bridge.run()
    finally:
        client.disconnect()
        client.loop_stop()
    return 0


def _broker(chosen: argparse.Namespace) -> tuple[str, int]:
    host, _, port = chosen.mqtt.rpartition(":")
    if not host:
        return chosen.mqtt, _MQTTS_PORT if chosen.mqtt_tls else _MQTT_PORT
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise AlprError(f"--mqtt: expected HOST or HOST:PORT, got {chosen.mqtt!r}")
    return host, int(port)


def _secret(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise AlprError(f"{path}: cannot be read: {error}") from error


def _print_told(told: Told) -> None:
    print(
        json_text(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "event": told.event.id,
                "camera": told.event.camera,
                "plate": told.plate.text.replace("\n", ""),
                "confidence": percent(told.plate.confidence),
                "country": told.plate.country,
                "region": told.plate.region,
                "written": list(told.went),
            }
        ),
        flush=True,
    )


def _complain(line: str) -> None:
    print(f"alprcore: {line}", file=sys.stderr, flush=True)
