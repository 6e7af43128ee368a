# SPDX-License-Identifier: Apache-2.0
"""``alprcore agent``: watches cameras and sends a message per vehicle."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.errors import AlprError
from alprcore.openalpr.config import read_config as read_openalpr
from alprcore.settings import Settings, changed

if TYPE_CHECKING:
    from alprcore.cli.options import Commands

_LOG_BYTES = 10_000_000


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser(
        "agent", help="watch cameras and send a message per vehicle (needs alprcore[agent])"
    )
    add = parser.add_argument
    add(
        "--config",
        type=Path,
        required=True,
        metavar="FILE",
        help="TOML file, or OpenALPR's alprd.conf, or the folder of one; an openalpr.conf beside"
        " alprd.conf is read, too",
    )
    add("--check", action="store_true", help="check the configuration and end")
    add("--retry-refused", action="store_true", help="send once more what receivers refused")
    add("--log", type=Path, metavar="FILE", help="write the log there (default: standard error)")
    add("--debug", action="store_true", help="log more")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Watch until stopped by SIGTERM or Ctrl-C, or until all sources were files.

    Raises
    ------
    AlprError
        If the configuration is wrong; the message names the line.
    """
    try:  # only this command needs what these import
        from alprcore.agent.config import read_config  # noqa: PLC0415
        from alprcore.agent.parts import sinks_of, video_settings  # noqa: PLC0415
        from alprcore.agent.run import Agent  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("alprcore"):
            raise
        raise AlprError(
            f"agent: {error.name} is not installed; pip install 'alprcore[agent]'"
        ) from error
    config = read_config(chosen.config)
    engine = engine_settings(chosen.config)
    if chosen.check:
        video_settings(config.settings)
        sinks = sinks_of(replace(config.settings, agent_uid=config.settings.agent_uid or "0" * 40))
        for line in config.warnings:
            print(f"alprcore: {line}", file=sys.stderr)
        cameras = len(config.settings.cameras)
        print(f"{chosen.config}: {cameras} camera(s), {len(sinks)} receiver(s)")
        return 0
    set_up_log(chosen.log, debug=chosen.debug)
    log = logging.getLogger("alprcore.agent")
    for line in config.warnings:
        log.warning(line)
    log.info("Using: %s for daemon configuration", chosen.config)
    agent = Agent(config.settings, engine)
    if chosen.retry_refused:
        log.info("%d refused messages are sent again", agent.spool.retry_refused())
    signal.signal(signal.SIGTERM, lambda *_: agent.stop())
    signal.signal(signal.SIGINT, lambda *_: agent.stop())
    agent.run()
    return 0


def engine_settings(config: Path) -> Settings:
    """Return the settings of the ``openalpr.conf`` beside a configuration, else the defaults."""
    folder = config if config.is_dir() else config.parent
    beside = folder / "openalpr.conf"
    if config.suffix.lower() == ".toml" or not beside.is_file():
        return Settings()
    found = read_openalpr(beside)
    if found.warning:
        print(f"alprcore: {found.warning}", file=sys.stderr)
    return changed(Settings(), found.settings)


def set_up_log(path: Path | None, *, debug: bool) -> None:
    """Write the log as OpenALPR's daemon does, a line ``LEVEL - text``.

    Raises
    ------
    AlprError
        If the file cannot be written.
    """
    try:
        handler: logging.Handler = (
            logging.StreamHandler(sys.stderr)
            if path is None
            else RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=5, encoding="utf-8")
        )
    except OSError as error:
        raise AlprError(f"--log: '{path}': {error.strerror}") from error
    handler.setFormatter(logging.Formatter("%(levelname)s - %(message)s"))
    log = logging.getLogger("alprcore.agent")
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(logging.DEBUG if debug else logging.INFO)
