# SPDX-License-Identifier: Apache-2.0
"""Sources into a case by more than one machine: a function over Arrow batches, and Ray Data."""

from __future__ import annotations

from alprcore.scale.batch_function import BatchReader, batches
from alprcore.scale.parts import commit
from alprcore.scale.results import RESULTS

__all__ = ["RESULTS", "BatchReader", "batches", "commit"]
