# SPDX-License-Identifier: Apache-2.0
"""How long the fuzz tests run: seconds in CI, as long as ``ALPRCORE_FUZZ_EXAMPLES`` says at night.

Set, that many examples are drawn for each test, at random; else a few, the same in every run.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_EXAMPLES = int(os.environ.get("ALPRCORE_FUZZ_EXAMPLES", "0"))


def bounded(examples: int) -> settings:
    """Return the settings of a test that takes a second or two for `examples`."""
    return settings(
        max_examples=_EXAMPLES or examples,
        derandomize=not _EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
