# SPDX-License-Identifier: Apache-2.0
"""The log: one JSON object a line on standard output.

It holds no keys, query strings, picture bytes or, unless asked for, plate texts.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any

LOG = logging.getLogger("alprcore.server")


class JsonLines(logging.Formatter):
    """Formats a record as a JSON object; ``extra={"fields": {...}}`` is taken into it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "worker": os.getpid(),
            "event": record.getMessage().strip(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up_logs() -> None:
    """Send everything that is logged in this process to standard output, as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(True)
    # Its lines hold the query and so the key; `watch` writes our own.
    logging.getLogger("uvicorn.access").disabled = True


def log(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write a line of the log."""
    LOG.log(level, event, extra={"fields": fields})
