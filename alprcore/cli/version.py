# SPDX-License-Identifier: Apache-2.0
"""``alprcore version``: what computes the results, for error reports and records of evidence."""

from __future__ import annotations

import argparse
import platform
from importlib import metadata

import cv2
import numpy as np
import onnxruntime

from alprcore import _native
from alprcore.resources import kernels


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``version`` to the command line."""
    parser = commands.add_parser(
        "version", help="print the version, the compiled inner loops in use and the libraries"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Print what two installations must share to give the same results to the last digit."""
    print(f"alprcore {metadata.version('alprcore')}")
    print(f"kernels {kernels()} (this processor runs {', '.join(_native.available_kernels())})")
    print(f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(
        f"numpy {np.__version__}, opencv {cv2.__version__}, onnxruntime {onnxruntime.__version__}"
    )
    print(f"processor {' '.join(cv2.getCPUFeaturesLine().split())}")
    return 0
