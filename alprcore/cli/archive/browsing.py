# SPDX-License-Identifier: Apache-2.0
"""``alprcore archive serve``."""

from __future__ import annotations

import argparse
import sys

from alprcore.archive.provenance import user
from alprcore.errors import AlprError


def run_serve(chosen: argparse.Namespace) -> int:
    """Show a case in the browser until the process is stopped."""
    try:  # only this step needs what these import
        from alprcore.browse.run import serve  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("alprcore"):
            raise
        raise AlprError(
            f"archive serve: {error.name} is not installed; pip install 'alprcore[server]'"
        ) from error
    always = {"user": user(), "reason": chosen.reason, "by": "serve"} if chosen.log else None
    serve(
        chosen.case,
        port=chosen.port,
        log=always,
        say=lambda text: print(f"alprcore: {text}", file=sys.stderr, flush=True),
    )
    return 0
